/*
 * block_encode.c - from raw bytes to a block: lines, templates, columns, streams; or plain zstd.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "column/text.h"
#include "line/timestamp.h"
#include "segment/block.h"
#include "segment/layout.h"
#include "segment/overlap.h"
#include "template/cluster.h"

enum {
    MIN_TEMPLATE_LINES = 3, /* a template of fewer lines costs more than it saves */
    OWN_FRAME = 64 * 1024,  /* streams of so many bytes can be left out by a reader */
    MIN_STRUCTURED = 64,    /* bytes below which structure can't pay */
};

struct level_options {
    struct frame_options frames;
    size_t block_size;
    uint64_t own_lines; /* lines from which on a template has columns of its own */
};

static const struct level_options level_table[] = {
    [LGZ_LEVEL_FAST] = {{3, 0, false}, 4 << 20, 256},
    [LGZ_LEVEL_DEFAULT] = {{12, 0, false}, 16 << 20, 256},
    [LGZ_LEVEL_BEST] = {{19, 27, false}, 64 << 20, 256},
};

size_t block_default_size(enum lgz_level level)
{
    return level_table[level].block_size;
}

/* The values of a column while they are collected. */
struct column_values {
    VEC(struct text_ref) texts;
    VEC(uint64_t) times;
};

struct encoder {
    struct column_context *ctx;
    const struct block_input *input;
    const struct level_options *options;
    struct lines lines;
    struct skeletons skeletons;
    struct clustering clustering;
    struct layout layout;
    struct column_values *columns;
    size_t column_count;
    uint64_t *template_of_line;
    struct slot_value *slots;
};

static void free_columns(struct encoder *e)
{
    for (size_t i = 0; e->columns && i < e->column_count; i++) {
        vec_free(&e->columns[i].texts);
        vec_free(&e->columns[i].times);
    }
    free(e->columns);
    e->columns = NULL;
}

static int new_columns(struct encoder *e, struct lgz_error *err)
{
    e->column_count = e->layout.kinds.len;
    e->columns = calloc(e->column_count + 1, sizeof(*e->columns));
    return e->columns ? LGZ_OK : error_memory(err);
}

static void encoder_clear(struct encoder *e)
{
    free_columns(e);
    free(e->template_of_line);
    free(e->slots);
    layout_clear(&e->layout);
    clustering_clear(&e->clustering);
    skeletons_free(&e->skeletons);
    lines_free(&e->lines);
}

/* Lines to skeletons to templates to a layout of columns. */
static int find_templates(struct encoder *e, struct lgz_error *err)
{
    const struct block_input *in = e->input;
    if (!lines_split(&e->lines, in->raw, in->len) ||
        !skeletons_collect(&e->skeletons, in->raw, &e->lines))
        return error_memory(err);
    int code = cluster_skeletons(&e->clustering, &e->skeletons, in->raw, &e->lines,
                                 MIN_TEMPLATE_LINES, err);
    if (code == LGZ_OK)
        code = layout_choose(&e->layout, &e->clustering.set, e->clustering.lines,
                             e->options->own_lines, err);
    return code;
}

static bool collect_line(struct encoder *e, const struct line *line, size_t number)
{
    const struct template *t = &e->clustering.set.list.data[number];
    for (size_t i = 0; i < t->slot_count; i++) {
        struct column_values *c = &e->columns[e->layout.column_of[number][i]];
        struct text_ref ref = {line->at + e->slots[i].at, e->slots[i].len};
        bool ok = t->slots[i].kind == SLOT_TIME ? vec_push(&c->times, (uint64_t)e->slots[i].time)
                                                : vec_push(&c->texts, ref);
        if (!ok)
            return false;
    }
    return true;
}

static int prepare_match(struct encoder *e, struct lgz_error *err)
{
    size_t most = 1;
    for (size_t t = 0; t < e->clustering.set.list.len; t++)
        if (e->clustering.set.list.data[t].slot_count > most)
            most = e->clustering.set.list.data[t].slot_count;
    e->slots = malloc(most * sizeof(*e->slots));
    e->template_of_line = malloc((e->lines.list.len + 1) * sizeof(*e->template_of_line));
    for (size_t i = 0; e->template_of_line && i < e->lines.list.len; i++)
        e->template_of_line[i] = e->clustering.of_skeleton[e->skeletons.of_line[i]];
    return e->slots && e->template_of_line ? LGZ_OK : error_memory(err);
}

/* Match every line and hand its values to the columns. What doesn't match goes to the last. */
static int collect_values(struct encoder *e, struct lgz_error *err)
{
    const struct template_set *set = &e->clustering.set;
    int code = new_columns(e, err);
    for (size_t i = 0; i < e->lines.list.len && code == LGZ_OK; i++) {
        const struct line *line = &e->lines.list.data[i];
        const uint8_t *text = e->input->raw + line->at;
        size_t number = e->template_of_line[i];
        if (!template_match(&set->list.data[number], text, line->len, e->slots)) {
            number = set->list.len - 1;
            e->template_of_line[i] = number;
            template_match(&set->list.data[number], text, line->len, e->slots);
        }
        if (!collect_line(e, line, number))
            code = error_memory(err);
    }
    return code;
}

/* Columns that hold the same values become one, and are collected anew in the order of the rows. */
static int merge_columns(struct encoder *e, struct lgz_error *err)
{
    struct sketch *sketches = calloc(e->column_count + 1, sizeof(*sketches));
    uint32_t *group = calloc(e->column_count + 1, sizeof(*group));
    int code = sketches && group ? LGZ_OK : error_memory(err);
    for (size_t i = 0; i < e->column_count && code == LGZ_OK; i++) {
        struct text_values values = {e->input->raw, e->columns[i].texts.data,
                                     e->columns[i].texts.len};
        sketch_values(&sketches[i], &values);
    }
    if (code == LGZ_OK && overlap_groups(sketches, e->column_count, group)) {
        free_columns(e);
        code = layout_merge(&e->layout, &e->clustering.set, group, err);
        if (code == LGZ_OK)
            code = collect_values(e, err);
    }
    free(sketches);
    free(group);
    return code;
}

static void encode_columns(struct encoder *e, struct encoded *out, size_t templates)
{
    if (templates > 1)
        number_encode(out, e->ctx, e->template_of_line, e->lines.list.len, STREAM_INDEX);
    for (size_t i = 0; i < e->layout.kinds.len; i++) {
        struct column_values *c = &e->columns[i];
        if (e->layout.kinds.data[i] == COLUMN_TIME) {
            number_encode(out, e->ctx, c->times.data, c->times.len, STREAM_NUMBER);
        } else {
            struct text_values values = {e->input->raw, c->texts.data, c->texts.len};
            text_encode(out, e->ctx, &values, 0);
        }
        vec_free(&c->times);
        vec_free(&c->texts);
    }
}

static void put_head(struct encoder *e, const struct encoded *columns, size_t templates,
                     struct buf *head)
{
    const struct template_set *set = &e->clustering.set;
    const struct template *last = &set->list.data[templates - 1];
    size_t text_len = (size_t)(last->text.data + last->text.len - set->text);
    bool terminated = e->input->raw[e->input->len - 1] == '\n';
    varint_put(head, e->lines.list.len * 2 + !terminated);
    varint_put(head, templates);
    varint_put(head, text_len);
    buf_append(head, set->text, text_len);
    layout_write(&e->layout, set, head);
    buf_append(head, columns->head.data, columns->head.len);
    head->failed |= columns->head.failed;
}

/* Raw length, checksum, head and frames: the body of a structured block. */
static int put_structured(struct encoder *e, const struct encoded *columns, struct buf *head,
                          uint64_t checksum, struct buf *body, struct lgz_error *err)
{
    struct buf frames = {0};
    int code = streams_write(e->ctx, columns, OWN_FRAME, &e->options->frames, head, &frames, err);
    varint_put(body, e->input->len);
    buf_put_le(body, checksum, 8);
    varint_put(body, OWN_FRAME);
    varint_put(body, head->len);
    struct buf packed = {0};
    if (code == LGZ_OK)
        code =
            frame_compress(e->ctx->zstd, &e->options->frames, head->data, head->len, &packed, err);
    varint_put(body, packed.len);
    buf_append(body, packed.data, packed.len);
    buf_append(body, frames.data, frames.len);
    if (code == LGZ_OK && (body->failed || head->failed || frames.failed || packed.failed))
        code = error_memory(err);
    buf_free(&frames);
    buf_free(&packed);
    return code;
}

static bool streams_within_limit(const struct encoded *columns, size_t raw_len)
{
    uint64_t total = 0;
    for (size_t i = 0; i < columns->streams.len; i++)
        total += columns->streams.data[i].data.len;
    return total <= (uint64_t)raw_len * BLOCK_STREAM_LIMIT;
}

/* A line that nothing matched is what the last template is for: not written if there was none. */
static size_t drop_unused_rest(struct encoder *e, const uint64_t *counts)
{
    size_t templates = e->clustering.set.list.len;
    if (templates == 1 || counts[templates - 1])
        return templates;
    struct template *rest = &e->clustering.set.list.data[templates - 1];
    template_clear(rest);
    e->clustering.set.list.len--;
    e->layout.templates--;
    free(e->layout.column_of[templates - 1]);
    e->layout.column_of[templates - 1] = NULL;
    e->layout.kinds.len--;
    return templates - 1;
}

static int encode_structured(struct column_context *ctx, const struct block_input *input,
                             uint64_t checksum, struct buf *body, struct block_summary *summary,
                             struct lgz_error *err)
{
    struct encoder e = {.ctx = ctx, .input = input, .options = &level_table[ctx->level]};
    struct encoded columns = {0};
    struct buf head = {0};
    uint64_t *counts = NULL;
    int code = find_templates(&e, err);
    if (code != LGZ_OK)
        goto out;
    code = prepare_match(&e, err);
    if (code == LGZ_OK)
        code = collect_values(&e, err);
    if (code == LGZ_OK)
        code = merge_columns(&e, err);
    counts = calloc(e.clustering.set.list.len, sizeof(*counts));
    if (code == LGZ_OK && !counts)
        code = error_memory(err);
    if (code != LGZ_OK)
        goto out;
    for (size_t i = 0; i < e.lines.list.len; i++)
        counts[e.template_of_line[i]]++;
    size_t templates = drop_unused_rest(&e, counts);
    encode_columns(&e, &columns, templates);
    put_head(&e, &columns, templates, &head);
    if (!streams_within_limit(&columns, input->len)) {
        body->len = 0; /* nothing that a reader takes: the caller makes a plain one */
        goto out;
    }
    code = put_structured(&e, &columns, &head, checksum, body, err);
    if (head.len > block_head_limit(input->len))
        body->len = 0;
    for (size_t t = 0; t < templates && code == LGZ_OK; t++)
        if (!vec_push(&summary->template_counts, counts[t]))
            code = error_memory(err);
out:
    free(counts);
    buf_free(&head);
    encoded_clear(&columns);
    encoder_clear(&e);
    return code;
}

static int encode_plain(struct column_context *ctx, const struct frame_options *options,
                        const struct block_input *input, uint64_t checksum, struct buf *body,
                        struct lgz_error *err)
{
    varint_put(body, input->len);
    buf_put_le(body, checksum, 8);
    return frame_compress(ctx->zstd, options, input->raw, input->len, body, err);
}

/*
 * Structure pays nearly always, and a plain trial at a high level costs more time than all the
 * rest: it's made only where a quick trial says that it might win. The quick one looks as far back
 * as the other might: what repeats from afar, it must not miss.
 */
static int choose_body(struct column_context *ctx, const struct block_input *input,
                       uint64_t checksum, struct buf *body, struct block_summary *summary,
                       struct lgz_error *err)
{
    const struct frame_options quick = {1, 27, true};
    struct buf plain = {0};
    int code = LGZ_OK;
    if (input->len >= MIN_STRUCTURED)
        code = encode_structured(ctx, input, checksum, body, summary, err);
    if (code == LGZ_OK && body->len)
        code = encode_plain(ctx, &quick, input, checksum, &plain, err);
    if (code == LGZ_OK && (!body->len || plain.len - plain.len / 2 < body->len)) {
        buf_clear(&plain);
        code = encode_plain(ctx, &level_table[ctx->level].frames, input, checksum, &plain, err);
        if (code == LGZ_OK && (!body->len || plain.len < body->len)) {
            struct buf swap = *body;
            *body = plain;
            plain = swap;
            summary->plain = true;
            summary->template_counts.len = 0;
        }
    }
    buf_free(&plain);
    return code;
}

/* The times of the lines of one extent, as a query will see them. */
static void find_times(const uint8_t *raw, size_t len, int64_t reference,
                       struct block_summary *summary)
{
    const uint8_t *at = raw;
    const uint8_t *end = raw + len;
    while (at < end) {
        const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
        const uint8_t *stop = newline ? newline : end;
        struct timestamp_found found;
        if (timestamp_first(at, (size_t)(stop - at), &found)) {
            int64_t time = timestamp_instant(&found.stamp, found.zone, reference);
            if (summary->time_min == SEGMENT_NO_TIME || time < summary->time_min)
                summary->time_min = time;
            if (summary->time_max == SEGMENT_NO_TIME || time > summary->time_max)
                summary->time_max = time;
        }
        summary->lines++;
        at = stop + 1;
    }
}

int block_encode(struct column_context *ctx, const struct block_input *input, struct buf *out,
                 struct block_summary *summary, struct lgz_error *err)
{
    struct buf body = {0};
    size_t at = 0;
    *summary = (struct block_summary){.time_min = SEGMENT_NO_TIME, .time_max = SEGMENT_NO_TIME};
    summary->raw_checksum = hash_bytes(input->raw, input->len);
    for (size_t i = 0; i < input->extent_count; i++) {
        find_times(input->raw + at, input->extents[i].length, input->extents[i].read_time, summary);
        at += input->extents[i].length;
    }
    int code = choose_body(ctx, input, summary->raw_checksum, &body, summary, err);
    if (code == LGZ_OK) {
        buf_push(out, summary->plain ? BLOCK_PLAIN : BLOCK_STRUCTURED);
        varint_put(out, body.len);
        buf_append(out, body.data, body.len);
        if (out->failed)
            code = error_memory(err);
    }
    buf_free(&body);
    if (code != LGZ_OK)
        vec_free(&summary->template_counts);
    return code;
}
