/*
 * difference.h - a text column of decimal numbers as differences to another column's numbers: an
 * end and a start, a total and what it's made of, the same number twice.
 *
 * The number that a value is compared with is what the other column put out last, in this row or in
 * one before: 0 if that isn't a number of 1 to 18 digits.
 */
#ifndef LOGZIP_COLUMN_DIFFERENCE_H
#define LOGZIP_COLUMN_DIFFERENCE_H

#include "column/text.h"

/** Digits of the longest numbers that are compared: no difference of them is too large. */
enum { DIFFERENCE_DIGITS = 18 };

/** A value as a number: 0 if it isn't one. */
uint64_t difference_number(struct span value);

/**
 * Encode a column of numbers, none of them with a needless zero in front.
 *
 * @param e        gets the column, its tag included; its cost is the estimate
 * @param values   the column's numbers, below 10^18
 * @param others   what each is compared with, below 10^18
 * @param column   number of the other column in the block
 */
void difference_encode(struct encoded *e, struct column_context *ctx, const uint64_t *values,
                       const uint64_t *others, size_t count, uint32_t column);

/** The same for times, which are a number column: any 64-bit values. */
void difference_encode_times(struct encoded *e, struct column_context *ctx, const uint64_t *values,
                             const uint64_t *others, size_t count);

#endif
