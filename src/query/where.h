/*
 * where.h - an expression over the fields of a line (record.h), as in --where.
 *
 *   EXPR     an OR of ANDs of tests: `and` binds closer than `or`, `not` closest; parentheses
 *   TEST     NAME                        the line has the field
 *            NAME OP VALUE               OP: = == != < <= > >= ~ !~
 *            NAME in (VALUE, VALUE...)   it equals one of them
 *   NAME     letters, digits, other bytes that have no meaning here, or a string
 *   VALUE    the same; "..." (\" and \\ are escapes) or '...' makes it a string in any case
 *
 * A VALUE without quotes that is a number, perhaps with a unit (quantity.h), is compared as a
 * number with fields that are numbers with a unit of the same kind. No other field is less or more
 * than it; = and != compare them as text. Any other VALUE is compared byte for byte. A line without
 * the field fails each test of it, those with != and !~ too; `not` turns that around. ~ searches
 * the field for a regular expression. The field `time`, when it is the line's own, is compared with
 * the moment that VALUE names (query_time.h).
 *
 * A struct where is used by one thread at a time.
 */
#ifndef LOGZIP_QUERY_WHERE_H
#define LOGZIP_QUERY_WHERE_H

#include "query/record.h"
#include "segment/need.h"

struct where;

/**
 * Compile an expression.
 *
 * @param now  nanoseconds since the epoch, for relative times
 * @return LGZ_ERR_ARGUMENT with "character N: ... is expected" or another reason if it's none
 */
int where_compile(struct where **out, const char *text, int64_t now, struct lgz_error *err);

/** The same expression for another thread. */
int where_twin(struct where **out, const struct where *w, struct lgz_error *err);

/** NULL is allowed. */
void where_free(struct where *w);

/** Does the answer depend on the time of a line? Then times have to be set. */
bool where_needs_time(const struct where *w);

/**
 * Is the expression true of this line or event?
 *
 * @return 1, 0, LGZ_ERR_LIMIT if a regular expression takes too much work, or LGZ_ERR_MEMORY
 */
int where_matches(struct where *w, const struct query_line *line, struct lgz_error *err);

/**
 * A pattern without which no line can match: to be searched for first. Where nothing is known, it
 * matches each line.
 */
int where_prefilter(const struct where *w, struct pattern **out, struct lgz_error *err);

/**
 * Can lines be searched for by where_next(), and is that better than by where_prefilter()? Only
 * where lines have no `format`.
 */
bool where_leads(const struct where *w);

/** Begin a walk over the lines of `lines`, which stays valid and unchanged until it ends. */
void where_start(struct where *w, struct span lines);

/**
 * The first line at or behind `from` that may match: no line before it does.
 *
 * @param from        offset where a line starts; not below the one of the call before
 * @param start, end  offsets of the line and behind its last byte, the newline not counted
 * @return false if there is none
 */
bool where_next(struct where *w, size_t from, size_t *start, size_t *end);

struct field_search;

/**
 * The same search, in lines of which only some fields are known (segment/block_search.h). Only
 * where lines have no `format`.
 *
 * @return false if where_leads() isn't, or the names are too long
 */
bool where_fields(struct where *w, struct field_search *fields);

/** As record_refused(). */
const struct lgz_error *where_refused(const struct where *w);

/**
 * What a line must hold for the expression to be true of it.
 *
 * @param formatted  its source has a `format`: names of fields need not be in the text
 */
const struct need *where_need(const struct where *w, bool formatted);

#endif
