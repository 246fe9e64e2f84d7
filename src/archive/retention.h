/*
 * retention.h - which segments have had their time, and removing them.
 *
 * Segments go oldest first, so what an archive still has of a source never has a hole. Journals are
 * never removed. Needs no lock: whole segments are removed, and a reader that has one open can
 * still read it.
 */
#ifndef LOGZIP_ARCHIVE_RETENTION_H
#define LOGZIP_ARCHIVE_RETENTION_H

#include <stdbool.h>

#include "base/error.h"

struct retention_policy {
    int64_t max_age_ns; /**< of the newest byte in a segment, since it was read; 0: no limit */
    uint64_t max_bytes; /**< of all segments together; 0: no limit */
};

enum retention_reason { RETENTION_AGE = 1, RETENTION_SIZE = 2 };

struct retention_item {
    char *path;
    uint64_t bytes;
    enum retention_reason reason;
};

struct retention_result {
    struct retention_item *items; /**< what was removed (or would be), oldest first */
    size_t count;
    uint64_t bytes;      /**< of those items */
    size_t kept;         /**< segments that stay */
    uint64_t kept_bytes; /**< of those */
};

/**
 * Expire the segments of an archive.
 *
 * @param now      nanoseconds since the epoch
 * @param dry_run  only say what would be removed
 * @param result   filled also on failure, with what was removed before; to be cleared by
 *                 retention_result_clear() in any case
 * @return LGZ_ERR_NOT_FOUND if the directory isn't there, LGZ_ERR_ARGUMENT for a negative age
 */
int retention_apply(const char *directory, const struct retention_policy *policy, int64_t now,
                    bool dry_run, struct retention_result *result, struct lgz_error *err);
void retention_result_clear(struct retention_result *result);

#endif
