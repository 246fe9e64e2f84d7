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

/** Sixteen bytes at once; the two may overlap. */
static inline void slack_move(uint8_t *to, const uint8_t *from)
{
    uint64_t words[2];
    memcpy(words, from, sizeof(words));
    memcpy(to, words, sizeof(words));
}

/**
 * Copy `len` bytes; up to SLACK bytes behind `to` change. The `len` bytes must not overlap, but
 * `from`'s slack may reach into them: so bytes can be copied that were put out just before.
 */
static inline void slack_copy(uint8_t *to, const uint8_t *from, size_t len)
{
    slack_move(to, from);
    if (len > 16) {
        slack_move(to + 16, from + 16);
        if (len > SLACK)
            memcpy(to + SLACK, from + SLACK, len - SLACK);
    }
}

#endif
