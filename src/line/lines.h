/*
 * lines.h - splits a block's raw bytes into lines. A line is what stands between '\n' bytes; the
 * '\n' isn't part of it, everything else is, '\r' and NUL included.
 */
#ifndef LOGZIP_LINE_LINES_H
#define LOGZIP_LINE_LINES_H

#include "base/buf.h"

/** One line: `len` bytes at offset `at` of the block. */
struct line {
    uint32_t at;
    uint32_t len;
};

struct lines {
    VEC(struct line) list;
};

/**
 * Split `size` bytes (below 2^32) into lines. Bytes behind the last '\n' are a line as well; the
 * caller knows from the last byte whether it's terminated.
 *
 * @return false when memory is out
 */
bool lines_split(struct lines *lines, const uint8_t *raw, size_t size);

/** The bytes of line `number` of the block `raw`. */
static inline struct span lines_get(const struct lines *lines, const uint8_t *raw, size_t number)
{
    const struct line *line = &lines->list.data[number];
    return (struct span){raw + line->at, line->len};
}

/** How many '\n' there are in `size` bytes. */
size_t lines_count(const uint8_t *text, size_t size);

void lines_free(struct lines *lines);

#endif
