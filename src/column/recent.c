/*
 * recent.c - a column whose values come back soon: each row says how many other values came since
 * this one was last there.
 *
 * The values that were seen stand in a list, the last one first. A row is 0 for a value that wasn't
 * there before (the next entry of the column of entries, which are in order of first appearance),
 * r for the r-th value of the list, which then moves to its front, and WINDOW + 1 for one further
 * back: its entry number is in a second column of numbers. Head: number of entries, their column,
 * the column of ranks, the column of far entries.
 */
#include <stdlib.h>

#include "column/distinct.h"

enum { WINDOW = 1024, MIN_ENTRIES = 64 };

/* The list of what was seen last: entry numbers, the newest first. */
struct recent_list {
    uint32_t entries[WINDOW];
    size_t len;
};

static void push_front(struct recent_list *list, uint32_t entry, size_t gap)
{
    memmove(list->entries + 1, list->entries, gap * sizeof(list->entries[0]));
    list->entries[0] = entry;
}

/* A value that isn't in the list comes to its front; the last one drops out of a full list. */
static void insert_front(struct recent_list *list, uint32_t entry)
{
    push_front(list, entry, list->len < WINDOW ? list->len : WINDOW - 1);
    list->len += list->len < WINDOW;
}

typedef uint32_t four_entries __attribute__((vector_size(16)));

/* Where an entry stands in the list, or its length or more. Looked for by 16 entries at once: a
 * row's value is, on average, far back. */
static size_t find_entry(const struct recent_list *list, uint32_t entry)
{
    const four_entries wanted = {entry, entry, entry, entry};
    four_entries parts[4];
    size_t i = 0;
    for (; i < list->len; i += 16) {
        memcpy(parts, list->entries + i, sizeof(parts));
        four_entries found =
            (four_entries)(parts[0] == wanted) | (four_entries)(parts[1] == wanted) |
            (four_entries)(parts[2] == wanted) | (four_entries)(parts[3] == wanted);
        uint64_t any[2];
        memcpy(any, &found, sizeof(any));
        if (any[0] | any[1])
            break;
    }
    while (i < list->len && list->entries[i] != entry)
        i++;
    return i;
}

/* The rank of an entry, moved to the front; WINDOW + 1 if it wasn't in the list. */
static size_t find_rank(struct recent_list *list, uint32_t entry)
{
    size_t i = find_entry(list, entry);
    if (i < list->len) {
        push_front(list, entry, i);
        return i + 1;
    }
    insert_front(list, entry);
    return WINDOW + 1;
}

struct ranks {
    struct distinct distinct;
    VEC(struct text_ref) entries;
    uint64_t *ranks;
    VEC(uint64_t) far;
    struct recent_list list;
};

/* @return 1: done, 0: not worth it, -1: memory is out */
static int rank_rows(struct ranks *r, const struct text_values *v)
{
    r->ranks = malloc(v->count * sizeof(*r->ranks));
    if (!r->ranks)
        return -1;
    for (size_t row = 0; row < v->count; row++) {
        size_t before = r->distinct.list.len;
        uint32_t entry = distinct_add(&r->distinct, text_value(v, row));
        if (entry == UINT32_MAX)
            return -1;
        if (entry == before) {
            r->ranks[row] = 0;
            insert_front(&r->list, entry);
            if (!vec_push(&r->entries, v->refs[row]))
                return -1;
            continue;
        }
        r->ranks[row] = find_rank(&r->list, entry);
        if (r->ranks[row] > WINDOW && !vec_push(&r->far, entry))
            return -1;
        /* Too many from far back: this isn't that kind of column. */
        if (r->far.len > 256 + row / 4)
            return 0;
    }
    return r->entries.len >= MIN_ENTRIES && r->entries.len < v->count;
}

static bool propose(struct encoded *e, struct column_context *ctx, const struct text_values *v,
                    const struct text_stats *stats, unsigned forbidden)
{
    (void)stats;
    if (forbidden & TEXT_NO_DICTIONARY || v->count < MIN_ENTRIES)
        return false;
    struct ranks *r = calloc(1, sizeof(*r));
    int worth = r ? rank_rows(r, v) : -1;
    if (worth == 1) {
        struct text_values entries = {v->base, r->entries.data, r->entries.len};
        varint_put(&e->head, r->entries.len);
        e->cost += 2;
        text_encode(e, ctx, &entries, forbidden | TEXT_NO_DICTIONARY);
        number_encode(e, ctx, r->ranks, v->count, STREAM_RANK);
        number_encode(e, ctx, r->far.data, r->far.len, STREAM_INDEX);
    }
    e->head.failed |= worth < 0;
    if (r) {
        distinct_free(&r->distinct);
        vec_free(&r->entries);
        vec_free(&r->far);
        free(r->ranks);
        free(r);
    }
    return worth != 0;
}

struct recent {
    uint64_t count;
    struct text_column *entries;
    struct number_column ranks;
    struct number_column far;
    struct text_table table;
    uint32_t used; /* entries that were there */
    struct recent_list list;
};

static void free_recent(void *state)
{
    struct recent *r = state;
    text_free(r->entries);
    number_clear(&r->ranks);
    number_clear(&r->far);
    text_table_clear(&r->table);
    free(r);
}

static void *parse(struct reader *head, struct stream_reader *streams, unsigned depth,
                   struct lgz_error *err)
{
    struct recent *r = calloc(1, sizeof(*r));
    if (!r) {
        error_memory(err);
        return NULL;
    }
    r->count = reader_varint_max(head, UINT32_MAX);
    if (head->failed || text_parse(&r->entries, head, streams, depth + 1, err) != LGZ_OK ||
        !number_parse(&r->ranks, head, streams, STREAM_RANK) ||
        !number_parse(&r->far, head, streams, STREAM_INDEX)) {
        free_recent(r);
        return NULL;
    }
    return r;
}

static int open_recent(void *state, struct stream_reader *streams, size_t limit,
                       struct lgz_error *err)
{
    struct recent *r = state;
    int code = text_open(r->entries, streams, limit, err);
    if (code == LGZ_OK)
        code = number_open(&r->ranks, streams, err);
    if (code == LGZ_OK)
        code = number_open(&r->far, streams, err);
    if (code == LGZ_OK)
        code = text_table_of_rows(&r->table, r->entries, r->count, &r->ranks, streams, limit, err);
    return code;
}

/* The entry that a rank stands for. @return false if there is none */
static bool entry_of(struct recent *r, uint64_t rank, uint32_t *entry)
{
    uint64_t number = 0;
    if (rank >= 1 && rank <= r->list.len) {
        *entry = r->list.entries[rank - 1];
        push_front(&r->list, *entry, rank - 1);
        return true;
    }
    if (rank == 0)
        number = r->used++;
    else if (rank != WINDOW + 1 || !number_next(&r->far, &number))
        return false;
    if (number >= r->table.count)
        return false;
    *entry = (uint32_t)number;
    insert_front(&r->list, *entry);
    return true;
}

static size_t entries(void *state, uint32_t *to, size_t want)
{
    struct recent *r = state;
    uint64_t ranks[TEXT_BATCH];
    size_t count = number_fill(&r->ranks, ranks, want < TEXT_BATCH ? want : TEXT_BATCH);
    for (size_t i = 0; i < count; i++)
        if (!entry_of(r, ranks[i], &to[i]))
            return i;
    return count;
}

static const struct text_table *table(const void *state)
{
    const struct recent *r = state;
    return &r->table;
}

static size_t fill(void *state, struct text_batch *b)
{
    const struct recent *r = state;
    uint32_t rows[TEXT_BATCH];
    size_t count = entries(state, rows, b->want);
    for (size_t i = 0; i < count; i++)
        b->values[i] = text_table_get(&r->table, rows[i]);
    return count;
}

static struct text_column *values(const void *state)
{
    const struct recent *r = state;
    return r->entries;
}

static bool skip(void *state, uint64_t count)
{
    uint32_t rows[TEXT_BATCH];
    while (count) {
        const size_t want = count < TEXT_BATCH ? (size_t)count : TEXT_BATCH;
        if (entries(state, rows, want) < want)
            return false;
        count -= want;
    }
    return true;
}

const struct text_encoding text_recent = {
    .name = "recent",
    .propose = propose,
    .parse = parse,
    .open = open_recent,
    .fill = fill,
    .free = free_recent,
    .values = values,
    .entries = entries,
    .table = table,
    .skip = skip,
    .stays = true,
};
