/*
 * runs.h - the runs of a block: extents next to each other of one source, each of which goes on
 * where the one before it ends. How many newlines there are in each tells the numbers of a source's
 * lines without decoding it.
 */
#ifndef LOGZIP_SEGMENT_RUNS_H
#define LOGZIP_SEGMENT_RUNS_H

#include "segment/block.h"

/** The first extent behind the run that begins with extent `first`. */
size_t runs_end(const struct extent *extents, size_t count, size_t first);

/** Are all runs of the block one source's? */
bool runs_of_one_source(const struct block_info *block);

/** Fill `runs` of a block's summary. @return false when memory is out */
bool runs_count(const struct block_input *input, struct block_summary *summary);

/** Append what the index says of the blocks' runs, and of their stamps (docs/format.md, "Lines").
 */
void runs_write(const struct block_info *blocks, size_t count, struct buf *out);

/**
 * Parse what runs_write() wrote, and set `runs`, `run_count` and `clocks` of the blocks.
 *
 * @param r  `failed` is set if it can't be, or says something else than the blocks do
 * @return false when memory is out
 */
bool runs_read(struct reader *r, struct block_info *blocks, size_t count);

#endif
