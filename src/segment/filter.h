/*
 * filter.h - what a block's text has, in few bytes: tells of most blocks that a text isn't in them.
 *
 * It never says so of a text that is. For each family of pieces (grams.h) that is worth it, there
 * is a set (ribbon.h), with as many planes as are worth their bytes (filter_worth.h).
 * filter_build.h makes one.
 */
#ifndef LOGZIP_SEGMENT_FILTER_H
#define LOGZIP_SEGMENT_FILTER_H

#include "base/error.h"
#include "base/varint.h"
#include "segment/need.h"
#include "segment/text_parts.h"

/** The set of one family. Zero: nothing is known. */
struct filter_set {
    bool known;
    uint8_t planes;
    uint8_t window;        /**< bytes of a window, of ids */
    size_t words;          /**< of a plane; 0: the set is empty */
    uint64_t *bits;        /**< owned; a writer's */
    const uint8_t *stored; /**< a reader's */
};

struct filter {
    VEC(struct shape) shapes;
    struct filter_set sets[GRAMS_END]; /**< by family */
    bool unescaped; /**< the text has no "\u00": what JSON may write instead of a character */
};

enum { FILTER_ESCAPES_LEN = 5 }; /**< bytes that this takes, at most */

/** Note whether all of the text, of which the filter was built, has "\u00" anywhere. */
void filter_note_escapes(struct filter *filter, struct span text);

/** Bytes that it takes. */
size_t filter_size(const struct filter *filter);

/** Bytes that it takes besides its sets, if it has any. */
size_t filter_head_size(const struct filter *filter);

void filter_write(const struct filter *filter, struct buf *out);

/**
 * The other way. The filter refers to the bytes.
 *
 * @return LGZ_OK, LGZ_ERR_CORRUPT without a message, or LGZ_ERR_MEMORY
 */
int filter_read(struct filter *filter, struct span bytes, struct lgz_error *err);

/** May the text of which the filter was made hold this one? Only of one that was read. */
bool filter_may_hold(const struct filter *filter, const struct need_string *string);

void filter_clear(struct filter *filter);

#endif
