/*
 * row_search.h - the rows of a column whose values hold a string, without putting all values
 * together: an address is looked for number by number, and only in the rows that have the first
 * ones.
 *
 * It's for columns whose values are decimal numbers, or follow patterns with such numbers in them.
 */
#ifndef LOGZIP_COLUMN_ROW_SEARCH_H
#define LOGZIP_COLUMN_ROW_SEARCH_H

#include "column/text.h"

/** Rows in order, from 0 on. Zero-initialized: none. */
struct row_list {
    bool all; /**< each row that there is; the list says nothing then */
    VEC(uint32_t) list;
};

enum row_search_result {
    ROWS_UNTOLD, /**< it can't be told so; the column is where it was */
    ROWS_LACK,   /**< no row holds it */
    ROWS_HOLD,   /**< those in the list do */
    ROWS_FAILED, /**< too many steps, or no memory; as it is from now on for the next two */
};

/**
 * Search a column that was opened, and that nothing was taken of. Afterwards it isn't at its
 * beginning any more.
 *
 * @param string  not empty; matched byte for byte
 * @param steps   values that may be looked at; what was is taken from it
 * @param rows    empty; filled
 */
enum row_search_result row_search(struct text_column *c, struct span string, uint64_t *steps,
                                  struct row_list *rows);

static inline void row_list_clear(struct row_list *rows)
{
    vec_free(&rows->list);
    rows->all = false;
}

#endif
