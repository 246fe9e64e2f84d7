/*
 * block_walk.h - goes over the lines of a block with some of its columns open: puts lines together,
 * as far as these columns go, looks into single values, or leaves lines out.
 *
 * Inside of src/segment, for block_search.c.
 */
#ifndef LOGZIP_SEGMENT_BLOCK_WALK_H
#define LOGZIP_SEGMENT_BLOCK_WALK_H

#include "base/find.h"
#include "segment/block_steps.h"
#include "segment/need.h"

/** Zero-initialized is valid for block_walk_clear(). */
struct block_walk {
    struct block_columns *b; /**< borrowed */
    bool *open;              /**< for each column; set by the caller before block_walk_begin() */
    bool *kept;              /**< what it puts out is looked at by others, or by itself */
    bool *timed;             /**< the same, of the times as numbers */
    struct step *steps;
    struct step **put;    /**< of each template: putting a line together, or looking into values */
    struct step **pass;   /**< and leaving it out */
    uint64_t *passed;     /**< so many lines are to be left out, which can wait; */
    bool any_passed;      /**< of one template at least */
    const bool *looks;    /**< of each template: values are looked into; NULL: of none */
    uint8_t *bytes;       /**< what is put out, owned */
    struct sink out;      /**< where the next line goes */
    struct finder finder; /**< of the string to look for; empty: there are several, */
    const struct need_clause *clause; /**< of which one is enough */
    bool found;                       /**< set where a value holds one */
};

/** Get ready for a block that is parsed. block_walk_clear() in any case. */
int block_walk_init(struct block_walk *w, struct block_columns *b, struct lgz_error *err);

/** Strings to look for in values. */
void block_walk_look_for(struct block_walk *w, const struct need_clause *clause);

/**
 * Open the columns in `w->open`, and those that they follow from, and begin in front of the first
 * line. Of a column that isn't open, a newline stands for each value.
 *
 * @param looks  of each template, whether its values are looked into, and no line is put together;
 *               borrowed; NULL: of none
 */
int block_walk_begin(struct block_walk *w, const bool *looks, struct lgz_error *err);

/** Begin again, with no column open: block_walk_begin() comes next. */
int block_walk_again(struct block_walk *w, struct lgz_error *err);

/** Is anything that is put out looked at later, so that it has to stay? */
bool block_walk_keeps(const struct block_walk *w);

/** A line has this template: put it together at `w->out`, or look into it. @return false on damage
 */
bool block_walk_put(struct block_walk *w, uint64_t template);

/** A line has this template: leave it out. @return false on damage */
bool block_walk_pass(struct block_walk *w, uint64_t template);

void block_walk_clear(struct block_walk *w);

#endif
