/*
 * coder.h - the context coder: bytes predicted bit by bit from several contexts, and coded
 * arithmetically. Small and skewed streams become a tenth to a quarter smaller than with zstd, but
 * a byte takes some 60 to 100 ns, so it is used within a budget of steps. A step is some 12 ns:
 * what it takes to code a decision, or half of what it takes to find the lines for some.
 *
 * There are two models, one for texts and one for numbers. That of texts may go on from frame to
 * frame: what it learned of the templates helps with the values. docs/format.md specifies both.
 */
#ifndef LOGZIP_COLUMN_CODER_H
#define LOGZIP_COLUMN_CODER_H

#include "base/buf.h"
#include "base/error.h"

enum coder_model { CODER_TEXT, CODER_NUMBERS, CODER_MODELS };

/** One stream in the bytes of a frame. */
struct coder_stream {
    size_t len;
    unsigned width; /**< numbers in planes: bytes of a number, 1 to 8; else 0 */
};

/** What the bytes of a frame are, stream by stream. */
struct coder_layout {
    enum coder_model model;
    const struct coder_stream *streams;
    size_t count;
};

enum { CODER_MAX_BITS = 18 /**< log2 of the most lines of a table: 4 MiB */ };

/** The most steps in a block of `raw_len` bytes; a reader refuses more. */
static inline uint64_t coder_limit(uint64_t raw_len)
{
    return raw_len / 4 + (2 << 20);
}

/** What the frames of a block have in common, while they are encoded or decoded. */
struct coder;

/** @param limit  so many steps may be taken in all */
int coder_new(struct coder **out, uint64_t limit, struct lgz_error *err);
void coder_free(struct coder *c);

/** So many steps may still be taken. */
uint64_t coder_left(const struct coder *c);

/** How many steps a frame's bytes will take, without a new model's 2^table_bits / 64: exact for
 * numbers, about so many for texts. */
uint64_t coder_steps(const struct coder_layout *layout, const uint8_t *data);

/** log2 of the lines that suit so many bytes. */
unsigned coder_table_bits(size_t len);

/**
 * Encode a frame, appended to `out`.
 *
 * @param table_bits  log2 of the number of lines of a new model; 0: the model of the last frame of
 *                    texts goes on
 * @param within      set to false if the limit was reached; then the frame isn't whole
 */
int coder_encode(struct coder *c, const struct coder_layout *layout, unsigned table_bits,
                 const uint8_t *data, struct buf *out, bool *within, struct lgz_error *err);

/** Could a frame give `len` bytes at all? Asked before memory is set aside for them. */
bool coder_may_hold(const struct coder *c, struct span frame, uint64_t len);

/**
 * Decode a frame into `to`, which has room for all streams of `layout`. Frames of texts must be
 * decoded in the order in which they were encoded.
 */
int coder_decode(struct coder *c, const struct coder_layout *layout, struct span frame, uint8_t *to,
                 struct lgz_error *err);

#endif
