/*
 * string_set.h - the first place where one of many strings is: what grep -F -f FILE wants, in time
 * that hardly depends on how many there are.
 */
#ifndef LOGZIP_QUERY_STRING_SET_H
#define LOGZIP_QUERY_STRING_SET_H

#include "base/buf.h"
#include "base/error.h"

struct string_set;

/** What must stand around a string. */
enum string_frame {
    STRING_ANYWHERE,
    STRING_WORD, /**< no letter, digit or underscore */
    STRING_LINE, /**< it's a whole line of the text */
};

/**
 * Make a set.
 *
 * @param strings  copied; none of them empty, none holds a newline; at least one
 * @param fold     a to z match in either case
 */
int string_set_new(struct string_set **out, const struct span *strings, size_t count, bool fold,
                   enum string_frame frame, struct lgz_error *err);

/** NULL is allowed. */
void string_set_free(struct string_set *s);

/**
 * The first place in `text` at or behind `from` where one of the strings is; of several there the
 * longest.
 */
bool string_set_next(const struct string_set *s, struct span text, size_t from, size_t *start,
                     size_t *end);

#endif
