/*
 * digest.h - one number for a run of (source, offset, time, bytes), whatever the pieces in which
 * it comes: how a seal compares what it wrote with what can be read back.
 */
#ifndef LOGZIP_ARCHIVE_DIGEST_H
#define LOGZIP_ARCHIVE_DIGEST_H

#include "base/buf.h"
#include "base/error.h"

/** Zero-initialized is the digest of nothing. */
struct digest {
    uint64_t sum;
    uint64_t bytes;     /**< fed so far */
    uint64_t source_id; /**< of the open run; 0 if there is none */
    uint64_t offset;    /**< where the open run ends */
    int64_t read_time;  /**< of the open run */
    struct buf pending; /**< bytes of the open run that aren't hashed yet */
};

/** Add bytes. Those that go on where the last ended (source, offset and time) continue its run. */
int digest_feed(struct digest *d, uint64_t source_id, uint64_t offset, int64_t read_time,
                const uint8_t *data, size_t len, struct lgz_error *err);

/** Close the open run. @return the digest of everything fed */
uint64_t digest_finish(struct digest *d);

void digest_clear(struct digest *d);

#endif
