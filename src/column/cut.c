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

/* Length of the left part of a value: all of it where there is no such place. */
static size_t left_len(struct span value, struct place place)
{
    size_t at = 0;
    size_t found = 0;
    unsigned number = 0;
    /* Marks that a value begins with don't part anything. */
    while (at < value.len && !ascii_is_alnum(value.data[at]))
        at++;
    for (; at < value.len; at++) {
        if (value.data[at] != place.mark)
            continue;
        found = at + 1;
        if (number++ == place.number && place.number != LAST)
            return found;
    }
    return place.number == LAST && found ? found : value.len;
}

/* How often each of some strings comes. */
struct tally {
    uint64_t hashes[TABLE];
    uint32_t counts[TABLE];
    uint32_t lens[TABLE];
};

static void tally_add(struct tally *t, struct span s)
{
    uint64_t hash = hash_bytes(s.data, s.len) | 1;
    size_t slot = (hash >> 20) % TABLE;
    while (t->counts[slot] && t->hashes[slot] != hash)
        slot = (slot + 1) % TABLE;
    t->hashes[slot] = hash;
    t->lens[slot] = (uint32_t)s.len;
    t->counts[slot]++;
}

/*
 * About how many bytes the strings would take. Each is told once, and texts become half as long, or
 * less; those that come again are numbered.
 */
static double tally_cost(const struct tally *t, size_t total)
{
    double cost = 0;
    for (size_t i = 0; i < TABLE; i++) {
        if (!t->counts[i])
            continue;
        cost += t->lens[i] * 0.5;
        if (t->counts[i] > 1)
            cost += t->counts[i] * log2((double)total / t->counts[i]) / 8;
    }
    return cost;
}

struct chooser {
    struct span values[SAMPLE];
    size_t count;
    bool tokens; /* only: where many values have blanks, none is cut */
    struct tally left;
    struct tally right;
};

static double cost_of_parts(struct chooser *c, struct place place)
{
    memset(&c->left, 0, sizeof(c->left));
    memset(&c->right, 0, sizeof(c->right));
    for (size_t i = 0; i < c->count; i++) {
        struct span value = c->values[i];
        size_t len = left_len(value, place);
        tally_add(&c->left, (struct span){value.data, len});
        tally_add(&c->right, (struct span){value.data + len, value.len - len});
    }
    return tally_cost(&c->left, c->count) + tally_cost(&c->right, c->count);
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

/* @return is there a place that seems to pay? */
static bool choose_place(struct chooser *c, struct place *best)
{
    uint32_t counts[256] = {0};
    count_marks(c, counts);
    if (c->tokens && counts[' '] * MARK_SHARE >= c->count)
        return false;
    /* Not cut at all: the right parts are empty. */
    double cost = cost_of_parts(c, (struct place){0, LAST});
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
        for (place.number = 0; place.number < PLACES; place.number++) {
            double parts = cost_of_parts(c, place);
            if (parts >= cost)
                continue;
            cost = parts;
            *best = place;
            found = true;
        }
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
        stats->all_digits || stats->bytes / v->count < MIN_MEAN_LEN)
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
        if (!text_take(c->left, &left) || !text_take(c->right, &right))
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

const struct text_encoding text_cut = {
    .name = "cut",
    .propose = propose,
    .parse = parse,
    .open = open_cut,
    .fill = fill,
    .free = free_cut,
};
