/*
 * filter_worth.h - how many bytes filters may have, and what a plane of a set is worth: by how many
 * of the texts that are asked for it spares how much searching.
 */
#ifndef LOGZIP_SEGMENT_FILTER_WORTH_H
#define LOGZIP_SEGMENT_FILTER_WORTH_H

#include <stddef.h>

#include "segment/filtering.h"
#include "segment/grams.h"

/**
 * Bytes that a filter may have: by its block's share of what an index may have; or all of a
 * segment's, of its sizes.
 *
 * @param stored  bytes, not 0
 */
size_t filter_share(enum filtering filtering, size_t raw, size_t stored);

/** What it costs to search a block of so many stored bytes. */
double filter_search_cost(size_t stored);

/**
 * Of the texts of a family that aren't in a block, the share that a set lets pass.
 *
 * @param window  of the family, if it has one
 */
double filter_pass(enum gram_family family, unsigned window, unsigned planes);

/**
 * The worth of the first planes of a set: what they spare of searching the block, as a share of
 * that. A further plane is worth less than the one before.
 */
double filter_worth(enum gram_family family, unsigned window, unsigned planes);

#endif
