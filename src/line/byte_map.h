/*
 * byte_map.h - which bytes of a text are separators and which are digits, as bit maps, 64 bytes at
 * a time. Uses the widest vectors that the processor has; all of them give the same bits.
 *
 * The method, two table look-ups by nibble and an AND, is from Langdale and Lemire, "Parsing
 * gigabytes of JSON per second" (VLDB Journal 28, 2019), section 3.1.2.
 */
#ifndef LOGZIP_LINE_BYTE_MAP_H
#define LOGZIP_LINE_BYTE_MAP_H

#include <stddef.h>
#include <stdint.h>

/** Bit i of a word is byte i of 64. '\n' counts as a separator. */
struct byte_map {
    uint64_t separators;
    uint64_t digits;
};

/** Fill `maps[0]` to `maps[blocks - 1]` from 64 * `blocks` bytes. */
typedef void byte_map_fn(struct byte_map *maps, const uint8_t *text, size_t blocks);

/** The fastest way to do it on this processor. Ask once, then use it for long. */
byte_map_fn *byte_map_best(void);

/** Every way there is on this processor, for tests; NULL behind the last. The first is plain C. */
byte_map_fn *byte_map_variant(unsigned number);

#endif
