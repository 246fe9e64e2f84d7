/*
 * mark.h - what stands right before a position: the hash of the last bytes that were read of a
 * file. With the fingerprint of the first bytes it tells whether a file is the one that was read up
 * to there, or another that begins alike.
 */
#ifndef LOGZIP_ARCHIVE_MARK_H
#define LOGZIP_ARCHIVE_MARK_H

#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

enum { MARK_MAX = 1024 };

struct mark {
    uint32_t len;  /**< so many bytes end at the position; 0: nothing is known of them */
    uint64_t hash; /**< hash_bytes() of these */
};

/** The mark behind `len` bytes: of all of them, or of the last MARK_MAX. */
static inline struct mark mark_of(const void *data, size_t len)
{
    size_t skip = len > MARK_MAX ? len - MARK_MAX : 0;
    if (len == 0)
        return (struct mark){0};
    return (struct mark){(uint32_t)(len - skip),
                         hash_bytes((const uint8_t *)data + skip, len - skip)};
}

#endif
