/*
 * pattern.h - what a query looks for: one or several strings or regular expressions, any of which
 * may match.
 *
 * Lines are bytes: no character set is assumed, so no line is invalid. A match never reaches over
 * the end of a line. Work on one line is limited; an expression that would run for hours is an
 * error. A struct pattern is used by one thread at a time.
 */
#ifndef LOGZIP_QUERY_PATTERN_H
#define LOGZIP_QUERY_PATTERN_H

#include "segment/need.h"

struct pattern;

struct pattern_options {
    bool fixed;       /**< strings, not regular expressions */
    bool posix;       /**< extended regular expressions (posix.h), not Perl's */
    bool ignore_case; /**< a to z only */
    bool word;        /**< a match must not lie between letters, digits or underscores */
    bool line;        /**< a match must be a whole line */
    bool multiline;   /**< for texts of several lines: "^" and "$" match at each of them */
};

/**
 * Compile patterns.
 *
 * @param texts  `count` NUL-terminated patterns; each line of a text is a pattern of its own; if
 *               there are none, nothing matches
 * @return LGZ_ERR_ARGUMENT with the place and the reason if a text isn't a regular expression
 */
int pattern_compile(struct pattern **out, const char *const *texts, size_t count,
                    const struct pattern_options *options, struct lgz_error *err);

/** The same pattern for another thread; `p` must outlive it. */
int pattern_twin(struct pattern **out, const struct pattern *p, struct lgz_error *err);

/** Does each line match, whatever it is? */
bool pattern_is_all(const struct pattern *p);

/**
 * What a line (with `multiline`, the lines of a text together) must hold to match; of a pattern
 * that pattern_compile() made. Valid as long as the pattern.
 */
const struct need *pattern_need(const struct pattern *p);

/** NULL is allowed. */
void pattern_free(struct pattern *p);

/** Begin a walk over the lines of `lines`, which stays valid and unchanged until it ends. */
void pattern_start(struct pattern *p, struct span lines);

/**
 * The first line at or behind `from` that matches.
 *
 * @param from   offset where a line starts; not below the one of the call before
 * @param start  offset of the line
 * @param end    offset behind its last byte, the newline not counted
 * @return 1, or 0 if there is none, or LGZ_ERR_LIMIT if a line takes too much work
 */
int pattern_next(struct pattern *p, size_t from, size_t *start, size_t *end, struct lgz_error *err);

/**
 * The first place at or behind `from` where a match could be, in a text of any number of lines:
 * what stands before it can be left out.
 *
 * @param from  not below the one of the call before
 * @param at    no line or text that begins at or behind `from` and ends before this has a match
 * @return 1, or 0 if there is none, or LGZ_ERR_LIMIT
 */
int pattern_candidate(struct pattern *p, size_t from, size_t *at, struct lgz_error *err);

/** Is there a match in a line or text? @return 1, 0 or a negative code */
int pattern_matches(struct pattern *p, struct span text, struct lgz_error *err);

/**
 * The first match within one line, at or behind `from`; of several at one place the longest.
 *
 * @return 1 and the match's offsets (which may be equal), 0, or a negative code
 */
int pattern_find(struct pattern *p, struct span line, size_t from, size_t *start, size_t *end,
                 struct lgz_error *err);

#endif
