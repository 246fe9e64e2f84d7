/*
 * token_row.h - a skeleton as a row of tokens: what clustering compares.
 *
 * A row has a cell for each token: the hash of a word, or a mark for what isn't one. Skeletons of
 * one shape have rows of one length, and marks of the same kinds in the same cells.
 */
#ifndef LOGZIP_TEMPLATE_TOKEN_ROW_H
#define LOGZIP_TEMPLATE_TOKEN_ROW_H

#include "template/sections.h"

/** Cells that are no word; a word's is greater than any of them. */
enum token_cell { CELL_WILD, CELL_VALUE, CELL_TIME, CELL_SECTION };

/** What rows are read from; all of it belongs to somebody else. */
struct row_source {
    const struct skeletons *skeletons;
    const uint8_t *raw;
    const struct lines *lines;
    const section_mask *folded; /**< for each skeleton */
};

/** The line that stands for a skeleton. */
struct span row_line(const struct row_source *source, uint32_t skeleton);

/** A scanner on that line. */
struct section_scanner row_scan(const struct row_source *source, uint32_t skeleton);

/** How many lines a skeleton has. */
uint32_t row_lines(const struct row_source *source, uint32_t skeleton);

/** How many cells a skeleton's row has. */
size_t row_length(const struct row_source *source, uint32_t skeleton);

/** The cell of a word. */
uint64_t row_word(const uint8_t *word, size_t len);

/** Fill in a row. @return false if its length isn't `length`, which two equal hashes can cause */
bool row_read(const struct row_source *source, uint32_t skeleton, uint64_t *cells, size_t length);

/**
 * May rows become one template that agree in `same` words and differ in `differ` tokens? They may
 * while most words stay; short lines may differ in one word only.
 */
static inline bool rows_may_join(size_t same, size_t differ)
{
    return differ == 0 || (same > 0 && (differ <= 1 || differ * 2 <= same));
}

/**
 * Write a template: the skeleton's line with slots for stamps, values, and words that are
 * CELL_WILD.
 *
 * @param cells  NULL if no word is
 */
void row_put_template(const struct row_source *source, uint32_t skeleton, const uint64_t *cells,
                      struct buf *text);

#endif
