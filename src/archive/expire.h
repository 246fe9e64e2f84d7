/*
 * expire.h - the step of the archive's upkeep that removes the segments that have had their time.
 *
 * The oldest go first (holdings.h): what is older than the limits of its retention classes, what a
 * class has too much of, and whatever is oldest as long as all segments together are larger than
 * max_size, or less than keep_free is free. A segment with several classes goes for its age or
 * their sizes when none of them wants it any longer. Never removed are
 *
 *   journals             what isn't sealed yet
 *   what a rule keeps    keep.h
 *   what can't be read   nobody knows whose it is; scrub sets it aside
 *
 * What is left of a source has no hole, but around what a rule keeps.
 *
 * What a merge has replaced goes before (tidy.h): if one of the parts that it was merged into
 * expired while it is there, the others would count as the rest of a merge that wasn't finished.
 */
#ifndef LOGZIP_ARCHIVE_EXPIRE_H
#define LOGZIP_ARCHIVE_EXPIRE_H

#include "archive/upkeep.h"

struct expire_result {
    size_t count;        /**< segments that were removed (or would be) */
    uint64_t bytes;      /**< of those */
    size_t left;         /**< segments that are there now (or would be) */
    uint64_t left_bytes; /**< of those */
    size_t kept;         /**< of these, the ones that went if there were no rule */
    uint64_t kept_bytes; /**< of those */
    bool unfinished;     /**< the time was up */
};

/**
 * Expire the segments of an archive. Each is told.
 *
 * @param result  filled also on failure, with what was removed before
 * @return LGZ_ERR_NOT_FOUND if the directory isn't there; the errors of archive_tidy() and
 *         keep_load(): then nothing expires
 */
int expire_run(const struct upkeep *upkeep, struct expire_result *result, struct lgz_error *err);

#endif
