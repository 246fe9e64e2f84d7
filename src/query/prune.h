/*
 * prune.h - which blocks of a segment need not be decoded, and what to do where one was left out
 * and the next one is not.
 *
 * A block is left out for its time only if none of its lines can be in the range: all stamps in it
 * are on one side, its first lines (which may have no stamp of their own) are dated by something
 * outside of the range, too, and neither a line nor an event within the range is under way from the
 * block before.
 */
#ifndef LOGZIP_QUERY_PRUNE_H
#define LOGZIP_QUERY_PRUNE_H

#include "query/select.h"
#include "segment/reader.h"

/** Does the block hold bytes of a source that is still wanted? `sources`: by the segment's index */
bool prune_wanted(const struct selection *s, const struct block_info *block,
                  struct query_source *const *sources);

/** Are the lines of an extent, or some of them, joined to events? */
bool prune_has_events(const struct segment *segment, const struct extent *extent);

/** Have all lines of a run, its extents from `first` to `end`, the same rules, and are they no
 * parts of events that are selected? */
bool prune_has_lines(const struct selection *s, const struct segment *segment,
                     const struct extent *first, const struct extent *end);

/**
 * May the block be left out if no line in it can be selected? Not where its lines are to be shown
 * around others, or numbers can't be told without it.
 */
bool prune_allowed(const struct selection *s, const struct segment *segment,
                   const struct block_info *block, struct query_source *const *sources);

/** By the stamps in the block alone: may lines of it be in the time range? */
bool prune_may_be_in_time(const struct selection *s, const struct block_info *block);

/** Is it certain that no line of the block is in the time range? */
bool prune_by_time(const struct selection *s, const struct segment *segment,
                   const struct block_info *block, struct query_source *const *sources);

/** Why a block is left out. */
enum prune_reason {
    PRUNE_TIME,     /**< no line of it is in the time range */
    PRUNE_TEXT,     /**< no line of it has what is wanted (prune_text.h) */
    PRUNE_TEMPLATE, /**< nor the template that is (prune_template.h) */
    PRUNE_FOUND,    /**< its lines were selected without the rest of it (sparse.h) */
};

/** Leave the block out, which is allowed: note for each of its sources where it goes on. A source
 * that is NULL is of no interest. */
int prune_skip(const struct selection *s, const struct block_info *block,
               struct query_source *const *sources, struct skipped_block number,
               enum prune_reason reason, struct lgz_error *err);

/**
 * Gives a block that was left out: its segment and its raw bytes, both valid up to the next call.
 * `*segment` is NULL if it's gone meanwhile.
 */
typedef int prune_read_fn(void *context, struct skipped_block number, struct segment **segment,
                          struct span *raw, struct lgz_error *err);

/**
 * Puts the blocks of the last segment that number `at` of the blocks that were left out stands for,
 * which is BLOCKS_PASSED, behind it, as far as they have bytes of the source.
 *
 * @return 1, 0 if there is no such segment any more, or a negative code
 */
typedef int prune_older_fn(void *context, struct query_source *source, size_t at,
                           struct lgz_error *err);

/** Where blocks that were left out come from. */
struct prune_past {
    prune_read_fn *read;
    prune_older_fn *older;
    void *context;
};

/** What a source will be fed next. */
struct prune_next {
    struct dialect *dialect;
    uint64_t offset;  /**< in the source */
    struct span data; /**< all of it has that dialect; empty: not known */
};

/**
 * The source is about to be fed again after blocks were left out: fetch from them the start of the
 * line that is under way, and the stamp that dates it; and the event under way, if the source has
 * events. Mostly none of that is needed, and no block is read: the last one ended with a line, and
 * the next line has a stamp and begins an event.
 */
int prune_resume(const struct selection *s, struct query_source *source,
                 const struct prune_next *next, const struct prune_past *from,
                 struct lgz_error *err);

#endif
