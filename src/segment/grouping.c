/*
 * grouping.c - candidates, trials, decisions.
 */
#include "segment/grouping.h"

#include <stdlib.h>

#include "segment/overlap.h"

enum {
    SMALL_COLUMN = 256, /* values: a column of fewer rarely pays for itself */
    COLUMN_COST = 2,    /* bytes that a column costs beside its encoding */
    FOLLOWS = 4,        /* a column that follows from others costs less than 1/4 */
    TIME_EFFORT = 8,    /* a value of text takes as long as so many times */
};

struct grouping {
    struct columns *columns;
    struct layout *layout;
    const struct template_set *set;
    struct span raw;
    struct column_context *ctx; /* of the thread that is at it now, as `err` */
    const struct relation_effort *effort;
    size_t count;            /* columns at the start */
    struct encoded *encoded; /* for each column, once it was encoded */
    bool *known;             /* for each column: `encoded` is there */
    uint32_t *group;         /* for each column: the first column of its group */
    size_t *saved;           /* for each column, by relations while nothing is merged */
    struct lgz_error *err;
};

static size_t cost_of(const struct grouping *g, uint32_t column)
{
    size_t saved = g->saved ? g->saved[column] : 0;
    return g->encoded[column].cost - saved + COLUMN_COST;
}

/* Columns that are encoded side by side. */
struct encoding {
    struct grouping *grouping;
    uint32_t *list;
};

static int encode_column(struct worker *me, void *context, size_t part, struct lgz_error *err)
{
    const struct encoding *e = context;
    const struct grouping *g = e->grouping;
    uint32_t column = e->list[part];
    column_values_encode(&g->columns->list[column], g->raw.data, me->state, &g->encoded[column]);
    return g->encoded[column].head.failed ? error_memory(err) : LGZ_OK;
}

/* About how long it takes to encode a column. Times are numbers from the start. */
static size_t effort_of(const struct column_values *v)
{
    return v->kind == COLUMN_TIME ? v->order.len / TIME_EFFORT : v->order.len;
}

static int longer_first(const void *a, const void *b, void *context)
{
    const struct column_values *list = context;
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    size_t i = effort_of(&list[x]);
    size_t j = effort_of(&list[y]);
    return i != j ? (i > j ? -1 : 1) : (x > y) - (x < y);
}

/* Encode the columns that are in no other's group and not encoded yet. */
static int encode_left(struct grouping *g)
{
    size_t count = 0;
    uint32_t *list = malloc((g->columns->count + 1) * sizeof(*list));
    if (!list)
        return error_memory(g->err);
    for (uint32_t i = 0; i < g->columns->count; i++) {
        if (g->group[i] == i && !g->known[i])
            list[count++] = i;
        g->known[i] = true;
    }
    qsort_r(list, count, sizeof(*list), longer_first, g->columns->list);
    struct encoding e = {g, list};
    int code = workers_share(&g->ctx->worker, count, encode_column, &e, g->err);
    free(list);
    return code;
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
        if (g->saved)
            g->saved[parts[i]] = 0;
    }
    g->columns->list[parts[0]] = *merged;
    g->encoded[parts[0]] = *encoded;
    g->known[parts[0]] = encoded->head.len > 0;
}

/* Put `parts` (ascending) together: always, or if that is cheaper than what they are apart. */
static int merge_parts(struct grouping *g, struct column_context *ctx, const uint32_t *parts,
                       size_t count, bool always, struct lgz_error *err)
{
    struct column_values merged;
    struct encoded encoded = {0};
    size_t separate = 0;
    if (count < 2)
        return LGZ_OK;
    int code = columns_merge(g->columns, parts, count, &merged, err);
    if (code != LGZ_OK)
        return code;
    if (!always) {
        for (size_t i = 0; i < count; i++)
            separate += cost_of(g, parts[i]);
        column_values_encode(&merged, g->raw.data, ctx, &encoded);
    }
    if (encoded.head.failed)
        code = error_memory(err);
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
static int try_role(struct grouping *g, struct column_context *ctx, const uint32_t *parts,
                    size_t count, uint32_t *scratch, struct lgz_error *err)
{
    size_t small = small_parts(g, parts, count, scratch);
    int code = merge_parts(g, ctx, scratch, small, false, err);
    size_t left = 0;
    for (size_t i = 0; i < count; i++)
        if (g->group[parts[i]] == parts[i])
            scratch[left++] = parts[i];
    if (code == LGZ_OK)
        code = merge_parts(g, ctx, scratch, left, false, err);
    return code;
}

/* Columns with equal keys are candidates for becoming one. */
struct column_key {
    uint64_t key;
    uint32_t column;
};

static int by_key(const void *a, const void *b)
{
    const struct column_key *x = a;
    const struct column_key *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->column < y->column ? -1 : x->column > y->column;
}

/* Columns with one key, which are dealt with side by side with those of other keys. */
struct candidates {
    size_t start; /* in `columns` and `scratch` */
    size_t count;
    size_t values; /* of all the columns */
};

enum merging { MERGE_ROLES, MERGE_IF_CHEAPER, MERGE_ALWAYS };

struct merging_keys {
    struct grouping *grouping;
    enum merging how;
    struct candidates *list;
    size_t count;
    uint32_t *columns;
    uint32_t *scratch;
};

static int merge_key(struct worker *me, void *context, size_t part, struct lgz_error *err)
{
    const struct merging_keys *m = context;
    const struct candidates *c = &m->list[part];
    const uint32_t *columns = m->columns + c->start;
    return m->how == MERGE_ROLES
               ? try_role(m->grouping, me->state, columns, c->count, m->scratch + c->start, err)
               : merge_parts(m->grouping, me->state, columns, c->count, m->how == MERGE_ALWAYS,
                             err);
}

static int more_values_first(const void *a, const void *b)
{
    const struct candidates *x = a;
    const struct candidates *y = b;
    if (x->values != y->values)
        return x->values > y->values ? -1 : 1;
    return (x->start > y->start) - (x->start < y->start);
}

/* Find the runs of columns with the same key. `keys` is sorted here. */
static void find_candidates(struct merging_keys *m, struct column_key *keys, size_t count)
{
    qsort(keys, count, sizeof(*keys), by_key);
    for (size_t start = 0; start < count;) {
        struct candidates c = {.start = start};
        for (; start < count && keys[start].key == keys[c.start].key; start++) {
            m->columns[start] = keys[start].column;
            c.values += m->grouping->columns->list[keys[start].column].order.len;
        }
        c.count = start - c.start;
        if (c.count > 1)
            m->list[m->count++] = c;
    }
    qsort(m->list, m->count, sizeof(*m->list), more_values_first);
}

/* Merge columns that have the same key. */
static int merge_keys(struct grouping *g, struct column_key *keys, size_t count, enum merging how)
{
    struct merging_keys m = {.grouping = g, .how = how};
    m.list = malloc((count + 1) * sizeof(*m.list));
    m.columns = malloc((2 * count + 1) * sizeof(*m.columns));
    m.scratch = m.columns + count;
    int code = m.list && m.columns ? LGZ_OK : error_memory(g->err);
    if (code == LGZ_OK) {
        find_candidates(&m, keys, count);
        code = workers_share(&g->ctx->worker, m.count, merge_key, &m, g->err);
    }
    free(m.list);
    free(m.columns);
    return code;
}

/* Columns with equal roles; `roles` has that of each column. */
static int group_roles(struct grouping *g, const uint64_t *roles)
{
    size_t count = g->columns->count;
    size_t kept = 0;
    struct column_key *keys = malloc((count + 1) * sizeof(*keys));
    if (!keys)
        return error_memory(g->err);
    for (size_t i = 0; i < count; i++)
        if (g->group[i] == i)
            keys[kept++] = (struct column_key){roles[i], (uint32_t)i};
    int code = merge_keys(g, keys, kept, MERGE_ROLES);
    free(keys);
    return code;
}

struct sketching {
    const struct grouping *grouping;
    struct sketch *list; /* for each column */
};

static int sketch_column(struct worker *me, void *context, size_t part, struct lgz_error *err)
{
    (void)me;
    (void)err;
    const struct sketching *s = context;
    const struct column_values *v = &s->grouping->columns->list[part];
    struct text_values values = {s->grouping->raw.data, v->texts.data, v->texts.len};
    sketch_values(&s->list[part], &values);
    return LGZ_OK;
}

static int group_overlaps(struct grouping *g, enum merging how)
{
    size_t count = g->columns->count;
    size_t kept = 0;
    struct sketch *sketches = calloc(count + 1, sizeof(*sketches));
    uint32_t *found = calloc(count + 1, sizeof(*found));
    struct column_key *keys = malloc((count + 1) * sizeof(*keys));
    int code = sketches && found && keys ? LGZ_OK : error_memory(g->err);
    struct sketching s = {g, sketches};
    if (code == LGZ_OK)
        code = workers_share(&g->ctx->worker, count, sketch_column, &s, g->err);
    if (code == LGZ_OK && overlap_groups(sketches, count, found)) {
        for (size_t i = 0; i < count; i++)
            if (g->group[i] == i)
                keys[kept++] = (struct column_key){found[i], (uint32_t)i};
        code = merge_keys(g, keys, kept, how);
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
        struct column_values values = g->columns->list[i];
        struct encoded encoded = g->encoded[i];
        g->columns->list[i] = (struct column_values){0};
        g->encoded[i] = (struct encoded){0};
        g->columns->list[kept] = values;
        g->encoded[kept++] = encoded;
    }
    g->columns->count = kept;
}

/* What follows from others nearly as a whole counts; less, a merged column may save as well. */
static size_t saved_by(size_t cost, size_t related)
{
    return related < cost / FOLLOWS ? cost - related : 0;
}

/*
 * What relations would save if nothing were merged: a column that follows from another may not once
 * it has the values of others, too. Only costs are handed over, and come back.
 */
static int save_by_relations(struct grouping *g)
{
    const size_t count = g->columns->count;
    struct encoded *tried = calloc(count + 1, sizeof(*tried));
    size_t *saved = calloc(count + 1, sizeof(*saved));
    int code = tried && saved ? LGZ_OK : error_memory(g->err);
    for (size_t i = 0; i < count && code == LGZ_OK; i++)
        tried[i].cost = g->encoded[i].cost;
    if (code == LGZ_OK)
        code = relations_encode(g->columns, g->layout, g->set, g->raw, g->ctx, g->effort, tried,
                                g->err);
    for (size_t i = 0; i < count && tried; i++) {
        if (code == LGZ_OK)
            saved[i] = saved_by(g->encoded[i].cost, tried[i].cost);
        encoded_clear(&tried[i]);
    }
    free(tried);
    g->saved = saved;
    return code;
}

void grouping_free(struct grouping *g)
{
    if (!g)
        return;
    for (size_t i = 0; g->encoded && i < g->count; i++)
        encoded_clear(&g->encoded[i]);
    free(g->encoded);
    free(g->known);
    free(g->group);
    free(g->saved);
    free(g);
}

static struct grouping *grouping_new(struct columns *c, struct layout *layout,
                                     const struct template_set *set, struct span raw)
{
    struct grouping *g = calloc(1, sizeof(*g));
    if (!g)
        return NULL;
    *g = (struct grouping){.columns = c,
                           .layout = layout,
                           .set = set,
                           .raw = raw,
                           .count = c->count,
                           .encoded = calloc(c->count + 1, sizeof(*g->encoded)),
                           .known = calloc(c->count + 1, sizeof(*g->known)),
                           .group = calloc(c->count + 1, sizeof(*g->group))};
    if (!g->encoded || !g->known || !g->group) {
        grouping_free(g);
        return NULL;
    }
    for (size_t i = 0; i < c->count; i++)
        g->group[i] = (uint32_t)i;
    return g;
}

int grouping_choose(struct grouping **out, struct columns *c, struct layout *layout,
                    const struct template_set *set, struct span raw, struct column_context *ctx,
                    enum grouping_mode mode, const struct relation_effort *effort,
                    struct lgz_error *err)
{
    struct grouping *g = grouping_new(c, layout, set, raw);
    int code = LGZ_OK;
    if (!g)
        return error_memory(err);
    g->ctx = ctx;
    g->err = err;
    g->effort = effort;
    if (mode == GROUPING_BY_COST)
        code = encode_left(g);
    if (code == LGZ_OK && mode == GROUPING_BY_COST)
        code = save_by_relations(g);
    if (code == LGZ_OK && mode == GROUPING_BY_COST)
        code = group_roles(g, layout->places.data);
    if (code == LGZ_OK && mode == GROUPING_BY_COST)
        code = group_roles(g, layout->roles.data);
    if (code == LGZ_OK)
        code = group_overlaps(g, mode == GROUPING_BY_COST ? MERGE_IF_CHEAPER : MERGE_ALWAYS);
    if (code == LGZ_OK) {
        resolve_groups(g);
        code = layout_merge(layout, set, g->group, err);
    }
    if (code != LGZ_OK) {
        grouping_free(g);
        return code;
    }
    *out = g;
    return LGZ_OK;
}

int grouping_encode(struct grouping *g, struct column_context *ctx, struct encoded *encoded,
                    struct lgz_error *err)
{
    g->ctx = ctx;
    g->err = err;
    int code = encode_left(g);
    if (code != LGZ_OK)
        return code;
    close_up(g);
    code = relations_encode(g->columns, g->layout, g->set, g->raw, ctx, g->effort, g->encoded, err);
    for (size_t i = 0; code == LGZ_OK && i < g->columns->count; i++)
        encoded_append(encoded, &g->encoded[i]);
    return code;
}
