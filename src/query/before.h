/*
 * before.h - the last lines of a source that weren't selected: what -B shows if the next one is.
 *
 * A line, or an event, is kept with its place, so that it can be told which of them are next to
 * each other. Memory is that of the lines kept; a source whose lines together would take more than
 * BEFORE_BYTES_MAX keeps fewer.
 */
#ifndef LOGZIP_QUERY_BEFORE_H
#define LOGZIP_QUERY_BEFORE_H

#include "base/buf.h"

enum { BEFORE_BYTES_MAX = 64 << 20 };

/** Where a line or event is, and when it was read. */
struct line_place {
    uint64_t offset; /**< of its first byte, in its source */
    uint64_t number; /**< of its first line, from 1; 0: not known */
    int64_t read_time;
    bool event;
};

struct before_line {
    struct line_place place;
    size_t at; /**< in the text */
    size_t len;
};

/** Zero-initialized is empty and valid. */
struct before {
    struct buf text;
    VEC(struct before_line) lines;
    size_t first; /* of the lines that are still kept */
};

/** Keep a line (copied), and no more than the last `most`. @return false when memory is out */
bool before_add(struct before *b, const struct line_place *place, struct span text, uint64_t most);

size_t before_count(const struct before *b);

/** Line `index`, the oldest one first. @param text  set; valid until the next call of before_add()
 */
const struct line_place *before_at(const struct before *b, size_t index, struct span *text);

/** Forget the lines, keep some of the memory. */
void before_clear(struct before *b);

void before_free(struct before *b);

#endif
