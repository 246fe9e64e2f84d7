/*
 * filters.h - the filters of all blocks of a segment, as a part of its file that only queries for a
 * text read.
 */
#ifndef LOGZIP_SEGMENT_FILTERS_H
#define LOGZIP_SEGMENT_FILTERS_H

#include "segment/filter.h"
#include "segment/reader.h"

/**
 * The part, from its tag on: nothing if there is nothing to say.
 *
 * @param filters  of `count` blocks; planes are left out of them, those that are worth least first,
 *                 until all of them have no more than `most` bytes
 */
int filters_write(struct filter *filters, const struct block_info *blocks, size_t count,
                  size_t most, struct buf *out, struct lgz_error *err);

/**
 * The part again, with the filters of some of the blocks only.
 *
 * @param part   from its tag on; its checksum was compared
 * @param wanted of each of the `count` blocks
 * @param out    the new part; empty if there is nothing to say
 */
int filters_select(struct span part, const bool *wanted, size_t count, struct buf *out,
                   struct lgz_error *err);

struct segment_filters;

/**
 * Read a segment's filters: one read of at most a few per cent of its bytes.
 *
 * @param out  NULL if it has none, and after an error; the segment must outlive it
 * @return LGZ_ERR_CORRUPT if they are damaged: then a query goes on without them
 */
int segment_filters_open(struct segment_filters **out, const struct segment *s,
                         struct lgz_error *err);

void segment_filters_free(struct segment_filters *f);

/**
 * May the block's bytes meet the need?
 *
 * All of its bytes count, those of lines, too, that go on in another run or block: if the answer is
 * false, there is a clause of which no string lies in them anywhere. Nothing is said about strings
 * that begin in one run or block and end in another.
 *
 * @param f  NULL: nothing is known
 * @return false only if they don't meet one of the clauses
 */
bool segment_filters_may_hold(const struct segment_filters *f, size_t block,
                              const struct need *need);

/**
 * Does the filter of a block deny what is in the block? Some hundred of its lines are asked for.
 *
 * @param raw  of the block
 * @return LGZ_ERR_CORRUPT if so
 */
int segment_filters_check(const struct segment_filters *f, size_t block, struct span raw,
                          struct lgz_error *err);

#endif
