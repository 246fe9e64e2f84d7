/*
 * symbols.h - a run of bytes drawn from a small alphabet, without an order that a compressor could
 * use: the digits and letters of random ids. Many of at most ten different ones are packed, three
 * to 10 bits, which zstd's code of whole bits doesn't reach; others stand as they are, in streams
 * of a class of their own.
 */
#ifndef LOGZIP_COLUMN_SYMBOLS_H
#define LOGZIP_COLUMN_SYMBOLS_H

#include "column/passage.h"
#include "column/streams.h"

/** How a run is stored; the number is in the file. */
enum symbols_layout {
    SYMBOLS_NONE = 0,
    SYMBOLS_PLAIN = 1,
    SYMBOLS_TRIPLES = 2,
    SYMBOLS_LAYOUTS = 3,
};

enum {
    TRIPLE_SYMBOLS = 10, /**< that are numbered, at most; the first one is the lowest digit */
    TRIPLE_BITS = 10,    /**< 10 * 10 * 10 <= 1024 */
};

/** Encode `count` bytes behind what is in `e`, in the cheapest way. */
void symbols_encode(struct encoded *e, struct column_context *ctx, const uint8_t *bytes,
                    size_t count);

/** A run that is being decoded. Zero-initialized is valid for symbols_clear(). */
struct symbols {
    uint8_t layout;
    struct span alphabet; /* in the block's head, which outlives its columns */
    int stream;           /* -1: none */
    uint64_t stored;      /* bytes of the stream */
    uint8_t *unpacked;
    struct stream_reader *streams;
    const uint8_t *first;
    const uint8_t *at;    /* the next byte */
    const uint8_t *ready; /* bytes from `at` to here are decoded; not before `at` */
    const uint8_t *end;
};

/** Parse a head and declare its stream. @return false on damage (or no memory) */
bool symbols_parse(struct symbols *s, struct reader *head, struct stream_reader *streams);

/**
 * Get ready for symbols_take(). All bytes, and perhaps 2 more, will be at `at`, up to `end`, with
 * slack; of a long run they are decoded piece by piece.
 */
int symbols_open(struct symbols *s, struct stream_reader *streams, struct lgz_error *err);

/** Decode what the next `len` bytes need. @return false if there aren't so many, or on damage */
bool symbols_reach(struct symbols *s, size_t len);

/** @return the next `len` bytes, with slack; NULL if there aren't so many, or on damage */
static inline const uint8_t *symbols_take(struct symbols *s, size_t len)
{
    const uint8_t *at = s->at;
    if ((size_t)(s->ready - at) < len && !symbols_reach(s, len))
        return NULL;
    s->at += len;
    return at;
}

/** Leave out `count` times `len` bytes. @return false if there aren't so many */
static inline bool symbols_skip(struct symbols *s, size_t len, uint64_t count)
{
    if ((uint64_t)(s->end - s->at) / len < count)
        return false;
    s->at += len * count;
    s->ready = s->ready > s->at ? s->ready : s->at;
    return true;
}

/**
 * May some symbols of a run that is parsed, one behind the other, be these? Packed ones are
 * searched as they are.
 *
 * @return false if they aren't; true as well if it can't be told
 */
bool symbols_may_hold(const struct symbols *s, struct stream_reader *streams, struct span string);

/** Add the bytes that a run's symbols may be; parsing it is enough. */
void symbols_bytes(const struct symbols *s, struct byte_set *set);

void symbols_clear(struct symbols *s);

#endif
