/*
 * merge_plan.h - which segments of an archive belong together in a merge (merge.h says what that
 * is), found out by their names, the catalog and footers.
 *
 * What the catalog says is enough to leave a segment as it is. Of those that are to be merged each
 * footer was read.
 */
#ifndef LOGZIP_ARCHIVE_MERGE_PLAN_H
#define LOGZIP_ARCHIVE_MERGE_PLAN_H

#include "archive/listing.h"
#include "archive/retention_class.h"
#include "archive/upkeep.h"

/** What is known of a segment. */
struct merge_fact {
    uint64_t raw_bytes;
    uint64_t file_bytes;
    size_t extents; /**< 0 as long as only the catalog was asked */
    bool several;   /**< classes have bytes in it */
    bool best;      /**< it has the best level */
    bool usable;    /**< its footer can be read, and it's what its name says */
    bool cataloged; /**< the catalog says all that */
};

/** Segments `from` to `to` (behind the last) of the plan's listing. */
struct merge_unit {
    size_t from;
    size_t to;
};

struct merge_plan {
    const struct upkeep *upkeep;
    const struct retention_classes *classes;
    struct listing found;
    struct merge_fact *facts; /**< of each segment in `found` */
    VEC(struct merge_unit) units;
};

/**
 * Find out what is to be merged. Segments that can't be read are told as problems, and stay.
 *
 * @param plan     to be cleared by merge_plan_clear() in any case
 * @param u        must outlive it, as must the classes
 */
int merge_plan_make(struct merge_plan *plan, const struct upkeep *u,
                    const struct retention_classes *classes, struct lgz_error *err);

/** Segment number `damaged` of a unit can't be merged: plan what is before it, and behind it. */
int merge_plan_around(struct merge_plan *plan, struct merge_unit unit, size_t damaged,
                      struct lgz_error *err);

/** All that `field` of a unit's segments comes to. */
struct merge_fact merge_plan_sum(const struct merge_plan *plan, struct merge_unit unit);

void merge_plan_clear(struct merge_plan *plan);

#endif
