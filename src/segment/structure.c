/*
 * structure.c - templates once; then columns, in each way that the level tries.
 */
#include "segment/structure.h"

#include <stdlib.h>

#include "column/text.h"
#include "segment/chain.h"
#include "segment/grouping.h"
#include "segment/times.h"
#include "template/cluster.h"

enum {
    OWN_FRAME = 64 * 1024, /* streams of so many bytes can be left out by a reader, */
    OWN_TEXT = 128 * 1024, /* so many where there are several texts that may repeat each other */
    MOST_ARRANGEMENTS = 2,
};

/* A way to arrange values in columns. */
struct arrangement {
    uint64_t own_lines; /* lines from which on a template has columns of its own */
    enum grouping_mode grouping;
    struct relation_effort relations;
};

/*
 * Estimates of cost don't know what relations will make of a column, nor the context coder of a
 * stream. So at --best, the rule is tried as well.
 */
static const struct {
    size_t count;
    struct arrangement list[MOST_ARRANGEMENTS];
} arrangements[] = {
    [LGZ_LEVEL_FAST] = {1, {{256, GROUPING_BY_RULE, {0}}}},
    [LGZ_LEVEL_DEFAULT] = {1, {{256, GROUPING_BY_RULE, {1024, 8, 1, false, 200}}}},
    [LGZ_LEVEL_BEST] = {2,
                        {{0, GROUPING_BY_COST, {4096, 24, 2, true, 2000}},
                         {256, GROUPING_BY_RULE, {4096, 24, 2, true, 2000}}}},
};

/* What all arrangements have in common. */
struct structure {
    struct column_context *ctx;
    const struct frame_options *frames;
    const struct block_input *input;
    uint64_t checksum;
    struct lines lines;
    struct skeletons skeletons;
    struct clustering clustering;
    uint64_t *template_of_line; /* known once values were collected */
    uint64_t *counts;           /* for each template, how many lines have it: likewise */
    bool *alike;                /* of each line, for a filter; NULL if none is wanted */
    struct buf layout;          /* that of the last arrangement, as it's written */
};

static void structure_clear(struct structure *s)
{
    buf_free(&s->layout);
    free(s->template_of_line);
    free(s->counts);
    free(s->alike);
    clustering_clear(&s->clustering);
    skeletons_free(&s->skeletons);
    lines_free(&s->lines);
}

static struct span raw_of(const struct structure *s)
{
    return (struct span){s->input->raw, s->input->len};
}

/* Skeletons to templates: from what the blocks before this one know on. Tells the next one. */
static int cluster(struct structure *s, struct lgz_error *err)
{
    const struct block_input *in = s->input;
    struct clustering *c = &s->clustering;
    struct known_templates *known = in->link ? chain_wait(in->link) : NULL;
    int code =
        cluster_skeletons(c, &s->skeletons, in->raw, &s->lines, known, STRUCTURE_LINES_LEAST, err);
    if (code == LGZ_OK && known && !known_update(known, &c->set, &s->skeletons, c->of_skeleton))
        code = error_memory(err);
    if (in->link)
        chain_pass(in->link);
    return code;
}

/* Lines to skeletons to templates, once for all arrangements. */
static int find_templates(struct structure *s, struct lgz_error *err)
{
    const struct block_input *in = s->input;
    if (!lines_split(&s->lines, in->raw, in->len) ||
        !skeletons_collect(&s->skeletons, in->raw, &s->lines, &s->ctx->worker))
        return error_memory(err);
    int code = cluster(s, err);
    if (code != LGZ_OK)
        return code;
    s->alike = in->parts ? calloc(s->lines.list.len + 1, sizeof(*s->alike)) : NULL;
    if (in->parts && !s->alike)
        return error_memory(err);
    s->template_of_line = malloc((s->lines.list.len + 1) * sizeof(*s->template_of_line));
    return s->template_of_line ? LGZ_OK : error_memory(err);
}

/* The values of a block's lines, arranged. */
struct draft {
    struct structure *structure;
    const struct arrangement *how;
    struct layout layout;
    struct columns columns;
    struct grouping *grouping;
    struct encoded encoded; /* the templates of the lines, and then all */
    struct encoded columns_encoded;
    struct block_summary *summary;
};

static void draft_clear(struct draft *d)
{
    encoded_clear(&d->encoded);
    encoded_clear(&d->columns_encoded);
    grouping_free(d->grouping);
    columns_clear(&d->columns);
    layout_clear(&d->layout);
}

/* A line that nothing matched is what the last template is for: not written if there was none. */
static void drop_unused_rest(struct draft *d)
{
    struct template_set *set = &d->structure->clustering.set;
    size_t last = set->list.len - 1;
    if (last == 0 || d->structure->counts[last])
        return;
    template_clear(&set->list.data[last]);
    set->list.len--;
    if (layout_drop_last(&d->layout, set))
        column_values_clear(&d->columns.list[--d->columns.count]);
}

static int count_lines(struct draft *d, struct lgz_error *err)
{
    struct structure *s = d->structure;
    s->counts = calloc(s->clustering.set.list.len, sizeof(*s->counts));
    if (!s->counts)
        return error_memory(err);
    for (size_t i = 0; i < s->lines.list.len; i++)
        s->counts[s->template_of_line[i]]++;
    drop_unused_rest(d);
    return LGZ_OK;
}

/* Templates to values, by matching each line against the template of its skeleton. */
static int collect_values(struct draft *d, struct lgz_error *err)
{
    struct structure *s = d->structure;
    const struct columns_input in = {s->input->raw, &s->lines,
                                     &s->skeletons, &s->clustering.set,
                                     &d->layout,    s->clustering.of_skeleton,
                                     s->alike};
    int code =
        layout_choose(&d->layout, &s->clustering.set, s->clustering.lines, d->how->own_lines, err);
    if (code == LGZ_OK)
        code = columns_collect(&d->columns, &in, &s->ctx->worker, s->template_of_line, err);
    if (code == LGZ_OK && s->alike && !s->input->parts->collected &&
        !text_parts_collect(s->input->parts, s->input->raw, &s->lines, &s->skeletons, s->alike))
        code = error_memory(err);
    if (code == LGZ_OK && !s->counts)
        code = count_lines(d, err);
    return code;
}

/* Decide which columns there are. Another arrangement may have come to the same. */
static int choose_columns(struct draft *d, bool *known, struct lgz_error *err)
{
    struct structure *s = d->structure;
    struct buf layout = {0};
    int code = grouping_choose(&d->grouping, &d->columns, &d->layout, &s->clustering.set, raw_of(s),
                               s->ctx, d->how->grouping, &d->how->relations, err);
    if (code != LGZ_OK)
        return code;
    layout_write(&d->layout, &s->clustering.set, &layout);
    if (layout.failed)
        code = error_memory(err);
    *known = span_equal(buf_span(&layout), buf_span(&s->layout));
    buf_free(&s->layout);
    s->layout = layout;
    return code;
}

/* What is made of a block's lines, side by side. */
enum { PART_COLUMNS, PART_TEMPLATES, PART_TIMES, PARTS };

static int encode_part(struct worker *me, void *context, size_t part, struct lgz_error *err)
{
    struct draft *d = context;
    struct structure *s = d->structure;
    switch (part) {
    case PART_COLUMNS:
        return grouping_encode(d->grouping, me->state, &d->columns_encoded, err);
    case PART_TEMPLATES:
        if (s->clustering.set.list.len > 1)
            number_encode(&d->encoded, me->state, s->template_of_line, s->lines.list.len,
                          STREAM_INDEX);
        return LGZ_OK;
    default:
        if (!d->summary->lines)
            block_times(s->input, &s->lines, &s->skeletons, d->summary);
        return LGZ_OK;
    }
}

static void put_head(const struct draft *d, struct buf *head)
{
    const struct structure *s = d->structure;
    const struct template_set *set = &s->clustering.set;
    size_t templates = set->list.len;
    const struct template *last = &set->list.data[templates - 1];
    size_t text_len = (size_t)(last->text.data + last->text.len - set->text);
    bool terminated = s->input->raw[s->input->len - 1] == '\n';
    varint_put(head, s->lines.list.len * 2 + !terminated);
    varint_put(head, templates);
    varint_put(head, text_len);
    buf_append(head, set->text, text_len);
    buf_append(head, s->layout.data, s->layout.len);
    buf_append(head, d->encoded.head.data, d->encoded.head.len);
    head->failed |= d->encoded.head.failed;
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
static int put_body(const struct structure *s, const struct encoded *columns,
                    const struct buf *head, struct buf *body, struct lgz_error *err)
{
    const size_t own_frame = own_frame_for(columns);
    varint_put(body, s->input->len);
    buf_put_le(body, s->checksum, 8);
    varint_put(body, own_frame);
    varint_put(body, head->len);
    if (head->failed)
        return error_memory(err);
    return streams_write(s->ctx, buf_span(head), columns, own_frame, s->frames,
                         coder_steps_for(&s->ctx->coder, s->input->len), body, err);
}

static bool streams_within_limit(const struct encoded *columns, size_t raw_len)
{
    uint64_t total = 0;
    for (size_t i = 0; i < columns->streams.len; i++)
        total += columns->streams.data[i].data.len;
    return total <= (uint64_t)raw_len * BLOCK_STREAM_LIMIT;
}

/* Values to streams to a body, which is left empty where a reader wouldn't take it. */
static int encode_draft(struct draft *d, struct buf *body, struct lgz_error *err)
{
    const struct structure *s = d->structure;
    struct buf head = {0};
    int code = workers_share(&s->ctx->worker, PARTS, encode_part, d, err);
    encoded_append(&d->encoded, &d->columns_encoded);
    if (code != LGZ_OK || !streams_within_limit(&d->encoded, s->input->len))
        return code;
    put_head(d, &head);
    code = put_body(s, &d->encoded, &head, body, err);
    if (head.len > block_head_limit(s->input->len, body->len))
        body->len = 0;
    buf_free(&head);
    return code;
}

/* Encode in one way; keep the result if it's smaller than `body`, or that is empty. */
static int try_arrangement(struct structure *s, const struct arrangement *how, struct buf *body,
                           struct block_summary *summary, struct lgz_error *err)
{
    struct draft d = {.structure = s, .how = how, .summary = summary};
    struct buf tried = {0};
    bool known = false;
    int code = collect_values(&d, err);
    if (code == LGZ_OK)
        code = choose_columns(&d, &known, err);
    if (code == LGZ_OK && !(known && body->len))
        code = encode_draft(&d, &tried, err);
    if (code == LGZ_OK && tried.len && (!body->len || tried.len < body->len))
        buf_swap(body, &tried);
    buf_free(&tried);
    draft_clear(&d);
    return code;
}

int structure_encode(struct column_context *ctx, const struct frame_options *frames,
                     const struct block_input *input, uint64_t checksum, struct buf *body,
                     struct block_summary *summary, struct lgz_error *err)
{
    struct structure s = {.ctx = ctx, .frames = frames, .input = input, .checksum = checksum};
    const size_t count = arrangements[ctx->level].count;
    int code = find_templates(&s, err);
    for (size_t i = 0; i < count && code == LGZ_OK; i++)
        code = try_arrangement(&s, &arrangements[ctx->level].list[i], body, summary, err);
    for (size_t t = 0; code == LGZ_OK && t < s.clustering.set.list.len; t++)
        if (!vec_push(&summary->template_counts, s.counts[t]))
            code = error_memory(err);
    structure_clear(&s);
    return code;
}

int structure_encode_repeated(struct column_context *ctx, const struct frame_options *frames,
                              const struct block_input *input, struct span line, uint64_t checksum,
                              struct buf *body, struct block_summary *summary,
                              struct lgz_error *err)
{
    struct structure s = {.ctx = ctx, .frames = frames, .input = input, .checksum = checksum};
    const struct encoded no_columns = {0};
    uint64_t lines = input->len / (line.len + 1);
    struct buf head = {0};
    if (input->parts && !text_parts_collect_raw(input->parts, line))
        return error_memory(err);
    if (input->extent_count == 1) { /* then they are of one time */
        struct extent extent = input->extents[0];
        extent.length = line.len + 1;
        block_times(
            &(struct block_input){
                .raw = input->raw, .len = line.len + 1, .extents = &extent, .extent_count = 1},
            NULL, NULL, summary);
        summary->lines = lines;
    }
    varint_put(&head, lines * 2);
    varint_put(&head, 1);
    varint_put(&head, line.len + 2);
    buf_append(&head, line.data, line.len);
    buf_append_string(&head, "\n\n"); /* the template's end */
    int code = put_body(&s, &no_columns, &head, body, err);
    if (code == LGZ_OK && !vec_push(&summary->template_counts, lines))
        code = error_memory(err);
    buf_free(&head);
    return code;
}
