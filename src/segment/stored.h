/*
 * stored.h - a checksum of each block as it is stored. That of its raw bytes can't be compared
 * where a part of the block is decoded only; and a file can be looked through without decoding
 * anything.
 */
#ifndef LOGZIP_SEGMENT_STORED_H
#define LOGZIP_SEGMENT_STORED_H

#include "segment/block.h"

/**
 * Append the checksums (docs/format.md, "Stored bytes"). Nothing where one isn't known, or for a
 * single small block: it's decoded in a moment.
 */
void stored_write(const struct block_info *blocks, size_t count, struct buf *out);

/** Parse what stored_write() wrote; `r->failed` is set if it can't be. */
void stored_read(struct reader *r, struct block_info *blocks, size_t count);

#endif
