/*
 * text.h - a column of byte strings (none holds a '\n'), and the choice of its encoding.
 *
 * An encoding is one file and one line in the table of text.c: a function that proposes an encoded
 * column (or declines), and functions to parse it, open it and give its values in order. Encodings
 * nest: a dictionary's entries are a text column, its indexes a number column.
 */
#ifndef LOGZIP_COLUMN_TEXT_H
#define LOGZIP_COLUMN_TEXT_H

#include "column/number.h"

/** One string: `len` bytes at `at` of a column's base. */
struct text_ref {
    uint32_t at;
    uint32_t len;
};

struct text_values {
    const uint8_t *base;
    const struct text_ref *refs;
    size_t count;
};

static inline struct span text_value(const struct text_values *v, size_t i)
{
    return (struct span){v->base + v->refs[i].at, v->refs[i].len};
}

/** What is known of a column's values before any encoding is tried. */
struct text_stats {
    size_t bytes; /**< of all values */
    bool all_equal;
    bool all_digits;      /**< each value is 1 to 19 digits */
    bool no_leading_zero; /**< and none but "0" itself starts with '0' */
    uint32_t min_len;
    uint32_t max_len;
};

/** Encodings that a part of a column may not use again. */
enum { TEXT_NO_DICTIONARY = 1, TEXT_NO_SPLIT = 2, TEXT_NO_SHAPE = 4 };

/** Encode `v` in the cheapest way, behind what is in `e`. */
void text_encode(struct encoded *e, struct column_context *ctx, const struct text_values *v,
                 unsigned forbidden);

/** Where decoded bytes go: memory of a size that is known beforehand. */
struct sink {
    uint8_t *at;
    uint8_t *end;
};

static inline bool sink_put(struct sink *sink, const uint8_t *data, size_t len)
{
    if ((size_t)(sink->end - sink->at) < len)
        return false;
    memcpy(sink->at, data, len);
    sink->at += len;
    return true;
}

/** A column that is being decoded. */
struct text_column;

/** How deep columns may nest; a file that goes beyond is damaged. */
enum { TEXT_MAX_DEPTH = 8 };

/**
 * Parse a column's head, declaring its streams.
 *
 * @param depth  0 for a column of a block, 1 for a part of one, ...
 */
int text_parse(struct text_column **out, struct reader *head, struct stream_reader *streams,
               unsigned depth, struct lgz_error *err);

/**
 * Decode what must be decoded before values can be taken.
 *
 * @param limit  no column may hold more bytes of text than that
 */
int text_open(struct text_column *c, struct stream_reader *streams, size_t limit,
              struct lgz_error *err);

/** Append the next value to `out`. @return false if there is none, or no room for it */
bool text_next(struct text_column *c, struct sink *out);

void text_free(struct text_column *c);

/** Values that are needed more than once, all in memory. */
struct text_table {
    uint8_t *bytes;
    struct text_ref *refs;
    size_t count;
};

static inline struct span text_table_get(const struct text_table *t, size_t i)
{
    return (struct span){t->bytes + t->refs[i].at, t->refs[i].len};
}

/** Take `count` different values of `c`, at most `limit` bytes of them in all. */
int text_table_read(struct text_table *t, struct text_column *c, uint64_t count,
                    struct stream_reader *streams, size_t limit, struct lgz_error *err);

/** The same for a table whose entries `rows` tells for each row: there are no more of them. */
int text_table_of_rows(struct text_table *t, struct text_column *c, uint64_t count,
                       const struct number_column *rows, struct stream_reader *streams,
                       size_t limit, struct lgz_error *err);
void text_table_clear(struct text_table *t);

/** The small interface behind which each encoding stands. */
struct text_encoding {
    const char *name;

    /** Put the head (without the tag byte) and the streams into `e`. @return false to decline */
    bool (*propose)(struct encoded *e, struct column_context *ctx, const struct text_values *v,
                    const struct text_stats *stats, unsigned forbidden);

    /** Allocate the state, parse the head. @return the state, or NULL (damage, or no memory) */
    void *(*parse)(struct reader *head, struct stream_reader *streams, unsigned depth,
                   struct lgz_error *err);
    int (*open)(void *state, struct stream_reader *streams, size_t limit, struct lgz_error *err);
    bool (*next)(void *state, struct sink *out);
    void (*free)(void *state);
};

extern const struct text_encoding text_constant;   /**< constant.c: one value */
extern const struct text_encoding text_raw;        /**< raw.c: '\n'-terminated */
extern const struct text_encoding text_integer;    /**< integer.c: decimal numbers */
extern const struct text_encoding text_dictionary; /**< dictionary.c: entries and indexes */
extern const struct text_encoding text_recent;     /**< recent.c: entries and ranks */
extern const struct text_encoding text_split;      /**< split.c: patterns and runs of digits */
extern const struct text_encoding text_shape;      /**< shape.c: shapes and random symbols */

#endif
