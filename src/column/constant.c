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

static void *parse(struct reader *head, struct stream_reader *streams, unsigned depth,
                   struct lgz_error *err)
{
    (void)streams;
    (void)depth;
    struct span value = reader_bytes(head, reader_varint(head));
    struct span *state = head->failed ? NULL : malloc(sizeof(*state));
    if (state)
        *state = value; /* in the block's head, which outlives its columns */
    else if (!head->failed)
        error_memory(err);
    return state;
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

static bool next(void *state, struct sink *out)
{
    const struct span *value = state;
    return sink_put(out, value->data, value->len);
}

const struct text_encoding text_constant = {
    .name = "constant",
    .propose = propose,
    .parse = parse,
    .open = open_constant,
    .next = next,
    .free = free,
};
