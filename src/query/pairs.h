/*
 * pairs.h - the pairs `name=value` of a line, as logfmt and many others write them.
 *
 * A name has letters, digits, "_", "-", ".", "@", "/" and bytes beyond ASCII, and stands at the
 * start or behind a blank or one of , ; ( [ { | <. A value in quotes, " or ', goes up to the same
 * quote (in it a backslash takes the next byte as it is). Any other goes up to a blank, a comma, a
 * semicolon, a bar or a bracket that closes what was opened before it; between brackets of its own
 * it may have all of these. It may be empty.
 */
#ifndef LOGZIP_QUERY_PAIRS_H
#define LOGZIP_QUERY_PAIRS_H

#include "base/buf.h"

struct pair {
    struct span name;
    struct span value; /**< as it is written, but without its quotes */
    bool escaped;      /**< in it there are backslashes that pair_unescape() takes away */
};

/** The first pair at or behind `*at`, which is moved behind it. @return false if there is none */
bool pairs_next(struct span text, size_t *at, struct pair *pair);

/** The first pair with that name. @return false if there is none */
bool pairs_find(struct span text, struct span name, struct pair *pair);

/** Append what a value in quotes means: \n \r \t, \" \' \\. Other backslashes are themselves. */
void pair_unescape(struct span value, struct buf *out);

#endif
