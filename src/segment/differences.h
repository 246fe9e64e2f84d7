/*
 * differences.h - finds columns of numbers or times that are best written as differences to another
 * column of their row (column/difference.h), and encodes them so where that's cheaper.
 */
#ifndef LOGZIP_SEGMENT_DIFFERENCES_H
#define LOGZIP_SEGMENT_DIFFERENCES_H

#include "segment/columns.h"

struct differences;

/** All arguments are used until the search is freed. */
int differences_new(struct differences **out, const struct columns *columns, struct span raw,
                    struct lgz_error *err);
void differences_free(struct differences *d);

/**
 * Compare a column with those in front of it in a row. Threads may do so at once, for different
 * columns.
 *
 * @param ctx   of the thread
 * @param row   columns of a template's slots
 * @param slot  of the column
 * @param rows  of the column that are looked at before one is tried in full
 * @param best  the column's encoding; replaced by a cheaper one
 */
int differences_try(struct differences *d, struct column_context *ctx, const uint32_t *row,
                    size_t slot, size_t rows, struct encoded *best, struct lgz_error *err);

#endif
