/*
 * ascii.h - digits and letters, whatever the locale says.
 */
#ifndef LOGZIP_BASE_ASCII_H
#define LOGZIP_BASE_ASCII_H

#include <stdbool.h>
#include <stdint.h>

/** '0' to '9'. */
static inline bool ascii_is_digit(uint8_t c)
{
    return (uint8_t)(c - '0') < 10;
}

/** 'A' to 'Z', 'a' to 'z'. */
static inline bool ascii_is_letter(uint8_t c)
{
    return (uint8_t)((c | 0x20) - 'a') < 26;
}

/** The small letter of a big one; any other byte as it is. */
static inline uint8_t ascii_lower(uint8_t c)
{
    return (uint8_t)(c - 'A') < 26 ? c | 0x20 : c;
}

/** '0' to '9', 'A' to 'F', 'a' to 'f'. */
static inline bool ascii_is_hex(uint8_t c)
{
    return ascii_is_digit(c) || (uint8_t)((c | 0x20) - 'a') < 6;
}

/** The value of a hexadecimal digit. */
static inline unsigned ascii_hex_value(uint8_t c)
{
    return ascii_is_digit(c) ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
}

/** A digit or a letter. */
static inline bool ascii_is_alnum(uint8_t c)
{
    return ascii_is_digit(c) || ascii_is_letter(c);
}

#endif
