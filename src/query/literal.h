/*
 * literal.h - what must a line hold for a regular expression to match in it?
 *
 * Strings that it needs are searched for many times faster than the expression itself, and are what
 * an index knows. The answer is always safe: an expression that isn't understood in full needs
 * nothing.
 */
#ifndef LOGZIP_QUERY_LITERAL_H
#define LOGZIP_QUERY_LITERAL_H

#include "segment/need.h"

/**
 * What a line, or each event's lines together, must hold.
 *
 * @param regex  a NUL-terminated PCRE2 pattern, compiled without PCRE2_EXTENDED and PCRE2_UTF
 * @param fold   it's compiled with PCRE2_CASELESS
 * @param need   set to it; `exact` if that is enough for a match; to be cleared by the caller
 * @return LGZ_OK or LGZ_ERR_MEMORY
 */
int literal_need(const char *regex, bool fold, struct need *need, struct lgz_error *err);

/** The longest string without which no line meets the need; NULL if none is certain. */
const struct need_string *literal_longest(const struct need *need);

#endif
