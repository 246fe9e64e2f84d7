/*
 * found.h - which lines of a piece of a source match a pattern, found before they are asked for.
 *
 * Only lines that are whole for certain are known: those that begin behind the piece's first
 * newline and end with its last one. What is in front belongs to a line that may have begun before.
 */
#ifndef LOGZIP_QUERY_FOUND_H
#define LOGZIP_QUERY_FOUND_H

#include "query/pattern.h"

struct found_line {
    const uint8_t *start;
    const uint8_t *end; /**< behind its last byte, the newline not counted */
};

/** Zero-initialized is empty and valid: no line is known. */
struct found_lines {
    const uint8_t *from; /**< the lines from here ... */
    const uint8_t *to;   /**< ... up to here are known; the same: none are */
    VEC(struct found_line) lines;
    size_t next;            /**< the walk over them */
    int code;               /**< LGZ_OK, or why what is behind the last of the lines isn't known */
    struct lgz_error error; /**< with the code */
};

/**
 * Match the lines of a piece.
 *
 * @param piece  must stay where it is as long as what was found is asked for
 * @param stop   looked at now and then: if it's true, none of this is wanted any more
 */
int found_fill(struct found_lines *f, struct pattern *p, struct span piece, const bool *stop,
               struct lgz_error *err);

/** How many bytes at the front of whole lines, which may lie anywhere, aren't known? */
size_t found_unknown(const struct found_lines *f, struct span lines);

/**
 * As pattern_next() over `lines`, of which all are known.
 *
 * @return 1, 0 or the code that matching ended with
 */
int found_next(struct found_lines *f, struct span lines, size_t from, size_t *start, size_t *end,
               struct lgz_error *err);

/** Forget the lines, keep their room. */
void found_clear(struct found_lines *f);

void found_free(struct found_lines *f);

#endif
