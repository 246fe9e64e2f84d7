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

/** Encode `count` bytes behind what is in `e`, in the cheapest way. */
void symbols_encode(struct encoded *e, struct column_context *ctx, const uint8_t *bytes,
                    size_t count);

/** A run that is being decoded. Zero-initialized is valid for symbols_clear(). */
struct symbols {
    uint8_t layout;
    struct span alphabet; /* in the block's head, which outlives its columns */
    int stream;           /* -1: none */
    uint8_t *unpacked;
    const uint8_t *at; /* the next byte */
    const uint8_t *end;
};

/** Parse a head and declare its stream. @return false on damage (or no memory) */
bool symbols_parse(struct symbols *s, struct reader *head, struct stream_reader *streams);

/** Decode the stream: afterwards all bytes are at `at`, up to `end` (and perhaps 2 more), with
 * slack. */
int symbols_open(struct symbols *s, struct stream_reader *streams, struct lgz_error *err);

/** Add the bytes that a run's symbols may be; parsing it is enough. */
void symbols_bytes(const struct symbols *s, struct byte_set *set);

void symbols_clear(struct symbols *s);

#endif
