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

/** Of some templates, only what fields need is put together. */
struct walk_fields {
    const bool *only;           /**< of each template: is it one of these? */
    const struct finder *names; /**< of the fields */
    size_t count;
};

/** What leaving out a line of a template takes. */
enum walk_pass {
    PASS_NOTHING, /**< no column is open */
    PASS_WAITS,   /**< values that can be left out later than those of lines behind it */
    PASS_ALONG,   /**< others need its values */
};

/** A template's lines. */
struct template_walk {
    struct step *put;  /**< to put one together, or look into its values, */
    struct step *pass; /**< and to leave it out */
    enum walk_pass manner;
    uint64_t passed; /**< so many are still to be left out */
};

enum { WALK_TESTED = 256 };

/** A value that stays where it is, and whether it holds what is looked for. */
struct tested {
    struct span value;
    bool found;
};

/** Zero-initialized is valid for block_walk_clear(). */
struct block_walk {
    struct block_columns *b; /**< borrowed */
    bool *open;              /**< for each column; set by the caller before block_walk_begin() */
    bool *kept;              /**< what it puts out is looked at by others, or by itself */
    bool *timed;             /**< the same, of the times as numbers */
    struct step *steps;
    struct template_walk *templates;
    uint32_t *waiting; /**< templates of which lines are still to be left out */
    size_t waiting_count;
    const struct walk_fields *fields; /**< NULL: of no template; set before block_walk_begin() */
    const bool *looks;    /**< of each template: values are looked into; NULL: of none */
    uint8_t *bytes;       /**< what is put out, owned */
    struct sink out;      /**< where the next line goes */
    struct finder finder; /**< of the string to look for; empty: there are several, */
    const struct need_clause *clause; /**< of which one is enough */
    struct tested
        *tested; /**< WALK_TESTED of them, each at a place that its address tells; owned */
    bool found;  /**< set where a value holds one */
};

/** Get ready for a block that is parsed. block_walk_clear() in any case. */
int block_walk_init(struct block_walk *w, struct block_columns *b, struct lgz_error *err);

/** Strings to look for in values. */
void block_walk_look_for(struct block_walk *w, const struct need_clause *clause);

/**
 * Open the columns in `w->open`, and those that they follow from, and begin in front of the first
 * line. Of a column that isn't open, a newline stands for each value; and for all that is left out
 * where only fields are put together.
 *
 * @param looks  of each template, whether its values are looked into, and no line is put together;
 *               borrowed; NULL: of none
 */
int block_walk_begin(struct block_walk *w, const bool *looks, struct lgz_error *err);

/** Begin again, with no column open, and all of lines: block_walk_begin() comes next. */
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
