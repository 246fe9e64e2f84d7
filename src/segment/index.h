/*
 * index.h - a segment's frame: the header in front, the footer (the index of everything) and the
 * trailer that finds it. docs/format.md has the bytes.
 */
#ifndef LOGZIP_SEGMENT_INDEX_H
#define LOGZIP_SEGMENT_INDEX_H

#include "segment/block.h"
#include "segment/rules.h"

enum {
    SEGMENT_HEADER_LEN = 8,
    SEGMENT_TRAILER_LEN = 16,
    SEGMENT_VERSION = 1,
};

/** All that a footer says. */
struct segment_index {
    enum lgz_level level;
    uint64_t first_journal;
    uint64_t last_journal;
    VEC(struct source) sources;
    struct rules_table rules;      /**< those that `rules_runs` speaks of */
    struct rules_runs rules_runs;  /**< of all sources */
    VEC(struct block_info) blocks; /**< extents and template_counts are owned by the index */
    uint64_t filters_len;          /**< bytes of the part behind the blocks; 0: there is none */
    uint64_t filters_checksum;     /**< hash_bytes() of that part, its tag included */
};

/**
 * Take a part of a segment apart: a block, the filters or the footer, from its tag on.
 *
 * @param body  set to what is behind its tag and length
 * @return false if it's none with this tag, or isn't all there, or something is behind it
 */
bool segment_part_read(struct span part, enum block_tag tag, struct span *body);

/** Write the 8 bytes of a header. */
void segment_header_write(uint8_t *out);

/** @return LGZ_ERR_FORMAT or LGZ_ERR_VERSION if these 8 bytes aren't a header */
int segment_header_check(const uint8_t *in, const char *name, struct lgz_error *err);

/** Append footer and trailer. */
int segment_footer_write(const struct segment_index *index, ZSTD_CCtx *zstd, struct buf *out,
                         struct lgz_error *err);

/** Parse a trailer: the checksum of the footer and its length, its tag included. */
int segment_trailer_read(const uint8_t *in, const char *name, uint64_t *checksum,
                         uint64_t *footer_len, struct lgz_error *err);

/**
 * Parse a footer.
 *
 * @param footer    from its tag on, all of it
 * @param checksum  from the trailer
 */
int segment_footer_read(struct span footer, uint64_t checksum, const char *name,
                        struct segment_index *index, struct lgz_error *err);

/** The bytes that the index says are in front of the footer, header and filters included. */
uint64_t segment_index_length(const struct segment_index *index);

void segment_index_clear(struct segment_index *index);

#endif
