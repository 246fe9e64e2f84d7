/*
 * look_back.h - what was left out or passed over is fetched after all, when one of its sources goes
 * on in a block or a journal that isn't: the start of a line, the stamp or the event under way.
 *
 * Blocks that were left out are known to their sources (struct query_source, skipped). Segments
 * that the catalog had passed over (shortlist.h) weren't opened, so what they had of a source is
 * looked up first. What can't be read is reported, and is as if it were gone.
 */
#ifndef LOGZIP_QUERY_LOOK_BACK_H
#define LOGZIP_QUERY_LOOK_BACK_H

#include "query/select.h"
#include "segment/reader.h"

struct scan;
struct scan_segments;

/** The segment at hand, and what was looked back into. */
struct look_back {
    struct scan *scan;
    const struct scan_segments *segments;
    size_t index;            /**< of the segment at hand; SIZE_MAX: there is none */
    struct segment *segment; /**< borrowed */
    struct segment *other;   /**< another one of the archive; NULL: none */
    size_t other_index;
    struct buf past; /**< the block that was read last; empty: none */
    struct skipped_block past_number;
};

/** Close what was opened. */
void look_back_clear(struct look_back *b);

/**
 * The segment's turn has come: look up what of its sources was passed over. Only memory can run
 * out.
 *
 * @param sources  by the segment's index
 */
int look_back_catch_up(struct look_back *b, struct query_source *const *sources,
                       struct lgz_error *err);

/**
 * A block of the segment is about to be fed: fetch what its lines need. Damage in blocks that were
 * left out isn't this block's, and is reported.
 *
 * @param raw  its bytes; empty if it can't be fed
 */
void look_back_resume(struct look_back *b, const struct block_info *block,
                      struct query_source *const *sources, struct span raw);

#endif
