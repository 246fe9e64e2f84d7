/*
 * literal.h - what bytes must every match of a regular expression contain?
 *
 * A search for those bytes is many times faster than the expression, and a line without them needs
 * no further look. The answer is always safe: an expression that isn't understood in full has no
 * required bytes.
 */
#ifndef LOGZIP_QUERY_LITERAL_H
#define LOGZIP_QUERY_LITERAL_H

#include "base/buf.h"

/**
 * The longest run of bytes that each match of `regex` holds.
 *
 * @param regex  a NUL-terminated PCRE2 pattern, compiled without PCRE2_EXTENDED
 * @param out    cleared, then set to the run; empty if none is certain
 * @return true if the run is the whole expression, so that finding it is a match
 */
bool literal_required(const char *regex, struct buf *out);

#endif
