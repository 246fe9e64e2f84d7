/*
 * field_columns.h - which slots of a template a field's value stands in, and which bytes between
 * them, told by the template's literals.
 *
 * Inside of src/segment, for block_search.c.
 */
#ifndef LOGZIP_SEGMENT_FIELD_COLUMNS_H
#define LOGZIP_SEGMENT_FIELD_COLUMNS_H

#include "base/find.h"
#include "segment/block_columns.h"

/**
 * Add the columns of what stands behind one of the names in the literals, up to a ',', '}' or ']'
 * in one of them. What is in other columns isn't looked at, nor are names that begin or end there.
 *
 * @param columns  one for each column of the block; set to true
 */
void field_columns(const struct block_columns *b, size_t template, const struct finder *names,
                   size_t count, bool *columns);

/** What of a slot, and of the literal in front of it, fields need. */
struct field_part {
    size_t from; /**< of the literal's bytes; those behind `to` aren't needed either */
    size_t to;
    bool value; /**< the slot's value is needed */
};

/**
 * Tell what a field's value and the name in front of it need: of a name in the literals, all bytes
 * up to where the value may end. What is behind that may be there or not.
 *
 * @param parts  filled: one for each slot, and one for the bytes behind the last
 */
void field_parts(const struct block_columns *b, size_t template, const struct finder *names,
                 size_t count, struct field_part *parts);

#endif
