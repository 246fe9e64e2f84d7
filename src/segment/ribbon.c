/*
 * ribbon.c - elimination, then substitution from the last column to the first.
 */
#include "segment/ribbon.h"

#include <stdlib.h>

#include "base/varint.h"
#include "segment/grams.h"

enum {
    SPARE = 105, /* columns for 100 numbers, and more where there are many */
    MANY_LOG = 13,
};

size_t ribbon_words(size_t keys)
{
    size_t spare = SPARE;
    for (size_t many = keys >> MANY_LOG; many; many >>= 2)
        spare += 3;
    return keys * spare / 6400 + 1;
}

/* Where a number's bits begin, and which of them count: always the first. */
static size_t place(uint64_t key, size_t words, uint64_t *coefficients)
{
    __extension__ typedef unsigned __int128 wide;
    *coefficients = gram_mix(key ^ UINT64_C(0x9e3779b97f4a7c15)) | 1;
    return (size_t)((wide)gram_mix(key) * (words * 64 - 63) >> 64);
}

/* Gauss: a row for each column that has one, which begins there. */
static void eliminate(uint64_t *rows, uint64_t key, size_t words)
{
    uint64_t coefficients;
    size_t at = place(key, words, &coefficients);
    while (rows[at]) {
        coefficients ^= rows[at];
        if (!coefficients)
            return;
        unsigned zeros = (unsigned)__builtin_ctzll(coefficients);
        at += zeros;
        coefficients >>= zeros;
    }
    rows[at] = coefficients;
}

bool ribbon_build(const uint64_t *keys, size_t count, size_t words, unsigned planes, uint64_t *bits)
{
    uint64_t window[RIBBON_PLANES_MAX] = {0};
    uint64_t random = UINT64_C(88172645463325252);
    uint64_t *rows = calloc(words * 64, sizeof(*rows));
    if (!rows)
        return false;
    for (size_t i = 0; i < count; i++)
        eliminate(rows, keys[i], words);
    for (size_t word = words; word-- > 0;) {
        for (size_t column = 64; column-- > 0;) {
            const uint64_t row = rows[word * 64 + column];
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            for (unsigned plane = 0; plane < planes; plane++) {
                uint64_t shifted = window[plane] << 1;
                uint64_t bit =
                    row ? (uint64_t)__builtin_parityll(shifted & row) : random >> (63 - plane) & 1;
                window[plane] = shifted | bit;
            }
        }
        for (unsigned plane = 0; plane < planes; plane++)
            bits[plane * words + word] = window[plane];
    }
    free(rows);
    return true;
}

bool ribbon_holds(const uint8_t *bits, size_t words, unsigned planes, uint64_t key)
{
    uint64_t coefficients;
    size_t at = place(key, words, &coefficients);
    unsigned low = at % 64;
    bits += at / 64 * 8;
    for (unsigned plane = 0; plane < planes; plane++, bits += words * 8) {
        uint64_t window = le_get(bits, 8) >> low;
        if (low)
            window |= le_get(bits + 8, 8) << (64 - low);
        if (__builtin_parityll(window & coefficients))
            return false;
    }
    return true;
}
