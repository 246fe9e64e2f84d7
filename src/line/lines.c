/*
 * lines.c - memchr does the work, and vectors where only the number counts.
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

/* Vectors of the compiler: each processor has what these need. */
typedef uint8_t bytes16 __attribute__((vector_size(16)));
enum { COUNTER_MAX = 255 };

size_t lines_count(const uint8_t *text, size_t size)
{
    size_t count = 0;
    while (size >= sizeof(bytes16)) {
        size_t vectors = size / sizeof(bytes16);
        if (vectors > COUNTER_MAX)
            vectors = COUNTER_MAX;
        bytes16 found = {0};
        for (size_t i = 0; i < vectors; i++) {
            bytes16 v;
            memcpy(&v, text + i * sizeof(v), sizeof(v));
            found -= (bytes16)(v == '\n'); /* a byte that is equal becomes -1 */
        }
        for (size_t i = 0; i < sizeof(found); i++)
            count += found[i];
        text += vectors * sizeof(bytes16);
        size -= vectors * sizeof(bytes16);
    }
    for (size_t i = 0; i < size; i++)
        count += text[i] == '\n';
    return count;
}

void lines_free(struct lines *lines)
{
    vec_free(&lines->list);
}
