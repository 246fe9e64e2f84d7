/*
 * times.h - the lines of a block as a query will see them: how many, and from when to when.
 */
#ifndef LOGZIP_SEGMENT_TIMES_H
#define LOGZIP_SEGMENT_TIMES_H

#include "segment/block.h"
#include "template/skeleton.h"

/**
 * Fill `lines`, `time_min`, `time_max` and `clocks` of a block's summary.
 *
 * A line may go on from one extent into the next one of the same source; the read time of the
 * extent in which it starts dates stamps without a year. A run that begins within a line of which
 * it's known that a stamp before the run dates it: what is in its first line counts for the times
 * only if there is no other stamp in the block.
 *
 * @param lines, skeletons  of the block, with the stamps that were found already; or NULL: the
 *                          result is the same
 */
void block_times(const struct block_input *input, const struct lines *lines,
                 const struct skeletons *skeletons, struct block_summary *summary);

#endif
