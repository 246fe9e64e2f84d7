/*
 * integer.c - a column of decimal numbers of 64 bits, of up to 20 digits: all of one width, zeros
 * in front included, or none with a zero in front. Head: the width (0: as many digits as it takes),
 * then a number column.
 */
#include <stdlib.h>

#include "base/decimal.h"
#include "column/text.h"

enum { TELLING_DIGITS = 6 /* of a string, one behind the other: they tell numbers apart */ };

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
    for (size_t i = 0; i < v->count; i++)
        numbers[i] = decimal_value(text_value(v, i));
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
    c->width = (unsigned)reader_varint_max(head, DECIMAL_MAX);
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

static size_t fill(void *state, struct text_batch *b)
{
    struct integer *c = state;
    uint64_t numbers[TEXT_BATCH];
    uint8_t *end = text_room(b, b->want * DECIMAL_MAX, 0);
    size_t count = end ? number_fill(&c->numbers, numbers, b->want) : 0;
    for (size_t i = 0; i < count; i++) {
        end += DECIMAL_MAX;
        uint8_t *at = decimal_put_before(end, numbers[i]);
        while (end - at < (ptrdiff_t)c->width)
            *--at = '0';
        b->values[i] = (struct span){at, (size_t)(end - at)};
    }
    return count;
}

static void free_integer(void *state)
{
    struct integer *c = state;
    number_clear(&c->numbers);
    free(c);
}

static bool range(void *state, struct text_look *look, struct number_range *range)
{
    const struct integer *c = state;
    struct number_range ranges[2];
    /* Those of the second range should have more than 18 digits. */
    if (look->rough && number_ranges(&c->numbers, ranges) == 2 && ranges[1].least > INT64_MAX)
        *range = ranges[0];
    else
        *range = text_number_range(&c->numbers, look);
    return true;
}

static bool passage(void *state, struct text_look *look, struct passage *passage)
{
    const struct integer *c = state;
    struct number_range ranges[2];
    unsigned count = 1;
    /* What has few digits may be in nearly any range: it isn't worth decoding all numbers. */
    if (look->rough || passage_digits(look->string) < TELLING_DIGITS)
        count = number_ranges(&c->numbers, ranges);
    else
        ranges[0] = text_number_range(&c->numbers, look);
    for (unsigned i = 0; i < count; i++)
        passage_numbers(passage, look->string, &ranges[i], c->width);
    return true;
}

static bool bytes(void *state, struct text_look *look, struct byte_set *set)
{
    (void)state;
    (void)look;
    byte_set_add_range(set, '0', '9');
    return true;
}

static bool skip(void *state, uint64_t count)
{
    struct integer *c = state;
    return number_skip(&c->numbers, count);
}

static const struct number_column *numbers(const void *state, unsigned *width)
{
    const struct integer *c = state;
    *width = c->width;
    return &c->numbers;
}

const struct text_encoding text_integer = {
    .name = "integer",
    .propose = propose,
    .parse = parse,
    .open = open_integer,
    .fill = fill,
    .free = free_integer,
    .bytes = bytes,
    .passage = passage,
    .ranges = true,
    .range = range,
    .numbers = numbers,
    .skip = skip,
};
