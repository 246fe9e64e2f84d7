/*
 * salvage_walk.h - the whole blocks of a file whose index is gone, in the order in which they
 * stand. A block says itself how long it is and what it decodes to, so those behind a damaged one
 * are found by looking for what begins like a block, ends where something else of a segment begins,
 * and has its checksum.
 */
#ifndef LOGZIP_SEGMENT_SALVAGE_WALK_H
#define LOGZIP_SEGMENT_SALVAGE_WALK_H

#include "segment/remains.h"

/**
 * A whole block.
 *
 * @param follows  the one before it is whole, too, and there is nothing between them
 */
typedef int salvage_block_fn(void *context, struct span raw, bool follows, struct lgz_error *err);

struct salvage_walk {
    uint64_t strange; /**< bytes that are nothing that a segment has, or a damaged part of it */
    uint64_t blocks;  /**< that are whole */
    bool closed;      /**< what looks like a footer and its trailer ends the file */
    bool given_up;    /**< looking for the next block took too long: there may be others */
};

/** Go through the bytes from `from` to `to`. The work is bounded by their number. */
int salvage_walk(struct remains *in, uint64_t from, uint64_t to, salvage_block_fn *take,
                 void *context, struct salvage_walk *out, struct lgz_error *err);

#endif
