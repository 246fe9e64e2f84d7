/*
 * dictionary.c - a column as its distinct values (a text column) and an index for each row.
 *
 * Head: number of entries, the column of the entries, the column of the indexes. Entries stand in
 * order of first appearance while an index fits a byte; above that the most frequent come first,
 * so that most indexes have a zero high byte.
 */
#include <stdlib.h>

#include "column/distinct.h"

enum { BYTE_ENTRIES = 256 };

/* Sort entry numbers by falling count, then by first appearance. */
static int by_count(const void *a, const void *b, void *context)
{
    const uint32_t *counts = context;
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    if (counts[x] != counts[y])
        return counts[x] > counts[y] ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* Renumber so that frequent entries come first. */
static bool sort_entries(const struct distinct *d, struct text_ref *entries, uint64_t *indexes,
                         size_t count)
{
    size_t n = d->list.len;
    uint32_t *order = malloc(n * sizeof(*order));
    uint32_t *rank = malloc(n * sizeof(*rank));
    struct text_ref *sorted = malloc(n * sizeof(*sorted));
    bool ok = order && rank && sorted;
    for (size_t i = 0; ok && i < n; i++)
        order[i] = (uint32_t)i;
    if (ok)
        qsort_r(order, n, sizeof(*order), by_count, d->counts.data);
    for (size_t i = 0; ok && i < n; i++) {
        rank[order[i]] = (uint32_t)i;
        sorted[i] = entries[order[i]];
    }
    if (ok)
        memcpy(entries, sorted, n * sizeof(*entries));
    for (size_t i = 0; ok && i < count; i++)
        indexes[i] = rank[indexes[i]];
    free(order);
    free(rank);
    free(sorted);
    return ok;
}

static bool encode(struct encoded *e, struct column_context *ctx, const struct text_values *v,
                   struct distinct *d, uint64_t *indexes, unsigned forbidden)
{
    struct text_ref *entries = malloc((d->list.len + 1) * sizeof(*entries));
    if (!entries)
        return false;
    for (size_t i = 0; i < d->list.len; i++)
        entries[i] = (struct text_ref){(uint32_t)(d->list.data[i].data - v->base),
                                       (uint32_t)d->list.data[i].len};
    bool ok = d->list.len <= BYTE_ENTRIES || sort_entries(d, entries, indexes, v->count);
    if (ok) {
        struct text_values values = {v->base, entries, d->list.len};
        varint_put(&e->head, d->list.len);
        e->cost += 2;
        text_encode(e, ctx, &values, forbidden | TEXT_NO_DICTIONARY);
        number_encode(e, ctx, indexes, v->count, STREAM_INDEX);
    }
    free(entries);
    return ok;
}

static bool propose(struct encoded *e, struct column_context *ctx, const struct text_values *v,
                    const struct text_stats *stats, unsigned forbidden)
{
    (void)stats;
    if (forbidden & TEXT_NO_DICTIONARY || v->count < 3)
        return false;
    struct distinct d = {0};
    uint64_t *indexes = malloc(v->count * sizeof(*indexes));
    bool ok = indexes != NULL;
    bool pays = true;
    for (size_t i = 0; ok && pays && i < v->count; i++) {
        indexes[i] = distinct_add(&d, text_value(v, i));
        ok = indexes[i] != UINT32_MAX;
        pays = d.list.len < 64 || d.list.len <= (i + 1) - (i + 1) / 8;
    }
    if (ok && pays && d.list.len < v->count)
        ok = encode(e, ctx, v, &d, indexes, forbidden);
    else
        pays = false;
    e->head.failed |= !ok;
    distinct_free(&d);
    free(indexes);
    return pays || !ok;
}

struct dictionary {
    uint64_t count;
    struct text_column *entries;
    struct number_column indexes;
    struct text_table table;
};

static void free_dictionary(void *state)
{
    struct dictionary *d = state;
    text_free(d->entries);
    number_clear(&d->indexes);
    text_table_clear(&d->table);
    free(d);
}

static void *parse(struct reader *head, struct stream_reader *streams, unsigned depth,
                   struct lgz_error *err)
{
    struct dictionary *d = calloc(1, sizeof(*d));
    if (!d) {
        error_memory(err);
        return NULL;
    }
    d->count = reader_varint_max(head, UINT32_MAX);
    if (head->failed || text_parse(&d->entries, head, streams, depth + 1, err) != LGZ_OK ||
        !number_parse(&d->indexes, head, streams, STREAM_INDEX)) {
        free_dictionary(d);
        return NULL;
    }
    return d;
}

static int open_dictionary(void *state, struct stream_reader *streams, size_t limit,
                           struct lgz_error *err)
{
    struct dictionary *d = state;
    int code = text_open(d->entries, streams, limit, err);
    if (code == LGZ_OK)
        code = number_open(&d->indexes, streams, err);
    if (code == LGZ_OK)
        code =
            text_table_of_rows(&d->table, d->entries, d->count, &d->indexes, streams, limit, err);
    return code;
}

static size_t fill(void *state, struct text_batch *b)
{
    struct dictionary *d = state;
    uint64_t indexes[TEXT_BATCH];
    size_t count = number_fill(&d->indexes, indexes, b->want);
    for (size_t i = 0; i < count; i++) {
        if (indexes[i] >= d->table.count)
            return i;
        b->values[i] = text_table_get(&d->table, indexes[i]);
    }
    return count;
}

static size_t entries(void *state, uint32_t *to, size_t want)
{
    struct dictionary *d = state;
    uint64_t indexes[TEXT_BATCH];
    size_t count = number_fill(&d->indexes, indexes, want < TEXT_BATCH ? want : TEXT_BATCH);
    for (size_t i = 0; i < count; i++) {
        if (indexes[i] >= d->table.count)
            return i;
        to[i] = (uint32_t)indexes[i];
    }
    return count;
}

static const struct text_table *table(const void *state)
{
    const struct dictionary *d = state;
    return &d->table;
}

static struct text_column *values(const void *state)
{
    const struct dictionary *d = state;
    return d->entries;
}

static bool skip(void *state, uint64_t count)
{
    struct dictionary *c = state;
    return number_skip(&c->indexes, count);
}

const struct text_encoding text_dictionary = {
    .name = "dictionary",
    .propose = propose,
    .parse = parse,
    .open = open_dictionary,
    .fill = fill,
    .free = free_dictionary,
    .values = values,
    .entries = entries,
    .table = table,
    .skip = skip,
    .stays = true,
};
