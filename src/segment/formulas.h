/*
 * formulas.h - finds columns of numbers that can be computed from other columns of their row
 * (column/formula.h), and encodes them so where that's cheaper.
 */
#ifndef LOGZIP_SEGMENT_FORMULAS_H
#define LOGZIP_SEGMENT_FORMULAS_H

#include "segment/differences.h"

/**
 * Try a column of text. Threads may do so at once, for different columns.
 *
 * @param ctx   of the thread
 * @param best  the column's encoding; replaced by a clearly cheaper one
 */
int formulas_try(const struct number_search *s, struct column_context *ctx, struct encoded *best,
                 struct lgz_error *err);

#endif
