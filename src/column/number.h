/*
 * number.h - a column of 64-bit numbers: constant, or as they are, or as differences to the
 * one before or to the largest one so far, or as differences of differences; in bytes of a fixed
 * width (all lowest bytes first, then all second ones, and so on) or as varints. The cheapest is
 * kept.
 */
#ifndef LOGZIP_COLUMN_NUMBER_H
#define LOGZIP_COLUMN_NUMBER_H

#include "column/passage.h"
#include "column/streams.h"

/**
 * Encode `count` numbers behind what is in `e`. Arithmetic wraps, so any 64-bit values are fine.
 *
 * @param class  STREAM_INDEX or STREAM_NUMBER, for the numbers as they are
 */
void number_encode(struct encoded *e, struct column_context *ctx, const uint64_t *values,
                   size_t count, enum stream_class class);

enum { NUMBER_BATCH = 32 };

/** A column that is being decoded. It keeps the stream's bytes, and takes numbers from them. */
struct number_column {
    uint8_t transform;
    uint8_t layout;
    uint8_t given; /* of the values that aren't in the stream */
    uint64_t base; /* the constant, the minimum, or the first value */
    uint64_t step; /* second differences: the last difference */
    uint64_t last; /* differences: the last value, or the largest */
    int stream;    /* -1: none */
    const uint8_t *at;
    const uint8_t *end; /* of the lowest plane, or of the varints */
    size_t plane;       /* bytes of each plane, or of the varints */
    uint64_t *batch;    /* numbers for number_next(); NULL before the first */
    uint32_t next;
    uint32_t count;
    uint64_t owed; /* to be left out, behind the batch */
};

/** Parse a head and declare its stream. @return false on damage (or no memory) */
bool number_parse(struct number_column *c, struct reader *head, struct stream_reader *streams,
                  enum stream_class class);

/**
 * Within which range are the numbers of a column that is parsed, as far as its head tells, and its
 * stream's length? If no more is known, that's all numbers.
 */
struct number_range number_range(const struct number_column *c);

/**
 * The same, of numbers that may wrap around: two ranges at most, the second one for those that are
 * modulo 2^64.
 *
 * @return how many ranges
 */
unsigned number_ranges(const struct number_column *c, struct number_range ranges[2]);

/** Decompress the stream, which was declared by number_parse(). */
int number_open(struct number_column *c, struct stream_reader *streams, struct lgz_error *err);

/** The same range as they have, of a column that has a stream and was just opened. The column is at
 * its end then. */
struct number_range number_range_seen(struct number_column *c);

/** How many numbers a column can have at most, as far as a stream holds them: 0 without one. */
size_t number_stored(const struct number_column *c);

/**
 * The next numbers, `want` of them unless there are less; a column without a stream goes on for
 * ever.
 *
 * @return how many; 0 at the end, or if the very next one is damaged
 */
size_t number_fill(struct number_column *c, uint64_t *to, size_t want);

/** number_next() when its batch is used up. */
bool number_refill(struct number_column *c, uint64_t *value);

/** The next number, one at a time. @return false at the end */
static inline bool number_next(struct number_column *c, uint64_t *value)
{
    if (c->next == c->count)
        return number_refill(c, value);
    *value = c->batch[c->next++];
    return true;
}

/** Leave out the next one, sooner or later: what is owed is settled when the batch is used up. */
static inline void number_pass(struct number_column *c)
{
    if (c->next < c->count)
        c->next++;
    else
        c->owed++;
}

/** The same for some. */
static inline void number_pass_many(struct number_column *c, uint64_t count)
{
    const uint32_t ready = c->count - c->next;
    const uint32_t taken = count < ready ? (uint32_t)count : ready;
    c->next += taken;
    c->owed += count - taken;
}

/** Leave out what is owed. @return false if there isn't so much */
bool number_settle(struct number_column *c);

/** Leave out the next `count` numbers. @return false if there aren't so many */
static inline bool number_skip(struct number_column *c, uint64_t count)
{
    number_pass_many(c, count);
    return number_settle(c);
}

void number_clear(struct number_column *c);

#endif
