/*
 * zstd_frame.h - bytes as a zstd frame, or as they are where that isn't smaller (docs/format.md).
 */
#ifndef LOGZIP_COLUMN_ZSTD_FRAME_H
#define LOGZIP_COLUMN_ZSTD_FRAME_H

#include <zstd.h>

#include "base/buf.h"
#include "base/error.h"

/** How frames are compressed. */
struct frame_options {
    int zstd_level;
    unsigned window_log; /**< 0: zstd's own choice */
    bool far;            /**< find long repetitions in all of the window, even at a low level */
};

/**
 * Compress `len` bytes into one zstd frame (no content size, no checksum), appended to `out`. Bytes
 * of which a frame isn't smaller are stored as they are: a frame as long as what it holds is none.
 */
int frame_compress(ZSTD_CCtx *zstd, const struct frame_options *options, const void *data,
                   size_t len, struct buf *out, struct lgz_error *err);

/** Could a frame give `len` bytes at all? Asked before memory is set aside for them. */
bool frame_may_hold(struct span frame, uint64_t len);

/** Decompress a frame that must give exactly `len` bytes into `to`. */
int frame_decompress(struct span frame, uint8_t *to, size_t len, struct lgz_error *err);

/** Decompress what is a zstd frame, or several, and must give exactly `len` bytes, into `to`. */
int frame_unpack(struct span frame, uint8_t *to, size_t len, struct lgz_error *err);

#endif
