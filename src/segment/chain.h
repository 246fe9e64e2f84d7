/*
 * chain.h - hands the templates that a block found to the next block.
 *
 * Blocks are encoded side by side, but each waits until the one before it has its templates. That
 * is early in its work, so little time is lost; and what comes out doesn't depend on the number of
 * threads.
 *
 * Nobody may wait for ever. Who waits here does nothing else meanwhile, unlike in workers.h. So two
 * rules hold: blocks begin in the order of their links, and only the thread that began a block
 * waits for its turn, at the block's own depth, never from a part of a block. Then of the blocks
 * that have begun, the first one whose turn isn't over has a thread of its own that goes on: it is
 * in the midst of that block, or helps with parts, which are deeper and never wait here.
 */
#ifndef LOGZIP_SEGMENT_CHAIN_H
#define LOGZIP_SEGMENT_CHAIN_H

#include "base/error.h"
#include "template/known.h"

struct chain;

/** A block's place in a chain. */
struct chain_link {
    struct chain *chain;
    uint64_t number; /**< of the block, from 0 */
    bool passed;     /**< its turn is over */
};

/** A chain of no blocks, in which no templates are known. */
int chain_new(struct chain **out, struct lgz_error *err);
void chain_free(struct chain *c);

/** What the first block starts from; to be changed only before it begins. */
struct known_templates *chain_known(struct chain *c);

/** The place of the next block. Not for several threads at once. */
struct chain_link chain_append(struct chain *c);

/**
 * Wait until the turn of all blocks before this one is over.
 *
 * @return what they found; this block's to read and change until chain_pass()
 */
struct known_templates *chain_wait(const struct chain_link *link);

/**
 * Wait in the same way, and end this block's turn. Each block must call it, also if it failed or
 * has no templates; a second call does nothing.
 */
void chain_pass(struct chain_link *link);

#endif
