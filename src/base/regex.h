/*
 * regex.h - regular expressions on bytes: PCRE2 as all of logzip uses it.
 *
 * No character set is assumed, so no text is invalid; a newline is '\n'. Work on one text is
 * limited: an expression that would run for hours is an error. A compiled struct regex never
 * changes and may be used by any number of threads; a struct regex_room by one at a time.
 */
#ifndef LOGZIP_BASE_REGEX_H
#define LOGZIP_BASE_REGEX_H

#include "base/buf.h"
#include "base/error.h"

enum regex_flags {
    REGEX_FOLD = 1,      /**< a to z match in either case */
    REGEX_LITERAL = 2,   /**< the text is a string, not an expression */
    REGEX_MULTILINE = 4, /**< "^" and "$" match at the start and end of each line of a text */
};

struct regex;

/**
 * Compile `len` bytes.
 *
 * @param flags  of enum regex_flags
 * @return LGZ_ERR_ARGUMENT with "at character N: reason" if it isn't an expression
 */
int regex_compile(struct regex **out, const void *text, size_t len, unsigned flags,
                  struct lgz_error *err);

/** NULL is allowed. */
void regex_free(struct regex *r);

/** Number of groups, named or not. */
size_t regex_group_count(const struct regex *r);

/** How many named groups there are; and their names in alphabetical order, with their numbers. */
size_t regex_name_count(const struct regex *r);
const char *regex_name(const struct regex *r, size_t index, size_t *group);

/** What a match needs beside the expression. */
struct regex_room;

/** @param groups  of the expression with the most of them that will run in it */
int regex_room_new(struct regex_room **out, size_t groups, struct lgz_error *err);

/** NULL is allowed. */
void regex_room_free(struct regex_room *room);

/**
 * Find the first match in `text` at or behind `from`.
 *
 * @return 1, 0 if there is none, LGZ_ERR_LIMIT if it takes too much work, or LGZ_ERR_MEMORY
 */
int regex_run(struct regex_room *room, const struct regex *r, struct span text, size_t from,
              struct lgz_error *err);

/**
 * The same, but of the matches that begin where the first one does, the longest is found, as POSIX
 * wants it; and where groups matched isn't known. An expression with references to groups is run as
 * regex_run() does.
 */
int regex_run_longest(struct regex_room *room, const struct regex *r, struct span text, size_t from,
                      struct lgz_error *err);

/**
 * After a match: where group `group` matched (0: all of it), as offsets in the text.
 *
 * @return false if it had no part in the match
 */
bool regex_match(const struct regex_room *room, size_t group, size_t *start, size_t *end);

#endif
