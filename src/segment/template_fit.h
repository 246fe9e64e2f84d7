/*
 * template_fit.h - whether the lines of a block's templates can meet a need, told by the templates'
 * literals and by what is known of their columns' values (column/passage.h).
 *
 * Inside of src/segment.
 */
#ifndef LOGZIP_SEGMENT_TEMPLATE_FIT_H
#define LOGZIP_SEGMENT_TEMPLATE_FIT_H

#include "segment/block_columns.h"
#include "segment/need.h"

/** What is known of a template's lines. */
enum template_fit { FIT_NEVER, FIT_PERHAPS, FIT_ALWAYS };

enum {
    FIT_STRINGS = 64, /**< in a need; with more, nothing is told */
};

/** What is told. The arrays are the caller's: an entry for each template, or column. */
struct template_fits {
    uint8_t *fits; /**< filled: enum template_fit */
    bool *inside;  /**< filled: do lines meet all clauses but `clause`, whose strings lie within
                        single values, wherever they lie? */
    size_t clause; /**< filled */
    bool *parted;  /**< set to true for a template where a column may hold a part; or NULL */
    bool *columns; /**< set to true for the columns where the strings may lie, in lines of templates
                        that fit perhaps: of each such line, no other column's values hold a part of
                        a string */
    bool any_lines; /**< in lines of templates that always fit, too */
};

/**
 * Tell it of each template. Frames that cost little may be decoded.
 *
 * @param need  its strings have PASSAGE_MAX bytes at most
 */
int template_fit_all(struct block_columns *b, const struct need *need, struct template_fits *out,
                     struct lgz_error *err);

#endif
