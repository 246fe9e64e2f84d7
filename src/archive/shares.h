/*
 * shares.h - what each source takes of a segment.
 *
 * A block may mix sources, and what it stores for which of them only its lines tell. So from the
 * index alone a block's stored bytes are shared among its sources by their raw bytes, and
 * query/source_space.h does better. All shares together are the bytes of the blocks; the index
 * isn't shared.
 */
#ifndef LOGZIP_ARCHIVE_SHARES_H
#define LOGZIP_ARCHIVE_SHARES_H

#include "segment/reader.h"

struct share {
    struct source source; /**< a copy */
    uint64_t raw_bytes;
    uint64_t stored_bytes;
};

/** In the order of the segment's table of sources. Zero-initialized is empty and valid. */
struct shares {
    VEC(struct share) list;
};

/** Fill `out`, which is empty. @return LGZ_ERR_MEMORY or LGZ_OK; shares_clear() it in any case */
int shares_of(struct shares *out, const struct segment *segment, struct lgz_error *err);

/** The same, but for the stored bytes, of which nobody has any yet. */
int shares_of_raw(struct shares *out, const struct segment *segment, struct lgz_error *err);

/** Share `bytes` more among the sources of one of the segment's blocks, by their raw bytes. */
void shares_add(struct shares *shares, const struct block_info *block, uint64_t bytes);

void shares_clear(struct shares *shares);

#endif
