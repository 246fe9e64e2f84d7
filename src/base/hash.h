/*
 * hash.h - the one hash: XXH3, 64 bits, seed 0 (xxHash 0.8 specification), for checksums in files,
 * for template ids and for tables in memory. Where many short strings go into a table, hash_short()
 * is quicker; it is never stored.
 */
#ifndef LOGZIP_BASE_HASH_H
#define LOGZIP_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** The hash of `len` bytes. */
uint64_t hash_bytes(const void *data, size_t len);

/** Another one for each seed: where strangers choose the strings and must not choose who meets. */
uint64_t hash_seeded(uint64_t seed, const void *data, size_t len);

enum { HASH_SHORT = 16 };

/** Another hash, inline for up to HASH_SHORT bytes: two multiplications of 128 bits. */
static inline uint64_t hash_short(const uint8_t *data, size_t len)
{
    const uint64_t first = UINT64_C(0x9e3779b97f4a7c15);
    const uint64_t second = UINT64_C(0xd6e8feb86659fd93);
    uint64_t a = 0;
    uint64_t b = 0;
    if (len > HASH_SHORT)
        return hash_bytes(data, len);
    if (len >= 8) {
        memcpy(&a, data, 8);
        memcpy(&b, data + len - 8, 8);
    } else if (len >= 4) {
        uint32_t low;
        uint32_t high;
        memcpy(&low, data, 4);
        memcpy(&high, data + len - 4, 4);
        a = low;
        b = high;
    } else if (len) {
        a = (uint64_t)data[0] << 16 | (uint64_t)data[len / 2] << 8 | data[len - 1];
    }
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)(a ^ first) * (b ^ second);
    product = (wide)((uint64_t)product ^ first) * ((uint64_t)(product >> 64) ^ len ^ second);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

#endif
