/*
 * pieces.h - a long frame as several zstd frames, one behind the other: its pieces.
 *
 * Who wants some bytes from the middle decodes the pieces that these are in, and no others. That
 * costs bytes where what stands far apart is alike; random symbols aren't. All the pieces together
 * are a frame like any other: zstd decodes one frame after the other (RFC 8878, section 3).
 */
#ifndef LOGZIP_COLUMN_PIECES_H
#define LOGZIP_COLUMN_PIECES_H

#include <zstd.h>

#include "base/buf.h"
#include "base/error.h"

enum {
    PIECE = 32 << 10, /**< decoded bytes of each but the last one */
};

/** Compress `len` bytes in pieces, appended to `out`. */
int pieces_compress(ZSTD_CCtx *zstd, const void *data, size_t len, struct buf *out,
                    struct lgz_error *err);

struct piece {
    struct span stored;
    size_t len; /**< decoded: PIECE, or what is left for the last one */
    bool done;  /**< decoded */
};

/** Pieces that are being decoded. Zero-initialized is valid for pieces_clear(). */
struct pieces {
    VEC(struct piece) list; /**< empty: the frame isn't in pieces */
};

/**
 * Find the pieces of a frame that must give `len` bytes.
 *
 * @return false: memory is out. The list is empty then, and where the frame isn't in pieces, or is
 * damaged.
 */
bool pieces_find(struct pieces *p, struct span frame, uint64_t len);

/**
 * Decode the pieces that the bytes from `from` to `until` are in, where they aren't decoded yet.
 *
 * @param to     room for the bytes of all pieces; neither `from` nor `until` is behind them
 * @param ready  set to where the piece with the last of these bytes ends
 */
int pieces_reach(struct pieces *p, uint8_t *to, uint64_t from, uint64_t until, uint64_t *ready,
                 struct lgz_error *err);

void pieces_clear(struct pieces *p);

#endif
