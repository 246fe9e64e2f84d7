/*
 * grouping.h - decides which columns become one, and encodes them all.
 *
 * Candidates are columns with the same role (layout.h) and columns that hold the same values
 * (overlap.h). By rule, those with the same values are put together (and the layout has done so
 * with roles); by cost, each candidate is encoded both ways and the cheaper one stays.
 */
#ifndef LOGZIP_SEGMENT_GROUPING_H
#define LOGZIP_SEGMENT_GROUPING_H

#include "segment/relations.h"

enum grouping_mode {
    GROUPING_BY_RULE, /**< one encoding of each column */
    GROUPING_BY_COST, /**< about three */
};

/** Columns, and which of them became one. */
struct grouping;

/**
 * Decide. Layout and columns are changed to what was decided.
 *
 * @param c, layout, set, raw, effort  borrowed for the grouping's life; `effort` says how hard
 *                                     relations between columns are looked for
 */
int grouping_choose(struct grouping **out, struct columns *c, struct layout *layout,
                    const struct template_set *set, struct span raw, struct column_context *ctx,
                    enum grouping_mode mode, const struct relation_effort *effort,
                    struct lgz_error *err);

/**
 * Encode the columns that there are now. Once only.
 *
 * @param encoded  gets the columns, in the layout's order, behind what is in it
 */
int grouping_encode(struct grouping *g, struct column_context *ctx, struct encoded *encoded,
                    struct lgz_error *err);

/** NULL is allowed. */
void grouping_free(struct grouping *g);

#endif
