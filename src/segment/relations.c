/*
 * relations.c - for each column that costs much, its neighbours are tried as keys on a sample of
 * its rows; the most promising ones are then tried in full.
 */
#include "segment/relations.h"

#include <math.h>
#include <stdlib.h>

#include "column/keyed.h"
#include "segment/copies.h"
#include "segment/differences.h"

enum {
    MIN_ROWS = 16,
    MIN_COST = 32,
    NUMBER_SHARE = 4,  /* of the rows of a sample, 1/4 say enough of numbers */
    COPY_SHARE = 4,    /* and of copies */
    CHAIN_SHARE = 32,  /* of all cost that a column must have for chained keys to be tried */
    TABLE_SIZE = 8192, /* of the sample */
};

static const uint64_t ROUND_STEP = UINT64_C(0x9e3779b97f4a7c15);

struct remembered {
    uint64_t key;
    uint64_t values[2]; /* hashes, the last one first */
};

struct search {
    const struct columns *columns;
    const struct layout *layout;
    const struct template_set *set;
    struct span raw;
    const struct relation_effort *effort;
    struct encoded *encoded;
    struct differences *differences;
    struct related *list; /* the columns that are worth the search */
    size_t count;
    struct scratch *scratch; /* for each thread */
    size_t chain_cost;       /* a column that costs more is tried with chained keys, too */
};

/* What a thread keeps from column to column. */
struct scratch {
    struct remembered *table; /* TABLE_SIZE; it isn't cleared, its keys change */
    uint64_t *sample;         /* hashes of a column's values */
};

/* A column for which a relation is looked for, at a slot of a template. */
struct related {
    size_t template;
    size_t slot;
    uint32_t column;
    struct encoded unkeyed; /* what it was, if an encoding with a key replaced it */
    size_t others;          /* values that then don't follow from the key */
};

/* The search for one column, on one thread. */
struct trial {
    const struct search *search;
    struct column_context *ctx;
    struct related *related;
    struct scratch *scratch;
    struct lgz_error *err;
};

/* A key, and what the column may cost with it. */
struct candidate {
    uint32_t column;
    bool chained;
    double cost;
};

static struct span value_of(const struct search *s, const struct column_values *v, size_t i)
{
    return (struct span){s->raw.data + v->texts.data[i].at, v->texts.data[i].len};
}

/* Walks over the rows of a column and gives the hash of what another put out before each. */
struct key_walk {
    const struct search *search;
    struct column_walk walk;
    uint64_t hash;
};

static uint64_t hash_key(const struct search *s, const struct column_walk *walk)
{
    struct span none = {(const uint8_t *)"", 0};
    return keyed_hash(walk->next ? value_of(s, walk->values, walk->next - 1) : none);
}

static struct key_walk walk_keys(const struct search *s, uint32_t key, uint32_t order)
{
    struct key_walk keys = {s, column_walk_start(&s->columns->list[key], order), 0};
    keys.hash = hash_key(s, &keys.walk);
    return keys;
}

static uint64_t next_key(struct key_walk *keys, uint32_t order)
{
    size_t before = keys->walk.next;
    if (column_walk_to(&keys->walk, order) != before)
        keys->hash = hash_key(keys->search, &keys->walk);
    return keys->hash;
}

/* Is the value one of the last two with this key? They are remembered in any case. */
static bool remember(struct remembered *table, uint64_t key, uint64_t value)
{
    struct remembered *r = &table[(key ^ key >> 32) % TABLE_SIZE];
    if (r->key != key)
        *r = (struct remembered){.key = key};
    bool known = r->values[0] == value || r->values[1] == value;
    if (r->values[0] != value) {
        r->values[1] = r->values[0];
        r->values[0] = value;
    }
    return known;
}

/* The same where what was there with this key the last time is the key. */
static bool remember_chained(struct remembered *table, uint64_t key, uint64_t round, uint64_t value)
{
    struct remembered *r = &table[(key ^ key >> 32) % TABLE_SIZE];
    uint64_t last = r->key == key ? r->values[0] : 0;
    *r = (struct remembered){key, {value, 0}};
    return remember(table, last + round, value);
}

/* A key, and what the column may cost if it follows from that as often as in the sample. */
static struct candidate sample_key(const struct trial *t, uint32_t key, bool chained, size_t start,
                                   size_t count)
{
    const struct search *s = t->search;
    uint32_t column = t->related->column;
    const struct column_values *v = &s->columns->list[column];
    struct key_walk walk = walk_keys(s, key, v->order.data[start]);
    size_t hits = 0;
    /* Different keys for each pair of columns, whichever come first. */
    uint64_t round = ROUND_STEP * ((uint64_t)column * s->columns->count + key + 1);
    for (size_t i = 0; i < count; i++) {
        uint64_t hash = next_key(&walk, v->order.data[start + i]);
        uint64_t value = t->scratch->sample[i];
        hits += chained ? remember_chained(t->scratch->table, hash + ~round, round, value)
                        : remember(t->scratch->table, hash + round, value);
    }
    double rate = (double)hits / (double)count;
    double other = 1 - rate;
    double bits = hits && hits < count ? -rate * log2(rate) - other * log2(other) : 0;
    double cost = (double)s->encoded[column].cost * other + (double)v->order.len * bits / 8;
    return (struct candidate){key, chained, cost};
}

/* How many values of a block may not follow from their keys: a reader has tables for them. */
static size_t others_limit(const struct search *s)
{
    return s->raw.len / KEYED_OTHER_SIZE;
}

/* Encode with a key, and keep that if it is cheaper. */
static int try_key(struct trial *t, const struct candidate *key)
{
    const struct search *s = t->search;
    struct related *r = t->related;
    const struct column_values *v = &s->columns->list[r->column];
    struct text_values values = {s->raw.data, v->texts.data, v->texts.len};
    struct encoded keyed = {0};
    struct encoded *best = &s->encoded[r->column];
    size_t limit = others_limit(s);
    size_t left = limit;
    uint64_t *keys = malloc((v->order.len + 1) * sizeof(*keys));
    if (!keys)
        return error_memory(t->err);
    struct key_walk walk = walk_keys(s, key->column, v->order.data[0]);
    for (size_t i = 0; i < v->order.len; i++)
        keys[i] = next_key(&walk, v->order.data[i]);
    bool ok = !key->chained || keyed_chain(keys, &values, &left);
    bool worth =
        ok && keyed_encode(&keyed, t->ctx, &values, keys, key->column, key->chained, &left);
    free(keys);
    if (!ok || keyed.head.failed) {
        encoded_clear(&keyed);
        return error_memory(t->err);
    }
    if (!worth || !encoded_clearly_cheaper(best, &keyed)) {
        encoded_clear(&keyed);
        return LGZ_OK;
    }
    /* What was there without a key stays at hand: see keep_within_limit(). */
    if (r->unkeyed.head.len)
        encoded_clear(best);
    else
        r->unkeyed = *best;
    *best = keyed;
    r->others = limit - left;
    return LGZ_OK;
}

static void keep_best(struct candidate *best, struct candidate found)
{
    for (int i = 0; i < RELATION_TRIALS; i++) {
        if (found.cost < best[i].cost) {
            struct candidate worse = best[i];
            best[i] = found;
            found = worse;
        }
    }
}

/* Sample a column against itself and those in front of it in its largest template. */
static int try_keys(struct trial *t)
{
    const struct search *s = t->search;
    const uint32_t *row = s->layout->column_of[t->related->template];
    uint32_t column = t->related->column;
    const struct column_values *v = &s->columns->list[column];
    double cost = (double)s->encoded[column].cost;
    struct candidate best[RELATION_TRIALS] = {{column, false, cost}, {column, false, cost}};
    struct candidate chained = {column, true, cost};
    size_t count = v->order.len < s->effort->sample ? v->order.len : s->effort->sample;
    size_t start = (v->order.len - count) / 2;
    for (size_t i = 0; i < count; i++)
        t->scratch->sample[i] = keyed_hash(value_of(s, v, start + i)) | 1;
    keep_best(best, sample_key(t, column, false, start, count));
    for (size_t i = t->related->slot, tried = 0; i-- > 0 && tried < s->effort->candidates;) {
        if (s->columns->list[row[i]].kind != COLUMN_TEXT || row[i] == column)
            continue;
        keep_best(best, sample_key(t, row[i], false, start, count));
        if (s->encoded[column].cost > s->chain_cost) {
            struct candidate chain = sample_key(t, row[i], true, start, count);
            chained = chain.cost < chained.cost ? chain : chained;
        }
        tried++;
    }
    int code = LGZ_OK;
    for (unsigned i = 0; i < s->effort->trials && code == LGZ_OK; i++)
        if (best[i].cost * 8 < cost * 7)
            code = try_key(t, &best[i]);
    if (code == LGZ_OK && chained.cost * 8 < (double)s->encoded[column].cost * 7)
        code = try_key(t, &chained);
    return code;
}

static int try_copies(const struct trial *t)
{
    const struct search *s = t->search;
    const uint32_t *row = s->layout->column_of[t->related->template];
    const struct copies_search copies = {s->columns, s->raw, t->ctx, s->effort->sample / COPY_SHARE,
                                         s->effort->candidates};
    return copies_try(&copies, row, t->related->slot, &s->encoded[t->related->column], t->err);
}

/* Once for each thread. @return false when memory is out */
static bool scratch_make(struct scratch *s, size_t sample)
{
    if (!s->table)
        s->table = calloc(TABLE_SIZE, sizeof(*s->table));
    if (!s->sample)
        s->sample = malloc(sample * sizeof(*s->sample));
    return s->table && s->sample;
}

static int relate_column(struct worker *me, void *context, size_t part, struct lgz_error *err)
{
    const struct search *s = context;
    struct related *r = &s->list[part];
    struct trial t = {s, me->state, r, &s->scratch[me->number], err};
    int code = LGZ_OK;
    if (s->columns->list[r->column].kind == COLUMN_TEXT)
        code = try_copies(&t);
    if (s->columns->list[r->column].kind == COLUMN_TEXT && code == LGZ_OK)
        code = scratch_make(t.scratch, s->effort->sample) ? try_keys(&t) : error_memory(err);
    size_t cost = s->encoded[r->column].cost;
    if (code == LGZ_OK)
        code = differences_try(s->differences, t.ctx, s->layout->column_of[r->template], r->slot,
                               s->effort->sample / NUMBER_SHARE, &s->encoded[r->column], err);
    if (s->encoded[r->column].cost != cost)
        r->others = 0; /* there is no key any more */
    return code;
}

/* Is a column worth the search? A row has few times: they are soon compared. */
static bool is_worth(const struct search *s, uint32_t column, size_t min_cost)
{
    const struct column_values *v = &s->columns->list[column];
    size_t least = v->kind == COLUMN_TIME ? MIN_COST : min_cost;
    return v->order.len >= MIN_ROWS && s->encoded[column].cost >= least;
}

/* Templates come with the most lines first: a column is found first where it has the most rows. */
static int list_columns(struct search *s, size_t min_cost, struct lgz_error *err)
{
    bool *seen = calloc(s->columns->count + 1, sizeof(*seen));
    s->list = malloc((s->columns->count + 1) * sizeof(*s->list));
    for (size_t t = 0; t < s->set->list.len && seen && s->list; t++) {
        for (size_t i = 0; i < s->set->list.data[t].slot_count; i++) {
            uint32_t column = s->layout->column_of[t][i];
            if (!seen[column] && is_worth(s, column, min_cost))
                s->list[s->count++] = (struct related){t, i, column, .others = 0};
            seen[column] = true;
        }
    }
    int code = seen && s->list ? LGZ_OK : error_memory(err);
    free(seen);
    return code;
}

/*
 * Each column was tried as if it were the only one with a key. Now, in order, those keep theirs for
 * which the limit is enough; it rarely isn't.
 */
static void keep_within_limit(struct search *s)
{
    size_t left = others_limit(s);
    for (size_t i = 0; i < s->count; i++) {
        struct related *r = &s->list[i];
        if (r->others > left) {
            struct encoded keyed = s->encoded[r->column];
            s->encoded[r->column] = r->unkeyed;
            r->unkeyed = keyed;
        } else {
            left -= r->others;
        }
        encoded_clear(&r->unkeyed);
    }
}

int relations_encode(const struct columns *columns, const struct layout *layout,
                     const struct template_set *set, struct span raw, struct column_context *ctx,
                     const struct relation_effort *effort, struct encoded *encoded,
                     struct lgz_error *err)
{
    struct search s = {columns, layout, set, raw, effort, encoded, .list = NULL};
    size_t total = 0;
    if (!effort->sample)
        return LGZ_OK;
    for (size_t i = 0; i < columns->count; i++)
        total += encoded[i].cost;
    size_t min_cost = total / effort->share > MIN_COST ? total / effort->share : MIN_COST;
    s.chain_cost = total / CHAIN_SHARE;
    unsigned threads = workers_count(&ctx->worker);
    s.scratch = calloc(threads, sizeof(*s.scratch));
    int code = s.scratch ? differences_new(&s.differences, columns, raw, err) : error_memory(err);
    if (code == LGZ_OK)
        code = list_columns(&s, min_cost, err);
    if (code == LGZ_OK)
        code = workers_share(&ctx->worker, s.count, relate_column, &s, err);
    keep_within_limit(&s);
    for (unsigned i = 0; i < threads && s.scratch; i++) {
        free(s.scratch[i].table);
        free(s.scratch[i].sample);
    }
    differences_free(s.differences);
    free(s.scratch);
    free(s.list);
    return code;
}
