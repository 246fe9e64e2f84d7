/*
 * copies.h - finds columns whose values contain what other columns of their row put out, and
 * encodes them that way (column/copied.h) where it's cheaper.
 */
#ifndef LOGZIP_SEGMENT_COPIES_H
#define LOGZIP_SEGMENT_COPIES_H

#include "segment/columns.h"

/** Where copies are looked for. */
struct copies_search {
    const struct columns *columns;
    struct span raw;
    struct column_context *ctx;
    size_t sample;     /**< rows of a column that are looked at */
    size_t candidates; /**< columns that are looked at */
};

/**
 * Try a column of text.
 *
 * @param row   the columns of a template's slots; those in front of `slot` may be contained
 * @param slot  the slot of the column
 * @param best  the column's encoding; replaced if copies make it clearly cheaper
 */
int copies_try(const struct copies_search *s, const uint32_t *row, size_t slot,
               struct encoded *best, struct lgz_error *err);

#endif
