/*
 * ahead.h - blocks of a segment, and of those that follow it, that threads decode or search, and
 * match the lines of, before their turn.
 *
 * Blocks are taken one by one, in order. While one is looked at by who took it, those behind it
 * that are likely to be wanted are worked on, at most AHEAD_BLOCKS for each thread and AHEAD_BYTES
 * of raw bytes in all (one block may be larger). If who takes may stop soon, the first ones are
 * worked on one by one, so that little is done in vain. With one thread nothing is done before its
 * turn. Where segments have few blocks that are likely to be wanted, at most AHEAD_SEGMENTS are
 * open at once.
 *
 * A struct ahead is used by one thread at a time.
 */
#ifndef LOGZIP_QUERY_AHEAD_H
#define LOGZIP_QUERY_AHEAD_H

#include "query/found.h"
#include "query/pattern.h"
#include "query/sparse.h"
#include "segment/reader.h"

enum {
    AHEAD_THREADS_MAX = 256,
    AHEAD_BLOCKS = 4,
    AHEAD_SEGMENTS = 32,
    AHEAD_BYTES = 256 << 20,
};

/** A block that was decoded; or searched instead. */
struct ahead_block {
    struct sparse_found *sparse; /**< NULL: it was decoded */
    struct span raw;
    struct found_lines *found; /**< for each of its extents; NULL: its lines weren't matched */
};

/** Is it likely that the block will be taken? Asked by the thread that takes. */
typedef bool ahead_likely_fn(void *context, size_t block);

/** May the lines of the extent be matched one by one? Asked by any thread; changes nothing. */
typedef bool ahead_matched_fn(void *context, const struct segment *segment,
                              const struct extent *extent);

/** May the block be searched instead of being decoded? Asked as ahead_likely_fn is. */
typedef bool ahead_search_fn(void *context, size_t block, struct block_search *search);

struct ahead_plan;

/**
 * All blocks of the segment that are likely to be wanted are under way: which segment follows it?
 * Asked once for each, as ahead_likely_fn is, the ones that follow included.
 *
 * @param context  of the plan of the segment that it follows
 * @param plan     set for it
 * @return NULL if there is none; else it stays open up to its ahead_end(), or up to ahead_leave()
 */
typedef const struct segment *ahead_follow_fn(void *context, struct ahead_plan *plan);

/** What is asked of blocks before they are worked on. */
struct ahead_plan {
    ahead_likely_fn *likely;
    ahead_matched_fn *matched; /**< NULL: no lines are matched */
    ahead_search_fn *search;   /**< NULL: none is searched */
    ahead_follow_fn *follow;   /**< NULL: no segment follows */
    void *context;
};

struct ahead;

/**
 * Get ready; threads are started when they are needed first.
 *
 * @param threads  1 to AHEAD_THREADS_MAX, the caller's included
 * @param gently   the caller may stop soon
 * @param pattern  lines that match it are found; must outlive this
 * @param where    as for sparse_find(); must outlive this
 */
int ahead_new(struct ahead **out, unsigned threads, bool gently, struct pattern *pattern,
              struct where *where, struct lgz_error *err);

/** Wait for the threads and end them. NULL is allowed. */
void ahead_free(struct ahead *a);

/**
 * Begin with a segment, which must stay open up to ahead_end(). Another one must have ended. What
 * is under way of the segment is kept, if it's the one that follows next; it has its plan already
 * then.
 */
void ahead_begin(struct ahead *a, const struct segment *segment, const struct ahead_plan *plan);

/** Is nothing left to wait for before ahead_take() of the block returns? */
bool ahead_ready(struct ahead *a, size_t block);

/**
 * Decode a block, if that wasn't done before its turn. Blocks are taken in their order; those in
 * between are given up.
 *
 * @param out  valid up to the next call
 */
int ahead_take(struct ahead *a, size_t block, struct ahead_block *out, struct lgz_error *err);

/** The block that was taken was searched; after all, decode it. */
int ahead_decode(struct ahead *a, size_t block, struct ahead_block *out, struct lgz_error *err);

/** Give up what was not taken of the segment; wait for what is being worked on. */
void ahead_end(struct ahead *a);

/** Give up the segments that were to follow, too. */
void ahead_leave(struct ahead *a);

#endif
