/*
 * lines.c - memchr does the work.
 */
#include "line/lines.h"

bool lines_split(struct lines *lines, const uint8_t *raw, size_t size)
{
    const uint8_t *at = raw;
    const uint8_t *end = size ? raw + size : raw;
    while (at < end) {
        const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
        const uint8_t *stop = newline ? newline : end;
        struct line line = {(uint32_t)(at - raw), (uint32_t)(stop - at)};
        if (!vec_push(&lines->list, line))
            return false;
        at = newline ? newline + 1 : end;
    }
    return true;
}

void lines_free(struct lines *lines)
{
    vec_free(&lines->list);
}
