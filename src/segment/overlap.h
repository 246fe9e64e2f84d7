/*
 * overlap.h - finds columns that hold the same values: ids that several templates mention. Put into
 * one column, in the order of the rows, such values come back soon after they were last seen.
 *
 * Each column has a sketch, the smallest hashes of its values (bottom-k; Broder 1997), from which
 * the number of distinct values and the share that two columns have in common are estimated.
 */
#ifndef LOGZIP_SEGMENT_OVERLAP_H
#define LOGZIP_SEGMENT_OVERLAP_H

#include "column/text.h"

enum { SKETCH_SIZE = 64 };

struct sketch {
    uint64_t smallest[SKETCH_SIZE]; /**< ascending */
    size_t len;                     /**< below SKETCH_SIZE: all distinct values are here */
};

void sketch_values(struct sketch *s, const struct text_values *values);

/** Estimated number of distinct values. */
double sketch_distinct(const struct sketch *s);

/** Estimated share of the smaller set's distinct values that are in the other one, 0 to 1. */
double sketch_overlap(const struct sketch *a, const struct sketch *b);

/**
 * Group columns that share many distinct values.
 *
 * @param sketches  `count` of them; one with `len` 0 takes no part
 * @param group     set, for each column, to the smallest column of its group
 * @return true if any group has more than one column
 */
bool overlap_groups(const struct sketch *sketches, size_t count, uint32_t *group);

#endif
