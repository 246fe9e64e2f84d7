/*
 * hash.h - the one hash: XXH3, 64 bits, seed 0 (xxHash 0.8 specification), for checksums in files,
 * for template ids and for tables in memory.
 */
#ifndef LOGZIP_BASE_HASH_H
#define LOGZIP_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/** The hash of `len` bytes. */
uint64_t hash_bytes(const void *data, size_t len);

#endif
