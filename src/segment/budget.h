/*
 * budget.h - how large blocks are and how many there are at once, so that encoding stays within a
 * memory limit.
 *
 * What a block takes was measured on the most demanding inputs (a value for every second byte, all
 * encodings tried): so many bytes for each raw byte, and zstd's tables. Ordinary logs take a third
 * of it.
 */
#ifndef LOGZIP_SEGMENT_BUDGET_H
#define LOGZIP_SEGMENT_BUDGET_H

#include "segment/writer.h"

struct budget {
    size_t block_size; /**< raw bytes of a block, at most */
    size_t max_lines;  /**< lines of a block, at most */
    size_t max_tokens; /**< tokens of a block from which on it ends, as a sample estimates them */
    unsigned threads;  /**< blocks encoded at once */
    bool background;   /**< on other threads than the caller's */
    size_t jobs;       /**< blocks in memory at once */
};

/**
 * Fit the options into their memory limit. First there are fewer threads, at last only the
 * caller's, which changes no byte of the output; if one is too many, blocks become smaller.
 *
 * @return LGZ_ERR_ARGUMENT for options out of range, and for a limit that is too low
 */
int budget_plan(struct budget *b, const struct segment_options *options, struct lgz_error *err);

#endif
