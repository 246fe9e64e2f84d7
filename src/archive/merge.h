/*
 * merge.h - a step of an archive's upkeep: many small segments, coded fast, become few large ones
 * at the best level.
 *
 * A unit of work is what belongs together: segments that follow each other, whose first bytes were
 * read on the same day (or in the same week) in UTC, of at most merge_size raw bytes. Days that
 * aren't over are left alone. A unit becomes one segment, or, where it has bytes of several classes
 * of retention, one part for each of them. Bytes, sources, offsets, times of reading and rules stay
 * what they were; overlapping ranges of a source are stored once.
 *
 * Imports aren't merged; they are as good as they get.
 */
#ifndef LOGZIP_ARCHIVE_MERGE_H
#define LOGZIP_ARCHIVE_MERGE_H

#include <stddef.h>

#include "archive/upkeep.h"
#include "base/error.h"

struct merge_result {
    size_t units;          /**< that were merged, or in a dry run would be */
    size_t sources;        /**< segments that went into those */
    size_t segments;       /**< that they became; not known in a dry run */
    uint64_t raw_bytes;    /**< in those */
    uint64_t bytes_before; /**< of the sources' files */
    uint64_t bytes_after;  /**< of what they became */
    size_t left;           /**< units that were left as they are, since something is wrong: told */
    bool unfinished;       /**< the time was up, or it was stopped, before all was done */
};

/**
 * Merge what there is to merge.
 *
 * New segments are drafts until they are decoded and compared with what they were made of. They get
 * their names, durably, before a source goes; killed at any moment, nothing is lost, and nothing is
 * read twice (listing.h). Memory stays within [archive] seal_memory, but for 96 MiB, or 1.5 GiB if
 * that isn't set. A unit is begun only if there is room for another copy of it, and min_free beside
 * that. A damaged source stays, told as a problem; what is before it and behind it is merged. A
 * unit for which the time doesn't last is given up; but the first one is finished, so that each run
 * gets further, unless it's stopped (upkeep.h).
 *
 * @param result  what was done, also after a failure
 */
int merge_run(const struct upkeep *u, struct merge_result *result, struct lgz_error *err);

#endif
