/*
 * engine_fixture.h - what the tests of the engine share: random numbers with a seed that can be
 * given again (LOGZIP_TEST_SEED), short ways to compress and decompress, and main().
 */
#ifndef LOGZIP_TESTS_ENGINE_FIXTURE_H
#define LOGZIP_TESTS_ENGINE_FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "suite.h"

static struct lgz_error err;

#define ck_ok(call) ck_assert_msg((call) == LGZ_OK, #call ": %s", err.message)

/* splitmix64. */
static inline uint64_t random_next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline size_t random_below(uint64_t *state, size_t limit)
{
    return limit ? (size_t)(random_next(state) % limit) : 0;
}

/** True in `n` of 100 cases. */
static inline bool random_percent(uint64_t *state, unsigned n)
{
    return random_below(state, 100) < n;
}

/** The run's seed: LOGZIP_TEST_SEED, or the clock. Printed, so that a failure can be repeated. */
static inline uint64_t random_seed(void)
{
    const char *given = getenv("LOGZIP_TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)clock_real();
    printf("LOGZIP_TEST_SEED=%llu\n", (unsigned long long)seed);
    fflush(stdout);
    return seed;
}

static inline struct span span_of(const char *text)
{
    return (struct span){(const uint8_t *)text, strlen(text)};
}

/** lgz_write_fn: append to a struct buf. */
static inline int write_to_buf(void *context, const void *data, size_t size)
{
    struct buf *out = context;
    buf_append(out, data, size);
    return out->failed;
}

/** Compress in one call. `out` is appended to. */
static inline void compress_text(const struct lgz_options *options, struct span text,
                                 struct buf *out)
{
    struct lgz_compressor *c;
    ck_ok(lgz_compressor_new(&c, options, write_to_buf, out, &err));
    ck_ok(lgz_compressor_write(c, text.data, text.len, &err));
    ck_ok(lgz_compressor_finish(c, &err));
    lgz_compressor_free(c);
    ck_assert(!out->failed);
}

/** Decompress in pieces of `step` bytes. @return the code, with the story in `err` */
static inline int decompress_text(struct span packed, size_t step, struct buf *out)
{
    struct lgz_decompressor *d;
    err = (struct lgz_error){0};
    int code = lgz_decompressor_new(&d, "test", write_to_buf, out, &err);
    if (code != LGZ_OK)
        return code;
    for (size_t at = 0; at < packed.len && code == LGZ_OK; at += step) {
        size_t len = packed.len - at < step ? packed.len - at : step;
        code = lgz_decompressor_write(d, packed.data + at, len, &err);
    }
    if (code == LGZ_OK)
        code = lgz_decompressor_finish(d, &err);
    lgz_decompressor_free(d);
    return code;
}

#endif
