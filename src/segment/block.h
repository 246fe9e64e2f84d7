/*
 * block.h - one block: some MiB of raw bytes, encoded for themselves, so that blocks can be encoded
 * and decoded in parallel, skipped, and saved when a neighbour is damaged.
 *
 * A block is structured (templates, columns, streams) or, where that doesn't pay, a plain zstd
 * frame. docs/format.md has the bytes.
 */
#ifndef LOGZIP_SEGMENT_BLOCK_H
#define LOGZIP_SEGMENT_BLOCK_H

#include "column/streams.h"
#include "segment/filter.h"
#include "segment/filtering.h"
#include "segment/reader.h"
#include "template/template_set.h"

/** The byte in front of each part of a segment. */
enum block_tag { BLOCK_STRUCTURED = 1, BLOCK_PLAIN = 2, SEGMENT_FOOTER = 3, SEGMENT_FILTERS = 4 };

static inline enum block_tag block_tag_of(const struct block_info *info)
{
    return info->plain ? BLOCK_PLAIN : BLOCK_STRUCTURED;
}

enum {
    BLOCK_MAX_RAW = 1 << 30, /**< raw bytes of a block, at most */
    BLOCK_MAX_HEADER = 1 + VARINT_MAX,
    BLOCK_STREAM_LIMIT = 16, /**< bytes of all streams for each raw byte, at most */
};

/**
 * Bytes of a structured block's head, at most: each may cost a reader a hundred bytes of memory, so
 * neither what the body says of itself nor what it holds alone is enough to justify them.
 */
static inline uint64_t block_head_limit(uint64_t raw_len, uint64_t body_len)
{
    uint64_t said = raw_len * 8;
    uint64_t held = body_len * 128;
    return (said < held ? said : held) + (64 << 10);
}

/** Raw bytes of a block at `level`, if the user doesn't say. */
size_t block_default_size(enum lgz_level level);

/** What the footer says of a block, found while encoding. */
struct block_summary {
    uint64_t raw_checksum;
    uint64_t lines;
    int64_t time_min;
    int64_t time_max;
    unsigned clocks; /**< of enum block_clocks */
    bool plain;
    VEC(struct block_run) runs;
    VEC(uint64_t) template_counts;
    struct filter filter; /**< if it was asked for */
};

struct chain_link;

/** Where a run begins. */
struct block_start {
    uint32_t source;
    uint64_t offset;
};

/** The raw bytes of a block and where they came from. */
struct block_input {
    const uint8_t *raw;
    size_t len; /**< 1 to BLOCK_MAX_RAW */
    const struct extent *extents;
    size_t extent_count;
    struct chain_link *link;          /**< to what the block before knows (chain.h), or NULL */
    struct text_parts *parts;         /**< filled, with `filtered`; block_encode()'s own */
    enum filtering filtered;          /**< a filter is wanted */
    const struct block_start *within; /**< runs whose first line has a stamp before them */
    size_t within_count;
};

/**
 * Encode a block: tag, length, body, appended to `out`.
 *
 * @param summary  filled; free with block_summary_clear()
 */
int block_encode(struct column_context *ctx, const struct block_input *input, struct buf *out,
                 struct block_summary *summary, struct lgz_error *err);

void block_summary_clear(struct block_summary *summary);

/**
 * Decode a block's body, compare it with its checksum, and append the raw bytes to `out`.
 *
 * @param tag  BLOCK_STRUCTURED or BLOCK_PLAIN
 * @param out  on error its contents are what they were; it never grows by more than what the block
 *             says and a few bytes
 */
int block_decode(enum block_tag tag, struct span body, struct buf *out, struct lgz_error *err);

/** How many raw bytes a body says that it holds; nothing is checked yet. */
uint64_t block_raw_len(struct span body);

/** The checksum in the header of a body that was decoded well. */
uint64_t block_checksum(struct span body);

/**
 * Only the templates of a structured block's body; nothing else of it is decoded.
 *
 * @param most_head  a head of more bytes is refused with LGZ_ERR_LIMIT
 */
int block_templates(struct span body, size_t most_head, struct template_set *set,
                    struct lgz_error *err);

/**
 * The templates of a structured block's body, and which of them each line has.
 *
 * @param of_line  set to an array of `*lines` numbers below the length of the set; to be freed
 */
int block_line_templates(struct span body, struct template_set *set, uint32_t **of_line,
                         size_t *lines, struct lgz_error *err);

#endif
