/*
 * find.h - the first place of a string in a text, fast: what memmem(3) gives, by comparing sixteen
 * places at a time in two of their bytes, those that text has least.
 *
 * A text made so that many places look right costs no more than some times what memmem(3) does,
 * which takes over then.
 */
#ifndef LOGZIP_BASE_FIND_H
#define LOGZIP_BASE_FIND_H

#include "base/buf.h"

/** A string to be searched for. Zero-initialized is the empty string. */
struct finder {
    struct span string; /**< borrowed */
    size_t first;       /**< where in it the two bytes are; the same if it has only one */
    size_t second;
};

struct finder finder_of(struct span string);

/** The first place at or behind `from`, which is not behind the end; SIZE_MAX if there is none. */
size_t finder_next(const struct finder *f, struct span text, size_t from);

/** Is the string, which isn't empty, in a value? Most values are so short that it takes longer to
 * get ready than to look. */
static inline bool finder_holds(const struct finder *f, struct span value)
{
    enum { SHORT_VALUE = 64 };
    const uint8_t *string = f->string.data;
    const size_t len = f->string.len;
    if (value.len > SHORT_VALUE)
        return finder_next(f, value, 0) != SIZE_MAX;
    for (const uint8_t *at = value.data; len <= value.len; at++, value.len--)
        if (at[f->first] == string[f->first] && at[f->second] == string[f->second] &&
            memcmp(at, string, len) == 0)
            return true;
    return false;
}

#endif
