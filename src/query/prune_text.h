/*
 * prune_text.h - which blocks of a segment need not be decoded since by their filters no line in
 * them has what is wanted.
 *
 * A block's filter tells which clauses of the plan (plan.h) its bytes lack. A block is left out if
 * no line and no event with bytes in it can be wanted:
 *
 * - All bytes lack one clause at least: then no line that lies within the block is wanted.
 * - A line that goes on from one run of the block into the next of its source lacks one, too: none
 *   of its strings can end the one and begin the other.
 * - So does a line or event that was under way before the block. What it lacks so far is known: of
 *   its bytes, if they were decoded, or noted when blocks before this one were left out.
 * - An event has no more than EVENT_LINES_MAX lines: one that is under way behind a run of more
 *   began in this run.
 *
 * If a line or event that begins in a block left out goes on in one that is not, prune_resume()
 * fetches its start, as after blocks left out for their time. A short run without any newline, of
 * which a string could hold all, keeps its block from being left out; so does the start of a line
 * that was decoded, where it would be needed for more than the line itself: its stamp, lines of
 * context, or an event. prune_allowed() has what else forbids it.
 *
 * A block isn't left out either if bytes of a source are missing before it, or are there again: so
 * what was left out of a source is all in one piece.
 */
#ifndef LOGZIP_QUERY_PRUNE_TEXT_H
#define LOGZIP_QUERY_PRUNE_TEXT_H

#include "query/plan.h"
#include "query/prune.h"

struct text_prune;

/**
 * Get ready for a segment. Its filters are read when the first block is asked about.
 *
 * @param sources  by the segment's index; borrowed, as all of it
 * @return NULL when memory is out
 */
struct text_prune *text_prune_new(const struct plan *plan, const struct segment *segment,
                                  struct query_source *const *sources);

/** NULL is allowed. */
void text_prune_free(struct text_prune *t);

/** What is wrong with the filters; `code` is LGZ_OK if nothing is. Nothing is left out then. */
const struct lgz_error *text_prune_fault(const struct text_prune *t);

/** Were filters read? */
bool text_prune_asked(const struct text_prune *t);

/** By the block's filter alone: may it hold a line that is wanted? A filter is asked once. */
bool text_prune_may_hold(struct text_prune *t, size_t block);

/**
 * Leave block `number.block` out, if that can be.
 *
 * @return 1 if it was, 0, or LGZ_ERR_MEMORY
 */
int text_prune_skip(struct text_prune *t, const struct selection *s, struct skipped_block number,
                    struct lgz_error *err);

#endif
