/*
 * reader.h - opens a finished segment by its footer and decodes single blocks.
 *
 * A struct segment is immutable after segment_open(): any number of threads may read blocks from
 * it at once. Everything read from the file is checked before it is used; each decoded block is
 * compared with the checksum of its raw bytes.
 */
#ifndef LOGZIP_SEGMENT_READER_H
#define LOGZIP_SEGMENT_READER_H

#include "segment/rules.h"
#include "segment/source.h"

/** No time stamp was recognized in a block. */
#define SEGMENT_NO_TIME INT64_MIN

struct segment_info {
    uint64_t file_bytes;   /**< the whole file */
    uint64_t raw_bytes;    /**< what it holds, decoded */
    uint64_t lines;        /**< '\n' bytes, plus 1 for each run's end without (docs/format.md) */
    uint64_t index_bytes;  /**< footer, trailer and filters */
    uint64_t filter_bytes; /**< of these the filters; 0: there are none */
    int64_t created;       /**< nanoseconds since the epoch */
    int64_t time_min;      /**< over all blocks; SEGMENT_NO_TIME if none has stamps */
    int64_t time_max;
    uint64_t first_journal; /**< journals that it holds whole; 0 if none */
    uint64_t last_journal;
    enum lgz_level level;
};

/** Extents next to each other of one source, each of which goes on where the one before ends. */
struct block_run {
    uint64_t newlines;
    bool cut; /**< the last byte isn't one: its line goes on elsewhere, or ends so */
};

/** What the stamps in a block are. */
enum block_clocks {
    CLOCKS_KNOWN = 1, /**< else nothing is known; segments didn't always say it */
    CLOCKS_LOCAL = 2, /**< there are such as have no zone, and were read as UTC for the range */
    CLOCKS_ZONED = 4, /**< there are such as are instants */
};

struct block_info {
    uint64_t file_offset; /**< of the block's header */
    uint64_t stored_len;  /**< bytes in the file, header included */
    uint64_t raw_len;
    uint64_t raw_checksum;    /**< hash_bytes() of the raw bytes */
    uint64_t stored_checksum; /**< the same of the stored ones */
    bool stored_known;        /**< not in older segments, nor in those of one small block */
    uint64_t lines;
    int64_t time_min; /**< of recognized time stamps, zone applied; SEGMENT_NO_TIME if none */
    int64_t time_max;
    unsigned clocks; /**< of enum block_clocks */
    bool plain;      /**< stored as a plain zstd frame, without templates */
    const struct extent
        *extents; /**< in the order of the raw bytes; their lengths sum to raw_len */
    size_t extent_count;
    const struct block_run *runs;    /**< in the order of the extents */
    size_t run_count;                /**< 0: not known; segments didn't always say it */
    const uint64_t *template_counts; /**< one for each template, in the block's numbering */
    size_t template_count;           /**< 0 in a plain block */
};

struct segment;

/** Open `path`, check header, trailer and footer. Fails with LGZ_ERR_IO and errno ENOENT kept. */
int segment_open(struct segment **out, const char *path, struct lgz_error *err);

/** The same with the open descriptor `fd`, which the segment then owns, also after a failure. */
int segment_open_fd(struct segment **out, int fd, const char *path, struct lgz_error *err);
void segment_close(struct segment *s);

const char *segment_path(const struct segment *s);
const struct segment_info *segment_info(const struct segment *s);

/** The checksum of its footer, as the trailer has it. */
uint64_t segment_checksum(const struct segment *s);

/** Bytes of the file that were read so far, some maybe several times. */
uint64_t segment_bytes_read(const struct segment *s);

size_t segment_source_count(const struct segment *s);
const struct source *segment_source(const struct segment *s, size_t index);

/**
 * How the bytes of a source are meant at `offset`.
 *
 * @param source  its index
 * @param end     set to the offset from which on that may change; UINT64_MAX if it doesn't
 * @return NULL if there are no rules
 */
const struct rules *segment_rules(const struct segment *s, size_t source, uint64_t offset,
                                  uint64_t *end);

size_t segment_block_count(const struct segment *s);
const struct block_info *segment_block(const struct segment *s, size_t index);

/** Append block `index`'s raw bytes to `out`, verified against the checksum. */
int segment_read_block(const struct segment *s, size_t index, struct buf *out,
                       struct lgz_error *err);

/**
 * Block `index` as it is stored, for who decodes only a part of it. Where the index has a checksum
 * of these bytes, it was compared.
 *
 * @param stored  NULL before; to be freed, also after a failure
 * @param body    what is in it
 * @return as segment_read_block(), but the error doesn't say which block it's about
 */
int segment_load_block(const struct segment *s, size_t index, uint8_t **stored, struct span *body,
                       struct lgz_error *err);

/** Say in front of an error's message which block it's about. @return `code` */
int segment_block_error(const struct segment *s, size_t index, int code, struct lgz_error *err);

/**
 * The part with the filters of all blocks; filters.h understands it.
 *
 * @param stored  to be freed; NULL if there is none
 * @param body    what is in it
 * @return LGZ_ERR_CORRUPT if it isn't what the footer speaks of
 */
int segment_read_filters(const struct segment *s, uint8_t **stored, struct span *body,
                         struct lgz_error *err);

struct template_set;

/**
 * The templates of block `index` as such; none in a plain block.
 *
 * @param most_head  a head of more bytes is refused with LGZ_ERR_LIMIT; a byte may cost a hundred
 * @param set        free with template_set_clear()
 */
int segment_template_set(const struct segment *s, size_t index, size_t most_head,
                         struct template_set *set, struct lgz_error *err);

#endif
