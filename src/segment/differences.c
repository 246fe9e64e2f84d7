/*
 * differences.c - the column whose numbers are nearest, in a sample, is tried in full.
 */
#include "segment/differences.h"

#include <stdlib.h>

#include "column/difference.h"

enum {
    FIRST_SHARE = 4, /* of a sample's rows, 1/4 is compared before all of them, */
    FIRST_ROWS = 32, /* but not less than so many */
};

/* How many rows of a sample are compared before all of them. */
static size_t first_rows(size_t count)
{
    size_t few = count / FIRST_SHARE > FIRST_ROWS ? count / FIRST_SHARE : FIRST_ROWS;
    return count < few ? count : few;
}

/* Encode as differences, and keep that if it is cheaper. */
static int try_column(const struct number_search *s, struct column_context *ctx,
                      const uint64_t *numbers, uint32_t other, const uint64_t *other_numbers,
                      struct encoded *best, struct lgz_error *err)
{
    const struct column_values *v = &s->columns->list[s->row[s->slot]];
    struct encoded e = {0};
    uint64_t *others = malloc(v->order.len * sizeof(*others));
    if (!others)
        return error_memory(err);
    numbers_line_up(v, 0, v->order.len, &s->columns->list[other], other_numbers, others);
    if (v->kind == COLUMN_TIME) {
        varint_put(&e.head, (uint64_t)other + 1);
        difference_encode_times(&e, ctx, numbers, others, v->order.len);
    } else {
        difference_encode(&e, ctx, numbers, others, v->order.len, other);
    }
    free(others);
    return encoded_offer(best, &e, err);
}

/* The sample of a column whose nearest is looked for. */
struct sought {
    const struct column_values *values;
    size_t start; /* row of the sample */
    size_t count; /* of its rows */
    const uint64_t *numbers;
    uint64_t *others; /* room for another column's */
    uint64_t first;   /* bits of the first rows by themselves */
    uint64_t least;   /* bits of all rows with what is nearest so far */
};

static void sought_start(struct sought *s)
{
    memset(s->others, 0, s->count * sizeof(*s->others));
    s->first = numbers_bits(s->numbers, s->others, first_rows(s->count));
    s->least = numbers_bits(s->numbers, s->others, s->count);
}

/* Is the column nearer than all before? Most are out after a few rows. */
static bool is_nearer(struct sought *s, const struct column_values *other, const uint64_t *numbers)
{
    size_t few = first_rows(s->count);
    numbers_line_up(s->values, s->start, few, other, numbers, s->others);
    if (s->first && numbers_bits(s->numbers, s->others, few) >= s->first)
        return false;
    numbers_line_up(s->values, s->start, s->count, other, numbers, s->others);
    uint64_t bits = numbers_bits(s->numbers, s->others, s->count);
    bool nearer = bits < s->least;
    s->least = nearer ? bits : s->least;
    return nearer;
}

/* The column in front of the slot that has the nearest numbers, or the slot's own. */
static int find_nearest(const struct number_search *s, const uint64_t *numbers, uint64_t *others,
                        uint32_t *nearest, const uint64_t **nearest_numbers, struct lgz_error *err)
{
    const struct column_values *v = &s->columns->list[s->row[s->slot]];
    const struct column_sample sample = column_sample(v->order.len, s->rows);
    struct sought sought = {v, sample.start, sample.count, numbers + sample.start, others, 0, 0};
    sought_start(&sought);
    *nearest = s->row[s->slot];
    for (size_t i = s->slot; i-- > 0;) {
        const uint32_t column = s->row[i];
        const struct number_list *other;
        if (column == s->row[s->slot] || s->columns->list[column].kind != v->kind)
            continue;
        int code = numbers_get(s->numbers, column, &other, err);
        if (code != LGZ_OK)
            return code;
        if (numbers_are_plain(other) &&
            is_nearer(&sought, &s->columns->list[column], other->values)) {
            *nearest = column;
            *nearest_numbers = other->values;
        }
    }
    return LGZ_OK;
}

int differences_try(const struct number_search *s, struct column_context *ctx, struct encoded *best,
                    struct lgz_error *err)
{
    const struct number_list *numbers;
    const uint64_t *other = NULL;
    uint32_t nearest;
    int code = numbers_get(s->numbers, s->row[s->slot], &numbers, err);
    if (code != LGZ_OK || !numbers_are_plain(numbers) || s->slot == 0)
        return code;
    uint64_t *others = malloc(s->rows * sizeof(*others));
    code = others ? find_nearest(s, numbers->values, others, &nearest, &other, err)
                  : error_memory(err);
    free(others);
    if (code == LGZ_OK && other)
        code = try_column(s, ctx, numbers->values, nearest, other, best, err);
    return code;
}
