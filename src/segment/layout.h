/*
 * layout.h - which slot of which template goes into which column, on the way from lines to columns
 * and back. A column may serve slots of many templates; it holds their values in the order of the
 * rows (and, within a row, of the slots).
 */
#ifndef LOGZIP_SEGMENT_LAYOUT_H
#define LOGZIP_SEGMENT_LAYOUT_H

#include "base/varint.h"
#include "template/template_set.h"

enum column_kind { COLUMN_TEXT = 0, COLUMN_TIME = 1 };

struct layout {
    uint32_t **column_of; /**< [template][slot] */
    size_t templates;
    VEC(uint8_t) kinds; /**< enum column_kind of each column */
    /** When writing: columns of equal places, then those of equal roles, may become one. */
    VEC(uint64_t) places;
    VEC(uint64_t) roles;
};

/**
 * Choose columns for writing. Slots with the same role (the kind, and the text to the left) share
 * a column while their templates are small; a template with at least `own_lines` lines has
 * columns of its own. Where the text to the left says nothing, as in tables, slots of the same
 * field share one, from `own_lines` values on. Time stamps of one format share a column in any
 * case, and so do rests of lines.
 *
 * @param lines  for each template, how many lines it has
 */
int layout_choose(struct layout *l, const struct template_set *set, const uint64_t *lines,
                  uint64_t own_lines, struct lgz_error *err);

/**
 * Take the last template out, which must have one slot, and the slot's column unless others use it.
 *
 * @param set  the templates; the last one isn't looked at
 * @return was the column, the last one, taken out?
 */
bool layout_drop_last(struct layout *l, const struct template_set *set);

/**
 * Put columns together.
 *
 * @param group  for each column, the smallest column of its group (which has no group but itself)
 */
int layout_merge(struct layout *l, const struct template_set *set, const uint32_t *group,
                 struct lgz_error *err);

/** Serialize: one number per slot, 0 for the next new column, k + 1 for column k. */
void layout_write(const struct layout *l, const struct template_set *set, struct buf *out);
int layout_read(struct layout *l, const struct template_set *set, struct reader *r,
                struct lgz_error *err);
void layout_clear(struct layout *l);

#endif
