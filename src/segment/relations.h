/*
 * relations.h - finds columns whose values follow from another column of their row, and encodes
 * them that way (column/keyed.h) where it's cheaper.
 */
#ifndef LOGZIP_SEGMENT_RELATIONS_H
#define LOGZIP_SEGMENT_RELATIONS_H

#include "segment/columns.h"

enum { RELATION_TRIALS = 2 };

/** How much work is done to find relations. */
struct relation_effort {
    size_t sample;     /**< rows of a column that are looked at; 0: no relations are looked for */
    size_t candidates; /**< keys that are tried for a column */
    unsigned trials;   /**< of them that are tried in full, 1 to RELATION_TRIALS */
    bool behind;       /**< are keys tried that come behind the value in its line? */
    size_t share;      /**< columns of less than 1/share of all cost are left alone */
};

/**
 * Improve encodings.
 *
 * @param layout   the columns as they will be, none merged any more
 * @param encoded  for each column its encoding; replaced by cheaper ones. Its cost is set
 * @param raw_len  of the block
 */
int relations_encode(const struct columns *columns, const struct layout *layout,
                     const struct template_set *set, struct span raw, struct column_context *ctx,
                     const struct relation_effort *effort, struct encoded *encoded,
                     struct lgz_error *err);

#endif
