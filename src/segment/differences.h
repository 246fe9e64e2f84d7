/*
 * differences.h - finds columns of numbers or times that are best written as differences to another
 * column of their row (column/difference.h), and encodes them so where that's cheaper.
 */
#ifndef LOGZIP_SEGMENT_DIFFERENCES_H
#define LOGZIP_SEGMENT_DIFFERENCES_H

#include "segment/numbers.h"

/** A column whose relation to others is looked for. */
struct number_search {
    const struct columns *columns;
    struct numbers *numbers;
    const uint32_t *row; /**< columns of a template's slots */
    size_t slot;         /**< of the column */
    size_t rows;         /**< of the column that are looked at before one is tried in full */
};

/**
 * Compare a column with those in front of it in a row. Threads may do so at once, for different
 * columns.
 *
 * @param ctx   of the thread
 * @param best  the column's encoding; replaced by a cheaper one
 */
int differences_try(const struct number_search *s, struct column_context *ctx, struct encoded *best,
                    struct lgz_error *err);

#endif
