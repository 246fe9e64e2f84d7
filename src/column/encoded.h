/*
 * encoded.h - what an encoding makes of a column: a head (parameters, a few bytes) and streams
 * (the bulk), with the estimated cost of both. Encodings nest: the parts of a split value are
 * columns again, and their heads and streams follow their parent's.
 *
 * Several candidates are encoded, the cheapest is kept, the others are freed.
 */
#ifndef LOGZIP_COLUMN_ENCODED_H
#define LOGZIP_COLUMN_ENCODED_H

#include <zstd.h>

#include "base/error.h"
#include "base/varint.h"
#include "base/workers.h"

/** Streams of a class are alike: small ones of the same class share a zstd frame. */
enum stream_class {
    STREAM_TEXT,   /**< '\n'-terminated strings */
    STREAM_INDEX,  /**< indexes: of dictionary entries, patterns, templates */
    STREAM_RANK,   /**< how long ago a value was seen */
    STREAM_NUMBER, /**< numbers as they are */
    STREAM_DELTA,  /**< differences of numbers */
    STREAM_SYMBOL, /**< random letters and digits */
    STREAM_PACKED, /**< bits that can't be compressed further */
    STREAM_CLASSES,
};

struct stream {
    enum stream_class class;
    unsigned width; /**< bytes of a number in planes, 1 to 8; 0 for all else */
    struct buf data;
};

struct encoded {
    struct buf head; /**< `failed` here means that memory ran out anywhere in it */
    VEC(struct stream) streams;
    size_t cost; /**< estimated bytes once compressed, head included */
};

/** How many steps the context coder may take, see column/coder.h. */
struct coder_budget {
    uint32_t floor;    /**< in any block; 0: the coder isn't used */
    uint32_t per_byte; /**< and one more for so many raw bytes; 0: none */
};

/** What encoding needs besides the values; one for each thread, and the state of its worker. */
struct column_context {
    struct worker worker;
    enum lgz_level level;
    ZSTD_CCtx *zstd;
    struct buf scratch;
    struct coder_budget coder;
    size_t stands_for; /**< values for each one that is encoded, while a sample is; else 0 */
};

/** The context must stay where it is. */
int column_context_init(struct column_context *ctx, enum lgz_level level, struct lgz_error *err);
void column_context_clear(struct column_context *ctx);

/**
 * Add a stream; takes over `data`, writes its length to the head and counts its cost.
 *
 * @param width  bytes of a number if these are numbers in planes; else 0
 */
void encoded_add_stream(struct encoded *e, struct column_context *ctx, enum stream_class class,
                        unsigned width, struct buf *data);

/** Put `child` behind what is in `e`; takes it over. Its cost is added. */
void encoded_append(struct encoded *e, struct encoded *child);

void encoded_clear(struct encoded *e);

/** Keep the cheaper of `*best` and `*candidate` in `*best`, free the other. */
void encoded_keep_cheaper(struct encoded *best, struct encoded *candidate);

/**
 * Is the candidate cheaper by a margin? Estimates aren't exact, and what has more streams than
 * another is the one that they flatter.
 */
bool encoded_clearly_cheaper(const struct encoded *best, const struct encoded *candidate);

/** encoded_keep_cheaper() if it is so by that margin. @return was the candidate kept? */
bool encoded_keep_clearly_cheaper(struct encoded *best, struct encoded *candidate);

/**
 * encoded_keep_clearly_cheaper(), for a candidate whose encoding may have failed.
 *
 * @return LGZ_OK, or that memory is out; the candidate is freed in any case
 */
int encoded_offer(struct encoded *best, struct encoded *candidate, struct lgz_error *err);

/** Estimated bytes of a stream once it is compressed among others of its class. */
size_t stream_cost(struct column_context *ctx, const uint8_t *data, size_t len);

#endif
