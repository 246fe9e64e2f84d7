/*
 * block_entries.h - what a segment's index says of its blocks, one behind the other
 * (docs/format.md, "Footer"): how long they are, the times in them, what they have of which source.
 */
#ifndef LOGZIP_SEGMENT_BLOCK_ENTRIES_H
#define LOGZIP_SEGMENT_BLOCK_ENTRIES_H

#include "segment/block.h"

/** What an entry goes on from. */
struct block_entries {
    uint64_t *ends; /**< of each source: where its last extent ended */
    size_t sources;
    int64_t time; /**< when the last extent was read */
};

/** Before the first entry, of blocks that have so many sources. */
int block_entries_begin(struct block_entries *e, size_t sources, struct lgz_error *err);

void block_entries_end(struct block_entries *e);

/** Append the next entry. */
void block_entries_write(struct block_entries *e, const struct block_info *b, struct buf *out);

/**
 * Parse the next entry.
 *
 * @param r  `failed` is set if it can't be
 * @param b  what is allocated is the caller's, also then
 * @return false when memory is out
 */
bool block_entries_read(struct block_entries *e, struct reader *r, struct block_info *b);

#endif
