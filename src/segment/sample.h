/*
 * sample.h - a small part of a block that stands for all of it.
 */
#ifndef LOGZIP_SEGMENT_SAMPLE_H
#define LOGZIP_SEGMENT_SAMPLE_H

#include "base/buf.h"

/**
 * Copy pieces from all over a block, whole lines where there are line ends.
 *
 * @param pieces  how many, evenly spread; at least 1
 * @param piece   bytes of one before it is cut at line ends; `pieces` of them fit into `raw`
 * @return false when memory is out
 */
bool sample_take(struct span raw, size_t pieces, size_t piece, struct buf *sample);

#endif
