/*
 * text_parts.h - what of a block's text a filter has to know, collected while the block is encoded.
 *
 * Lines of one skeleton have the same bytes between their values, so these are looked at once; but
 * equal hashes prove nothing, so each line's are compared. Of values, each is looked at once as
 * well. Time stamps are printed from numbers and differ in each line; of what touches one, only the
 * shape is kept, and a filter decides nothing about text of such a shape.
 */
#ifndef LOGZIP_SEGMENT_TEXT_PARTS_H
#define LOGZIP_SEGMENT_TEXT_PARTS_H

#include "segment/gram_set.h"
#include "template/skeleton.h"

enum {
    SHAPE_MAX = 64,
    SHAPES_MAX = 32,   /**< in a block; with more, nothing is known of ids */
    PARTS_ID_MIN = 12, /**< bytes of a value from which on it may be an id */
};

/** Digits as '0', letters as 'a', other bytes as they are. */
struct shape {
    uint8_t len;
    uint8_t bytes[SHAPE_MAX];
};

struct text_parts {
    struct gram_set letters;
    struct gram_set words;
    struct gram_set addresses;
    VEC(struct line) values;  /**< distinct but for a few, of at least PARTS_ID_MIN bytes */
    VEC(struct shape) shapes; /**< of the runs at stamps */
    bool shapeless;           /**< there were too many of these */
    bool collected;           /**< all is there */
};

/**
 * Collect of all lines of a block.
 *
 * @param alike  for each line, whether the bytes between its values are known to be those of the
 *               line that stands for its skeleton (rows.h); else they are compared. NULL: of none
 * @param parts  zero-initialized; to be cleared by the caller, also after a failure
 * @return false when memory is out
 */
bool text_parts_collect(struct text_parts *parts, const uint8_t *raw, const struct lines *lines,
                        const struct skeletons *skeletons, const bool *alike);

/** The same for a block whose lines have no skeletons. */
bool text_parts_collect_raw(struct text_parts *parts, struct span raw);

void text_parts_clear(struct text_parts *parts);

/**
 * The next part of a text that is too long to be looked at as a whole. Each piece of it is in one.
 *
 * @param text   becomes what is left
 * @param piece  bytes of a piece, at most: the parts overlap by one less
 * @return false when nothing is left
 */
bool text_part_next(struct span *text, size_t piece, struct span *part);

/** The shape of up to SHAPE_MAX bytes. */
struct shape shape_of(struct span text);

/** Can an address, or a window of an id, be within a run of the shape? */
bool shape_matters(const struct shape *shape, const struct id_windows *windows);

/** Does one of the shapes hold that of the text? */
bool shapes_hold(const struct shape *shapes, size_t count, struct span text);

#endif
