/*
 * block_space.h - what takes the space in a block: its stored bytes, each counted for one part.
 *
 * A frame holds streams of many columns. Nobody can tell whose a stored byte is, so a frame's are
 * shared by the streams' lengths, and the head's by what its parts have of it. A column that serves
 * several templates is shared by their values. All shares together are the stored bytes.
 */
#ifndef LOGZIP_SEGMENT_BLOCK_SPACE_H
#define LOGZIP_SEGMENT_BLOCK_SPACE_H

#include "segment/line_templates.h"

/** Values of one column. */
struct block_column_part {
    struct span label;    /**< the text of a template up to the column's slot, and its mark */
    const char *encoding; /**< "time" for time stamps */
    uint64_t stored;
};

/** What a template takes: its text, and its lines' numbers and values. */
struct block_template_part {
    uint64_t lines; /**< as the index says */
    uint64_t text;
    uint64_t numbers;
    uint64_t values;
};

/** Zero-initialized is empty, and valid for block_space_clear(). */
struct block_space {
    struct line_templates templates;         /**< without lines */
    struct block_template_part *of_template; /**< for each of the set */
    struct block_column_part *columns;
    size_t column_count;
    struct buf labels; /**< what the labels refer to */
    uint64_t unused;   /**< of the columns' bytes, those of values that no line takes */
    uint64_t other;    /**< headers, layout; of a plain block, all */
};

/**
 * The parts of block `index`. Heads are decoded, no values.
 *
 * @param parts  zero-initialized; columns, texts, numbers and `other` are all of the block's stored
 *               bytes; so are templates, `unused` and `other`
 */
int segment_block_space(const struct segment *s, size_t index, struct block_space *parts,
                        struct lgz_error *err);

/**
 * The same for the body of a structured block, for segment_block_space().
 *
 * @param counts  lines of each template, `count` of them
 * @param stored  bytes of the block, header included
 */
int block_space_read(struct block_space *parts, struct span body, const uint64_t *counts,
                     size_t count, uint64_t stored, struct lgz_error *err);

void block_space_clear(struct block_space *parts);

#endif
