/*
 * filter_build.h - makes the filter of a block: which sets it has, with which windows and how many
 * planes.
 */
#ifndef LOGZIP_SEGMENT_FILTER_BUILD_H
#define LOGZIP_SEGMENT_FILTER_BUILD_H

#include "segment/filter.h"
#include "segment/text_parts.h"

/**
 * Choose what is worth its bytes, and build it.
 *
 * @param parts   of the text; its sets become lists
 * @param most    bytes that the filter may have
 * @param filter  filled; to be cleared by the caller, also after a failure
 * @return false when memory is out
 */
bool filter_build(struct filter *filter, struct text_parts *parts, const uint8_t *raw, size_t most);

#endif
