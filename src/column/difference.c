/*
 * difference.c - head: number of the other column, a number column of the differences, zigzag.
 */
#include "column/difference.h"

#include <stdlib.h>

#include "base/decimal.h"

uint64_t difference_number(struct span value)
{
    return value.len <= DIFFERENCE_DIGITS && decimal_is(value) ? decimal_value(value) : 0;
}

void difference_encode_times(struct encoded *e, struct column_context *ctx, const uint64_t *values,
                             const uint64_t *others, size_t count)
{
    uint64_t *differences = malloc((count + 1) * sizeof(*differences));
    if (!differences) {
        e->head.failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++)
        differences[i] = zigzag((int64_t)(values[i] - others[i]));
    number_encode(e, ctx, differences, count, STREAM_NUMBER);
    free(differences);
}

void difference_encode(struct encoded *e, struct column_context *ctx, const uint64_t *values,
                       const uint64_t *others, size_t count, uint32_t column)
{
    buf_push(&e->head, text_tag(&text_difference));
    varint_put(&e->head, column);
    e->cost += 2;
    difference_encode_times(e, ctx, values, others, count);
}

struct difference {
    uint32_t column;
    struct number_column numbers;
};

static void free_difference(void *state)
{
    struct difference *d = state;
    number_clear(&d->numbers);
    free(d);
}

static void *parse(struct reader *head, struct stream_reader *streams, unsigned depth,
                   struct lgz_error *err)
{
    (void)depth;
    struct difference *d = calloc(1, sizeof(*d));
    if (!d) {
        error_memory(err);
        return NULL;
    }
    d->column = (uint32_t)reader_varint_max(head, UINT32_MAX);
    if (!head->failed && number_parse(&d->numbers, head, streams, STREAM_NUMBER))
        return d;
    free(d);
    return NULL;
}

static int open_difference(void *state, struct stream_reader *streams, size_t limit,
                           struct lgz_error *err)
{
    struct difference *d = state;
    (void)limit;
    return number_open(&d->numbers, streams, err);
}

static size_t fill(void *state, struct text_batch *b)
{
    struct difference *d = state;
    uint64_t change;
    uint8_t *end = text_room(b, DECIMAL_MAX, 0);
    if (!end || !b->last || d->column >= b->columns || !number_next(&d->numbers, &change))
        return 0;
    end += DECIMAL_MAX;
    uint64_t number = difference_number(b->last[d->column]) + (uint64_t)unzigzag(change);
    uint8_t *at = decimal_put_before(end, number);
    b->values[0] = (struct span){at, (size_t)(end - at)};
    return 1;
}

static bool bytes(void *state, struct text_look *look, struct byte_set *set)
{
    (void)state;
    (void)look;
    byte_set_add_range(set, '0', '9');
    return true;
}

/* The other number is 0 where it's none, or a long one. */
static bool passage(void *state, struct text_look *look, struct passage *passage)
{
    struct difference *d = state;
    struct number_range other;
    int64_t change;
    int64_t greatest;
    if (!look->range(look->context, d->column, false, &other) ||
        !text_change_range(&d->numbers, look, &change) ||
        __builtin_add_overflow(other.greatest, (uint64_t)change, &greatest))
        return false;
    passage_wrapped(passage, look->string, -change, greatest);
    return true;
}

static size_t follows(const void *state, uint32_t columns[TEXT_FOLLOWS])
{
    const struct difference *d = state;
    columns[0] = d->column;
    return 1;
}

static bool skip(void *state, uint64_t count)
{
    struct difference *c = state;
    return number_skip(&c->numbers, count);
}

const struct text_encoding text_difference = {
    .name = "difference",
    .parse = parse,
    .open = open_difference,
    .fill = fill,
    .free = free_difference,
    .in_step = true,
    .bytes = bytes,
    .passage = passage,
    .ranges = true,
    .follows = follows,
    .skip = skip,
};
