/*
 * test_zstd_frame.c - bytes come back from frames, and frames that promise too much are noticed.
 */
#include "column/zstd_frame.h"

#include "engine_fixture.h"

START_TEST(test_frames)
{
    static const struct frame_options options[] = {{3, 0, false}, {1, 27, true}, {22, 27, false}};
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    uint8_t out[600];
    char text[500];
    memset(text, 'a', sizeof(text));
    for (size_t i = 0; i < 3; i++) {
        struct buf frame = {0};
        buf_append_string(&frame, "in front");
        ck_ok(frame_compress(zstd, &options[i], text, sizeof(text), &frame, &err));
        struct span bytes = {frame.data + 8, frame.len - 8};
        ck_assert(frame_may_hold(bytes, sizeof(text)));
        ck_ok(frame_decompress(bytes, out, sizeof(text), &err));
        ck_assert_int_eq(memcmp(out, text, sizeof(text)), 0);
        ck_assert_int_eq(frame_decompress(bytes, out, 499, &err), LGZ_ERR_CORRUPT);
        ck_assert_int_eq(frame_decompress(bytes, out, 501, &err), LGZ_ERR_CORRUPT);
        bytes.len--;
        ck_assert_int_eq(frame_decompress(bytes, out, 500, &err), LGZ_ERR_CORRUPT);
        buf_free(&frame);
    }
    ZSTD_freeCCtx(zstd);
}
END_TEST

/* The most that zstd makes of a byte is less than what frame_may_hold() believes. */
START_TEST(test_expansion)
{
    const struct frame_options options = {19, 27, false};
    enum { ZEROS = 64 << 20 };
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    uint8_t *zeros = calloc(ZEROS, 1);
    struct buf frame = {0};
    ck_assert_ptr_nonnull(zeros);
    ck_ok(frame_compress(zstd, &options, zeros, ZEROS, &frame, &err));
    ck_assert(frame_may_hold(buf_span(&frame), ZEROS));
    ck_assert(!frame_may_hold((struct span){frame.data, 20}, UINT64_C(1) << 30));
    ck_assert(!frame_may_hold((struct span){frame.data, 0}, 1 << 20));
    free(zeros);
    buf_free(&frame);
    ZSTD_freeCCtx(zstd);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_frames);
    tcase_add_test(tc, test_expansion);
}

int main(void)
{
    return run_suite("zstd_frame", add_tests, 60);
}
