/*
 * test_api.c - the public interface: options are checked, callbacks can stop it, errors stay small,
 * and objects that failed refuse to go on as if nothing had happened.
 */
#include "engine_fixture.h"

static int refuse(void *context, const void *data, size_t size)
{
    (void)data;
    (void)size;
    return --*(int *)context < 0;
}

static void put_log(struct buf *out)
{
    for (int i = 0; i < 2000; i++)
        buf_printf(out, "2026-03-04 05:06:%02d request %d of user%d took %d ms\n", i % 60, i, i % 7,
                   i * i % 1000);
}

START_TEST(test_options)
{
    struct lgz_options options;
    struct lgz_compressor *c;
    struct buf out = {0};
    char *name = malloc(70001);
    lgz_options_default(&options);
    ck_assert_int_eq(options.level, LGZ_LEVEL_DEFAULT);
    ck_assert_uint_eq(options.threads, 1);
    options.threads = 0;
    ck_assert_int_eq(lgz_compressor_new(&c, &options, write_to_buf, &out, &err), LGZ_ERR_ARGUMENT);
    options.threads = 257;
    ck_assert_int_eq(lgz_compressor_new(&c, &options, write_to_buf, &out, &err), LGZ_ERR_ARGUMENT);
    options.threads = 1;
    options.level = (enum lgz_level)4;
    ck_assert_int_eq(lgz_compressor_new(&c, &options, write_to_buf, &out, &err), LGZ_ERR_ARGUMENT);
    options.level = LGZ_LEVEL_FAST;
    memset(name, 'n', 70000);
    name[70000] = '\0';
    options.source = name;
    ck_assert_int_eq(lgz_compressor_new(&c, &options, write_to_buf, &out, &err), LGZ_ERR_LIMIT);
    lgz_compressor_free(NULL);
    lgz_decompressor_free(NULL);
    ck_assert_str_ne(lgz_version(), "");
    buf_free(&out);
    free(name);
}
END_TEST

/* A callback stops the compressor at its n-th call; then finishing fails as well. */
START_TEST(test_cancel_compressing)
{
    struct buf text = {0};
    put_log(&text);
    for (int calls = 0; calls < 6; calls++) {
        struct lgz_options options;
        struct lgz_compressor *c = NULL;
        int left = calls;
        lgz_options_default(&options);
        options.block_size = 32768;
        options.threads = 1 + (unsigned)_i;
        int code = lgz_compressor_new(&c, &options, refuse, &left, &err);
        ck_assert_int_eq(code, calls ? LGZ_OK : LGZ_ERR_CANCELLED);
        if (code != LGZ_OK)
            continue;
        code = lgz_compressor_write(c, text.data, text.len, &err);
        int finish = lgz_compressor_finish(c, &err);
        ck_assert_int_eq(finish, left < 0 ? LGZ_ERR_CANCELLED : LGZ_OK);
        ck_assert(code == LGZ_OK || code == LGZ_ERR_CANCELLED);
        lgz_compressor_free(c);
    }
    buf_free(&text);
}
END_TEST

START_TEST(test_cancel_decompressing)
{
    struct buf text = {0};
    struct buf packed = {0};
    struct lgz_options options;
    put_log(&text);
    lgz_options_default(&options);
    options.block_size = 32768;
    compress_text(&options, buf_span(&text), &packed);
    for (int calls = 0; calls < 2; calls++) {
        struct lgz_decompressor *d;
        int left = calls;
        struct lgz_error reason = {0};
        ck_ok(lgz_decompressor_new(&d, "x", refuse, &left, &err));
        ck_assert_int_eq(lgz_decompressor_write(d, packed.data, packed.len, &reason),
                         LGZ_ERR_CANCELLED);
        ck_assert_int_eq(reason.code, LGZ_ERR_CANCELLED);
        lgz_decompressor_free(d);
    }
    buf_free(&text);
    buf_free(&packed);
}
END_TEST

START_TEST(test_after_finish)
{
    struct lgz_options options;
    struct lgz_compressor *c;
    struct buf out = {0};
    lgz_options_default(&options);
    ck_ok(lgz_compressor_new(&c, &options, write_to_buf, &out, &err));
    ck_ok(lgz_compressor_write(c, "a\n", 2, &err));
    ck_ok(lgz_compressor_finish(c, &err));
    ck_assert_int_eq(lgz_compressor_write(c, "b\n", 2, &err), LGZ_ERR_ARGUMENT);
    ck_assert_int_eq(lgz_compressor_finish(c, &err), LGZ_ERR_ARGUMENT);
    lgz_compressor_free(c);
    buf_free(&out);
}
END_TEST

/* Codes don't depend on whether anybody wants the story. */
START_TEST(test_without_error)
{
    static const char *const inputs[] = {"",
                                         "x",
                                         "garbage and more of it",
                                         "\x89LOGZ\r\n\x02",
                                         "\x89LOGZ\r\n\x01\x02\x20",
                                         "\x89LOGZ\r\n\x01\x05\x05hello"};
    for (size_t i = 0; i < sizeof(inputs) / sizeof(*inputs); i++) {
        struct buf out = {0};
        struct lgz_decompressor *d;
        int with = decompress_text(span_of(inputs[i]), 3, &out);
        ck_assert_int_lt(with, 0);
        ck_ok(lgz_decompressor_new(&d, "x", write_to_buf, &out, NULL));
        int code = lgz_decompressor_write(d, "", 0, NULL);
        ck_assert_int_eq(code, LGZ_OK);
        code = lgz_decompressor_write(d, inputs[i], strlen(inputs[i]), NULL);
        if (code == LGZ_OK)
            code = lgz_decompressor_finish(d, NULL);
        ck_assert_int_eq(code, with);
        lgz_decompressor_free(d);
        buf_free(&out);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_options);
    tcase_add_loop_test(tc, test_cancel_compressing, 0, 2);
    tcase_add_test(tc, test_cancel_decompressing);
    tcase_add_test(tc, test_after_finish);
    tcase_add_test(tc, test_without_error);
}

int main(void)
{
    return run_suite("api", add_tests, 60);
}
