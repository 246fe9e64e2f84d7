/*
 * merge_content.h - what the segments of a merge's unit hold: which bytes of which sources are in
 * which of their blocks, each byte once.
 */
#ifndef LOGZIP_ARCHIVE_MERGE_CONTENT_H
#define LOGZIP_ARCHIVE_MERGE_CONTENT_H

#include "archive/positions.h"
#include "segment/reader.h"

/** A run of a source's bytes in a block. What was in pieces before it is cut off its beginning. */
struct merge_piece {
    uint64_t source_id;
    uint64_t offset;
    int64_t read_time;
    uint32_t block;  /**< index into the content's blocks */
    uint32_t at;     /**< in the block's raw bytes */
    uint32_t length; /**< not 0 */
    uint32_t rules;  /**< number in the content's table */
};

struct merge_block {
    uint32_t file; /**< index of its segment among those of the unit */
    uint32_t part; /**< its index there */
    uint64_t raw_len;
};

/** Zero-initialized is empty and valid. */
struct merge_content {
    VEC(struct merge_block) blocks; /**< in the order of the segments */
    VEC(struct merge_piece) pieces; /**< in the order of sources, each by offset */
    struct positions sources;       /**< as the last segment that has one says */
    struct rules_table rules;
    bool unordered; /**< there is a source that goes back in its file from one block to the next */
};

/** Add what a segment's footer says, that of the next one of the unit. */
int merge_content_add(struct merge_content *c, const struct segment *s, uint32_t file,
                      struct lgz_error *err);

/** After all are added: put the pieces in order, and leave out what is there twice. */
void merge_content_arrange(struct merge_content *c);

void merge_content_clear(struct merge_content *c);

#endif
