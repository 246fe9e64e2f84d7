/*
 * numbers.h - the columns of a block as numbers, read when they are first asked for: for relations
 * between them (differences.h, formulas.h).
 */
#ifndef LOGZIP_SEGMENT_NUMBERS_H
#define LOGZIP_SEGMENT_NUMBERS_H

#include "column/formula.h"
#include "segment/columns.h"

struct numbers;

struct number_list {
    uint64_t *values; /**< one for each value of the column; NULL if they aren't numbers */
    uint8_t notation; /**< how formula_number() reads them */
    bool prints;      /**< formula_print() writes each of them back */
    struct formula_look look;
};

/** All arguments are used until the numbers are freed. */
int numbers_new(struct numbers **out, const struct columns *columns, struct span raw,
                struct lgz_error *err);
void numbers_free(struct numbers *n);

/** May be called by several threads at once. The list stays where it is. */
int numbers_get(struct numbers *n, uint32_t column, const struct number_list **list,
                struct lgz_error *err);

/** Are all of them nothing but digits, without a needless zero? Or time stamps. */
static inline bool numbers_are_plain(const struct number_list *n)
{
    return n->values && n->prints && n->look.digits == 0 && n->look.suffix_len == 0;
}

/**
 * What another column has put out last in front of each row of a column.
 *
 * @param v        the column
 * @param start    its first row
 * @param numbers  of the other column
 * @param out      `count` numbers; 0 where there is none yet
 */
void numbers_line_up(const struct column_values *v, size_t start, size_t count,
                     const struct column_values *other, const uint64_t *numbers, uint64_t *out);

/** Bits of numbers less others, the way in which they have the least: as they are, or as changes.
 */
uint64_t numbers_bits(const uint64_t *numbers, const uint64_t *others, size_t count);

#endif
