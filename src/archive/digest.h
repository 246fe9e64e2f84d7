/*
 * digest.h - a few numbers for a run of (source, offset, time, bytes), whatever the pieces in which
 * it comes: how a seal compares what it wrote with what can be read back.
 *
 * Where the bytes come from and the bytes themselves may be told apart, as a reader learns them.
 */
#ifndef LOGZIP_ARCHIVE_DIGEST_H
#define LOGZIP_ARCHIVE_DIGEST_H

#include "base/buf.h"
#include "base/error.h"

/** Zero-initialized is the digest of nothing. */
struct digest {
    uint64_t bytes;     /**< told so far */
    uint64_t data;      /**< hash of all bytes but those that are pending */
    struct buf pending; /**< bytes that aren't hashed yet: less than a piece */

    uint64_t runs;      /**< hash of all runs but the open one */
    uint64_t source_id; /**< of the open run; 0 if there is none */
    int64_t read_time;
    uint64_t start; /**< offset of its first byte */
    uint64_t end;   /**< offset behind its last byte */
};

/** The next `len` bytes come from there. If they go on where the last ended, they join its run. */
void digest_place(struct digest *d, uint64_t source_id, uint64_t offset, int64_t read_time,
                  uint64_t len);

/** The next bytes. */
int digest_data(struct digest *d, const void *data, size_t len, struct lgz_error *err);

/** Were both told the same? Ends both: nothing may be told afterwards. */
bool digest_same(struct digest *a, struct digest *b);

void digest_clear(struct digest *d);

#endif
