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

/**
 * Tell it of each template. Frames that cost little may be decoded.
 *
 * @param need     its strings have PASSAGE_MAX bytes at most
 * @param fits     filled: of each template, enum template_fit
 * @param inside   filled: of each template, whether all strings of the need lie within single
 * values wherever they lie
 * @param columns  set to true for the columns where the strings of the need may lie, in lines of
 * the templates that fit perhaps: of each such line, no other column's values hold a part of a
 * string
 */
int template_fit_all(struct block_columns *b, const struct need *need, uint8_t *fits, bool *inside,
                     bool *columns, struct lgz_error *err);

#endif
