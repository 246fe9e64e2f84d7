/*
 * scrub.h - a step of an archive's upkeep: looks for damage before somebody needs what is damaged,
 * a part of the archive each time, those that were looked at longest ago first.
 *
 * A segment's stored bytes are compared with their checksums soon after it's new, and again four
 * times in [archive] scrub_period; once in it, all of it is decoded. The catalog has when that was.
 * What was written was decoded then, so that counts as the first time.
 *
 * A damaged segment is kept as NAME.logz.damaged, and what is whole of it takes its place
 * (rescue.h), so that who queries finds all but what is gone.
 */
#ifndef LOGZIP_ARCHIVE_SCRUB_H
#define LOGZIP_ARCHIVE_SCRUB_H

#include <stddef.h>

#include "archive/upkeep.h"
#include "base/error.h"

struct scrub_result {
    size_t checked;      /**< whose stored bytes were compared, or in a dry run would be */
    size_t decoded;      /**< that were decoded, or would be */
    uint64_t bytes;      /**< of both */
    size_t damaged;      /**< of both: each is told */
    size_t unreadable;   /**< that couldn't be looked at: each is told */
    uint64_t lines_lost; /**< in those damaged, as far as it's known */
    bool unfinished;     /**< the time was up before all that is due was done */
};

/**
 * Look at what is due.
 *
 * @param all     decode every segment, due or not
 * @param result  what was done, also after a failure
 */
int scrub_run(const struct upkeep *u, bool all, struct scrub_result *result, struct lgz_error *err);

#endif
