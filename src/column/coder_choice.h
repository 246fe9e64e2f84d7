/*
 * coder_choice.h - which frames of a block the context coder takes, within its budget of steps.
 *
 * What it would save is known only when it's done, so it's estimated: a share of what zstd leaves,
 * less of it where that is nearly random. What saves most for a step comes first; but what is taken
 * first may leave no budget for a large frame, so each frame is tried as the first one.
 */
#ifndef LOGZIP_COLUMN_CODER_CHOICE_H
#define LOGZIP_COLUMN_CODER_CHOICE_H

#include "column/coder.h"

struct coder_candidate {
    uint64_t steps;
    double worth;  /**< what coding it saves, in any unit */
    size_t number; /**< the caller's: which frame; of two alike, the lower one comes first */
    bool chosen;
};

/** What coding a frame may be worth of which zstd leaves `left` bytes. */
double coder_worth(const struct coder_layout *layout, size_t left);

/**
 * Choose those that are worth most together, as far as it's found, and take no more steps than the
 * budget has. The list is put in another order.
 */
void coder_choose(struct coder_candidate *list, size_t count, uint64_t budget);

#endif
