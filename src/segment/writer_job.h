/*
 * writer_job.h - inside writer.c only: a block from its first byte until it's written. It is filled
 * by one thread, encoded by others, and used again for another block.
 */
#ifndef LOGZIP_SEGMENT_WRITER_JOB_H
#define LOGZIP_SEGMENT_WRITER_JOB_H

#include "base/workers.h"
#include "segment/block.h"
#include "segment/chain.h"

enum { WRITER_JOB_STEP = 64 << 10 }; /**< raw bytes between two counts of tokens */

struct writer_job {
    struct work work;
    struct buf raw;
    size_t lines;  /* in `raw` */
    size_t tokens; /* in `raw`, estimated */
    size_t line;   /* bytes of `raw` behind its last newline */
    VEC(struct extent) extents;
    VEC(struct block_start) within; /* as in struct block_input; and some that moved on */
    struct buf out;
    struct block_summary summary;
    struct chain_link link;
    enum filtering filtered;
    bool submitted;
};

/** Ready for another block; the extents and the summary are somebody else's by now. */
void writer_job_empty(struct writer_job *job);

/** Free what it owns. */
void writer_job_clear(struct writer_job *job);

/** The next bytes are those. @return false when memory is out */
bool writer_job_extent(struct writer_job *job, const struct extent *x);

/**
 * Move what stands behind `keep` raw bytes, and its extents, into an empty job.
 *
 * @return false when memory is out
 */
bool writer_job_split(struct writer_job *from, struct writer_job *to, size_t keep);

/**
 * Count the lines that `*len` more bytes bring. At `most` lines: stop there, lower `*len`.
 *
 * @return was it stopped?
 */
bool writer_job_lines(struct writer_job *job, const uint8_t *from, size_t *len, size_t most);

/**
 * Each time that the block has WRITER_JOB_STEP bytes more: count the ends of tokens in some of
 * them. To be called whenever bytes were added, at most up to such a place.
 */
void writer_job_tokens(struct writer_job *job);

#endif
