/*
 * decimal.h - numbers to decimal digits, two at a time, and back.
 */
#ifndef LOGZIP_BASE_DECIMAL_H
#define LOGZIP_BASE_DECIMAL_H

#include "base/buf.h"

enum { DECIMAL_MAX = 20 /**< digits of 64 bits */ };

/** Is each byte a digit? */
static inline bool decimal_is(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return true;
}

/** The number that digits stand for; it wraps where they are too many. */
static inline uint64_t decimal_value(struct span digits)
{
    uint64_t value = 0;
    for (size_t i = 0; i < digits.len; i++)
        value = value * 10 + (uint64_t)(digits.data[i] - '0');
    return value;
}

/** Write the two digits of a number below 100. */
static inline void decimal_put_two(uint8_t *at, unsigned value)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    memcpy(at, pairs + (size_t)2 * value, 2);
}

/** Write a number's digits, as many as it takes, in front of `end`. @return the first one */
static inline uint8_t *decimal_put_before(uint8_t *end, uint64_t value)
{
    /* Divisions of 32 bits cost less. */
    while (value > UINT32_MAX) {
        end -= 2;
        decimal_put_two(end, (unsigned)(value % 100));
        value /= 100;
    }
    uint32_t rest = (uint32_t)value;
    while (rest >= 100) {
        end -= 2;
        decimal_put_two(end, rest % 100);
        rest /= 100;
    }
    if (rest >= 10) {
        end -= 2;
        decimal_put_two(end, rest);
        return end;
    }
    *--end = (uint8_t)('0' + rest);
    return end;
}

#endif
