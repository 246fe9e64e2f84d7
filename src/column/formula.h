/*
 * formula.h - a text column of numbers that are computed from other columns' numbers: a size and
 * the same in another unit, a total and its parts, an uptime and a time stamp, a number in decimal
 * and in hexadecimal digits. What a value is away from the result is stored.
 *
 * result = (factor * number + factor * number + ... + offset) / divisor, rounded down; all but the
 * division is modulo 2^64. A number is what another column put out last, in this row or in one
 * before.
 */
#ifndef LOGZIP_COLUMN_FORMULA_H
#define LOGZIP_COLUMN_FORMULA_H

#include "base/decimal.h"
#include "column/text.h"

enum {
    FORMULA_TERMS = 4,
    FORMULA_DIGITS = 18, /**< of the longest number that is read */
    FORMULA_HEX_DIGITS = 16,
    FORMULA_SUFFIX = 8, /**< bytes of the longest text behind a number */
};

/** How a column's text becomes a number: with so many digits behind the point, or otherwise. */
enum {
    FORMULA_HEX = FORMULA_DIGITS + 1,
    FORMULA_TIME, /**< of a column of time stamps, the number that it holds */
    FORMULA_NOTATIONS,
};

struct formula_term {
    uint32_t column;
    uint8_t notation;
    int64_t factor;
};

struct formula {
    unsigned count; /**< of terms, 1 to FORMULA_TERMS */
    struct formula_term terms[FORMULA_TERMS];
    uint64_t divisor; /**< 1 to INT64_MAX */
    int64_t offset;   /**< 0 if the divisor is 1 */
};

/** How a column's numbers are written. */
struct formula_look {
    uint8_t digits;     /**< behind the point, up to FORMULA_DIGITS; the number is in these units */
    bool trimmed;       /**< without the zeros at the end of them */
    uint8_t suffix_len; /**< up to FORMULA_SUFFIX */
    uint8_t suffix[FORMULA_SUFFIX];
};

/**
 * What a text is as a number: its first digits, or 0 if there are none, or too many of them.
 *
 * @param notation  not FORMULA_TIME
 */
uint64_t formula_number(struct span text, unsigned notation);

/** The result, from the sum of all terms. */
static inline uint64_t formula_result(const struct formula *f, uint64_t sum)
{
    if (f->divisor == 1)
        return sum;
    int64_t dividend = (int64_t)(sum + (uint64_t)f->offset);
    int64_t divisor = (int64_t)f->divisor;
    return (uint64_t)(dividend / divisor - (dividend % divisor < 0));
}

/** Bytes of the longest text that formula_print() writes. */
enum { FORMULA_MAX = DECIMAL_MAX + FORMULA_DIGITS + 1 + FORMULA_SUFFIX };

/** Write a number in front of `end`. @return its first byte */
uint8_t *formula_print(const struct formula_look *look, uint64_t number, uint8_t *end);

/**
 * Encode a column.
 *
 * @param e        gets the column, its tag included; its cost is the estimate
 * @param values   numbers that formula_print() writes as the column has them
 * @param results  what the formula gives for each
 */
void formula_encode(struct encoded *e, struct column_context *ctx, const struct formula *formula,
                    const struct formula_look *look, const uint64_t *values,
                    const uint64_t *results, size_t count);

#endif
