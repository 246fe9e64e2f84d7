/*
 * stored.c - a section of the index, written and read.
 */
#include "segment/stored.h"

enum { WORTH_BYTES = 1 << 20 /* raw bytes of a single block of which a part may be wanted */ };

void stored_write(const struct block_info *blocks, size_t count, struct buf *out)
{
    bool known = true;
    for (size_t i = 0; i < count; i++)
        known &= blocks[i].stored_known;
    if (count == 1 && blocks[0].raw_len < WORTH_BYTES)
        known = false;
    for (size_t i = 0; i < count && known; i++)
        buf_put_le(out, blocks[i].stored_checksum, 8);
}

void stored_read(struct reader *r, struct block_info *blocks, size_t count)
{
    for (size_t i = 0; i < count && !r->failed; i++) {
        blocks[i].stored_checksum = reader_le(r, 8);
        blocks[i].stored_known = true;
    }
}
