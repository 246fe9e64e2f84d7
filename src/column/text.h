/*
 * text.h - a column of byte strings (none holds a '\n'), and the choice of its encoding.
 *
 * An encoding is one file and one line in the table of text.c: a function that proposes an encoded
 * column (or declines), and functions to parse it, open it and give its values in order. Encodings
 * nest: a dictionary's entries are a text column, its indexes a number column.
 */
#ifndef LOGZIP_COLUMN_TEXT_H
#define LOGZIP_COLUMN_TEXT_H

#include "base/slack.h"
#include "column/number.h"
#include "column/passage.h"

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
    bool all_digits;      /**< each value is 1 to 20 digits that fit 64 bits */
    bool no_leading_zero; /**< and none but "0" itself starts with '0' */
    uint32_t min_len;
    uint32_t max_len;
};

/** Encodings that a part of a column may not use again. */
enum {
    TEXT_NO_DICTIONARY = 1,
    TEXT_NO_SPLIT = 2,
    TEXT_NO_SHAPE = 4,
    TEXT_NO_CUT = 8,
};

/** Encode `v` in the cheapest way, behind what is in `e`. */
void text_encode(struct encoded *e, struct column_context *ctx, const struct text_values *v,
                 unsigned forbidden);

/*
 * Decoding.
 *
 * A column gives its values in order, one to the caller at a time (text_take()). An encoding gives
 * them some at a time (struct text_encoding's fill()), so that its loop is tight and what it needs
 * is in the cache. A value is a span of bytes that has slack (base/slack.h): SLACK bytes behind it
 * may be read. It stays where it is until the column is asked for more.
 */

enum {
    TEXT_FOLLOWS = 4,           /**< columns that a column's values are made of, at most */
    TEXT_BATCH = 32,            /**< values that an encoding is asked for at once, at most */
    TEXT_ROOM_FREE = 4096 + 64, /**< bytes of a batch's room that aren't counted */
};

#define TEXT_NO_COLUMN UINT32_MAX

/** What fill() fills. */
struct text_batch {
    struct span *values;
    size_t want;   /**< values that are asked for, 1 to TEXT_BATCH */
    uint8_t *room; /**< for bytes that aren't in memory yet: see text_room() */
    size_t room_len;
    struct stream_reader *streams;
    size_t limit; /**< no value is longer */
    /**
     * What each column of the block put out last, by the column's number (no bytes before its
     * first value); for encodings that are in step, NULL for parts of columns.
     */
    const struct span *last;
    const uint64_t *times; /**< the same for time stamps, as the numbers that they are; else 0 */
    uint32_t columns;      /**< how many `last` and `times` have */
    /** The block's columns by number, NULL for time stamps: see text_ahead(). */
    struct text_column *const *block;
    bool stays; /**< set by fill(): its values stay where they are for good */
    bool ahead; /**< the column's row_key() comes behind this value in its line, not in front */
    const struct span *self; /**< the column's own place in `last` */
};

/** A column that is being decoded. */
struct text_column {
    uint32_t next;  /**< value of the batch */
    uint32_t count; /**< of values in the batch */
    struct text_batch batch;
    struct span only; /**< the values of a batch of one */
    const struct text_encoding *encoding;
    void *state;
    uint32_t batches; /**< that were filled */
    uint64_t owed;    /**< values to be left out, behind the batch */
};

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

/** Get the next batch. @return false if there is no further value (or no memory for it) */
bool text_refill(struct text_column *c);

/** The next value; good until the next call. @return false if there is none (or no memory) */
static inline bool text_take(struct text_column *c, struct span *value)
{
    if (c->next == c->count && !text_refill(c))
        return false;
    *value = c->batch.values[c->next++];
    return true;
}

/**
 * What another column of the block will put out next, for encodings that are in step. That column
 * must not be in step itself: what it puts out could depend on what comes before it.
 *
 * @param place  becomes a number that no other value of the column has; never 0
 * @return false if there is no such column, or nothing left in it (or no memory)
 */
bool text_ahead(const struct text_batch *b, uint32_t column, struct span *value, uint64_t *place);

/** The rest of text_room(). */
uint8_t *text_larger_room(struct text_batch *b, size_t need, size_t filled);

/**
 * For fill(): `need` bytes of room and slack behind them. The room is empty when fill() is called;
 * what is in it stays, moved if need be, with the `filled` values that are in it already.
 *
 * @return the room, or NULL when there is no memory, or when damage asks for too much
 */
static inline uint8_t *text_room(struct text_batch *b, size_t need, size_t filled)
{
    return need <= b->room_len ? b->room : text_larger_room(b, need, filled);
}

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

/*
 * Looking: what is known of the values of a column that is parsed, and not opened. It goes through
 * no rows, so a value that is known of may be in none. Frames are decoded if need be.
 */

/** Who looks, and for what. */
struct text_look {
    struct stream_reader *streams;
    const struct passage_string *string;
    /** What the string does in another column of the block. */
    const struct passage *(*of)(void *context, uint32_t column);
    /** Within which range are the numbers of a column of time stamps (0 before the first), or those
     * that are the texts of another column? @return false if that isn't known */
    bool (*range)(void *context, uint32_t column, bool time, struct number_range *range);
    void *context;
    uint64_t steps; /**< bytes that may still be looked at, about */
    bool rough;     /**< of numbers, what heads tell is enough */
    /** Of an encoding with `marks`: what stands for a byte of its values, NULL for the byte itself;
     * or NULL */
    const struct passage *const *marks;
};

/** Take steps. @return false if there aren't so many: then it's too much */
static inline bool text_look_take(struct text_look *look, uint64_t steps)
{
    const bool enough = steps <= look->steps;
    look->steps = enough ? look->steps - steps : 0;
    return enough;
}

/** A piece of values that follow a pattern: bytes, and behind them the next value of a column. */
struct text_piece {
    const uint8_t *literal; /**< has slack */
    size_t len;
    struct text_column *run; /**< NULL: the end of the pattern */
};

/** Values that follow patterns. */
struct text_patterns {
    struct text_piece *const *first; /**< the first piece of each; the others follow it */
    size_t count;
    const struct number_column *numbers; /**< of each row's pattern, if there are several */
};

/** @return false to end: what is looked at can't be known */
typedef bool text_each_fn(void *context, struct span value);

/** The small interface behind which each encoding stands. */
struct text_encoding {
    const char *name;

    /**
     * Put the head (without the tag byte) and the streams into `e`. NULL: the encoding needs more
     * than the values, and is tried elsewhere.
     *
     * @return false to decline
     */
    bool (*propose)(struct encoded *e, struct column_context *ctx, const struct text_values *v,
                    const struct text_stats *stats, unsigned forbidden);

    /** Allocate the state, parse the head. @return the state, or NULL (damage, or no memory) */
    void *(*parse)(struct reader *head, struct stream_reader *streams, unsigned depth,
                   struct lgz_error *err);
    int (*open)(void *state, struct stream_reader *streams, size_t limit, struct lgz_error *err);

    /**
     * Give the next values, `b->want` of them unless there are less (or no room for more): their
     * spans to `b->values`. They may be in memory that stays (a stream, a table: both have slack),
     * or are written to b's room. Values must cost no more time than their bytes: one of no bytes
     * isn't a place for a loop.
     *
     * @return how many; 0 if none is left, or if the very next one is damaged
     */
    size_t (*fill)(void *state, struct text_batch *b);
    void (*free)(void *state);

    /**
     * Leave out the next `count` values, which takes less than giving them.
     *
     * @return false if there aren't so many. NULL: they have to be given
     */
    bool (*skip)(void *state, uint64_t count);

    /** The column that all values are values of: entries, whichever row has them. NULL: none. */
    struct text_column *(*values)(const void *state);

    /** The numbers of the next rows' entries in the table, instead of their values. @return how
     * many; 0 at the end, or if the very next one is damaged. NULL: values aren't entries */
    size_t (*entries)(void *state, uint32_t *entries, size_t want);
    const struct text_table *(*table)(const void *state); /**< of the entries; of an open column */

    /** The numbers of which values are the decimal digits, with zeros in front up to a width; of an
     * open column. NULL: they aren't */
    const struct number_column *(*numbers)(const void *state, unsigned *width);

    /** The patterns that values follow; of an open column. NULL: none */
    struct text_patterns (*patterns)(const void *state);

    /**
     * Call `fn` with each value that there may be, in order, if that costs little.
     *
     * @return false if it doesn't, or isn't known; NULL: never
     */
    bool (*each)(void *state, struct text_look *look, text_each_fn *fn, void *context);

    /** Add all bytes that values may have. @return false if that isn't known; NULL: never */
    bool (*bytes)(void *state, struct text_look *look, struct byte_set *set);

    /**
     * Add in which ways a string may lie in values. @return false if it isn't known. NULL: it
     * follows from the values, or from their bytes
     */
    bool (*passage)(void *state, struct text_look *look, struct passage *passage);

    /**
     * Does no value hold all of the string? Asked where the passage leaves that open, of what costs
     * much less than going through the values.
     *
     * @return false if one may, or it isn't known; NULL: that is never known
     */
    bool (*lacks)(void *state, struct text_look *look);

    bool marks; /**< the passage takes note of look->marks */

    /** The passage follows from ranges of numbers, so that it costs little to be asked for roughly.
     */
    bool ranges;

    /** Values are decimal numbers: within which range, but for those of more than 18 digits?
     * @return false if it isn't known, NULL: never */
    bool (*range)(void *state, struct text_look *look, struct number_range *range);

    /**
     * The columns of the block that values are made of, whatever their order in the line.
     *
     * @return how many; NULL stands for none
     */
    size_t (*follows)(const void *state, uint32_t columns[TEXT_FOLLOWS]);

    /** Values are in memory that stays as it is; then fill() needn't set text_batch.stays. */
    bool stays;

    /**
     * Each value depends on what other columns have put out before it in its row: it is asked for
     * when it is put out, not in batches. Such a column can't be a part of another one.
     */
    bool in_step;

    /**
     * The column whose value in the same line each value depends on, even if it comes behind, or
     * TEXT_NO_COLUMN. NULL: there is none.
     */
    uint32_t (*row_key)(const void *state);
};

/** The same for any column. */
static inline uint32_t text_row_key(const struct text_column *c)
{
    return c->encoding->row_key ? c->encoding->row_key(c->state) : TEXT_NO_COLUMN;
}

/**
 * Call `fn` with each value that a column may have, if that costs little.
 *
 * @param in_order  only as its rows have them, each once for a row
 */
bool text_each(struct text_column *c, struct text_look *look, bool in_order, text_each_fn *fn,
               void *context);

/** Add all bytes that values may have, perhaps more. @return false if nothing is known of them */
bool text_bytes(struct text_column *c, struct text_look *look, struct byte_set *set);

/** Add in which ways a string may lie in values; what isn't known is possible. */
void text_passage(struct text_column *c, struct text_look *look, struct passage *passage);

/** Does no value of a column that is parsed hold all of the string, as far as that's cheap to tell?
 */
bool text_lacks(struct text_column *c, struct text_look *look);

/** Within which range are the numbers of a column that is parsed? What its head doesn't tell, the
 * numbers do. */
struct number_range text_number_range(const struct number_column *c, struct text_look *look);

/**
 * The same for differences in zigzag.
 *
 * @return false if one may be larger than half of what 64 bits hold
 */
bool text_change_range(const struct number_column *c, struct text_look *look, int64_t *most);

/** All values are decimal numbers, those of up to 18 digits within a range. @return false if it
 * isn't known */
bool text_range(struct text_column *c, struct text_look *look, struct number_range *range);

/** The columns of the block that the values are made of. @return how many */
static inline size_t text_follows(const struct text_column *c, uint32_t columns[TEXT_FOLLOWS])
{
    return c->encoding->follows ? c->encoding->follows(c->state, columns) : 0;
}

extern const struct text_encoding text_constant;   /**< constant.c: one value */
extern const struct text_encoding text_raw;        /**< raw.c: '\n'-terminated */
extern const struct text_encoding text_integer;    /**< integer.c: decimal numbers */
extern const struct text_encoding text_dictionary; /**< dictionary.c: entries and indexes */
extern const struct text_encoding text_recent;     /**< recent.c: entries and ranks */
extern const struct text_encoding text_split;      /**< split.c: patterns and runs of digits */
extern const struct text_encoding text_shape;      /**< shape.c: shapes and random symbols */
extern const struct text_encoding text_difference; /**< difference.c: to another column's number */
extern const struct text_encoding text_keyed;      /**< keyed.c: what follows from another column */
extern const struct text_encoding text_fraction;   /**< fraction.c: doubles as binary fractions */
extern const struct text_encoding text_hex;        /**< hex.c: hexadecimal numbers */
extern const struct text_encoding text_copied;     /**< copied.c: with other columns' values */
extern const struct text_encoding text_cut;        /**< cut.c: two parts */
extern const struct text_encoding text_formula;    /**< formula.c: from other columns' numbers */

/** Leave out what is owed. @return false if there isn't so much, or no memory */
bool text_settle(struct text_column *c);

/** Leave out the next `count` values, sooner or later. @return false if there are less */
static inline bool text_pass_many(struct text_column *c, uint64_t count)
{
    const uint32_t ready = c->count - c->next;
    const uint32_t taken = count < ready ? (uint32_t)count : ready;
    c->next += taken;
    c->owed += count - taken;
    return c->encoding->skip || text_settle(c);
}

/** Leave out the next `count` values. @return false if there aren't so many, or no memory */
static inline bool text_skip(struct text_column *c, uint64_t count)
{
    return text_pass_many(c, count) && text_settle(c);
}

/** Leave out the next value, sooner or later. @return false if there is none */
static inline bool text_pass(struct text_column *c)
{
    if (c->next < c->count)
        c->next++;
    else if (c->encoding->skip)
        c->owed++; /* and see to it when the next batch is asked for */
    else
        return text_skip(c, 1);
    return true;
}

/** The number of an encoding in files. */
uint8_t text_tag(const struct text_encoding *encoding);

/** Is a column whose head starts with this tag in step? */
bool text_in_step(uint8_t tag);

#endif
