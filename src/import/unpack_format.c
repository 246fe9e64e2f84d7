/*
 * unpack_format.c - gzip, xz, zstd and bzip2 through their own libraries, because these check every
 * checksum, give what is before a damage, and let memory be limited. logzip's own format is in
 * unpack_logz.c.
 */
#include "import/unpack_format.h"

#include <bzlib.h>
#include <limits.h>
#include <lzma.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { GZIP_ONLY = 16 + MAX_WBITS, ZSTD_WINDOW_LOG_MAX = 27 };

_Static_assert((size_t)1 << ZSTD_WINDOW_LOG_MAX <= UNPACK_MEMORY_MAX, "a window fits");

/* The libraries count in unsigned int. */
static unsigned clamp(size_t len)
{
    return len < UINT_MAX / 2 ? (unsigned)len : UINT_MAX / 2;
}

static void advance(struct unpack_step *s, size_t in_left, size_t in_given, size_t out_left,
                    size_t out_given)
{
    s->in += in_given - in_left;
    s->in_len -= in_given - in_left;
    s->out += out_given - out_left;
    s->out_len -= out_given - out_left;
}

/* gzip */

static void *gzip_begin(void)
{
    z_stream *z = calloc(1, sizeof(*z));
    if (z && inflateInit2(z, GZIP_ONLY) != Z_OK) {
        free(z);
        return NULL;
    }
    return z;
}

static enum unpack_result gzip_step(void *state, struct unpack_step *s)
{
    z_stream *z = state;
    unsigned in = clamp(s->in_len);
    unsigned out = clamp(s->out_len);
    z->next_in = (z_const Bytef *)s->in;
    z->avail_in = in;
    z->next_out = s->out;
    z->avail_out = out;
    int result = inflate(z, Z_NO_FLUSH);
    advance(s, z->avail_in, in, z->avail_out, out);
    if (result == Z_STREAM_END)
        return inflateReset(z) == Z_OK ? UNPACK_END : UNPACK_NO_MEMORY;
    if (result == Z_MEM_ERROR)
        return UNPACK_NO_MEMORY;
    return result == Z_OK || result == Z_BUF_ERROR ? UNPACK_ON : UNPACK_DAMAGED;
}

static void gzip_end(void *state)
{
    inflateEnd(state);
    free(state);
}

/* xz */

struct xz {
    lzma_stream stream;
    bool begun;
};

static void *xz_begin(void)
{
    struct xz *x = calloc(1, sizeof(*x));
    if (x)
        x->stream = (lzma_stream)LZMA_STREAM_INIT;
    return x;
}

static enum unpack_result xz_result(lzma_ret result)
{
    switch (result) {
    case LZMA_OK:
    case LZMA_BUF_ERROR:
        return UNPACK_ON;
    case LZMA_STREAM_END:
        return UNPACK_END;
    case LZMA_MEMLIMIT_ERROR:
        return UNPACK_TOO_LARGE;
    case LZMA_MEM_ERROR:
        return UNPACK_NO_MEMORY;
    default:
        return UNPACK_DAMAGED;
    }
}

static enum unpack_result xz_step(void *state, struct unpack_step *s)
{
    struct xz *x = state;
    if (!x->begun) {
        lzma_ret begun = lzma_stream_decoder(&x->stream, UNPACK_MEMORY_MAX, 0);
        if (begun != LZMA_OK)
            return xz_result(begun);
        x->begun = true;
    }
    size_t in = s->in_len;
    size_t out = s->out_len;
    x->stream.next_in = s->in;
    x->stream.avail_in = in;
    x->stream.next_out = s->out;
    x->stream.avail_out = out;
    lzma_ret result = lzma_code(&x->stream, LZMA_RUN);
    advance(s, x->stream.avail_in, in, x->stream.avail_out, out);
    if (result == LZMA_STREAM_END)
        x->begun = false;
    return xz_result(result);
}

static void xz_end(void *state)
{
    struct xz *x = state;
    lzma_end(&x->stream);
    free(x);
}

/* zstd */

static void *zstd_begin(void)
{
    ZSTD_DStream *z = ZSTD_createDStream();
    if (z && ZSTD_isError(ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX))) {
        ZSTD_freeDStream(z);
        return NULL;
    }
    return z;
}

static enum unpack_result zstd_step(void *state, struct unpack_step *s)
{
    ZSTD_inBuffer in = {s->in, s->in_len, 0};
    ZSTD_outBuffer out = {s->out, s->out_len, 0};
    size_t result = ZSTD_decompressStream(state, &out, &in);
    advance(s, s->in_len - in.pos, s->in_len, s->out_len - out.pos, s->out_len);
    if (!ZSTD_isError(result))
        return result == 0 ? UNPACK_END : UNPACK_ON;
    switch (ZSTD_getErrorCode(result)) {
    case ZSTD_error_frameParameter_windowTooLarge:
        return UNPACK_TOO_LARGE;
    case ZSTD_error_memory_allocation:
        return UNPACK_NO_MEMORY;
    default:
        return UNPACK_DAMAGED;
    }
}

static void zstd_end(void *state)
{
    ZSTD_freeDStream(state);
}

/* bzip2 */

struct bzip2 {
    bz_stream stream;
    bool begun;
};

static void *bzip2_begin(void)
{
    return calloc(1, sizeof(struct bzip2));
}

static enum unpack_result bzip2_step(void *state, struct unpack_step *s)
{
    struct bzip2 *b = state;
    if (!b->begun && BZ2_bzDecompressInit(&b->stream, 0, 0) != BZ_OK)
        return UNPACK_NO_MEMORY;
    b->begun = true;
    unsigned in = clamp(s->in_len);
    unsigned out = clamp(s->out_len);
    b->stream.next_in = (char *)(uintptr_t)s->in; /* isn't written to */
    b->stream.avail_in = in;
    b->stream.next_out = (char *)s->out;
    b->stream.avail_out = out;
    int result = BZ2_bzDecompress(&b->stream);
    advance(s, b->stream.avail_in, in, b->stream.avail_out, out);
    if (result == BZ_OK)
        return UNPACK_ON;
    BZ2_bzDecompressEnd(&b->stream);
    b->begun = false;
    return result == BZ_STREAM_END  ? UNPACK_END
           : result == BZ_MEM_ERROR ? UNPACK_NO_MEMORY
                                    : UNPACK_DAMAGED;
}

static void bzip2_end(void *state)
{
    struct bzip2 *b = state;
    if (b->begun)
        BZ2_bzDecompressEnd(&b->stream);
    free(b);
}

static const struct unpack_format gzip = {"gzip",     ".gz",     "\x1f\x8b", 2,
                                          gzip_begin, gzip_step, gzip_end};
static const struct unpack_format xz = {"xz",     ".xz",   "\xfd\x37zXZ", 6, /* and the NUL */
                                        xz_begin, xz_step, xz_end};
static const struct unpack_format zstd = {"zstd",    ".zst",  "\x28\xb5\x2f\xfd", 4, zstd_begin,
                                          zstd_step, zstd_end};
static const struct unpack_format bzip2 = {"bzip2",     ".bz2",     "BZh",    3,
                                           bzip2_begin, bzip2_step, bzip2_end};

const struct unpack_format *const unpack_formats[] = {&gzip,  &xz,          &zstd,
                                                      &bzip2, &unpack_logz, NULL};
