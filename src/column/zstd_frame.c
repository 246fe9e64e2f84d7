/*
 * zstd_frame.c - compressing into zstd frames and decompressing them.
 */
#include "column/zstd_frame.h"

#include <string.h>
#include <zstd_errors.h>

enum {
    FRAME_EXPANSION =
        (128 << 10) / 4, /* a zstd block has at least 4 bytes, gives 128 KiB at most */
};

int frame_compress(ZSTD_CCtx *zstd, const struct frame_options *options, const void *data,
                   size_t len, struct buf *out, struct lgz_error *err)
{
    size_t bound = ZSTD_compressBound(len);
    ZSTD_CCtx_reset(zstd, ZSTD_reset_session_and_parameters);
    ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, options->zstd_level);
    ZSTD_CCtx_setParameter(zstd, ZSTD_c_contentSizeFlag, 0);
    if (options->window_log)
        ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, (int)options->window_log);
    if (options->far)
        ZSTD_CCtx_setParameter(zstd, ZSTD_c_enableLongDistanceMatching, 1);
    if (!buf_reserve(out, bound))
        return error_memory(err);
    size_t n = ZSTD_compress2(zstd, out->data + out->len, bound, data, len);
    if (ZSTD_isError(n))
        return error_set(err, LGZ_ERR_MEMORY, "zstd: %s", ZSTD_getErrorName(n));
    if (n >= len) {
        memcpy(out->data + out->len, data, len);
        n = len;
    }
    out->len += n;
    return LGZ_OK;
}

bool frame_may_hold(struct span frame, uint64_t len)
{
    return len / FRAME_EXPANSION <= frame.len;
}

int frame_decompress(struct span frame, uint8_t *to, size_t len, struct lgz_error *err)
{
    if (frame.len != len)
        return frame_unpack(frame, to, len, err);
    if (len)
        memcpy(to, frame.data, len);
    return LGZ_OK;
}

int frame_unpack(struct span frame, uint8_t *to, size_t len, struct lgz_error *err)
{
    size_t n = ZSTD_decompress(to, len, frame.data, frame.len);
    if (ZSTD_getErrorCode(n) == ZSTD_error_memory_allocation)
        return error_memory(err);
    if (ZSTD_isError(n))
        return error_set(err, LGZ_ERR_CORRUPT, "damaged zstd frame: %s", ZSTD_getErrorName(n));
    if (n != len)
        return error_set(err, LGZ_ERR_CORRUPT, "zstd frame has %zu bytes instead of %zu", n, len);
    return LGZ_OK;
}
