/*
 * lower_bound.h - where a key is, or would be, in an array that is sorted by a uint64_t.
 */
#ifndef LOGZIP_BASE_LOWER_BOUND_H
#define LOGZIP_BASE_LOWER_BOUND_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/**
 * The index of the first item of a VEC whose `member` is at least `key`; its length if none is.
 *
 * @param member  a uint64_t by which the items ascend; `a.b` is allowed
 */
#define lower_bound(v, member, key)                                      \
    lower_bound_((v)->data, (v)->len, sizeof(*(v)->data),                \
                 offsetof(__typeof__(*(v)->data), member) +              \
                     0 * sizeof((uint64_t const *){&(v)->data->member}), \
                 (key))

/** The same for a VEC(uint64_t). */
#define lower_bound_plain(v, key) \
    lower_bound_((uint64_t const *){(v)->data}, (v)->len, sizeof(uint64_t), 0, (key))

/** The same for `count` items of `size` bytes, each with the key at `offset`. */
static inline size_t lower_bound_(const void *items, size_t count, size_t size, size_t offset,
                                  uint64_t key)
{
    size_t low = 0;
    size_t high = count;
    uint64_t found;
    if (!count)
        return 0;
    const uint8_t *keys = (const uint8_t *)items + offset;
    memcpy(&found, keys + (count - 1) * size, sizeof(found));
    if (found < key) /* keys are mostly added in their order */
        return count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        memcpy(&found, keys + middle * size, sizeof(found));
        if (found < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

#endif
