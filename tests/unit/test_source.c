/*
 * test_source.c - a source survives being copied and serialized; anything cut or bent is refused.
 */
#include <check.h>
#include <stdlib.h>

#include "segment/source.h"
#include "suite.h"

static char sample_name[] = "/var/log/app.log", sample_input[] = "app", empty[] = "";

static struct source sample(void)
{
    return (struct source){
        .id = 7,
        .name = sample_name,
        .input = sample_input,
        .device = 0xfd01,
        .inode = UINT64_MAX,
        .fingerprint = 0x0123456789abcdef,
        .fingerprint_len = 512,
    };
}

static void assert_same(const struct source *a, const struct source *b)
{
    ck_assert_uint_eq(a->id, b->id);
    ck_assert_str_eq(a->name, b->name);
    ck_assert_str_eq(a->input, b->input);
    ck_assert_uint_eq(a->device, b->device);
    ck_assert_uint_eq(a->inode, b->inode);
    ck_assert_uint_eq(a->fingerprint, b->fingerprint);
    ck_assert_uint_eq(a->fingerprint_len, b->fingerprint_len);
}

START_TEST(copy_owns_its_strings)
{
    struct lgz_error err = {0};
    struct source from = sample(), to;
    ck_assert_int_eq(source_copy(&to, &from, &err), LGZ_OK);
    assert_same(&from, &to);
    ck_assert_ptr_ne(from.name, to.name);
    ck_assert_ptr_ne(from.input, to.input);
    source_clear(&to);
    ck_assert_ptr_null(to.name);
    ck_assert_uint_eq(to.id, 0);
}
END_TEST

START_TEST(round_trip)
{
    struct lgz_error err = {0};
    struct source from = sample(), to;
    struct buf b = {0};
    source_write(&b, &from);
    struct reader r = reader_of(b.data, b.len);
    ck_assert_int_eq(source_read(&r, &to, "test", &err), LGZ_OK);
    ck_assert_uint_eq(reader_left(&r), 0);
    assert_same(&from, &to);
    source_clear(&to);
    buf_free(&b);
}
END_TEST

START_TEST(without_names_and_fingerprint)
{
    struct lgz_error err = {0};
    struct source from = {.id = 1, .name = empty, .input = empty}, to;
    struct buf b = {0};
    source_write(&b, &from);
    struct reader r = reader_of(b.data, b.len);
    ck_assert_int_eq(source_read(&r, &to, "test", &err), LGZ_OK);
    assert_same(&from, &to);
    source_clear(&to);
    buf_free(&b);
}
END_TEST

START_TEST(cut_anywhere_is_damage)
{
    struct source from = sample(), to;
    struct buf b = {0};
    source_write(&b, &from);
    for (size_t len = 0; len < b.len; len++) {
        struct lgz_error err = {0};
        uint8_t *exact = malloc(len ? len : 1); /* so that a sanitizer sees a read too far */
        ck_assert_ptr_nonnull(exact);
        memcpy(exact, b.data, len);
        struct reader r = reader_of(exact, len);
        ck_assert_int_eq(source_read(&r, &to, "the test", &err), LGZ_ERR_CORRUPT);
        ck_assert_ptr_nonnull(strstr(err.message, "the test"));
        ck_assert_ptr_null(to.name);
        free(exact);
    }
    buf_free(&b);
}
END_TEST

START_TEST(nul_in_a_name_is_damage)
{
    struct lgz_error err = {0};
    struct source to;
    static const uint8_t raw[] = {1, 0, 3, 'a', 0, 'b'};
    struct reader r = reader_of(raw, sizeof(raw));
    ck_assert_int_eq(source_read(&r, &to, "test", &err), LGZ_ERR_CORRUPT);
}
END_TEST

START_TEST(unknown_flag_is_damage)
{
    struct lgz_error err = {0};
    struct source to;
    static const uint8_t raw[] = {1, 8, 1, 'a', 0, 0, 0, 0, 0};
    struct reader r = reader_of(raw, sizeof(raw));
    ck_assert_int_eq(source_read(&r, &to, "test", &err), LGZ_ERR_CORRUPT);
}
END_TEST

START_TEST(huge_name_length_is_damage)
{
    struct lgz_error err = {0};
    struct source to;
    struct buf b = {0};
    varint_put(&b, 1);
    buf_push(&b, 0);
    varint_put(&b, UINT64_MAX);
    struct reader r = reader_of(b.data, b.len);
    ck_assert_int_eq(source_read(&r, &to, "test", &err), LGZ_ERR_CORRUPT);
    buf_free(&b);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, copy_owns_its_strings);
    tcase_add_test(tests, round_trip);
    tcase_add_test(tests, without_names_and_fingerprint);
    tcase_add_test(tests, cut_anywhere_is_damage);
    tcase_add_test(tests, nul_in_a_name_is_damage);
    tcase_add_test(tests, unknown_flag_is_damage);
    tcase_add_test(tests, huge_name_length_is_damage);
}

int main(void)
{
    return run_suite("source", add_tests, 0);
}
