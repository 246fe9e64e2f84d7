/*
 * columns.h - the values of a block's columns while it is encoded: collected by matching lines
 * against templates, put together where columns are merged, and encoded.
 */
#ifndef LOGZIP_SEGMENT_COLUMNS_H
#define LOGZIP_SEGMENT_COLUMNS_H

#include "column/text.h"
#include "segment/layout.h"
#include "template/skeleton.h"

/** A column's values, in the order in which a decoder takes them. */
struct column_values {
    uint8_t kind; /**< enum column_kind */
    VEC(struct text_ref) texts;
    VEC(uint64_t) times;
    VEC(uint32_t) order; /**< for each value, how many came before it in all columns */
};

struct columns {
    struct column_values *list;
    size_t count;
    const uint64_t *template_of_line; /**< what columns_collect() filled; its caller's */
    size_t lines;
};

/** Lines, and what was found out of them. */
struct columns_input {
    const uint8_t *raw;
    const struct lines *lines;
    const struct skeletons *skeletons;
    const struct template_set *set;
    const struct layout *layout;
    const uint32_t *of_skeleton; /**< for each skeleton, the template proposed */
    bool *alike; /**< for each line, filled: what rows_match_alike() says; NULL if not wanted */
};

/**
 * Match every line and hand its values to the columns.
 *
 * @param me                shares the work
 * @param template_of_line  filled: for each line the template proposed or, if it doesn't match, the
 *                          last one
 */
int columns_collect(struct columns *c, const struct columns_input *in, struct worker *me,
                    uint64_t *template_of_line, struct lgz_error *err);

/**
 * Put columns of one kind together.
 *
 * @param parts   numbers of the columns, at least one
 * @param merged  filled with copies, in order; free with column_values_clear()
 */
int columns_merge(const struct columns *c, const uint32_t *parts, size_t count,
                  struct column_values *merged, struct lgz_error *err);

/** Encode a column behind what is in `out`. */
void column_values_encode(const struct column_values *v, const uint8_t *raw,
                          struct column_context *ctx, struct encoded *out);

/** Rows of a column that stand for all: those in the middle. */
struct column_sample {
    size_t start;
    size_t count;
};

/** @param most  rows, at most */
static inline struct column_sample column_sample(size_t rows, size_t most)
{
    size_t count = rows < most ? rows : most;
    return (struct column_sample){(rows - count) / 2, count};
}

/** Walks along a column beside another one: which of its values come before each of the other's. */
struct column_walk {
    const struct column_values *values;
    size_t next;
};

/** Start in front of the first value that doesn't come before the place `order`. */
struct column_walk column_walk_start(const struct column_values *v, uint32_t order);

/** Go on to the place `order`, not before the last one. @return how many values come before it */
static inline size_t column_walk_to(struct column_walk *walk, uint32_t order)
{
    const struct column_values *v = walk->values;
    while (walk->next < v->order.len && v->order.data[walk->next] < order)
        walk->next++;
    return walk->next;
}

void column_values_clear(struct column_values *v);
void columns_clear(struct columns *c);

#endif
