/*
 * need.h - what a line must hold for a query to want it, as far as that is known.
 *
 * A need is an AND of clauses; a clause is met by any one of its strings, anywhere in the line. So
 * a need without clauses is met by every line, and one with an empty clause by none. A query makes
 * it of its pattern; the parts of a segment use it to tell what need not be read. It's safe: a line
 * that is wanted meets it. That a line meets it means that it's wanted only if the need is `exact`.
 *
 * A line is meant without its newline, so no string holds one. A match that may reach over several
 * lines (an event's) meets each clause in one of them, not all clauses in the same.
 */
#ifndef LOGZIP_SEGMENT_NEED_H
#define LOGZIP_SEGMENT_NEED_H

#include "base/buf.h"
#include "base/error.h"

/** Bytes to be found in a line. */
struct need_string {
    struct span bytes; /**< owned by the need; never empty, without a newline */
    bool folded;       /**< letters (ASCII) match in either case, and are small ones in `bytes` */
};

struct need_clause {
    VEC(struct need_string) strings;
};

/** Zero-initialized is met by every line, and valid. */
struct need {
    VEC(struct need_clause) clauses;
    bool exact; /**< each line that meets it is wanted */
};

/** Free what is in it; it's met by every line again. */
void need_clear(struct need *n);

/** Make an empty one such that no line meets it, and exact. @return LGZ_OK or LGZ_ERR_MEMORY */
int need_nothing(struct need *n, struct lgz_error *err);

/** Add a clause that no string meets yet. @return LGZ_OK or LGZ_ERR_MEMORY */
int need_add_clause(struct need *n, struct lgz_error *err);

/**
 * Add a string to the last clause, which there must be.
 *
 * @param bytes   copied; not empty, without a newline
 * @param folded  letters match in either case; nothing is noted of it if there are none
 * @return LGZ_OK or LGZ_ERR_MEMORY
 */
int need_add_string(struct need *n, struct span bytes, bool folded, struct lgz_error *err);

/** Both hold: move what is in `from`, which becomes empty, to `n`. @return LGZ_OK or LGZ_ERR_MEMORY
 */
int need_and(struct need *n, struct need *from, struct lgz_error *err);

/**
 * Either of them holds. What that needs isn't kept in full if it would be long: `n` then says less.
 *
 * @param from  becomes empty
 * @return LGZ_OK or LGZ_ERR_MEMORY
 */
int need_or(struct need *n, struct need *from, struct lgz_error *err);

/** The length of the clause's shortest string; 0 if it has none. */
size_t need_clause_shortest(const struct need_clause *clause);

/** Does the text hold the string? */
bool need_string_in(const struct need_string *string, struct span text);

/** Does the text hold one of the clause's strings? */
bool need_clause_met(const struct need_clause *clause, struct span text);

/** Does the line meet each of the clauses? */
bool need_met(const struct need *n, struct span line);

#endif
