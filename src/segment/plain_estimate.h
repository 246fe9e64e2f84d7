/*
 * plain_estimate.h - about how small zstd would make a block's raw bytes, without compressing all
 * of them: whether a plain block might win is asked for every block, and nearly always in vain.
 */
#ifndef LOGZIP_SEGMENT_PLAIN_ESTIMATE_H
#define LOGZIP_SEGMENT_PLAIN_ESTIMATE_H

#include <zstd.h>

#include "base/buf.h"

/**
 * Bytes that a plain frame of the block would have at zstd's level 1, from what that makes of some
 * pieces, and from how much of the block was there before.
 *
 * @return 0 if nothing can be said: the block is small, memory is out
 */
size_t plain_estimate(ZSTD_CCtx *zstd, struct span raw);

/**
 * How much smaller than level 1 another level of zstd makes some pieces of the block.
 *
 * @return the factor, 1 or less as a rule; 0 if nothing can be said: the block is small, or memory
 *         is out
 */
double plain_gain(ZSTD_CCtx *zstd, struct span raw, int level);

#endif
