/*
 * symbols_search.c - looks for a string among the symbols of a run. Packed ones aren't unpacked: of
 * the triples that lie within the string, wherever it begins, one in so many is looked at, and the
 * rest of the string only where that is one that the string has.
 */
#include <endian.h>

#include "base/find.h"
#include "column/symbols.h"

enum {
    SYMBOLS_LEAST = 5, /* with fewer, there may be no triple that is all within them */
    TRIPLES = 1 << TRIPLE_BITS,
    MOST_STEP = 16,
};

/* A string among packed symbols. */
struct triple_search {
    struct span packed;
    size_t triples;               /* that are packed */
    uint8_t numbers[PASSAGE_MAX]; /* of the symbols that are looked for */
    size_t len;
    size_t step;                /* of so many triples, one is looked at */
    uint16_t at[3 * MOST_STEP]; /* those that the string has at its first places, */
    bool here[TRIPLES];         /* which are these */
};

/* There is slack behind a stream. */
static inline unsigned triple_at(const struct triple_search *t, size_t i)
{
    const size_t bit = i * TRIPLE_BITS;
    uint16_t bits;
    memcpy(&bits, t->packed.data + bit / 8, sizeof(bits));
    return le16toh(bits) >> bit % 8 & (TRIPLES - 1);
}

/* Does the string stand at a symbol? */
static bool stands_at(const struct triple_search *t, size_t symbol)
{
    static const uint8_t tens[] = {1, 10, 100};
    size_t i = 0;
    if (symbol + t->len > t->triples * 3)
        return false;
    for (; i < t->len; i++) {
        const size_t at = symbol + i;
        if (triple_at(t, at / 3) / tens[at % 3] % TRIPLE_SYMBOLS != t->numbers[i])
            break;
    }
    return i == t->len;
}

/* Number the string's bytes. @return false if they have no numbers, or a byte has two */
static bool number_string(struct triple_search *t, struct span alphabet, struct span string)
{
    uint8_t number[256];
    memset(number, TRIPLE_SYMBOLS, sizeof(number));
    for (size_t i = 0; i < alphabet.len; i++) {
        if (number[alphabet.data[i]] != TRIPLE_SYMBOLS)
            return false;
        number[alphabet.data[i]] = (uint8_t)i;
    }
    for (size_t i = 0; i < string.len; i++) {
        t->numbers[i] = number[string.data[i]];
        if (t->numbers[i] == TRIPLE_SYMBOLS)
            return false;
    }
    t->len = string.len;
    return true;
}

/* Wherever the string begins, of each `step` triples that follow one is all within it. */
static void plan_steps(struct triple_search *t)
{
    t->step = (t->len - 2) / 3;
    t->step = t->step < MOST_STEP ? t->step : MOST_STEP;
    for (size_t i = 0; i < 3 * t->step; i++) {
        t->at[i] = (uint16_t)(t->numbers[i] + 10 * t->numbers[i + 1] + 100 * t->numbers[i + 2]);
        t->here[t->at[i]] = true;
    }
}

/* Does the string stand where one of its triples does? */
static bool stands_around(const struct triple_search *t, size_t i, unsigned triple)
{
    bool found = false;
    for (size_t k = 0; k < 3 * t->step && !found; k++)
        found = t->at[k] == triple && i * 3 >= k && stands_at(t, i * 3 - k);
    return found;
}

static bool in_triples(const struct triple_search *t)
{
    const size_t step = t->step;
    const size_t triples = t->triples;
    for (size_t i = 0; i < triples; i += step) {
        const unsigned triple = triple_at(t, i);
        if (t->here[triple] && stands_around(t, i, triple))
            return true;
    }
    return false;
}

bool symbols_may_hold(const struct symbols *s, struct stream_reader *streams, struct span string)
{
    struct triple_search t = {0};
    struct lgz_error err = {0};
    if (s->layout == SYMBOLS_NONE)
        return string.len == 0;
    if (string.len < SYMBOLS_LEAST || string.len > PASSAGE_MAX ||
        stream_reader_get(streams, s->stream, &t.packed, &err) != LGZ_OK)
        return true;
    if (s->layout == SYMBOLS_PLAIN) {
        const struct finder finder = finder_of(string);
        return finder_next(&finder, t.packed, 0) != SIZE_MAX;
    }
    if (!number_string(&t, s->alphabet, string))
        return true;
    t.triples = t.packed.len * 8 / TRIPLE_BITS;
    plan_steps(&t);
    return in_triples(&t);
}
