/*
 * test_error.c - errors keep their code and story, cut but never overrun; and each code has a name.
 */
#include <errno.h>

#include "engine_fixture.h"

START_TEST(test_set)
{
    struct lgz_error e = {0};
    ck_assert_int_eq(error_set(&e, LGZ_ERR_LIMIT, "%s has %d", "x", 7), LGZ_ERR_LIMIT);
    ck_assert_int_eq(e.code, LGZ_ERR_LIMIT);
    ck_assert_str_eq(e.message, "x has 7");
    ck_assert_int_eq(error_set(NULL, LGZ_ERR_LIMIT, "nobody asks"), LGZ_ERR_LIMIT);
    ck_assert_int_eq(error_memory(NULL), LGZ_ERR_MEMORY);
}
END_TEST

START_TEST(test_io)
{
    struct lgz_error e = {0};
    errno = ENOENT;
    ck_assert_int_eq(error_io(&e, "%s: cannot open", "f"), LGZ_ERR_IO);
    ck_assert_int_eq(errno, ENOENT);
    ck_assert_str_eq(e.message, "f: cannot open: No such file or directory");
}
END_TEST

START_TEST(test_long_messages)
{
    struct lgz_error e = {0};
    char text[2000];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    error_set(&e, LGZ_ERR_IO, "%s", text);
    ck_assert_uint_eq(strlen(e.message), sizeof(e.message) - 1);
    errno = ENOENT;
    error_io(&e, "%s", text);
    ck_assert_uint_eq(strlen(e.message), sizeof(e.message) - 1);
    ck_assert_int_eq(error_prefix(&e, "%s", text), LGZ_ERR_IO);
    ck_assert_uint_eq(strlen(e.message), sizeof(e.message) - 1);
}
END_TEST

START_TEST(test_prefix)
{
    struct lgz_error e = {0};
    error_set(&e, LGZ_ERR_CORRUPT, "bad sum");
    ck_assert_int_eq(error_prefix(&e, "block %d", 3), LGZ_ERR_CORRUPT);
    ck_assert_str_eq(e.message, "block 3: bad sum");
    ck_assert_int_lt(error_prefix(NULL, "block %d", 3), 0);
}
END_TEST

START_TEST(test_names)
{
    ck_assert_str_eq(lgz_code_name(LGZ_OK), "ok");
    ck_assert_str_eq(lgz_code_name(LGZ_ERR_CORRUPT), "corrupt");
    ck_assert_str_eq(lgz_code_name(LGZ_ERR_NOT_FOUND), "not found");
    ck_assert_str_eq(lgz_code_name(LGZ_ERR_NOT_FOUND - 1), "unknown");
    ck_assert_str_eq(lgz_code_name(1), "unknown");
    ck_assert_str_eq(lgz_code_name(-2147483647 - 1), "unknown");
    for (int a = 0; a >= LGZ_ERR_NOT_FOUND; a--)
        for (int b = 0; b > a; b--)
            ck_assert_str_ne(lgz_code_name(a), lgz_code_name(b));
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_set);
    tcase_add_test(tc, test_io);
    tcase_add_test(tc, test_long_messages);
    tcase_add_test(tc, test_prefix);
    tcase_add_test(tc, test_names);
}

int main(void)
{
    return run_suite("error", add_tests, 30);
}
