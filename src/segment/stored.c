/*
 * stored.c - a section of the index, written and read.
 */
#include "segment/stored.h"

enum { WORTH_BYTES = 1 << 20 /* raw bytes of a block from which on a part of it may be wanted */ };

void stored_write(const struct block_info *blocks, size_t count, struct buf *out)
{
    bool known = true;
    bool large = false;
    for (size_t i = 0; i < count; i++) {
        known &= blocks[i].stored_known;
        large |= blocks[i].raw_len >= WORTH_BYTES;
    }
    for (size_t i = 0; i < count && known && large; i++)
        buf_put_le(out, blocks[i].stored_checksum, 8);
}

void stored_read(struct reader *r, struct block_info *blocks, size_t count)
{
    for (size_t i = 0; i < count && !r->failed; i++) {
        blocks[i].stored_checksum = reader_le(r, 8);
        blocks[i].stored_known = true;
    }
}
