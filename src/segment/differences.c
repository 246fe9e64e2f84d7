/*
 * differences.c - the column whose numbers are nearest, in a sample, is tried in full.
 */
#include "segment/differences.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "column/difference.h"

enum {
    FIRST_SHARE = 4, /* of a sample's rows, 1/4 is compared before all of them, */
    FIRST_ROWS = 32, /* but not less than so many */
};

struct numbers {
    pthread_mutex_t mutex; /* for what follows, while it isn't known */
    bool known;
    uint64_t *list; /* for each value; NULL if they aren't all numbers */
};

struct differences {
    const struct columns *columns;
    struct span raw;
    struct numbers *numbers; /* for each column */
};

int differences_new(struct differences **out, const struct columns *columns, struct span raw,
                    struct lgz_error *err)
{
    struct differences *d = malloc(sizeof(*d));
    if (!d)
        return error_memory(err);
    *d = (struct differences){columns, raw, calloc(columns->count + 1, sizeof(*d->numbers))};
    if (!d->numbers) {
        free(d);
        return error_memory(err);
    }
    for (size_t i = 0; i < columns->count; i++)
        pthread_mutex_init(&d->numbers[i].mutex, NULL);
    *out = d;
    return LGZ_OK;
}

void differences_free(struct differences *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->columns->count; i++) {
        if (d->columns->list[i].kind == COLUMN_TEXT)
            free(d->numbers[i].list);
        pthread_mutex_destroy(&d->numbers[i].mutex);
    }
    free(d->numbers);
    free(d);
}

/* Digits without a needless zero in front, so that they print back. */
static bool is_number(struct span value)
{
    bool fits = value.len >= 1 && value.len <= DIFFERENCE_DIGITS;
    return fits && decimal_is(value) && (value.len == 1 || value.data[0] != '0');
}

static int read_numbers(struct differences *d, uint32_t column, struct lgz_error *err)
{
    const struct column_values *v = &d->columns->list[column];
    struct numbers *n = &d->numbers[column];
    struct text_values values = {d->raw.data, v->texts.data, v->texts.len};
    n->known = true;
    if (v->kind == COLUMN_TIME) {
        n->list = v->times.data;
        return LGZ_OK;
    }
    if (!values.count || !is_number(text_value(&values, 0)))
        return LGZ_OK;
    n->list = malloc(values.count * sizeof(*n->list));
    if (!n->list)
        return error_memory(err);
    for (size_t i = 0; i < values.count; i++) {
        if (!is_number(text_value(&values, i))) {
            free(n->list);
            n->list = NULL;
            break;
        }
        n->list[i] = decimal_value(text_value(&values, i));
    }
    return LGZ_OK;
}

/* The numbers of a column, or NULL. */
static int get_numbers(struct differences *d, uint32_t column, uint64_t **list,
                       struct lgz_error *err)
{
    struct numbers *n = &d->numbers[column];
    pthread_mutex_lock(&n->mutex);
    int code = n->known ? LGZ_OK : read_numbers(d, column, err);
    *list = n->list;
    pthread_mutex_unlock(&n->mutex);
    return code;
}

static unsigned bits_of(uint64_t number)
{
    uint64_t size = zigzag((int64_t)number);
    return size ? 64 - (unsigned)__builtin_clzll(size) : 0;
}

/* What stands in the other column in front of each row, from row `start` on. */
static void line_up(const struct column_values *v, size_t start, size_t count,
                    const struct column_values *other, const uint64_t *numbers, uint64_t *out)
{
    struct column_walk walk = column_walk_start(other, v->order.data[start]);
    for (size_t i = 0; i < count; i++) {
        size_t before = column_walk_to(&walk, v->order.data[start + i]);
        out[i] = before ? numbers[before - 1] : 0;
    }
}

/* Bits of a sample's numbers, the way in which they have the least: as they are, or as changes. */
static uint64_t count_bits(const uint64_t *numbers, const uint64_t *others, size_t count)
{
    uint64_t plain = 0;
    uint64_t changes = 0;
    uint64_t last = numbers[0] - others[0];
    for (size_t i = 0; i < count; i++) {
        uint64_t number = numbers[i] - others[i];
        plain += bits_of(number);
        changes += bits_of(number - last);
        last = number;
    }
    return plain < changes ? plain : changes;
}

/* How many rows of a sample are compared before all of them. */
static size_t first_rows(size_t count)
{
    size_t few = count / FIRST_SHARE > FIRST_ROWS ? count / FIRST_SHARE : FIRST_ROWS;
    return count < few ? count : few;
}

/* Encode as differences, and keep that if it is cheaper. */
static int try_column(struct differences *d, struct column_context *ctx, uint32_t column,
                      uint32_t other, struct encoded *best, struct lgz_error *err)
{
    const struct column_values *v = &d->columns->list[column];
    const uint64_t *numbers = d->numbers[column].list;
    struct encoded e = {0};
    uint64_t *others = malloc(v->order.len * sizeof(*others));
    if (!others)
        return error_memory(err);
    line_up(v, 0, v->order.len, &d->columns->list[other], d->numbers[other].list, others);
    if (v->kind == COLUMN_TIME) {
        varint_put(&e.head, (uint64_t)other + 1);
        difference_encode_times(&e, ctx, numbers, others, v->order.len);
    } else {
        difference_encode(&e, ctx, numbers, others, v->order.len, other);
    }
    free(others);
    if (!e.head.failed) {
        encoded_keep_clearly_cheaper(best, &e);
        return LGZ_OK;
    }
    encoded_clear(&e);
    return error_memory(err);
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
    s->first = count_bits(s->numbers, s->others, first_rows(s->count));
    s->least = count_bits(s->numbers, s->others, s->count);
}

/* Is the column nearer than all before? Most are out after a few rows. */
static bool is_nearer(struct sought *s, const struct column_values *other, const uint64_t *numbers)
{
    size_t few = first_rows(s->count);
    line_up(s->values, s->start, few, other, numbers, s->others);
    if (s->first && count_bits(s->numbers, s->others, few) >= s->first)
        return false;
    line_up(s->values, s->start, s->count, other, numbers, s->others);
    uint64_t bits = count_bits(s->numbers, s->others, s->count);
    bool nearer = bits < s->least;
    s->least = nearer ? bits : s->least;
    return nearer;
}

/* The column in front of the slot that has the nearest numbers, or the slot's own. */
static int find_nearest(struct differences *d, const uint32_t *row, size_t slot, size_t rows,
                        uint64_t *others, uint32_t *nearest, struct lgz_error *err)
{
    const struct column_values *v = &d->columns->list[row[slot]];
    size_t count = v->order.len < rows ? v->order.len : rows;
    size_t start = (v->order.len - count) / 2;
    struct sought sought = {v, start, count, d->numbers[row[slot]].list + start, others, 0, 0};
    int code = LGZ_OK;
    sought_start(&sought);
    *nearest = row[slot];
    for (size_t i = slot; i-- > 0 && code == LGZ_OK;) {
        uint64_t *other;
        if (row[i] == row[slot] || d->columns->list[row[i]].kind != v->kind)
            continue;
        code = get_numbers(d, row[i], &other, err);
        if (code == LGZ_OK && other && is_nearer(&sought, &d->columns->list[row[i]], other))
            *nearest = row[i];
    }
    return code;
}

int differences_try(struct differences *d, struct column_context *ctx, const uint32_t *row,
                    size_t slot, size_t rows, struct encoded *best, struct lgz_error *err)
{
    uint64_t *numbers;
    uint32_t nearest = row[slot];
    int code = get_numbers(d, row[slot], &numbers, err);
    if (code != LGZ_OK || !numbers || slot == 0)
        return code;
    uint64_t *others = malloc(rows * sizeof(*others));
    code = others ? find_nearest(d, row, slot, rows, others, &nearest, err) : error_memory(err);
    free(others);
    if (code == LGZ_OK && nearest != row[slot])
        code = try_column(d, ctx, row[slot], nearest, best, err);
    return code;
}
