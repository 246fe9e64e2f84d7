/*
 * shape.h - a column of shapes and symbols that is being decoded.
 *
 * Inside of src/column: shape.c gives its values, shape_look.c looks for strings without them.
 */
#ifndef LOGZIP_COLUMN_SHAPE_H
#define LOGZIP_COLUMN_SHAPE_H

#include "column/symbols.h"
#include "column/text.h"

enum {
    SHAPE_CLASSES = 6,
    SHAPE_FIRST_LITERAL, /**< bytes from here on stand for themselves in a shape */
};

struct shape {
    size_t shape_count;
    struct text_column *texts;
    struct number_column numbers;
    struct symbols symbols[SHAPE_CLASSES];
    struct text_table table; /**< the shapes */
    uint8_t *runs;           /**< for each byte of the table: how many from it on are of one kind */
};

/** The class of a byte of a shape, 0 for one that stands for itself. */
static inline uint8_t shape_class(uint8_t c)
{
    return c < SHAPE_FIRST_LITERAL ? c : 0;
}

/** As in struct text_encoding. */
bool shape_bytes(void *state, struct text_look *look, struct byte_set *set);
bool shape_passage(void *state, struct text_look *look, struct passage *passage);
bool shape_lacks(void *state, struct text_look *look);

#endif
