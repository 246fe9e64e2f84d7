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
    struct column_context *ctx;
    const struct relation_effort *effort;
    struct encoded *encoded;
    struct differences *differences;
    bool *seen;               /* for each column */
    struct remembered *table; /* TABLE_SIZE */
    uint64_t round;           /* of the table's use: it isn't cleared, its keys change */
    uint64_t *sample;         /* hashes of a column's values */
    size_t min_cost;
    size_t others_left;
    struct lgz_error *err;
};

/* A key, and what the column may cost with it. */
struct candidate {
    uint32_t column;
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
static bool remember(struct search *s, uint64_t key, uint64_t value)
{
    struct remembered *r = &s->table[(key ^ key >> 32) % TABLE_SIZE];
    if (r->key != key)
        *r = (struct remembered){.key = key};
    bool known = r->values[0] == value || r->values[1] == value;
    if (r->values[0] != value) {
        r->values[1] = r->values[0];
        r->values[0] = value;
    }
    return known;
}

/* What a column may cost if it follows from a key as often as in the sample. */
static double sample_cost(struct search *s, uint32_t column, uint32_t key, size_t start,
                          size_t count)
{
    const struct column_values *v = &s->columns->list[column];
    struct key_walk walk = walk_keys(s, key, v->order.data[start]);
    size_t hits = 0;
    s->round += ROUND_STEP;
    for (size_t i = 0; i < count; i++)
        hits += remember(s, next_key(&walk, v->order.data[start + i]) + s->round, s->sample[i]);
    double rate = (double)hits / (double)count;
    double other = 1 - rate;
    double bits = hits && hits < count ? -rate * log2(rate) - other * log2(other) : 0;
    return (double)s->encoded[column].cost * other + (double)v->order.len * bits / 8;
}

/* Encode with a key, and keep that if it is cheaper. */
static int try_key(struct search *s, uint32_t column, uint32_t key)
{
    const struct column_values *v = &s->columns->list[column];
    struct text_values values = {s->raw.data, v->texts.data, v->texts.len};
    struct encoded keyed = {0};
    size_t left = s->others_left;
    uint64_t *keys = malloc((v->order.len + 1) * sizeof(*keys));
    if (!keys)
        return error_memory(s->err);
    struct key_walk walk = walk_keys(s, key, v->order.data[0]);
    for (size_t i = 0; i < v->order.len; i++)
        keys[i] = next_key(&walk, v->order.data[i]);
    bool worth = keyed_encode(&keyed, s->ctx, &values, keys, key, &left);
    free(keys);
    if (keyed.head.failed) {
        encoded_clear(&keyed);
        return error_memory(s->err);
    }
    if (worth && encoded_keep_clearly_cheaper(&s->encoded[column], &keyed))
        s->others_left = left;
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
static int relate_column(struct search *s, size_t template, size_t slot)
{
    const uint32_t *row = s->layout->column_of[template];
    uint32_t column = row[slot];
    const struct column_values *v = &s->columns->list[column];
    double cost = (double)s->encoded[column].cost;
    struct candidate best[RELATION_TRIALS] = {{column, cost}, {column, cost}};
    size_t count = v->order.len < s->effort->sample ? v->order.len : s->effort->sample;
    size_t start = (v->order.len - count) / 2;
    for (size_t i = 0; i < count; i++)
        s->sample[i] = keyed_hash(value_of(s, v, start + i)) | 1;
    keep_best(best, (struct candidate){column, sample_cost(s, column, column, start, count)});
    for (size_t i = slot, tried = 0; i-- > 0 && tried < s->effort->candidates;) {
        if (s->columns->list[row[i]].kind != COLUMN_TEXT || row[i] == column)
            continue;
        keep_best(best, (struct candidate){row[i], sample_cost(s, column, row[i], start, count)});
        tried++;
    }
    int code = LGZ_OK;
    for (unsigned i = 0; i < s->effort->trials && code == LGZ_OK; i++)
        if (best[i].cost * 8 < cost * 7)
            code = try_key(s, column, best[i].column);
    return code;
}

static int copy_column(struct search *s, size_t template, size_t slot)
{
    const uint32_t *row = s->layout->column_of[template];
    const struct copies_search copies = {s->columns, s->raw, s->ctx, s->effort->sample / COPY_SHARE,
                                         s->effort->candidates};
    return copies_try(&copies, row, slot, &s->encoded[row[slot]], s->err);
}

/* Templates come with the most lines first: a column is seen first where it has the most rows. */
static int relate_all(struct search *s)
{
    int code = LGZ_OK;
    for (size_t t = 0; t < s->set->list.len; t++) {
        for (size_t i = 0; i < s->set->list.data[t].slot_count && code == LGZ_OK; i++) {
            uint32_t column = s->layout->column_of[t][i];
            const struct column_values *v = &s->columns->list[column];
            /* A row has few times: they are soon compared. */
            size_t least = v->kind == COLUMN_TIME ? MIN_COST : s->min_cost;
            bool small = v->order.len < MIN_ROWS || s->encoded[column].cost < least;
            if (s->seen[column] || small)
                continue;
            s->seen[column] = true;
            if (v->kind == COLUMN_TEXT)
                code = copy_column(s, t, i);
            if (v->kind == COLUMN_TEXT && code == LGZ_OK)
                code = relate_column(s, t, i);
            if (code == LGZ_OK)
                code =
                    differences_try(s->differences, s->layout->column_of[t], i,
                                    s->effort->sample / NUMBER_SHARE, &s->encoded[column], s->err);
        }
    }
    return code;
}

int relations_encode(const struct columns *columns, const struct layout *layout,
                     const struct template_set *set, struct span raw, struct column_context *ctx,
                     const struct relation_effort *effort, struct encoded *encoded,
                     struct lgz_error *err)
{
    struct search s = {columns, layout, set, raw, ctx, effort, encoded, .err = err};
    size_t total = 0;
    if (!effort->sample)
        return LGZ_OK;
    for (size_t i = 0; i < columns->count; i++)
        total += encoded[i].cost;
    s.min_cost = total / effort->share > MIN_COST ? total / effort->share : MIN_COST;
    s.others_left = raw.len / KEYED_OTHER_SIZE;
    s.seen = calloc(columns->count + 1, sizeof(*s.seen));
    s.table = calloc(TABLE_SIZE, sizeof(*s.table));
    s.sample = malloc(effort->sample * sizeof(*s.sample));
    int code = differences_new(&s.differences, columns, raw, ctx, err);
    if (code == LGZ_OK)
        code = s.seen && s.table && s.sample ? relate_all(&s) : error_memory(err);
    differences_free(s.differences);
    free(s.seen);
    free(s.table);
    free(s.sample);
    return code;
}
