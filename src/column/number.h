/*
 * number.h - a column of 64-bit numbers: constant, or as they are, or as differences, or as
 * differences of differences; in bytes of a fixed width (all lowest bytes first, then all second
 * ones, and so on) or as varints. The cheapest is kept.
 */
#ifndef LOGZIP_COLUMN_NUMBER_H
#define LOGZIP_COLUMN_NUMBER_H

#include "column/streams.h"

/**
 * Encode `count` numbers behind what is in `e`. Arithmetic wraps, so any 64-bit values are fine.
 *
 * @param class  STREAM_INDEX or STREAM_NUMBER, for the numbers as they are
 */
void number_encode(struct encoded *e, struct column_context *ctx, const uint64_t *values,
                   size_t count, enum stream_class class);

struct number_column {
    uint8_t transform;
    uint8_t layout;
    uint64_t base; /* the constant, the minimum, or the first value */
    uint64_t step; /* second differences: the first difference */
    int stream;    /* -1: none */
    uint64_t *values;
    size_t count; /* of values */
    size_t next;
};

/** Parse a head and declare its stream. @return false on damage (or no memory) */
bool number_parse(struct number_column *c, struct reader *head, struct stream_reader *streams,
                  enum stream_class class);

/** Decode the stream, which was declared by number_parse(). */
int number_open(struct number_column *c, struct stream_reader *streams, struct lgz_error *err);

/** The next number; a column without a stream goes on for ever. @return false at the end */
static inline bool number_next(struct number_column *c, uint64_t *value)
{
    if (!c->values) {
        *value = c->base + c->step * c->next++;
        return true;
    }
    if (c->next == c->count)
        return false;
    *value = c->values[c->next++];
    return true;
}

void number_clear(struct number_column *c);

#endif
