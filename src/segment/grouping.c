/*
 * grouping.c - candidates, trials, decisions.
 */
#include "segment/grouping.h"

#include <stdlib.h>

#include "segment/overlap.h"

enum {
    SMALL_COLUMN = 256, /* values: a column of fewer rarely pays for itself */
    COLUMN_COST = 2,    /* bytes that a column costs beside its encoding */
};

struct grouping {
    struct columns *columns;
    const uint8_t *raw;
    struct column_context *ctx;
    struct encoded *encoded; /* for each column, once it was encoded */
    bool *known;             /* for each column: `encoded` is there */
    uint32_t *group;         /* for each column: the first column of its group */
    struct lgz_error *err;
};

static size_t cost_of(struct grouping *g, uint32_t column)
{
    if (!g->known[column]) {
        column_values_encode(&g->columns->list[column], g->raw, g->ctx, &g->encoded[column]);
        g->known[column] = true;
    }
    return g->encoded[column].cost + COLUMN_COST;
}

/* The first part takes over all values (and the encoding, if there is one); the others are empty.
 */
static void adopt(struct grouping *g, const uint32_t *parts, size_t count,
                  struct column_values *merged, struct encoded *encoded)
{
    for (size_t i = 0; i < count; i++) {
        column_values_clear(&g->columns->list[parts[i]]);
        encoded_clear(&g->encoded[parts[i]]);
        g->known[parts[i]] = false;
        g->group[parts[i]] = parts[0];
    }
    g->columns->list[parts[0]] = *merged;
    g->encoded[parts[0]] = *encoded;
    g->known[parts[0]] = encoded->head.len > 0;
}

/* Put `parts` (ascending) together: always, or if that is cheaper than `separate`. */
static int merge_parts(struct grouping *g, const uint32_t *parts, size_t count, bool always)
{
    struct column_values merged;
    struct encoded encoded = {0};
    size_t separate = 0;
    if (count < 2)
        return LGZ_OK;
    int code = columns_merge(g->columns, parts, count, &merged, g->err);
    if (code != LGZ_OK)
        return code;
    if (!always) {
        for (size_t i = 0; i < count; i++)
            separate += cost_of(g, parts[i]);
        column_values_encode(&merged, g->raw, g->ctx, &encoded);
    }
    if (encoded.head.failed)
        code = error_memory(g->err);
    if (code == LGZ_OK && (always || encoded.cost + COLUMN_COST < separate)) {
        adopt(g, parts, count, &merged, &encoded);
        return LGZ_OK;
    }
    column_values_clear(&merged);
    encoded_clear(&encoded);
    return code;
}

static size_t small_parts(const struct grouping *g, const uint32_t *parts, size_t count,
                          uint32_t *small)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (g->columns->list[parts[i]].order.len < SMALL_COLUMN)
            small[kept++] = parts[i];
    return kept;
}

/* Columns with one key: try to put the small ones together, then what that gave with the rest. */
static int try_role(struct grouping *g, const uint32_t *parts, size_t count, uint32_t *scratch)
{
    size_t small = small_parts(g, parts, count, scratch);
    int code = merge_parts(g, scratch, small, false);
    size_t left = 0;
    for (size_t i = 0; i < count; i++)
        if (g->group[parts[i]] == parts[i])
            scratch[left++] = parts[i];
    if (code == LGZ_OK)
        code = merge_parts(g, scratch, left, false);
    return code;
}

struct keyed {
    uint64_t key;
    uint32_t column;
};

static int by_key(const void *a, const void *b)
{
    const struct keyed *x = a;
    const struct keyed *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->column < y->column ? -1 : x->column > y->column;
}

/* Walk over runs of columns with the same key. `keys` is sorted here. */
static int for_each_key(struct grouping *g, struct keyed *keys, size_t count, bool roles,
                        bool always)
{
    int code = LGZ_OK;
    uint32_t *parts = malloc((2 * count + 1) * sizeof(*parts));
    if (!parts)
        return error_memory(g->err);
    qsort(keys, count, sizeof(*keys), by_key);
    for (size_t start = 0; start < count && code == LGZ_OK;) {
        size_t n = 0;
        for (; start + n < count && keys[start + n].key == keys[start].key; n++)
            parts[n] = keys[start + n].column;
        if (n > 1)
            code = roles ? try_role(g, parts, n, parts + count) : merge_parts(g, parts, n, always);
        start += n;
    }
    free(parts);
    return code;
}

static int group_roles(struct grouping *g, const struct layout *layout)
{
    size_t count = g->columns->count;
    struct keyed *keys = malloc((count + 1) * sizeof(*keys));
    if (!keys)
        return error_memory(g->err);
    for (size_t i = 0; i < count; i++)
        keys[i] = (struct keyed){layout->roles.data[i], (uint32_t)i};
    int code = for_each_key(g, keys, count, true, false);
    free(keys);
    return code;
}

static int group_overlaps(struct grouping *g, bool always)
{
    size_t count = g->columns->count;
    size_t kept = 0;
    struct sketch *sketches = calloc(count + 1, sizeof(*sketches));
    uint32_t *found = calloc(count + 1, sizeof(*found));
    struct keyed *keys = malloc((count + 1) * sizeof(*keys));
    int code = sketches && found && keys ? LGZ_OK : error_memory(g->err);
    for (size_t i = 0; i < count && code == LGZ_OK; i++) {
        const struct column_values *v = &g->columns->list[i];
        struct text_values values = {g->raw, v->texts.data, v->texts.len};
        sketch_values(&sketches[i], &values);
    }
    if (code == LGZ_OK && overlap_groups(sketches, count, found)) {
        for (size_t i = 0; i < count; i++)
            if (g->group[i] == i)
                keys[kept++] = (struct keyed){found[i], (uint32_t)i};
        code = for_each_key(g, keys, kept, false, always);
    }
    free(sketches);
    free(found);
    free(keys);
    return code;
}

/* A column may have been merged into one that was merged later. */
static void resolve_groups(struct grouping *g)
{
    for (size_t i = 0; i < g->columns->count; i++)
        while (g->group[g->group[i]] != g->group[i])
            g->group[i] = g->group[g->group[i]];
}

/* Columns that are left take the numbers that they have in the layout. */
static void close_up(struct grouping *g)
{
    size_t kept = 0;
    for (size_t i = 0; i < g->columns->count; i++) {
        if (g->group[i] != i)
            continue;
        cost_of(g, (uint32_t)i);
        struct column_values values = g->columns->list[i];
        struct encoded encoded = g->encoded[i];
        g->columns->list[i] = (struct column_values){0};
        g->encoded[i] = (struct encoded){0};
        g->columns->list[kept] = values;
        g->encoded[kept++] = encoded;
    }
    g->columns->count = kept;
}

int grouping_encode(struct columns *c, struct layout *layout, const struct template_set *set,
                    struct span raw, struct column_context *ctx, enum grouping_mode mode,
                    const struct relation_effort *effort, struct encoded *encoded,
                    struct lgz_error *err)
{
    struct grouping g = {.columns = c,
                         .raw = raw.data,
                         .ctx = ctx,
                         .encoded = calloc(c->count + 1, sizeof(*g.encoded)),
                         .known = calloc(c->count + 1, sizeof(*g.known)),
                         .group = calloc(c->count + 1, sizeof(*g.group)),
                         .err = err};
    int code = g.encoded && g.known && g.group ? LGZ_OK : error_memory(err);
    for (size_t i = 0; i < c->count && code == LGZ_OK; i++)
        g.group[i] = (uint32_t)i;
    if (code == LGZ_OK && mode == GROUPING_BY_COST)
        code = group_roles(&g, layout);
    if (code == LGZ_OK)
        code = group_overlaps(&g, mode == GROUPING_BY_RULE);
    if (code == LGZ_OK) {
        resolve_groups(&g);
        code = layout_merge(layout, set, g.group, err);
    }
    if (code == LGZ_OK) {
        close_up(&g);
        code = relations_encode(c, layout, set, raw, ctx, effort, g.encoded, err);
    }
    for (size_t i = 0; g.encoded && i < c->count; i++) {
        if (code == LGZ_OK)
            encoded_append(encoded, &g.encoded[i]);
        encoded_clear(&g.encoded[i]);
    }
    free(g.encoded);
    free(g.known);
    free(g.group);
    return code;
}
