/*
 * merge_unit.h - merges one unit: some segments that follow each other become one, or one part for
 * each class of retention.
 */
#ifndef LOGZIP_ARCHIVE_MERGE_UNIT_H
#define LOGZIP_ARCHIVE_MERGE_UNIT_H

#include "archive/listing.h"
#include "archive/merge.h"
#include "archive/retention_class.h"

enum merge_outcome {
    MERGE_DONE,
    MERGE_DAMAGED,  /**< a segment can't be read whole; nothing was changed */
    MERGE_DECLINED, /**< it isn't possible; nothing was changed */
    MERGE_GIVEN_UP, /**< there was no time for all of it; nothing was changed */
};

struct merge_done {
    enum merge_outcome outcome;
    size_t damaged; /**< which segment */
    size_t segments;
    uint64_t raw_bytes;
    uint64_t bytes_after;
    struct lgz_error reason; /**< if it's damaged or declined */
};

/**
 * Merge `count` segments, in the order of their journals, and remove them.
 *
 * @param patient  the time may be up, it's finished all the same; only if it's stopped it isn't
 * @return an error if it could not be done for another reason than what `done` tells: no memory,
 *         no room, a disk that fails. Then the sources are all still there, or what they were
 *         merged into is.
 */
int merge_unit(const struct upkeep *u, bool patient, const struct retention_classes *classes,
               const struct listed_segment *sources, size_t count, struct merge_done *done,
               struct lgz_error *err);

#endif
