/*
 * columns.c - from lines to values, and merging columns by the order of their values.
 *
 * Lines are matched in pieces, side by side. The templates proposed tell where the values of a
 * piece begin in each column; a line that doesn't match after all moves what is behind it, which is
 * so rare that all is then collected once more.
 */
#include "segment/columns.h"

#include <stdlib.h>

#include "segment/rows.h"

enum { PIECE_LINES = 1024 }; /* fewer aren't worth a piece of their own */

struct collecting {
    struct columns *columns;
    const struct columns_input *in;
    const struct rows *rows;
    uint64_t *template_of_line;
    size_t pieces;
    size_t *next;    /* for each piece and column: where its next value goes */
    uint32_t *order; /* for each piece: the place of its first value among all */
    bool *moved;     /* for each piece: a line of it got another template */
};

static size_t first_line(const struct collecting *c, size_t piece)
{
    return c->in->lines->list.len * piece / c->pieces;
}

/* How many values a piece has for each column, and in all. */
static uint32_t count_values(const struct collecting *c, size_t piece, size_t *rows, size_t *values)
{
    const struct template_set *set = c->in->set;
    uint32_t all = 0;
    memset(rows, 0, set->list.len * sizeof(*rows));
    for (size_t i = first_line(c, piece); i < first_line(c, piece + 1); i++)
        rows[c->template_of_line[i]]++;
    for (size_t t = 0; t < set->list.len; t++) {
        all += (uint32_t)(rows[t] * set->list.data[t].slot_count);
        for (size_t i = 0; i < set->list.data[t].slot_count; i++)
            values[c->in->layout->column_of[t][i]] += rows[t];
    }
    return all;
}

/* Room for all values; where those of each piece go. @return false when memory is out */
static bool place_pieces(struct collecting *c)
{
    struct columns *columns = c->columns;
    size_t *rows = malloc((c->in->set->list.len + 1) * sizeof(*rows));
    uint32_t order = 0;
    bool ok = rows != NULL;
    memset(c->next, 0, c->pieces * columns->count * sizeof(*c->next));
    for (size_t piece = 0; piece < c->pieces && ok; piece++) {
        c->order[piece] = order;
        c->moved[piece] = false;
        order += count_values(c, piece, rows, c->next + piece * columns->count);
    }
    for (size_t i = 0; i < columns->count && ok; i++) {
        struct column_values *v = &columns->list[i];
        size_t values = 0;
        for (size_t piece = 0; piece < c->pieces; piece++) {
            size_t more = c->next[piece * columns->count + i];
            c->next[piece * columns->count + i] = values;
            values += more;
        }
        ok = vec_reserve(&v->order, values) &&
             (v->kind == COLUMN_TIME ? vec_reserve(&v->times, values)
                                     : vec_reserve(&v->texts, values));
        v->order.len = values;
        *(v->kind == COLUMN_TIME ? &v->times.len : &v->texts.len) = values;
    }
    free(rows);
    return ok;
}

/* Put a line's values where they go. */
static void put_values(const struct collecting *c, const struct line *line,
                       const struct template *t, const uint32_t *column_of,
                       const struct slot_value *slots, size_t *next, uint32_t order)
{
    for (size_t i = 0; i < t->slot_count; i++) {
        struct column_values *v = &c->columns->list[column_of[i]];
        size_t at = next[column_of[i]]++;
        if (v->kind == COLUMN_TIME)
            v->times.data[at] = (uint64_t)slots[i].time;
        else
            v->texts.data[at] = (struct text_ref){line->at + slots[i].at, slots[i].len};
        v->order.data[at] = order + (uint32_t)i;
    }
}

static int collect_piece(struct worker *me, void *context, size_t piece, struct lgz_error *err)
{
    (void)me;
    const struct collecting *c = context;
    const struct template_set *set = c->in->set;
    size_t *next = c->next + piece * c->columns->count;
    uint32_t order = c->order[piece];
    struct slot_value *slots = malloc(template_set_most_slots(set) * sizeof(*slots));
    if (!slots)
        return error_memory(err);
    for (size_t i = first_line(c, piece); i < first_line(c, piece + 1); i++) {
        size_t number = c->template_of_line[i];
        const struct template *t = &set->list.data[number];
        bool alike;
        bool matches = rows_match_alike(c->rows, i, number, slots, &alike);
        if (c->in->alike)
            c->in->alike[i] = alike;
        if (!matches) {
            c->template_of_line[i] = set->list.len - 1;
            c->moved[piece] = true;
        }
        /* All will be collected again. */
        if (c->moved[piece])
            continue;
        put_values(c, &c->in->lines->list.data[i], t, c->in->layout->column_of[number], slots, next,
                   order);
        order += (uint32_t)t->slot_count;
    }
    free(slots);
    return LGZ_OK;
}

static bool any_moved(const struct collecting *c)
{
    bool moved = false;
    for (size_t i = 0; i < c->pieces; i++)
        moved |= c->moved[i];
    return moved;
}

/* Once, or twice: the last template, which a line then has, matches every line. */
static int collect(struct collecting *c, struct worker *me, struct lgz_error *err)
{
    int code;
    do {
        code = place_pieces(c) ? LGZ_OK : error_memory(err);
        if (code == LGZ_OK)
            code = workers_share(me, c->pieces, collect_piece, c, err);
    } while (code == LGZ_OK && any_moved(c));
    return code;
}

int columns_collect(struct columns *columns, const struct columns_input *in, struct worker *me,
                    uint64_t *template_of_line, struct lgz_error *err)
{
    size_t lines = in->lines->list.len;
    struct rows *rows = rows_new(in->set, in->of_skeleton, in->skeletons, in->raw, in->lines, me);
    struct collecting c = {columns, in, rows, template_of_line,
                           .pieces = workers_pieces(me, lines / PIECE_LINES)};
    columns->count = in->layout->kinds.len;
    columns->template_of_line = template_of_line;
    columns->lines = lines;
    columns->list = calloc(columns->count + 1, sizeof(*columns->list));
    c.next = malloc((c.pieces * columns->count + 1) * sizeof(*c.next));
    c.order = malloc(c.pieces * sizeof(*c.order));
    c.moved = malloc(c.pieces * sizeof(*c.moved));
    bool ok = rows && columns->list && c.next && c.order && c.moved;
    for (size_t i = 0; ok && i < columns->count; i++)
        columns->list[i].kind = in->layout->kinds.data[i];
    for (size_t i = 0; i < lines; i++)
        template_of_line[i] = in->of_skeleton[in->skeletons->of_line[i]];
    int code = ok ? collect(&c, me, err) : error_memory(err);
    rows_free(rows);
    free(c.next);
    free(c.order);
    free(c.moved);
    return code;
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
