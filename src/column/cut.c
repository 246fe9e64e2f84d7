/*
 * cut.c - a column whose values have two parts that vary apart: a host and a path, an address and
 * a port, a user and a domain. Each part is a column of its own; a value is its left part and its
 * right part. Head: the column of the left parts, the column of the right parts.
 *
 * Where to cut is the writer's choice: behind the first, second, third or last mark of one kind,
 * where a mark is a byte that is neither letter nor digit. The best place is found by comparing how
 * often whole values and their parts come again in a sample.
 */
#include <math.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "base/hash.h"
#include "column/text.h"

enum {
    MIN_ROWS = 64, /* with fewer rows or bytes, a second column costs more than it saves, */
    MIN_BYTES = 1024,
    MIN_FAST = 16384,   /* and at --fast, the time to look for a place, too */
    MIN_MEAN_LEN = 5,   /* bytes of a value: in shorter ones there is little to cut */
    SAMPLE = 512,       /* values that are looked at, */
    SAMPLE_QUICK = 256, /* below --best */
    TABLE = 2 * SAMPLE, /* places, so that at least half of them stay free */
    MAX_MARKS = 6,      /* the most frequent ones are tried */
    MARK_SHARE = 3,     /* and must be in one of so many values */
    MIN_GAIN = 6,       /* one of so many bytes must be saved, as far as the sample tells */
    LAST = 3,           /* the place behind the last mark; before it the first, second and third */
    PLACES = 4,
    MARGIN = 24,       /* 1 in so many, and */
    MARGIN_BYTES = 16, /* so many that it must be better: estimates aren't exact */
};

/* A kind of place where values are cut. */
struct place {
    uint8_t mark;
    uint8_t number; /* 0 to 2: behind the first, second, third mark; LAST */
};

/* Marks that a value begins with don't part anything. @return where the others may be */
static size_t skip_marks(struct span value)
{
    size_t at = 0;
    while (at < value.len && !ascii_is_alnum(value.data[at]))
        at++;
    return at;
}

/* Length of the left part of a value: all of it where there is no such place. */
static size_t left_len(struct span value, struct place place)
{
    size_t found = 0;
    unsigned number = 0;
    for (size_t at = skip_marks(value); at < value.len; at++) {
        if (value.data[at] != place.mark)
            continue;
        found = at + 1;
        if (number++ == place.number && place.number != LAST)
            return found;
    }
    return place.number == LAST && found ? found : value.len;
}

/* A string of a sample, and how often it comes. */
struct counted {
    uint64_t hash;
    uint32_t count;
    uint32_t len;
};

struct tally {
    struct counted *table; /* of TABLE */
    size_t mask;           /* of the part in use, at least twice as many as there are strings */
};

static void tally_add(struct tally *t, struct span s)
{
    uint64_t hash = hash_short(s.data, s.len);
    size_t slot = (hash >> 20) & t->mask;
    while (t->table[slot].count && t->table[slot].hash != hash)
        slot = (slot + 1) & t->mask;
    t->table[slot].hash = hash;
    t->table[slot].len = (uint32_t)s.len;
    t->table[slot].count++;
}

/*
 * About how many bytes the strings would take. Each is told once, and texts become half as long, or
 * less; those that come again are numbered.
 */
static double tally_cost(const struct tally *t, size_t total)
{
    double cost = 0;
    for (size_t i = 0; i <= t->mask; i++) {
        const struct counted *c = &t->table[i];
        if (c->count)
            cost += c->len * 0.5;
        if (c->count > 1)
            cost += c->count * log2((double)total / c->count) / 8;
    }
    return cost;
}

struct chooser {
    struct span values[SAMPLE];
    size_t count;
    bool tokens;                 /* only: where many values have blanks, none is cut */
    size_t lens[SAMPLE][PLACES]; /* of the left parts, for one kind of mark */
    struct counted table[TABLE];
};

static struct span left_of(const struct chooser *c, size_t i, unsigned place)
{
    return (struct span){c->values[i].data, c->lens[i][place]};
}

static struct span right_of(const struct chooser *c, size_t i, unsigned place)
{
    size_t len = c->lens[i][place];
    return (struct span){c->values[i].data + len, c->values[i].len - len};
}

static double cost_of_parts(struct chooser *c, unsigned place)
{
    struct tally t = {c->table, MIN_ROWS - 1};
    double cost = 0;
    while (t.mask + 1 < 2 * c->count)
        t.mask = 2 * t.mask + 1;
    for (int side = 0; side < 2; side++) {
        memset(t.table, 0, (t.mask + 1) * sizeof(*t.table));
        for (size_t i = 0; i < c->count; i++)
            tally_add(&t, side ? right_of(c, i, place) : left_of(c, i, place));
        cost += tally_cost(&t, c->count);
    }
    return cost;
}

/* Find the places of one mark in all values. `values` is set to how many have the mark at least
 * once, twice, three and four times. */
static void find_places(struct chooser *c, uint8_t mark, size_t values[PLACES])
{
    memset(values, 0, PLACES * sizeof(*values));
    for (size_t i = 0; i < c->count; i++) {
        struct span value = c->values[i];
        size_t *lens = c->lens[i];
        size_t start = skip_marks(value);
        unsigned number = 0;
        for (unsigned k = 0; k < PLACES; k++)
            lens[k] = value.len;
        for (size_t at = start; at < value.len; at++) {
            if (value.data[at] != mark)
                continue;
            if (number < LAST)
                lens[number] = at + 1;
            if (number < PLACES)
                values[number++]++;
            lens[LAST] = at + 1;
        }
    }
}

/* In how many values of the sample each byte is, behind the first letter or digit. */
static void count_marks(const struct chooser *c, uint32_t *counts)
{
    size_t seen[256] = {0}; /* the value that had it last, + 1 */
    for (size_t i = 0; i < c->count; i++) {
        struct span value = c->values[i];
        bool inside = false;
        for (size_t k = 0; k < value.len; k++) {
            uint8_t byte = value.data[k];
            bool symbol = ascii_is_alnum(byte);
            inside |= symbol;
            if (symbol || !inside || seen[byte] == i + 1)
                continue;
            seen[byte] = i + 1;
            counts[byte]++;
        }
    }
}

/* The places of one mark that enough values have. @return is one better than `cost`? */
static bool try_mark(struct chooser *c, uint8_t mark, struct place *best, double *cost)
{
    size_t values[PLACES];
    bool found = false;
    find_places(c, mark, values);
    for (uint8_t number = 0; number < PLACES; number++) {
        /* The last one is another than the first where there are two. */
        size_t have = values[number == LAST ? 1 : number];
        if (have * MARK_SHARE < c->count)
            continue;
        double parts = cost_of_parts(c, number);
        if (parts >= *cost)
            continue;
        *cost = parts;
        *best = (struct place){mark, number};
        found = true;
    }
    return found;
}

/* @return is there a place that seems to pay? */
static bool choose_place(struct chooser *c, struct place *best)
{
    uint32_t counts[256] = {0};
    count_marks(c, counts);
    if (c->tokens && counts[' '] * MARK_SHARE >= c->count)
        return false;
    /* Not cut at all: the right parts are empty. */
    for (size_t i = 0; i < c->count; i++)
        c->lens[i][0] = c->values[i].len;
    double cost = cost_of_parts(c, 0);
    cost -= cost / MIN_GAIN;
    bool found = false;
    for (unsigned n = 0; n < MAX_MARKS; n++) {
        struct place place = {0};
        for (unsigned byte = 0; byte < 256; byte++)
            if (counts[byte] > counts[place.mark])
                place.mark = (uint8_t)byte;
        if (counts[place.mark] * MARK_SHARE < c->count)
            break;
        counts[place.mark] = 0;
        found |= try_mark(c, place.mark, best, &cost);
    }
    return found;
}

static void encode_parts(struct encoded *e, struct column_context *ctx, const struct text_values *v,
                         struct place place, unsigned forbidden)
{
    struct text_ref *left = malloc(2 * v->count * sizeof(*left));
    if (!left) {
        e->head.failed = true;
        return;
    }
    struct text_ref *right = left + v->count;
    for (size_t i = 0; i < v->count; i++) {
        struct text_ref whole = v->refs[i];
        uint32_t len = (uint32_t)left_len(text_value(v, i), place);
        left[i] = (struct text_ref){whole.at, len};
        right[i] = (struct text_ref){whole.at + len, whole.len - len};
    }
    struct text_values parts = {v->base, left, v->count};
    text_encode(e, ctx, &parts, forbidden);
    parts.refs = right;
    text_encode(e, ctx, &parts, forbidden);
    free(left);
}

/*
 * Find a place by a sample. In texts with blanks, zstd finds by itself what comes again, and only a
 * trial tells whether cutting is better: that takes --best.
 */
static bool find_place(const struct column_context *ctx, const struct text_values *v,
                       struct encoded *e, struct place *place)
{
    struct chooser *c = malloc(sizeof(*c));
    if (!c) {
        e->head.failed = true;
        return false;
    }
    c->tokens = ctx->level != LGZ_LEVEL_BEST;
    size_t most = c->tokens ? SAMPLE_QUICK : SAMPLE;
    c->count = v->count < most ? v->count : most;
    for (size_t i = 0; i < c->count; i++)
        c->values[i] = text_value(v, (size_t)((uint64_t)v->count * i / c->count));
    bool found = choose_place(c, place);
    free(c);
    return found;
}

static bool propose(struct encoded *e, struct column_context *ctx, const struct text_values *v,
                    const struct text_stats *stats, unsigned forbidden)
{
    size_t least = ctx->level == LGZ_LEVEL_FAST ? MIN_FAST : MIN_BYTES;
    struct place place;
    if (forbidden & TEXT_NO_CUT || v->count < MIN_ROWS || stats->bytes < least ||
        stats->min_len == 0 || stats->all_digits || stats->bytes / v->count < MIN_MEAN_LEN)
        return false;
    if (!find_place(ctx, v, e, &place))
        return e->head.failed;
    encode_parts(e, ctx, v, place, forbidden | TEXT_NO_CUT);
    e->cost += e->cost / MARGIN + MARGIN_BYTES;
    return true;
}

/* Decoding. */

struct cut {
    struct text_column *left;
    struct text_column *right;
};

static void free_cut(void *state)
{
    struct cut *c = state;
    text_free(c->left);
    text_free(c->right);
    free(c);
}

static void *parse(struct reader *head, struct stream_reader *streams, unsigned depth,
                   struct lgz_error *err)
{
    struct cut *c = calloc(1, sizeof(*c));
    if (!c) {
        error_memory(err);
        return NULL;
    }
    if (text_parse(&c->left, head, streams, depth + 1, err) != LGZ_OK ||
        text_parse(&c->right, head, streams, depth + 1, err) != LGZ_OK) {
        free_cut(c);
        return NULL;
    }
    return c;
}

static int open_cut(void *state, struct stream_reader *streams, size_t limit, struct lgz_error *err)
{
    struct cut *c = state;
    int code = text_open(c->left, streams, limit, err);
    return code == LGZ_OK ? text_open(c->right, streams, limit, err) : code;
}

/* A value of no bytes is damage: a tree of them would take time that no limit bounds. */
static size_t fill(void *state, struct text_batch *b)
{
    struct cut *c = state;
    size_t used = 0;
    size_t i = 0;
    if (!text_room(b, 1, 0))
        return 0;
    for (; i < b->want && used < TEXT_ROOM_FREE; i++) {
        struct span left;
        struct span right;
        if (!text_take(c->left, &left) || !text_take(c->right, &right) || !(left.len + right.len))
            break;
        uint8_t *room = text_room(b, used + left.len + right.len, i);
        if (!room)
            break;
        slack_copy(room + used, left.data, left.len);
        slack_copy(room + used + left.len, right.data, right.len);
        b->values[i] = (struct span){room + used, left.len + right.len};
        used += left.len + right.len;
    }
    return i;
}

static bool bytes(void *state, struct text_look *look, struct byte_set *set)
{
    const struct cut *c = state;
    return text_bytes(c->left, look, set) && text_bytes(c->right, look, set);
}

static bool passage(void *state, struct text_look *look, struct passage *passage)
{
    const struct cut *c = state;
    struct passage values = {0}, right = {0};
    text_passage(c->left, look, &values);
    text_passage(c->right, look, &right);
    passage_then(&values, &right);
    passage_or(passage, &values);
    return true;
}

static bool skip(void *state, uint64_t count)
{
    struct cut *c = state;
    return text_skip(c->left, count) && text_skip(c->right, count);
}

const struct text_encoding text_cut = {
    .name = "cut",
    .propose = propose,
    .parse = parse,
    .open = open_cut,
    .fill = fill,
    .free = free_cut,
    .bytes = bytes,
    .passage = passage,
    .skip = skip,
};
