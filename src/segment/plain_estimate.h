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
 * pieces, and from how many of the block's lines were there before.
 *
 * @return 0 if nothing can be said: the block is small, its lines are very long, memory is out
 */
size_t plain_estimate(ZSTD_CCtx *zstd, struct span raw);

#endif
