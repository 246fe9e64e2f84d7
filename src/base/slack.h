/*
 * slack.h - copying short strings fast: by whole 16 bytes, which needs no branch for most lengths.
 *
 * Both sides must have slack: SLACK bytes from the string's first on may be read, and SLACK bytes
 * from the target's first on may be written, whatever the length is. Who allocates memory for such
 * strings adds SLACK bytes behind the last one.
 */
#ifndef LOGZIP_BASE_SLACK_H
#define LOGZIP_BASE_SLACK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { SLACK = 32 };

/** Copy `len` bytes; up to SLACK bytes behind `to` change. The two must not overlap. */
static inline void slack_copy(uint8_t *restrict to, const uint8_t *restrict from, size_t len)
{
    memcpy(to, from, 16);
    if (len > 16) {
        memcpy(to + 16, from + 16, 16);
        if (len > SLACK)
            memcpy(to + SLACK, from + SLACK, len - SLACK);
    }
}

#endif
