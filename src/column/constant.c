/*
 * constant.c - a column of equal values. Head: the length and the bytes.
 */
#include <stdlib.h>

#include "column/text.h"

static bool propose(struct encoded *e, struct column_context *ctx, const struct text_values *v,
                    const struct text_stats *stats, unsigned forbidden)
{
    (void)ctx;
    (void)forbidden;
    if (!stats->all_equal)
        return false;
    struct span value = v->count ? text_value(v, 0) : (struct span){0};
    varint_put(&e->head, value.len);
    buf_append(&e->head, value.data, value.len);
    e->cost += e->head.len;
    return true;
}

struct constant {
    size_t len;
    uint8_t bytes[]; /* with slack */
};

static void *parse(struct reader *head, struct stream_reader *streams, unsigned depth,
                   struct lgz_error *err)
{
    (void)streams;
    (void)depth;
    struct span value = reader_bytes(head, reader_varint(head));
    if (head->failed)
        return NULL;
    struct constant *c = calloc(1, sizeof(*c) + value.len + SLACK);
    if (!c) {
        error_memory(err);
        return NULL;
    }
    c->len = value.len;
    memcpy(c->bytes, value.data, value.len);
    return c;
}

static int open_constant(void *state, struct stream_reader *streams, size_t limit,
                         struct lgz_error *err)
{
    (void)state;
    (void)streams;
    (void)limit;
    (void)err;
    return LGZ_OK;
}

static size_t fill(void *state, struct text_batch *b)
{
    const struct constant *c = state;
    for (size_t i = 0; i < b->want; i++)
        b->values[i] = (struct span){c->bytes, c->len};
    return b->want;
}

static bool each(void *state, struct text_look *look, text_each_fn *fn, void *context)
{
    const struct constant *c = state;
    (void)look; /* who looks relies on it that this one is always known */
    return fn(context, (struct span){c->bytes, c->len});
}

static bool skip(void *state, uint64_t count)
{
    (void)state;
    (void)count;
    return true;
}

const struct text_encoding text_constant = {
    .name = "constant",
    .propose = propose,
    .parse = parse,
    .open = open_constant,
    .fill = fill,
    .free = free,
    .each = each,
    .skip = skip,
    .stays = true,
};
