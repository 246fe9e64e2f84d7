/*
 * field_columns.h - which slots of a template a field's value stands in, told by the template's
 * literals.
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

#endif
