/*
 * relations.c - for each column that costs much, its neighbours are tried as keys on a sample of
 * its rows; the most promising ones are then tried in full.
 */
#include "segment/relations.h"

#include <math.h>
#include <stdlib.h>

#include "column/keyed.h"
#include "segment/copies.h"
#include "segment/formulas.h"
#include "segment/key_walk.h"

enum {
    MIN_ROWS = 16,
    MIN_COST = 32,
    NUMBER_SHARE = 4,  /* of the rows of a sample, 1/4 say enough of numbers */
    COPY_SHARE = 4,    /* and of copies */
    OTHER_SHARE = 32,  /* of all cost that a column must have for all kinds of keys to be tried */
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
    struct numbers *numbers;
    struct related *list; /* the columns that are worth the search */
    size_t count;
    struct scratch *scratch; /* for each thread */
    uint32_t *line_start;    /* see struct key_place */
    bool *in_step;           /* for each column, once those are done that need no lines */
    size_t large_cost;       /* a column that costs more is tried with all kinds of keys */
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
    bool of_row;            /* the key is then of the same line: */
    uint32_t key;           /* in this column */
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
    struct keyed_by by;
    double cost;
};

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
static struct candidate sample_key(const struct trial *t, struct keyed_by by,
                                   const struct key_place *place, struct column_sample sample)
{
    const struct search *s = t->search;
    uint32_t column = t->related->column;
    const struct column_values *v = &s->columns->list[column];
    struct key_walk walk =
        key_walk_start(s->columns, s->raw.data, by.column, place, v->order.data[sample.start]);
    size_t hits = 0;
    /* Different keys for each pair of columns, whichever come first. */
    uint64_t round = ROUND_STEP * ((uint64_t)column * s->columns->count + by.column + 1);
    for (size_t i = 0; i < sample.count; i++) {
        uint64_t hash = key_walk_next(&walk, v->order.data[sample.start + i]);
        uint64_t value = t->scratch->sample[i];
        hits += by.chained ? remember_chained(t->scratch->table, hash + ~round, round, value)
                           : remember(t->scratch->table, hash + round, value);
    }
    double rate = (double)hits / (double)sample.count;
    double other = 1 - rate;
    double bits = hits && hits < sample.count ? -rate * log2(rate) - other * log2(other) : 0;
    double cost = (double)s->encoded[column].cost * other + (double)v->order.len * bits / 8;
    return (struct candidate){by, cost};
}

/* How many values of a block may not follow from their keys: a reader has tables for them. */
static size_t others_limit(const struct search *s)
{
    return s->raw.len / KEYED_OTHER_SIZE;
}

/* Encode with a key, and keep that if it is cheaper. */
static int try_key(struct trial *t, const struct keyed_by *by, const struct key_place *place)
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
    struct key_walk walk =
        key_walk_start(s->columns, s->raw.data, by->column, place, v->order.data[0]);
    for (size_t i = 0; i < v->order.len; i++)
        keys[i] = key_walk_next(&walk, v->order.data[i]);
    bool ok = !by->chained || keyed_chain(keys, &values, &left);
    bool worth = ok && keyed_encode(&keyed, t->ctx, &values, keys, by, &left);
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
    r->of_row = by->of_row;
    r->key = by->column;
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

static void keep_better(struct candidate *best, struct candidate found)
{
    if (found.cost < best->cost)
        *best = found;
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

/* The sample of a column: its values' hashes. */
static struct column_sample take_sample(const struct trial *t)
{
    const struct search *s = t->search;
    const struct column_values *v = &s->columns->list[t->related->column];
    struct column_sample sample = column_sample(v->order.len, s->effort->sample);
    for (size_t i = 0; i < sample.count; i++) {
        const struct text_ref *text = &v->texts.data[sample.start + i];
        t->scratch->sample[i] = keyed_hash((struct span){s->raw.data + text->at, text->len}) | 1;
    }
    return sample;
}

/* Sample a column against itself and those in front of it in its largest template. */
static int try_keys(struct trial *t)
{
    const struct search *s = t->search;
    const uint32_t *row = s->layout->column_of[t->related->template];
    const uint32_t column = t->related->column;
    const double cost = (double)s->encoded[column].cost;
    struct candidate chained = {.cost = cost};
    struct candidate best[RELATION_TRIALS] = {chained, chained};
    const struct column_sample sample = take_sample(t);
    keep_best(best, sample_key(t, (struct keyed_by){.column = column}, NULL, sample));
    for (size_t i = t->related->slot, tried = 0; i-- > 0 && tried < s->effort->candidates;) {
        struct keyed_by by = {.column = row[i]};
        if (s->columns->list[row[i]].kind != COLUMN_TEXT || row[i] == column)
            continue;
        keep_best(best, sample_key(t, by, NULL, sample));
        by.chained = true;
        if (s->encoded[column].cost > s->large_cost)
            keep_better(&chained, sample_key(t, by, NULL, sample));
        tried++;
    }
    int code = LGZ_OK;
    for (unsigned i = 0; i < s->effort->trials && code == LGZ_OK; i++)
        if (best[i].cost * 8 < cost * 7)
            code = try_key(t, &best[i].by, NULL);
    if (code == LGZ_OK && chained.cost * 8 < (double)s->encoded[column].cost * 7)
        code = try_key(t, &chained.by, NULL);
    return code;
}

/* Sample a column against one behind it, and try that if it looks well. */
static int try_behind(struct trial *t, uint32_t key, struct column_sample sample)
{
    const struct search *s = t->search;
    const struct keyed_by by = {.column = key, .of_row = true};
    uint32_t *slots = key_first_slots(s->layout, s->set, key);
    const struct key_place place = {s->line_start, slots};
    if (!slots)
        return error_memory(t->err);
    double cost = sample_key(t, by, &place, sample).cost;
    int code = LGZ_OK;
    if (cost * 8 < (double)s->encoded[t->related->column].cost * 7)
        code = try_key(t, &by, &place);
    free(slots);
    return code;
}

/* A large column against those behind it in its largest template that can be asked ahead. */
static int relate_behind(struct worker *me, void *context, size_t part, struct lgz_error *err)
{
    const struct search *s = context;
    struct related *r = &s->list[part];
    struct trial t = {s, me->state, r, &s->scratch[me->number], err};
    const uint32_t *row = s->layout->column_of[r->template];
    const size_t slots = s->set->list.data[r->template].slot_count;
    if (s->columns->list[r->column].kind != COLUMN_TEXT ||
        s->encoded[r->column].cost < s->large_cost)
        return LGZ_OK;
    if (!scratch_make(t.scratch, s->effort->sample))
        return error_memory(err);
    const struct column_sample sample = take_sample(&t);
    int code = LGZ_OK;
    for (size_t i = r->slot + 1; i < slots && i <= r->slot + s->effort->candidates; i++) {
        bool text = s->columns->list[row[i]].kind == COLUMN_TEXT;
        if (code == LGZ_OK && text && row[i] != r->column && !s->in_step[row[i]])
            code = try_behind(&t, row[i], sample);
    }
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

static int try_numbers(const struct trial *t)
{
    const struct search *s = t->search;
    const uint32_t *row = s->layout->column_of[t->related->template];
    const struct number_search search = {s->columns, s->numbers, row, t->related->slot,
                                         s->effort->sample / NUMBER_SHARE};
    struct encoded *best = &s->encoded[t->related->column];
    int code = differences_try(&search, t->ctx, best, t->err);
    if (code == LGZ_OK && best->cost >= MIN_COST &&
        s->columns->list[t->related->column].kind == COLUMN_TEXT)
        code = formulas_try(&search, t->ctx, best, t->err);
    return code;
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
        code = try_numbers(&t);
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

static bool is_in_step(const struct search *s, uint32_t column)
{
    return s->columns->list[column].kind == COLUMN_TEXT && s->encoded[column].head.len &&
           text_in_step(s->encoded[column].head.data[0]);
}

/*
 * Values may follow from what comes behind them in their line, but not from what itself follows
 * from something: so it's asked when the others are done.
 */
static int relate_lines(struct search *s, struct worker *worker, struct lgz_error *err)
{
    uint32_t order = 0;
    s->line_start = malloc((s->columns->lines + 1) * sizeof(*s->line_start));
    s->in_step = calloc(s->columns->count + 1, sizeof(*s->in_step));
    if (!s->line_start || !s->in_step)
        return error_memory(err);
    for (size_t i = 0; i < s->columns->lines; i++) {
        s->line_start[i] = order;
        order += (uint32_t)s->set->list.data[s->columns->template_of_line[i]].slot_count;
    }
    for (size_t i = 0; i < s->columns->count; i++)
        s->in_step[i] = is_in_step(s, (uint32_t)i);
    return workers_share(worker, s->count, relate_behind, s, err);
}

/* Back to what a column was without a key. */
static void take_back(const struct search *s, struct related *r)
{
    struct encoded keyed = s->encoded[r->column];
    s->encoded[r->column] = r->unkeyed;
    r->unkeyed = keyed;
    r->others = 0;
}

/*
 * Each column was tried as if it were the only one with a key. Now, in order, those keep theirs for
 * which the limit is enough (it rarely isn't), and whose key column, if it may come behind, still
 * is one that can be asked ahead.
 */
static void keep_within_limit(struct search *s)
{
    size_t left = others_limit(s);
    for (size_t i = 0; i < s->count; i++) {
        struct related *r = &s->list[i];
        bool keyed = r->others > 0;
        if (keyed && (r->others > left || (r->of_row && is_in_step(s, r->key))))
            take_back(s, r);
        left -= r->others;
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
    s.large_cost = total / OTHER_SHARE;
    unsigned threads = workers_count(&ctx->worker);
    s.scratch = calloc(threads, sizeof(*s.scratch));
    int code = s.scratch ? numbers_new(&s.numbers, columns, raw, err) : error_memory(err);
    if (code == LGZ_OK)
        code = list_columns(&s, min_cost, err);
    if (code == LGZ_OK)
        code = workers_share(&ctx->worker, s.count, relate_column, &s, err);
    if (code == LGZ_OK && effort->behind)
        code = relate_lines(&s, &ctx->worker, err);
    keep_within_limit(&s);
    for (unsigned i = 0; i < threads && s.scratch; i++) {
        free(s.scratch[i].table);
        free(s.scratch[i].sample);
    }
    numbers_free(s.numbers);
    free(s.scratch);
    free(s.list);
    free(s.line_start);
    free(s.in_step);
    return code;
}
