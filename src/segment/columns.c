/*
 * columns.c - from lines to values, and merging columns by the order of their values.
 */
#include "segment/columns.h"

#include <stdlib.h>

#include "segment/rows.h"

static bool collect_line(struct columns *c, const struct line *line, const struct template *t,
                         const uint32_t *column_of, const struct slot_value *slots, uint32_t *order)
{
    for (size_t i = 0; i < t->slot_count; i++) {
        struct column_values *v = &c->list[column_of[i]];
        struct text_ref ref = {line->at + slots[i].at, slots[i].len};
        bool ok = v->kind == COLUMN_TIME ? vec_push(&v->times, (uint64_t)slots[i].time)
                                         : vec_push(&v->texts, ref);
        if (!ok || !vec_push(&v->order, *order))
            return false;
        ++*order;
    }
    return true;
}

static size_t most_slots(const struct template_set *set)
{
    size_t most = 1;
    for (size_t t = 0; t < set->list.len; t++)
        if (set->list.data[t].slot_count > most)
            most = set->list.data[t].slot_count;
    return most;
}

/* Room for what the proposed templates will give, so that nothing grows value by value. */
static bool reserve(struct columns *c, const struct template_set *set, const struct layout *layout,
                    const uint64_t *template_of_line, size_t lines)
{
    size_t *rows = calloc(set->list.len, sizeof(*rows));
    size_t *values = calloc(c->count + 1, sizeof(*values));
    bool ok = rows && values;
    for (size_t i = 0; ok && i < lines; i++)
        rows[template_of_line[i]]++;
    for (size_t t = 0; ok && t < set->list.len; t++)
        for (size_t i = 0; i < set->list.data[t].slot_count; i++)
            values[layout->column_of[t][i]] += rows[t];
    for (size_t i = 0; ok && i < c->count; i++) {
        struct column_values *v = &c->list[i];
        ok = vec_reserve(&v->order, values[i]) &&
             (v->kind == COLUMN_TIME ? vec_reserve(&v->times, values[i])
                                     : vec_reserve(&v->texts, values[i]));
    }
    free(rows);
    free(values);
    return ok;
}

static bool collect_lines(struct columns *c, struct rows *rows, const uint8_t *raw,
                          const struct lines *lines, const struct template_set *set,
                          const struct layout *layout, uint64_t *template_of_line,
                          struct slot_value *slots)
{
    uint32_t order = 0;
    for (size_t i = 0; i < lines->list.len; i++) {
        const struct line *line = &lines->list.data[i];
        size_t number = template_of_line[i];
        if (!rows_match(rows, i, number, slots)) {
            number = set->list.len - 1;
            template_of_line[i] = number;
            template_match(&set->list.data[number], raw + line->at, line->len, slots);
        }
        if (!collect_line(c, line, &set->list.data[number], layout->column_of[number], slots,
                          &order))
            return false;
    }
    return true;
}

int columns_collect(struct columns *c, const uint8_t *raw, const struct lines *lines,
                    const struct skeletons *skeletons, const struct template_set *set,
                    const struct layout *layout, uint64_t *template_of_line, struct lgz_error *err)
{
    struct slot_value *slots = malloc(most_slots(set) * sizeof(*slots));
    struct rows *rows = rows_new(set, skeletons, raw, lines);
    c->count = layout->kinds.len;
    c->list = calloc(c->count + 1, sizeof(*c->list));
    bool ok = slots && rows && c->list;
    for (size_t i = 0; ok && i < c->count; i++)
        c->list[i].kind = layout->kinds.data[i];
    ok = ok && reserve(c, set, layout, template_of_line, lines->list.len) &&
         collect_lines(c, rows, raw, lines, set, layout, template_of_line, slots);
    rows_free(rows);
    free(slots);
    return ok ? LGZ_OK : error_memory(err);
}

/* A heap of columns, the one with the earliest next value on top. */
struct merge {
    const struct columns *columns;
    const uint32_t *parts;
    size_t *next; /* for each part */
    size_t *heap; /* indexes into `parts` */
    size_t len;
};

static uint32_t order_of(const struct merge *m, size_t part)
{
    return m->columns->list[m->parts[part]].order.data[m->next[part]];
}

static void sift_down(struct merge *m, size_t at)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= m->len)
            return;
        if (child + 1 < m->len && order_of(m, m->heap[child + 1]) < order_of(m, m->heap[child]))
            child++;
        if (order_of(m, m->heap[at]) <= order_of(m, m->heap[child]))
            return;
        size_t swap = m->heap[at];
        m->heap[at] = m->heap[child];
        m->heap[child] = swap;
        at = child;
    }
}

static bool take_earliest(struct merge *m, struct column_values *merged)
{
    size_t part = m->heap[0];
    const struct column_values *from = &m->columns->list[m->parts[part]];
    size_t i = m->next[part]++;
    bool ok = from->kind == COLUMN_TIME ? vec_push(&merged->times, from->times.data[i])
                                        : vec_push(&merged->texts, from->texts.data[i]);
    ok = ok && vec_push(&merged->order, from->order.data[i]);
    if (m->next[part] == from->order.len)
        m->heap[0] = m->heap[--m->len];
    sift_down(m, 0);
    return ok;
}

int columns_merge(const struct columns *c, const uint32_t *parts, size_t count,
                  struct column_values *merged, struct lgz_error *err)
{
    struct merge m = {.columns = c,
                      .parts = parts,
                      .next = calloc(count, sizeof(*m.next)),
                      .heap = calloc(count, sizeof(*m.heap))};
    bool ok = m.next && m.heap;
    *merged = (struct column_values){.kind = c->list[parts[0]].kind};
    for (size_t i = 0; ok && i < count; i++)
        if (c->list[parts[i]].order.len)
            m.heap[m.len++] = i;
    for (size_t i = m.len / 2; ok && i-- > 0;)
        sift_down(&m, i);
    while (ok && m.len)
        ok = take_earliest(&m, merged);
    free(m.next);
    free(m.heap);
    if (!ok) {
        column_values_clear(merged);
        return error_memory(err);
    }
    return LGZ_OK;
}

void column_values_encode(const struct column_values *v, const uint8_t *raw,
                          struct column_context *ctx, struct encoded *out)
{
    if (v->kind == COLUMN_TIME) {
        varint_put(&out->head, 0); /* no differences to another column */
        number_encode(out, ctx, v->times.data, v->times.len, STREAM_NUMBER);
    } else {
        struct text_values values = {raw, v->texts.data, v->texts.len};
        text_encode(out, ctx, &values, 0);
    }
}

struct column_walk column_walk_start(const struct column_values *v, uint32_t order)
{
    size_t low = 0;
    size_t high = v->order.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (v->order.data[middle] < order)
            low = middle + 1;
        else
            high = middle;
    }
    return (struct column_walk){v, low};
}

void column_values_clear(struct column_values *v)
{
    vec_free(&v->texts);
    vec_free(&v->times);
    vec_free(&v->order);
}

void columns_clear(struct columns *c)
{
    for (size_t i = 0; c->list && i < c->count; i++)
        column_values_clear(&c->list[i]);
    free(c->list);
    *c = (struct columns){0};
}
