/*
 * distinct.h - numbering distinct strings; what the dictionary and the split encodings share.
 */
#ifndef LOGZIP_COLUMN_DISTINCT_H
#define LOGZIP_COLUMN_DISTINCT_H

#include "column/text.h"

/** Distinct strings, in order of first appearance. The strings belong to somebody else. */
struct distinct {
    VEC(struct span) list;
    VEC(uint32_t) counts;
    uint32_t *table; /* open addressing, index + 1 */
    size_t table_size;
};

/** The number of `value`, added if it's new. @return UINT32_MAX when memory is out */
uint32_t distinct_add(struct distinct *d, struct span value);
void distinct_free(struct distinct *d);

#endif
