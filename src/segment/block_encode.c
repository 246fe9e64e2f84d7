/*
 * block_encode.c - from raw bytes to a block: lines, templates, columns, streams; or plain zstd.
 */
#include <stdlib.h>

#include "base/hash.h"
#include "column/text.h"
#include "segment/block.h"
#include "segment/grouping.h"
#include "segment/plain_estimate.h"
#include "segment/sample.h"
#include "segment/times.h"
#include "template/cluster.h"

enum {
    MIN_TEMPLATE_LINES = 3, /* a template of fewer lines costs more than it saves */
    OWN_FRAME = 64 * 1024,  /* streams of so many bytes can be left out by a reader, */
    OWN_TEXT = 128 * 1024,  /* so many where there are several texts that may repeat each other */
    MIN_STRUCTURED = 64,    /* bytes below which structure can't pay */
    PROBE_MIN = 1 << 20,    /* bytes from which on a sample is asked whether structure pays */
    PROBE_PIECES = 16,
    PROBE_PIECE = 4096,
    LONG_LINE = 32 << 10,
    REPEATED_MIN = 16, /* equal lines from which on a block of nothing else is worth a case */
    REPEATED_LINE = 4096,
    SHORT_LINE = 3,
    SHORT_MIN = 64 << 10, /* bytes of a block from which on short lines matter */
};

/* What a high level makes of a block is seldom less than this times what its pieces promise. */
static const double PLAIN_DOUBT = 0.8;

struct level_options {
    struct frame_options frames;
    size_t block_size;
    uint64_t own_lines; /* lines from which on a template has columns of its own */
    enum grouping_mode grouping;
    struct relation_effort relations;
    double plain_gain; /* zstd's level 1 may be so far above what a plain frame will have */
    double doubtful;   /* a sample that zstd makes smaller by this factor isn't doubted */
};

static const struct level_options level_table[] = {
    [LGZ_LEVEL_FAST] = {{3, 0, true}, 16 << 20, 256, GROUPING_BY_RULE, {0}, 1.2, 4},
    [LGZ_LEVEL_DEFAULT] =
        {{12, 0, false}, 16 << 20, 256, GROUPING_BY_RULE, {1024, 8, 1, false, 200}, 1.35, 1.4},
    [LGZ_LEVEL_BEST] =
        {{19, 27, false}, 64 << 20, 0, GROUPING_BY_COST, {4096, 24, 2, true, 2000}, 2, 1.4},
};

size_t block_default_size(enum lgz_level level)
{
    return level_table[level].block_size;
}

struct encoder {
    struct column_context *ctx;
    const struct block_input *input;
    const struct level_options *options;
    struct lines lines;
    struct skeletons skeletons;
    struct clustering clustering;
    struct layout layout;
    struct columns columns;
    uint64_t *template_of_line;
    uint64_t *counts; /* for each template, how many lines have it */
};

static void encoder_clear(struct encoder *e)
{
    columns_clear(&e->columns);
    free(e->template_of_line);
    free(e->counts);
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
        !skeletons_collect(&e->skeletons, in->raw, &e->lines, &e->ctx->worker))
        return error_memory(err);
    int code = cluster_skeletons(&e->clustering, &e->skeletons, in->raw, &e->lines,
                                 MIN_TEMPLATE_LINES, err);
    if (code == LGZ_OK)
        code = layout_choose(&e->layout, &e->clustering.set, e->clustering.lines,
                             e->options->own_lines, err);
    return code;
}

/* A line that nothing matched is what the last template is for: not written if there was none. */
static void drop_unused_rest(struct encoder *e)
{
    size_t last = e->clustering.set.list.len - 1;
    if (last == 0 || e->counts[last])
        return;
    template_clear(&e->clustering.set.list.data[last]);
    e->clustering.set.list.len--;
    if (layout_drop_last(&e->layout, &e->clustering.set))
        column_values_clear(&e->columns.list[--e->columns.count]);
}

/* Templates to values, by matching each line against the template of its skeleton. */
static int collect_values(struct encoder *e, struct lgz_error *err)
{
    size_t lines = e->lines.list.len;
    e->template_of_line = malloc((lines + 1) * sizeof(*e->template_of_line));
    e->counts = calloc(e->clustering.set.list.len, sizeof(*e->counts));
    if (!e->template_of_line || !e->counts)
        return error_memory(err);
    const struct columns_input in = {e->input->raw,      &e->lines,  &e->skeletons,
                                     &e->clustering.set, &e->layout, e->clustering.of_skeleton};
    int code = columns_collect(&e->columns, &in, &e->ctx->worker, e->template_of_line, err);
    if (code != LGZ_OK)
        return code;
    for (size_t i = 0; i < lines; i++)
        e->counts[e->template_of_line[i]]++;
    drop_unused_rest(e);
    return LGZ_OK;
}

/* What is made of a block's lines, side by side. */
struct parts {
    struct encoder *encoder;
    struct encoded columns;
    struct encoded templates; /* of the lines */
    struct block_summary *summary;
};

enum { PART_COLUMNS, PART_TEMPLATES, PART_TIMES, PARTS };

static int encode_part(struct worker *me, void *context, size_t part, struct lgz_error *err)
{
    struct parts *p = context;
    struct encoder *e = p->encoder;
    const struct span raw = {e->input->raw, e->input->len};
    switch (part) {
    case PART_COLUMNS:
        return grouping_encode(&e->columns, &e->layout, &e->clustering.set, raw, me->state,
                               e->options->grouping, &e->options->relations, &p->columns, err);
    case PART_TEMPLATES:
        if (e->clustering.set.list.len > 1)
            number_encode(&p->templates, me->state, e->template_of_line, e->lines.list.len,
                          STREAM_INDEX);
        return LGZ_OK;
    default:
        block_times(e->input, &e->lines, &e->skeletons, p->summary);
        return LGZ_OK;
    }
}

/* Values to streams, which go into `out`. */
static int encode_values(struct encoder *e, struct block_summary *summary, struct encoded *out,
                         struct lgz_error *err)
{
    struct parts p = {.encoder = e, .summary = summary};
    int code = workers_share(&e->ctx->worker, PARTS, encode_part, &p, err);
    encoded_append(out, &p.templates);
    encoded_append(out, &p.columns);
    return code;
}

static void put_head(struct encoder *e, const struct encoded *columns, struct buf *head)
{
    const struct template_set *set = &e->clustering.set;
    size_t templates = set->list.len;
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

/* How many steps the context coder may take for a block. */
static uint64_t coder_steps_for(const struct coder_budget *budget, size_t raw_len)
{
    return budget->floor + (budget->per_byte ? raw_len / budget->per_byte : 0);
}

/* Two texts in one frame refer to each other: an address, and where the next one came from. */
static size_t own_frame_for(const struct encoded *columns)
{
    size_t texts = 0;
    for (size_t i = 0; i < columns->streams.len; i++) {
        const struct stream *s = &columns->streams.data[i];
        texts += s->class == STREAM_TEXT && s->data.len >= OWN_FRAME && s->data.len < OWN_TEXT;
    }
    return texts > 1 ? OWN_TEXT : OWN_FRAME;
}

/* Raw length, checksum, head and frames: the body of a structured block. */
static int put_structured(struct encoder *e, const struct encoded *columns, struct buf *head,
                          uint64_t checksum, struct buf *body, struct lgz_error *err)
{
    varint_put(body, e->input->len);
    buf_put_le(body, checksum, 8);
    const size_t own_frame = own_frame_for(columns);
    varint_put(body, own_frame);
    varint_put(body, head->len);
    if (head->failed)
        return error_memory(err);
    return streams_write(e->ctx, buf_span(head), columns, own_frame, &e->options->frames,
                         coder_steps_for(&e->ctx->coder, e->input->len), body, err);
}

static bool streams_within_limit(const struct encoded *columns, size_t raw_len)
{
    uint64_t total = 0;
    for (size_t i = 0; i < columns->streams.len; i++)
        total += columns->streams.data[i].data.len;
    return total <= (uint64_t)raw_len * BLOCK_STREAM_LIMIT;
}

/* Leaves the body empty where a reader wouldn't take it: the caller then makes a plain one. */
static int encode_structured(struct column_context *ctx, const struct block_input *input,
                             uint64_t checksum, struct buf *body, struct block_summary *summary,
                             struct lgz_error *err)
{
    struct encoder e = {.ctx = ctx, .input = input, .options = &level_table[ctx->level]};
    struct encoded columns = {0};
    struct buf head = {0};
    int code = find_templates(&e, err);
    if (code == LGZ_OK)
        code = collect_values(&e, err);
    if (code == LGZ_OK)
        code = encode_values(&e, summary, &columns, err);
    if (code != LGZ_OK || !streams_within_limit(&columns, input->len))
        goto out;
    put_head(&e, &columns, &head);
    code = put_structured(&e, &columns, &head, checksum, body, err);
    if (head.len > block_head_limit(input->len, body->len))
        body->len = 0;
    for (size_t t = 0; t < e.clustering.set.list.len && code == LGZ_OK; t++)
        if (!vec_push(&summary->template_counts, e.counts[t]))
            code = error_memory(err);
out:
    buf_free(&head);
    encoded_clear(&columns);
    encoder_clear(&e);
    return code;
}

/* Are all lines the same, and how many are there? 0 if not, or if they are few, or long. */
static size_t count_repeated(struct span raw, struct span *line)
{
    size_t look = raw.len / REPEATED_MIN < REPEATED_LINE ? raw.len / REPEATED_MIN : REPEATED_LINE;
    const uint8_t *newline = look ? memchr(raw.data, '\n', look) : NULL;
    if (!newline)
        return 0;
    size_t period = (size_t)(newline + 1 - raw.data);
    *line = (struct span){raw.data, period - 1};
    bool same = raw.len % period == 0 && memcmp(raw.data, raw.data + period, raw.len - period) == 0;
    return same ? raw.len / period : 0;
}

/* A block of equal lines is one template without slots. */
static int encode_repeated(struct column_context *ctx, const struct block_input *input,
                           struct span line, uint64_t checksum, struct buf *body,
                           struct block_summary *summary, struct lgz_error *err)
{
    struct encoder e = {.ctx = ctx, .input = input, .options = &level_table[ctx->level]};
    const struct encoded no_columns = {0};
    uint64_t lines = input->len / (line.len + 1);
    struct buf head = {0};
    if (input->extent_count == 1) { /* then they are of one time */
        struct extent extent = input->extents[0];
        extent.length = line.len + 1;
        block_times(&(struct block_input){input->raw, line.len + 1, &extent, 1}, NULL, NULL,
                    summary);
        summary->lines = lines;
    }
    varint_put(&head, lines * 2);
    varint_put(&head, 1);
    varint_put(&head, line.len + 2);
    buf_append(&head, line.data, line.len);
    buf_append_string(&head, "\n\n"); /* the template's end */
    int code = put_structured(&e, &no_columns, &head, checksum, body, err);
    if (code == LGZ_OK && !vec_push(&summary->template_counts, lines))
        code = error_memory(err);
    buf_free(&head);
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

/* Is a line longer than LONG_LINE on average? */
static bool has_long_lines(struct span raw)
{
    const size_t few = raw.len / LONG_LINE;
    for (size_t lines = 0; lines < few; lines++) {
        const uint8_t *newline = memchr(raw.data, '\n', raw.len);
        if (!newline)
            return true;
        raw.len -= (size_t)(newline + 1 - raw.data);
        raw.data = newline + 1;
    }
    return false;
}

/* Is a line, its end included, SHORT_LINE bytes or less on average? */
static bool has_short_lines(struct span raw)
{
    return lines_count(raw.data, raw.len) >= raw.len / SHORT_LINE;
}

/*
 * Might structure pay? A sample is encoded both ways. Where it compresses well, it's too small to
 * tell: templates pay only once they are there many times. With very long lines they never are.
 * Very short lines take more time than what they might save is worth at --fast.
 */
static int structure_may_pay(struct column_context *ctx, const struct block_input *input,
                             bool *may_pay, struct lgz_error *err)
{
    const enum lgz_level level = ctx->level;
    const struct worker worker = ctx->worker;
    const struct frame_options frames = {3, 0, false};
    const struct span raw = {input->raw, input->len};
    struct block_summary summary = {0};
    struct buf sample = {0}, structured = {0}, plain = {0};
    *may_pay = true;
    if (level == LGZ_LEVEL_FAST && raw.len >= SHORT_MIN && has_short_lines(raw))
        *may_pay = false;
    if (raw.len < PROBE_MIN || !*may_pay)
        return LGZ_OK;
    bool taken = sample_take(raw, PROBE_PIECES, PROBE_PIECE, &sample);
    const struct block_input part = {.raw = sample.data, .len = sample.len};
    int code = taken ? LGZ_OK : error_memory(err);
    if (code == LGZ_OK)
        code = encode_plain(ctx, &frames, &part, 0, &plain, err);
    bool doubtful = (double)sample.len < (double)plain.len * level_table[level].doubtful;
    if (code == LGZ_OK && (doubtful || has_long_lines(raw))) {
        ctx->level = LGZ_LEVEL_FAST; /* of this thread only: so it does this alone */
        ctx->worker = (struct worker){.state = ctx};
        code = encode_structured(ctx, &part, 0, &structured, &summary, err);
        ctx->worker = worker;
        ctx->level = level;
        *may_pay = structured.len && structured.len < plain.len - plain.len / 100;
    }
    buf_free(&sample);
    buf_free(&structured);
    buf_free(&plain);
    vec_free(&summary.template_counts);
    return code;
}

/* How large zstd's level 1 makes a block that it sees as a whole. */
static int quick_plain(struct column_context *ctx, const struct block_input *input, size_t *len,
                       struct lgz_error *err)
{
    const struct frame_options quick = {1, 27, true};
    struct buf plain = {0};
    int code = encode_plain(ctx, &quick, input, 0, &plain, err);
    *len = plain.len;
    buf_free(&plain);
    return code;
}

/*
 * Might a plain frame win? At a high level, all of the block is compressed quickly to see; the
 * quick trial looks as far back as the other might: what repeats from afar, it must not miss. What
 * the high level saves beside that, some pieces say.
 * Below, that would take longer than much of the rest: an estimate is enough, where structure is
 * far better. `measured` is the one or the other.
 */
static int plain_may_win(struct column_context *ctx, const struct block_input *input,
                         size_t structured, size_t measured, bool *may_win, struct lgz_error *err)
{
    const int level = level_table[ctx->level].frames.zstd_level;
    double limit = (double)structured * level_table[ctx->level].plain_gain;
    int code = LGZ_OK;
    *may_win = !structured || (double)measured < limit;
    if (!structured || !*may_win)
        return LGZ_OK;
    if (ctx->level != LGZ_LEVEL_BEST) {
        code = quick_plain(ctx, input, &measured, err);
        *may_win = (double)measured < limit;
    } else {
        const struct span raw = {input->raw, input->len};
        *may_win =
            (double)measured * PLAIN_DOUBT * plain_gain(ctx->zstd, raw, level) < (double)structured;
    }
    return code;
}

/* A structured body, and beside it what a plain one would have at about zstd's level 1. */
struct bodies {
    const struct block_input *input;
    uint64_t checksum;
    struct buf *structured;
    struct block_summary *summary;
    size_t plain;
};

static int encode_body(struct worker *me, void *context, size_t part, struct lgz_error *err)
{
    struct bodies *b = context;
    struct column_context *ctx = me->state;
    if (part == 0)
        return encode_structured(ctx, b->input, b->checksum, b->structured, b->summary, err);
    if (ctx->level == LGZ_LEVEL_BEST)
        return quick_plain(ctx, b->input, &b->plain, err);
    b->plain = plain_estimate(ctx->zstd, (struct span){b->input->raw, b->input->len});
    return LGZ_OK;
}

/* Structure pays nearly always, and a plain trial costs more time than all the rest. */
static int choose_body(struct column_context *ctx, const struct block_input *input,
                       uint64_t checksum, struct buf *body, struct block_summary *summary,
                       struct lgz_error *err)
{
    struct frame_options frames = level_table[ctx->level].frames;
    struct buf plain = {0};
    bool may_win = false;
    bool may_pay = false;
    int code = LGZ_OK;
    struct span line;
    if (count_repeated((struct span){input->raw, input->len}, &line))
        return encode_repeated(ctx, input, line, checksum, body, summary, err);
    if (input->len >= MIN_STRUCTURED)
        code = structure_may_pay(ctx, input, &may_pay, err);
    struct bodies bodies = {input, checksum, body, summary, 0};
    if (code == LGZ_OK && may_pay)
        code = workers_share(&ctx->worker, 2, encode_body, &bodies, err);
    if (code == LGZ_OK)
        code = plain_may_win(ctx, input, body->len, bodies.plain, &may_win, err);
    frames.far = false; /* the promise is to be no larger than zstd as it comes */
    if (code == LGZ_OK && may_win)
        code = encode_plain(ctx, &frames, input, checksum, &plain, err);
    if (code == LGZ_OK && may_win && (!body->len || plain.len < body->len)) {
        struct buf swap = *body;
        *body = plain;
        plain = swap;
        summary->plain = true;
        summary->template_counts.len = 0;
    }
    buf_free(&plain);
    return code;
}

int block_encode(struct column_context *ctx, const struct block_input *input, struct buf *out,
                 struct block_summary *summary, struct lgz_error *err)
{
    struct buf body = {0};
    *summary = (struct block_summary){.raw_checksum = hash_bytes(input->raw, input->len)};
    int code = choose_body(ctx, input, summary->raw_checksum, &body, summary, err);
    if (!summary->lines)
        block_times(input, NULL, NULL, summary); /* no structure was tried */
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
