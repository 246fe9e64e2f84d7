/*
 * hash.c - XXH3 from libxxhash.
 */
#include "base/hash.h"

#include <xxhash.h>

uint64_t hash_bytes(const void *data, size_t len)
{
    return XXH3_64bits(data, len);
}
