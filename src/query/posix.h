/*
 * posix.h - extended regular expressions, as POSIX and GNU grep -E have them, written as Perl's.
 *
 * What differs: in a class "\" is a character like any other; "a+?" and "a*+" repeat what is
 * repeated; a repetition with nothing before it does nothing; "{" that begins no interval is
 * a character, and "{,3}" an interval; "\<" and "\>" are the ends of a word, and "\d" is a "d".
 * The length of a match differs, too, which no writing can express: regex_run_longest().
 */
#ifndef LOGZIP_QUERY_POSIX_H
#define LOGZIP_QUERY_POSIX_H

#include "base/buf.h"
#include "base/error.h"

/**
 * Append to `out` the expression that matches in Perl's language what `text` does in POSIX's.
 *
 * @return LGZ_ERR_ARGUMENT with the reason if it isn't an extended regular expression
 */
int posix_translate(struct span text, struct buf *out, struct lgz_error *err);

#endif
