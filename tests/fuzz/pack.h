/*
 * pack.h - what the fuzz targets of the public interface share: a segment made in memory, and back.
 */
#ifndef LOGZIP_TESTS_PACK_H
#define LOGZIP_TESTS_PACK_H

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "fuzz.h"
#include "logzip.h"

/* A target reads its settings from the first bytes of its input; all that follow are log text. */
enum { PACK_SETTINGS = 4 };

static inline int pack_write(void *context, const void *data, size_t size)
{
    struct buf *out = context;
    buf_append(out, data, size);
    return out->failed;
}

/* Compressing must never fail: what fails here is a finding. */
static inline void pack_check(int code, const struct lgz_error *err)
{
    if (code < 0) {
        fprintf(stderr, "compressing failed: %s\n", err->message);
        abort();
    }
}

/**
 * Compress `text` as the settings say: the level, blocks small or not, and where the text is cut
 * into two writes.
 */
static inline void pack(const uint8_t *settings, struct span text, struct buf *out)
{
    static const enum lgz_level levels[] = {LGZ_LEVEL_FAST, LGZ_LEVEL_DEFAULT, LGZ_LEVEL_BEST};
    struct lgz_error err = {0};
    struct lgz_options options;
    struct lgz_compressor *c;
    size_t cut = text.len * settings[2] / 255;

    lgz_options_default(&options);
    options.level = levels[settings[0] % 3];
    options.block_size = settings[1] % 2 ? 4096 : 0;
    options.threads = settings[1] % 4 < 2 ? 1 : 2;
    pack_check(lgz_compressor_new(&c, &options, pack_write, out, &err), &err);
    pack_check(lgz_compressor_write(c, text.data, cut, &err), &err);
    pack_check(lgz_compressor_write(c, text.data + cut, text.len - cut, &err), &err);
    pack_check(lgz_compressor_finish(c, &err), &err);
    lgz_compressor_free(c);
}

/** Decompress in pieces of `step` bytes. @return 0 or the error's code */
static inline int unpack(struct span packed, size_t step, struct buf *out, struct lgz_error *err)
{
    struct lgz_decompressor *d;
    int code = lgz_decompressor_new(&d, "fuzz", pack_write, out, err);
    if (code < 0)
        return code;
    for (size_t at = 0; at < packed.len && code == 0; at += step) {
        size_t len = step < packed.len - at ? step : packed.len - at;
        code = lgz_decompressor_write(d, packed.data + at, len, err);
    }
    if (code == 0)
        code = lgz_decompressor_finish(d, err);
    lgz_decompressor_free(d);
    return code;
}

static inline bool pack_same(const struct buf *a, struct span b)
{
    return a->len == b.len && (b.len == 0 || memcmp(a->data, b.data, b.len) == 0);
}

#endif
