/*
 * integer.c - a column of decimal numbers of up to 19 digits: all of one width, zeros in front
 * included, or none with a zero in front. Head: the width (0: as many digits as it takes), then a
 * number column.
 */
#include <stdlib.h>

#include "column/text.h"

enum { MAX_DIGITS = 20 };

static bool propose(struct encoded *e, struct column_context *ctx, const struct text_values *v,
                    const struct text_stats *stats, unsigned forbidden)
{
    (void)forbidden;
    if (!stats->all_digits || (!stats->no_leading_zero && stats->min_len != stats->max_len))
        return false;
    uint64_t *numbers = malloc((v->count + 1) * sizeof(*numbers));
    if (!numbers) {
        e->head.failed = true;
        return true;
    }
    for (size_t i = 0; i < v->count; i++) {
        struct span value = text_value(v, i);
        numbers[i] = 0;
        for (size_t k = 0; k < value.len; k++)
            numbers[i] = numbers[i] * 10 + (uint64_t)(value.data[k] - '0');
    }
    varint_put(&e->head, stats->no_leading_zero ? 0 : stats->max_len);
    e->cost++;
    number_encode(e, ctx, numbers, v->count, STREAM_NUMBER);
    free(numbers);
    return true;
}

struct integer {
    unsigned width;
    struct number_column numbers;
};

static void *parse(struct reader *head, struct stream_reader *streams, unsigned depth,
                   struct lgz_error *err)
{
    (void)depth;
    struct integer *c = calloc(1, sizeof(*c));
    if (!c) {
        error_memory(err);
        return NULL;
    }
    c->width = (unsigned)reader_varint_max(head, MAX_DIGITS);
    if (!head->failed && number_parse(&c->numbers, head, streams, STREAM_NUMBER))
        return c;
    free(c);
    return NULL;
}

static int open_integer(void *state, struct stream_reader *streams, size_t limit,
                        struct lgz_error *err)
{
    struct integer *c = state;
    (void)limit;
    return number_open(&c->numbers, streams, err);
}

static bool next(void *state, struct sink *out)
{
    struct integer *c = state;
    uint64_t value;
    uint8_t digits[MAX_DIGITS];
    uint8_t *at = digits + MAX_DIGITS;
    if (!number_next(&c->numbers, &value))
        return false;
    do {
        *--at = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value);
    while (digits + MAX_DIGITS - at < (ptrdiff_t)c->width)
        *--at = '0';
    return sink_put(out, at, (size_t)(digits + MAX_DIGITS - at));
}

static void free_integer(void *state)
{
    struct integer *c = state;
    number_clear(&c->numbers);
    free(c);
}

const struct text_encoding text_integer = {
    .name = "integer",
    .propose = propose,
    .parse = parse,
    .open = open_integer,
    .next = next,
    .free = free_integer,
};
