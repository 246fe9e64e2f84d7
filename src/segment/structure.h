/*
 * structure.h - the body of a structured block: from lines to skeletons, templates, columns and
 * streams.
 *
 * At --best, values are arranged in columns in more than one way, and the smallest body stays.
 * docs/format.md has the bytes.
 */
#ifndef LOGZIP_SEGMENT_STRUCTURE_H
#define LOGZIP_SEGMENT_STRUCTURE_H

#include "segment/block.h"

enum {
    STRUCTURE_LINES_LEAST = 3, /**< a template of fewer lines costs more than it saves */
};

/**
 * Encode a block's lines.
 *
 * @param ctx       its level says how hard is tried
 * @param frames    how to compress frames
 * @param checksum  of the raw bytes
 * @param body      empty; it stays empty where a reader wouldn't take what would be in it
 * @param summary   lines, times and counts are filled
 */
int structure_encode(struct column_context *ctx, const struct frame_options *frames,
                     const struct block_input *input, uint64_t checksum, struct buf *body,
                     struct block_summary *summary, struct lgz_error *err);

/**
 * The same for a block whose lines all are `line`, with its end: one template without slots.
 */
int structure_encode_repeated(struct column_context *ctx, const struct frame_options *frames,
                              const struct block_input *input, struct span line, uint64_t checksum,
                              struct buf *body, struct block_summary *summary,
                              struct lgz_error *err);

#endif
