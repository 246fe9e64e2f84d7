/*
 * found.c - a list of lines, and a walk over it.
 */
#include "query/found.h"

#include <string.h>

enum { LOOK_UP = 256 }; /* lines between two looks whether to stop */

int found_fill(struct found_lines *f, struct pattern *p, struct span piece, const bool *stop,
               struct lgz_error *err)
{
    const uint8_t *first = memchr(piece.data, '\n', piece.len);
    size_t at = 0, start, end;
    found_clear(f);
    if (!first)
        return LGZ_OK;
    f->from = first + 1;
    f->to = (const uint8_t *)memrchr(piece.data, '\n', piece.len) + 1;
    const struct span lines = {f->from, (size_t)(f->to - f->from)};
    if (lines.len == 0)
        return LGZ_OK;
    pattern_start(p, lines);
    while (at < lines.len && (f->code = pattern_next(p, at, &start, &end, &f->error)) == 1) {
        if (!vec_push(&f->lines, ((struct found_line){lines.data + start, lines.data + end})))
            return error_memory(err);
        if (f->lines.len % LOOK_UP == 0 && __atomic_load_n(stop, __ATOMIC_RELAXED))
            return error_set(err, LGZ_ERR_CANCELLED, "not wanted any more");
        at = end + 1;
    }
    if (f->code == 1)
        f->code = LGZ_OK;
    return LGZ_OK;
}

size_t found_unknown(const struct found_lines *f, struct span lines)
{
    const uintptr_t begin = (uintptr_t)lines.data, end = begin + lines.len;
    const uintptr_t from = (uintptr_t)f->from, to = (uintptr_t)f->to;
    if (from == to || end <= from || end > to)
        return lines.len;
    return begin < from ? (size_t)(from - begin) : 0;
}

int found_next(struct found_lines *f, struct span lines, size_t from, size_t *start, size_t *end,
               struct lgz_error *err)
{
    while (f->next < f->lines.len && f->lines.data[f->next].start < lines.data + from)
        f->next++;
    if (f->next < f->lines.len && f->lines.data[f->next].start < lines.data + lines.len) {
        *start = (size_t)(f->lines.data[f->next].start - lines.data);
        *end = (size_t)(f->lines.data[f->next].end - lines.data);
        return 1;
    }
    if (f->next == f->lines.len && f->code != LGZ_OK) {
        if (err)
            *err = f->error;
        return f->code;
    }
    return 0;
}

void found_clear(struct found_lines *f)
{
    f->from = f->to = NULL;
    f->lines.len = 0;
    f->next = 0;
    f->code = LGZ_OK;
    f->error = (struct lgz_error){0};
}

void found_free(struct found_lines *f)
{
    vec_free(&f->lines);
    *f = (struct found_lines){0};
}
