/*
 * colors.h - grep's colours: what stands before and behind what is shown in one, and the variable
 * GREP_COLORS, with which people choose others.
 */
#ifndef LOGZIP_QUERY_COLORS_H
#define LOGZIP_QUERY_COLORS_H

#include <stdbool.h>

#include "base/buf.h"

/** What has a colour of its own. */
enum color {
    COLOR_MATCH,         /**< ms: a match in a line that was selected */
    COLOR_CONTEXT_MATCH, /**< mc: a match in a line that is shown around one */
    COLOR_SELECTED,      /**< sl: the line itself */
    COLOR_CONTEXT,       /**< cx: and one around it */
    COLOR_NAME,          /**< fn */
    COLOR_NUMBER,        /**< ln */
    COLOR_OFFSET,        /**< bn */
    COLOR_SEPARATOR,     /**< se */
    COLOR_COUNT,
};

enum { COLOR_LEN_MAX = 31 };

struct colors {
    char codes[COLOR_COUNT][COLOR_LEN_MAX + 1]; /**< such as "01;31"; "": no colour */
    bool reversed;                              /**< rv: -v exchanges sl and cx */
    bool bare;                                  /**< ne: without clearing to the line's end */
};

/**
 * Set to grep's, and then to what `text` says.
 *
 * @param text  as GREP_COLORS has it, "ms=01;32:ne"; NULL: nothing. What can't be read in it, and
 *              what is behind that, is left out
 */
void colors_set(struct colors *c, const char *text);

/** Append what switches a colour on or off; nothing if there is none. */
void colors_begin(const struct colors *c, enum color color, struct buf *out);
void colors_end(const struct colors *c, enum color color, struct buf *out);

#endif
