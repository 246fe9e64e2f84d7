/*
 * shares.h - what each source takes of a segment.
 *
 * A block may mix sources, and then nobody can tell whose bytes a stored byte stands for. So a
 * block's stored bytes are shared among its sources by their raw bytes. All shares together are the
 * bytes of the blocks; the index isn't shared.
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

void shares_clear(struct shares *shares);

#endif
