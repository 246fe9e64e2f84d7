/*
 * template_table.c - rows by id and text, and a ring of counts in each.
 *
 * Stretches of time are numbered from the epoch on; the count of number n is in place n modulo
 * TREND_MAX of the ring. Those in use are never more than that: when a time doesn't fit, stretches
 * become twice as long, and two counts one.
 */
#include "query/template_table.h"

#include <stdlib.h>

#include "base/floor.h"
#include "query/bucket.h"
#include "query/counts.h"

enum { ID_LEN = sizeof(uint64_t) };

struct row {
    uint64_t lines;
    uint64_t bytes;
    int64_t first;
    int64_t last;
    uint8_t first_digits;
    uint8_t last_digits;
    uint64_t ring[TREND_MAX];
};

struct template_table {
    struct counts *names; /* the key: id and text */
    VEC(struct row) rows;
    struct row others;
    struct buf key;
    int64_t seconds; /* of a stretch */
    int64_t low;     /* the first stretch with a line, */
    int64_t high;    /* and the last */
    bool any;
};

int template_table_new(struct template_table **out, struct lgz_error *err)
{
    struct template_table *t = calloc(1, sizeof(*t));
    *out = t;
    if (!t)
        return error_memory(err);
    t->seconds = 1;
    int code = counts_new(&t->names, TEMPLATE_TABLE_MAX, err);
    if (code != LGZ_OK) {
        free(t);
        *out = NULL;
    }
    return code;
}

void template_table_free(struct template_table *t)
{
    if (!t)
        return;
    counts_free(t->names);
    vec_free(&t->rows);
    buf_free(&t->key);
    free(t);
}

static size_t place(int64_t stretch)
{
    return (size_t)((uint64_t)stretch % TREND_MAX);
}

static void fold(const struct template_table *t, struct row *row)
{
    uint64_t folded[TREND_MAX] = {0};
    for (int64_t i = t->low; i <= t->high; i++)
        folded[place(floor_div(i, 2))] += row->ring[place(i)];
    memcpy(row->ring, folded, sizeof(folded));
}

/* The stretch of a time, which fits into the rings from now on. */
static int64_t take_in(struct template_table *t, int64_t second)
{
    int64_t stretch = floor_div(second, t->seconds);
    if (!t->any)
        t->low = t->high = stretch;
    t->any = true;
    int64_t low = stretch < t->low ? stretch : t->low;
    int64_t high = stretch > t->high ? stretch : t->high;
    while (high - low >= TREND_MAX) {
        for (size_t i = 0; i < t->rows.len; i++)
            fold(t, &t->rows.data[i]);
        fold(t, &t->others);
        t->low = floor_div(t->low, 2);
        t->high = floor_div(t->high, 2);
        t->seconds *= 2;
        stretch = floor_div(stretch, 2);
        low = floor_div(low, 2);
        high = floor_div(high, 2);
    }
    t->low = low;
    t->high = high;
    return stretch;
}

/* The row of a line's template. */
static int find_row(struct template_table *t, const struct query_line *line, struct row **row,
                    struct lgz_error *err)
{
    size_t index;
    buf_clear(&t->key);
    buf_append(&t->key, &line->template_id, ID_LEN);
    buf_append(&t->key, line->template_text.data, line->template_text.len);
    if (t->key.failed)
        return error_memory(err);
    int code = counts_entry(t->names, buf_span(&t->key), &index, err);
    if (code != LGZ_OK)
        return code;
    if (index == t->rows.len && !vec_push(&t->rows, (struct row){0}))
        return error_memory(err);
    *row = index == SIZE_MAX ? &t->others : &t->rows.data[index];
    return LGZ_OK;
}

int template_table_add(struct template_table *t, const struct query_line *line,
                       struct lgz_error *err)
{
    struct row *row = NULL;
    if (!line->templated)
        return LGZ_OK;
    int code = find_row(t, line, &row, err);
    if (code != LGZ_OK)
        return code;
    if (row->lines == 0 || line->time < row->first) {
        row->first = line->time;
        row->first_digits = (uint8_t)line->time_digits;
    }
    if (row->lines == 0 || line->time > row->last) {
        row->last = line->time;
        row->last_digits = (uint8_t)line->time_digits;
    }
    row->lines++;
    row->bytes += line->text.len + 1;
    row->ring[place(take_in(t, bucket_second(line->time)))]++;
    return LGZ_OK;
}

size_t template_table_len(const struct template_table *t)
{
    return t->rows.len;
}

static struct template_row show(const struct template_table *t, const struct row *row)
{
    struct template_row shown = {
        .lines = row->lines,
        .bytes = row->bytes,
        .first = row->first,
        .last = row->last,
        .first_digits = row->first_digits,
        .last_digits = row->last_digits,
    };
    for (int64_t i = t->low; i <= t->high; i++)
        shown.trend[i - t->low] = row->ring[place(i)];
    return shown;
}

struct template_row template_table_at(const struct template_table *t, size_t index)
{
    struct span key;
    struct template_row row = show(t, &t->rows.data[index]);
    counts_at(t->names, index, &key);
    memcpy(&row.id, key.data, ID_LEN);
    row.text = (struct span){key.data + ID_LEN, key.len - ID_LEN};
    return row;
}

struct template_row template_table_others(const struct template_table *t)
{
    return show(t, &t->others);
}

struct template_trend template_table_trend(const struct template_table *t)
{
    const size_t count = t->any ? (size_t)(t->high - t->low) + 1 : 0;
    return (struct template_trend){t->low * t->seconds, t->seconds, count};
}
