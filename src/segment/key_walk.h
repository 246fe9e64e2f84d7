/*
 * key_walk.h - what a value may follow from: for each row of a column, what another column put out
 * before it, or has in the same line.
 *
 * Columns share one count of values, their order: a reader puts values out in this order, so the
 * last value of another column is known to it when a value is due. Where the key is of the line
 * and comes behind the value, the reader asks for it ahead.
 */
#ifndef LOGZIP_SEGMENT_KEY_WALK_H
#define LOGZIP_SEGMENT_KEY_WALK_H

#include "segment/columns.h"
#include "segment/layout.h"

/** Where lines begin and have the key, to tell whether it comes behind a value. */
struct key_place {
    const uint32_t *line_start; /**< for each line, how many values come before it in all columns */
    const uint32_t *first_slot; /**< of the key in each template, from key_first_slots() */
};

struct key_walk {
    struct column_walk walk;
    const struct columns *columns;
    const uint8_t *raw;
    const struct key_place *place; /* NULL: the key isn't of the line */
    size_t line;
    bool ahead;
    uint64_t hash;
};

/**
 * For each template, the first slot of `column`, or a number above all slots where it has none.
 *
 * @return to be freed with free(), or NULL when memory is out
 */
uint32_t *key_first_slots(const struct layout *layout, const struct template_set *set,
                          uint32_t column);

/**
 * Begin to walk over the keys in column `key`, for rows from the place `order` on.
 *
 * @param columns, raw, place  borrowed; `raw` is what the columns' values point into; without a
 *                             place, the key is the last value before
 */
struct key_walk key_walk_start(const struct columns *columns, const uint8_t *raw, uint32_t key,
                               const struct key_place *place, uint32_t order);

/** The hash of the key (keyed.h) for the value at the place `order`, which must not decrease. */
uint64_t key_walk_next(struct key_walk *keys, uint32_t order);

#endif
