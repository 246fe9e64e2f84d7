/*
 * pieces.c - frames of several zstd frames, decoded as far as they are wanted.
 */
#include "column/pieces.h"

#include "column/zstd_frame.h"

enum { PIECE_LEVEL = 1 /* zstd's: symbols are random, so that what is found beyond is nothing */ };

int pieces_compress(ZSTD_CCtx *zstd, const void *data, size_t len, struct buf *out,
                    struct lgz_error *err)
{
    const uint8_t *from = data;
    for (size_t at = 0; at < len; at += PIECE) {
        const size_t part = len - at < PIECE ? len - at : PIECE;
        const size_t bound = ZSTD_compressBound(part);
        if (!buf_reserve(out, bound))
            return error_memory(err);
        ZSTD_CCtx_reset(zstd, ZSTD_reset_session_and_parameters);
        ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, PIECE_LEVEL);
        size_t n = ZSTD_compress2(zstd, out->data + out->len, bound, from + at, part);
        if (ZSTD_isError(n))
            return error_set(err, LGZ_ERR_MEMORY, "zstd: %s", ZSTD_getErrorName(n));
        out->len += n;
    }
    return LGZ_OK;
}

/* The piece that `frames` begin with. @return false if it hasn't the length of one, or is damaged
 */
static bool next_piece(struct span frames, uint64_t left, struct piece *piece)
{
    const size_t stored = ZSTD_findFrameCompressedSize(frames.data, frames.len);
    const unsigned long long len = ZSTD_getFrameContentSize(frames.data, frames.len);
    if (ZSTD_isError(stored) || len == 0 || len != (left < PIECE ? left : PIECE))
        return false;
    *piece = (struct piece){.stored = {frames.data, stored}, .len = (size_t)len};
    return true;
}

bool pieces_find(struct pieces *p, struct span frame, uint64_t len)
{
    uint64_t left = len;
    struct piece piece;
    bool memory = true;
    while (memory && frame.len && next_piece(frame, left, &piece)) {
        memory = vec_push(&p->list, piece);
        left -= piece.len;
        frame = (struct span){frame.data + piece.stored.len, frame.len - piece.stored.len};
    }
    if (!memory || frame.len || left)
        pieces_clear(p);
    return memory;
}

int pieces_reach(struct pieces *p, uint8_t *to, uint64_t from, uint64_t until, uint64_t *ready,
                 struct lgz_error *err)
{
    int code = LGZ_OK;
    uint64_t at = from / PIECE * PIECE;
    for (; at < until && code == LGZ_OK; at += PIECE) {
        struct piece *piece = &p->list.data[at / PIECE];
        if (!piece->done)
            code = frame_unpack(piece->stored, to + at, piece->len, err);
        piece->done = code == LGZ_OK;
        *ready = at + piece->len;
    }
    return code;
}

void pieces_clear(struct pieces *p)
{
    vec_free(&p->list);
}
