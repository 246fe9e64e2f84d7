/*
 * filter_worth.c - what is asked for is a guess: each kind of text about as often as the others,
 * and of ids those whose lengths are usual.
 */
#include "segment/filter_worth.h"

enum {
    SHARE = 50,              /* of what is stored, 2 %; */
    DENSE = 50,              /* where so many raw bytes are in one, */
    DENSE_SHARE = 200,       /* 0.5 % */
    SEARCH_BYTES = 32 << 10, /* to search a block takes at least the time of so many stored bytes */
    LENGTHS = 4,
};

/*
 * How often a family is asked for; and how many of its pieces a text has, or how long the ids are:
 * numbers of milliseconds, microseconds and nanoseconds, of 64 and of 128 bits; hexadecimal ones of
 * 64, 128 and 160 bits, and UUIDs; keys of services.
 */
static const struct {
    double weight;
    unsigned pieces;
    unsigned lengths[LENGTHS];
} asked[GRAMS_END] = {
    [GRAMS_LETTERS] = {1.2, 4, {0}},        [GRAMS_WORDS] = {1, 3, {0}},
    [GRAMS_ADDRESSES] = {1, 2, {0}},        [GRAMS_DIGITS] = {1, 0, {13, 16, 19, 39}},
    [GRAMS_HEX] = {1, 0, {16, 32, 36, 40}}, [GRAMS_MIXED] = {0.5, 0, {20, 24, 32, 40}},
};

size_t filter_share(enum filtering filtering, size_t raw, size_t stored)
{
    if (filtering == FILTER_WHOLE)
        return raw;
    if (filtering == FILTER_MIXED)
        return (stored + SEARCH_BYTES) / SHARE;
    return raw / stored > DENSE ? stored / DENSE_SHARE : stored / SHARE;
}

double filter_search_cost(size_t stored)
{
    return (double)stored + SEARCH_BYTES;
}

/* About how many different pieces an id has: of each window one is taken, that of several windows
 * next to each other mostly the same. */
static double pieces_of(unsigned length, unsigned window)
{
    return length < window ? 0 : 1 + 2.0 * (length - window) / (window - GRAM_ID + 2);
}

/* 2^-x, with a straight line between whole numbers. */
static double halved(double x)
{
    double pass = 1;
    for (; x >= 1; x--)
        pass /= 2;
    return pass * (1 - x / 2);
}

double filter_pass(enum gram_family family, unsigned window, unsigned planes)
{
    double pass = 0;
    if (asked[family].pieces)
        return halved((double)planes * asked[family].pieces);
    for (int i = 0; i < LENGTHS; i++)
        pass += halved(planes * pieces_of(asked[family].lengths[i], window)) / LENGTHS;
    return pass;
}

double filter_worth(enum gram_family family, unsigned window, unsigned planes)
{
    return asked[family].weight * (1 - filter_pass(family, window, planes));
}
