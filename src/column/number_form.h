/*
 * number_form.h - inside number.c and number_encode.c only: how numbers are written.
 *
 * Head: one byte, transform * 16 + layout, then the base as a varint, for second differences the
 * first difference as well, and, unless nothing but these is left, the length of the stream.
 */
#ifndef LOGZIP_COLUMN_NUMBER_FORM_H
#define LOGZIP_COLUMN_NUMBER_FORM_H

#include <stdint.h>

enum transform { PLAIN = 0, DELTA = 1, DELTA2 = 2, PEAK = 3, TRANSFORMS = 4 };
enum layout { CONSTANT = 0, /* 1 to 8: that many bytes each */ VARINT = 9 };

/* Values that stand in the head. */
static const uint8_t given_values[TRANSFORMS] = {0, 1, 2, 1};

/* The largest so far, by the sign of the difference: numbers may be times before 1970. */
static inline uint64_t raise_peak(uint64_t peak, uint64_t value)
{
    return (int64_t)(value - peak) > 0 ? value : peak;
}

#endif
