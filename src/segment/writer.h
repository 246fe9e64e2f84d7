/*
 * writer.h - writes one segment, front to back, without seeking: blocks as they fill, then the
 * footer. Blocks are encoded on `threads` threads; the bytes written don't depend on how many. A
 * memory limit makes fewer threads run and, where that isn't enough, blocks smaller (budget.h).
 *
 * A block ends with a line, unless a line is longer than a block or max_line: such a line is stored
 * in pieces, each a block of its own, and decodes to what it was.
 */
#ifndef LOGZIP_SEGMENT_WRITER_H
#define LOGZIP_SEGMENT_WRITER_H

#include "segment/filtering.h"
#include "segment/rules.h"
#include "segment/source.h"

enum { SEGMENT_THREADS_MAX = 256 };

struct segment_options {
    enum lgz_level level;
    unsigned threads;       /**< 1 to SEGMENT_THREADS_MAX */
    size_t block_size;      /**< raw bytes of a block; 0 for the level's own */
    uint64_t memory;        /**< bytes to stay within; 0 for no limit */
    size_t max_line;        /**< a longer line is cut; 0 for the size of a block */
    uint64_t first_journal; /**< the journals that the segment holds whole, 0 if none */
    uint64_t last_journal;
    enum filtering filtered; /**< with filters for queries (filters.h) */
    bool uncoded;    /**< without the context coder: some 2 % larger, decoded in half the time */
    bool background; /**< encode on `threads` others than the caller's, which fills the next block
                          meanwhile, and may decode one; not if `memory` is too low for it */
    bool (*stop)(void *context); /**< asked by any thread, often; once it's true, the writer gives
                                    up soon, with LGZ_ERR_CANCELLED. NULL: nobody stops it */
    void *stop_context;
};

struct segment_writer;

/** Start a segment; `write` gets its bytes in order, from the thread that calls the functions. */
int segment_writer_new(struct segment_writer **out, const struct segment_options *options,
                       lgz_write_fn *write, void *context, struct lgz_error *err);

struct segment;

/**
 * Start from the templates of an earlier segment's last structured block, so that the same lines
 * have the same templates, and are clustered sooner. To be called before anything is appended. The
 * segment isn't needed afterwards. If its block is damaged, or has a head so large that reading it
 * takes more than it saves, all is as if there was none.
 *
 * @return an error only when memory is out
 */
int segment_writer_continue(struct segment_writer *w, const struct segment *earlier,
                            struct lgz_error *err);

/** Add a source (copied) and set `*index` to what segment_writer_append() wants. */
int segment_writer_source(struct segment_writer *w, const struct source *source, uint32_t *index,
                          struct lgz_error *err);

/**
 * From `offset` on, source `index` has these rules (copied; NULL: none). To be called in order of
 * sources and, for each, of offsets, with rules that aren't those before.
 */
int segment_writer_rules(struct segment_writer *w, uint32_t index, uint64_t offset,
                         const struct rules *rules, struct lgz_error *err);

/**
 * Append `len` raw bytes that were read from source `index` at `offset` at `read_time`. They are
 * copied. Runs that continue each other (same source, next offset, same read_time) become one
 * extent.
 */
int segment_writer_append(struct segment_writer *w, uint32_t index, uint64_t offset,
                          int64_t read_time, const void *data, size_t len, struct lgz_error *err);

/** Encode the rest, write footer and trailer. The caller makes the bytes durable. */
int segment_writer_finish(struct segment_writer *w, struct lgz_error *err);

/** Raw bytes taken and segment bytes written so far. */
uint64_t segment_writer_raw_bytes(const struct segment_writer *w);
uint64_t segment_writer_stored_bytes(const struct segment_writer *w);

/** Free the writer, finished or not. NULL is allowed. */
void segment_writer_free(struct segment_writer *w);

#endif
