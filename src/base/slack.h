/*
 * slack.h - copying short strings fast: by whole 16 bytes, which needs no branch for most lengths.
 *
 * Both sides must have slack: SLACK bytes behind the string may be read, and SLACK bytes behind the
 * target may be written. Who allocates memory for such strings adds SLACK bytes behind the last
 * one.
 */
#ifndef LOGZIP_BASE_SLACK_H
#define LOGZIP_BASE_SLACK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { SLACK = 32, SLACK_LONG = 256 };

typedef uint8_t slack_block __attribute__((vector_size(16)));

/** Sixteen bytes at once; the two may overlap. */
static inline void slack_move(uint8_t *to, const uint8_t *from)
{
    slack_block block;
    memcpy(&block, from, sizeof(block));
    memcpy(to, &block, sizeof(block));
}

/**
 * Copy `len` bytes; up to SLACK bytes behind them may change. The `len` bytes must not overlap, but
 * `from`'s slack may reach into them: so bytes can be copied that were put out just before.
 */
static inline void slack_copy(uint8_t *to, const uint8_t *from, size_t len)
{
    slack_move(to, from);
    if (len <= 16)
        return;
    slack_move(to + 16, from + 16);
    if (len > SLACK_LONG)
        memcpy(to + SLACK, from + SLACK, len - SLACK);
    else
        for (size_t i = SLACK; i < len; i += 16)
            slack_move(to + i, from + i);
}

#endif
