/*
 * copied.h - a text column whose values contain those of other columns: an id and the path of its
 * file, a user and his home, a message that repeats the fields beside it.
 *
 * In place of what another column put out last (in this row, or in one before) stands a mark, a
 * byte that the values don't have. What is left is a column as any other: often, a few values that
 * come again and again.
 */
#ifndef LOGZIP_COLUMN_COPIED_H
#define LOGZIP_COLUMN_COPIED_H

#include "column/text.h"

enum {
    COPIED_SOURCES = 4, /**< columns that a column copies from, at most */
    COPIED_MIN = 4,     /**< bytes of a copy, as writers make them; readers take any but none */
};

/** A column's values while copies are taken out of them. Zero-initialized is empty and valid. */
struct copied {
    struct buf bytes;
    struct text_ref *refs; /**< of `bytes`, one for each value */
    size_t count;
    size_t sources;
    uint32_t columns[COPIED_SOURCES];
    uint8_t marks[COPIED_SOURCES];
};

/**
 * Where does a value hold another one, whole words of it? A part of a word or of a number is there
 * by chance more often than not. Only the first few places are looked at.
 *
 * @param from  look from this byte of the value on
 * @return the byte where it starts, or SIZE_MAX
 */
size_t copied_find(struct span value, struct span copy, size_t from);

/**
 * Start with values as they are.
 *
 * @return false if no mark is left, or when memory is out: then `c->bytes.failed` is set
 */
bool copied_start(struct copied *c, const struct text_values *v);

/** The values as they are by now: good until the next copied_take(). */
struct text_values copied_values(const struct copied *c);

/**
 * Take out what is copied from one more column.
 *
 * @param base, lasts  for each value, what that column put out last, and the base of these
 * @param column       number of the column in the block
 */
void copied_take(struct copied *c, const uint8_t *base, const struct text_ref *lasts,
                 uint32_t column);

/** Encode what is left, and where it was copied from. */
void copied_encode(struct encoded *e, struct column_context *ctx, const struct copied *c);
void copied_clear(struct copied *c);

#endif
