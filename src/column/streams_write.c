/*
 * streams_write.c - grouping streams into frames, and choosing a codec for each.
 *
 * Every frame is compressed with zstd, side by side. Then the context coder may try, within its
 * budget.
 */
#include <stdlib.h>

#include "column/coder_choice.h"
#include "column/pieces.h"
#include "column/streams.h"

enum { PIECES_COST = 256 /* one byte in so many for a frame in several pieces */ };

/* A frame to be: what is in it, and the best that was made of it so far. */
struct draft {
    enum coder_model model;
    bool random; /* nothing that a model could predict */
    bool chosen; /* for the context coder */
    bool owned;  /* `data` is */
    struct buf data;
    VEC(struct coder_stream) streams;
    uint64_t steps;
    enum frame_codec codec;
    struct buf stored;
};

struct drafts {
    struct draft *list;
    size_t count;
};

static void drafts_free(struct drafts *d)
{
    for (size_t i = 0; i < d->count; i++) {
        if (d->list[i].owned)
            buf_free(&d->list[i].data);
        vec_free(&d->list[i].streams);
        buf_free(&d->list[i].stored);
    }
    free(d->list);
}

static bool draft_add(struct draft *d, const struct buf *data, unsigned width)
{
    const struct coder_stream stream = {data->len, width};
    return data->len == 0 || vec_push(&d->streams, stream);
}

static struct draft draft_of_class(enum stream_class class)
{
    return (struct draft){
        .model = class == STREAM_TEXT ? CODER_TEXT : CODER_NUMBERS,
        .random = class == STREAM_SYMBOL || class == STREAM_PACKED,
    };
}

/* The head, a frame for each class, and those of single streams. @return false: memory is out */
static bool drafts_make(struct drafts *d, struct span head, const struct encoded *e,
                        size_t own_frame)
{
    bool ok = true;
    d->list = calloc(1 + STREAM_CLASSES + e->streams.len, sizeof(*d->list));
    if (!d->list)
        return false;
    struct draft *first = &d->list[0];
    first->owned = true;
    buf_append(&first->data, head.data, head.len);
    ok = !first->data.failed && draft_add(first, &first->data, 0);
    for (int class = 0; class < STREAM_CLASSES; class ++)
        d->list[1 + class] = draft_of_class((enum stream_class) class);
    d->count = 1 + STREAM_CLASSES;
    for (size_t i = 0; i < e->streams.len && ok; i++) {
        const struct stream *s = &e->streams.data[i];
        struct draft *shared = &d->list[1 + s->class];
        if (s->data.len >= own_frame) {
            d->list[d->count] = draft_of_class(s->class);
            d->list[d->count].data = s->data;
            ok = draft_add(&d->list[d->count++], &s->data, s->width);
        } else {
            shared->owned = true;
            buf_append(&shared->data, s->data.data, s->data.len);
            ok = draft_add(shared, &s->data, s->width) && !shared->data.failed;
        }
    }
    return ok;
}

static struct coder_layout layout_of(const struct draft *f)
{
    return (struct coder_layout){f->model, f->streams.data, f->streams.len};
}

/* What drafts are compressed with, and in which order. */
struct compressing {
    struct draft **order;
    const struct frame_options *options;
    bool count; /* steps, too */
};

/* Random symbols in pieces, at zstd's lowest level: it looks for repetitions the least, and those
 * that are there by chance cost more than they save. */
static int try_pieces(struct draft *f, ZSTD_CCtx *zstd, struct lgz_error *err)
{
    struct buf pieces = {0};
    if (f->stored.len == f->data.len)
        return LGZ_OK;
    int code = pieces_compress(zstd, f->data.data, f->data.len, &pieces, err);
    const size_t cost = f->data.len > PIECE ? f->stored.len / PIECES_COST : 0;
    if (code == LGZ_OK && pieces.len < f->stored.len + cost && pieces.len < f->data.len) {
        buf_free(&f->stored);
        f->stored = pieces;
    } else {
        buf_free(&pieces);
    }
    return code;
}

static int compress_draft(struct worker *me, void *context, size_t part, struct lgz_error *err)
{
    struct column_context *ctx = me->state;
    const struct compressing *c = context;
    struct draft *f = c->order[part];
    const struct coder_layout layout = layout_of(f);
    if (c->count && !f->random)
        f->steps = coder_steps(&layout, f->data.data);
    int code = frame_compress(ctx->zstd, c->options, f->data.data, f->data.len, &f->stored, err);
    return code == LGZ_OK && f->random ? try_pieces(f, ctx->zstd, err) : code;
}

static int larger_first(const void *a, const void *b)
{
    const struct draft *x = *(struct draft *const *)a;
    const struct draft *y = *(struct draft *const *)b;
    return x->data.len != y->data.len ? (x->data.len > y->data.len ? -1 : 1) : (x > y) - (x < y);
}

/* Compress all drafts, side by side. */
static int compress_drafts(struct drafts *d, struct column_context *ctx,
                           const struct frame_options *options, bool count, struct lgz_error *err)
{
    size_t full = 0;
    struct draft **order = malloc((d->count + 1) * sizeof(struct draft *));
    struct compressing c = {order, options, count};
    if (!order)
        return error_memory(err);
    for (size_t i = 0; i < d->count; i++)
        if (d->list[i].data.len)
            order[full++] = &d->list[i];
    qsort(order, full, sizeof(struct draft *), larger_first);
    int code = workers_share(&ctx->worker, full, compress_draft, &c, err);
    free(order);
    return code;
}

/* Choose drafts for the context coder. */
static int choose_coded(struct drafts *d, uint64_t budget, struct lgz_error *err)
{
    struct coder_candidate *list = calloc(d->count, sizeof(*list));
    size_t count = 0;
    if (!list)
        return error_memory(err);
    for (size_t i = 0; i < d->count; i++) {
        const struct draft *f = &d->list[i];
        const struct coder_layout layout = layout_of(f);
        if (f->steps && f->steps <= budget)
            list[count++] =
                (struct coder_candidate){f->steps, coder_worth(&layout, f->stored.len), i, false};
    }
    coder_choose(list, count, budget);
    for (size_t i = 0; i < count; i++)
        d->list[list[i].number].chosen = list[i].chosen;
    free(list);
    return LGZ_OK;
}

/* Drafts of each model are coded side by side with those of the other: neither learns from it. */
struct coding {
    struct drafts *drafts;
    uint64_t budget;
};

static bool is_coded(const struct draft *f, enum coder_model model)
{
    return f->chosen && f->model == model;
}

/* What a model may take: numbers take what was said, texts about so much. */
static uint64_t limit_of(const struct coding *c, enum coder_model model)
{
    uint64_t limit = c->budget;
    for (size_t i = 0; i < c->drafts->count && model == CODER_TEXT; i++)
        if (is_coded(&c->drafts->list[i], CODER_NUMBERS))
            limit -= c->drafts->list[i].steps;
    return limit;
}

/* Code a draft, and keep that if it's smaller than zstd's: then it is `*better`. */
static int code_draft(struct coder *coder, struct draft *f, unsigned table_bits, bool *better,
                      struct lgz_error *err)
{
    const struct coder_layout layout = layout_of(f);
    struct buf coded = {0};
    bool within;
    int code = coder_encode(coder, &layout, table_bits, f->data.data, &coded, &within, err);
    *better = code == LGZ_OK && within && coded.len < f->stored.len;
    if (*better) {
        buf_swap(&f->stored, &coded);
        f->codec = FRAME_CODED;
    }
    buf_free(&coded);
    return code;
}

/* Code the chosen drafts of a model in order. */
static int code_model(struct worker *me, void *context, size_t part, struct lgz_error *err)
{
    (void)me;
    const struct coding *c = context;
    const enum coder_model model = (enum coder_model)part;
    struct coder *coder;
    size_t texts = 0;
    bool goes_on = false;
    int code = coder_new(&coder, limit_of(c, model), err);
    for (size_t i = 0; i < c->drafts->count; i++)
        if (is_coded(&c->drafts->list[i], CODER_TEXT))
            texts += c->drafts->list[i].data.len;
    for (size_t i = 0; i < c->drafts->count && code == LGZ_OK; i++) {
        struct draft *f = &c->drafts->list[i];
        bool text = model == CODER_TEXT;
        bool better;
        if (!is_coded(f, model))
            continue;
        unsigned bits = text && goes_on ? 0 : coder_table_bits(text ? texts : f->data.len);
        code = code_draft(coder, f, bits, &better, err);
        goes_on = better;
    }
    coder_free(coder);
    return code;
}

static void drafts_put(const struct drafts *d, struct buf *out)
{
    const struct draft *head = &d->list[0];
    varint_put(out, frame_entry(head->stored.len, head->codec));
    buf_append(out, head->stored.data, head->stored.len);
    for (size_t i = 1; i < d->count; i++)
        if (d->list[i].data.len)
            varint_put(out, frame_entry(d->list[i].stored.len, d->list[i].codec));
    for (size_t i = 1; i < d->count; i++)
        buf_append(out, d->list[i].stored.data, d->list[i].stored.len);
}

int streams_write(struct column_context *ctx, struct span head, const struct encoded *e,
                  size_t own_frame, const struct frame_options *options, uint64_t steps,
                  struct buf *out, struct lgz_error *err)
{
    struct drafts d = {0};
    int code = drafts_make(&d, head, e, own_frame) ? LGZ_OK : error_memory(err);
    if (code == LGZ_OK)
        code = compress_drafts(&d, ctx, options, steps > 0, err);
    if (code == LGZ_OK && steps)
        code = choose_coded(&d, steps, err);
    if (code == LGZ_OK && steps) {
        struct coding c = {&d, steps};
        code = workers_share(&ctx->worker, CODER_MODELS, code_model, &c, err);
    }
    if (code == LGZ_OK) {
        drafts_put(&d, out);
        if (out->failed)
            code = error_memory(err);
    }
    drafts_free(&d);
    return code;
}
