/*
 * test_rules.c - rules of inputs: written and read, numbered, found by offset, kept by name.
 */
#include "archive/inputs.h"
#include "segment/rules.h"

#include <stdio.h>
#include <stdlib.h>

#include "suite.h"

static struct rules rules_of(const char *start, const char *format)
{
    return (struct rules){(char *)start, (char *)format};
}

START_TEST(written_and_read)
{
    static const char *const texts[][2] = {{"^a", ""}, {"", "(?<x>.)"}, {"^\\d \xff", "(?<y>)"}};
    struct lgz_error err = {0};
    for (size_t i = 0; i < 3; i++) {
        struct rules in = rules_of(texts[i][0], texts[i][1]), out;
        struct buf bytes = {0};
        rules_write(&bytes, &in);
        struct reader r = reader_of(bytes.data, bytes.len);
        ck_assert_int_eq(rules_read(&r, &out, "x", &err), LGZ_OK);
        ck_assert_uint_eq(reader_left(&r), 0);
        ck_assert(rules_equal(&in, &out));
        rules_clear(&out);
        for (size_t cut = 0; cut < bytes.len; cut++) {
            r = reader_of(bytes.data, cut);
            ck_assert_int_eq(rules_read(&r, &out, "x", &err), LGZ_ERR_CORRUPT);
        }
        buf_free(&bytes);
    }
}
END_TEST

START_TEST(too_long)
{
    struct lgz_error err = {0};
    struct buf bytes = {0};
    struct rules copy;
    char *text = calloc(1, RULES_TEXT_MAX + 2);
    memset(text, 'a', RULES_TEXT_MAX);
    struct rules in = rules_of("", text);
    ck_assert_int_eq(rules_copy(&copy, &in, &err), LGZ_OK);
    rules_clear(&copy);
    text[RULES_TEXT_MAX] = 'a';
    ck_assert_int_eq(rules_copy(&copy, &in, &err), LGZ_ERR_LIMIT);
    rules_write(&bytes, &in);
    struct reader r = reader_of(bytes.data, bytes.len);
    ck_assert_int_eq(rules_read(&r, &copy, "x", &err), LGZ_ERR_CORRUPT);
    buf_free(&bytes);
    free(text);
}
END_TEST

START_TEST(equal)
{
    struct rules a = rules_of("a", ""), b = rules_of("a", "b"), none = rules_of("", "");
    ck_assert(rules_equal(&a, &a) && !rules_equal(&a, &b) && !rules_equal(&a, NULL));
    ck_assert(rules_equal(NULL, NULL) && rules_equal(&none, NULL) && rules_equal(NULL, &none));
    ck_assert(rules_empty(NULL) && rules_empty(&none) && !rules_empty(&a));
}
END_TEST

START_TEST(table)
{
    struct rules_table t = {0};
    struct rules a = rules_of("a", ""), b = rules_of("", "a");
    uint32_t number;
    ck_assert_int_eq(rules_table_add(&t, NULL, &number, NULL), LGZ_OK);
    ck_assert_uint_eq(number, 0);
    ck_assert_ptr_null(rules_table_get(&t, 0));
    for (int twice = 0; twice < 2; twice++) {
        ck_assert_int_eq(rules_table_add(&t, &a, &number, NULL), LGZ_OK);
        ck_assert_uint_eq(number, 1);
        ck_assert_int_eq(rules_table_add(&t, &b, &number, NULL), LGZ_OK);
        ck_assert_uint_eq(number, 2);
    }
    ck_assert(rules_equal(rules_table_get(&t, 2), &b));
    ck_assert_ptr_null(rules_table_get(&t, 3));
    /* What doesn't fit is none, and no error: a seal must not fail for it. */
    for (size_t i = 2; i < RULES_TABLE_MAX + 5; i++) {
        char text[20];
        snprintf(text, sizeof(text), "%zu", i);
        struct rules more = rules_of(text, "");
        ck_assert_int_eq(rules_table_add(&t, &more, &number, NULL), LGZ_OK);
        ck_assert_uint_eq(number, i < RULES_TABLE_MAX ? i + 1 : 0);
    }
    rules_table_clear(&t);
}
END_TEST

START_TEST(runs_by_offset)
{
    static const struct rules_run list[] = {{1, 1, 0},   {1, 1, 50}, {1, 2, 100},
                                            {1, 0, 200}, {3, 0, 5},  {3, 1, 7}};
    static const struct {
        uint32_t source;
        uint64_t offset;
        uint32_t rules;
        uint64_t end;
    } cases[] = {{0, 0, 0, UINT64_MAX},   {1, 0, 1, 100},   {1, 99, 1, 100},
                 {1, 100, 2, 200},        {1, 199, 2, 200}, {1, 5000, 0, UINT64_MAX},
                 {2, 100, 0, UINT64_MAX}, {3, 6, 0, 7},     {3, 7, 1, UINT64_MAX},
                 {4, 0, 0, UINT64_MAX}};
    struct rules_runs runs = {0};
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
        ck_assert_int_eq(rules_runs_add(&runs, &list[i], NULL), LGZ_OK);
    ck_assert_uint_eq(runs.list.len, 4); /* two say nothing new */
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t end;
        ck_assert_uint_eq(rules_runs_at(&runs, cases[i].source, cases[i].offset, &end),
                          cases[i].rules);
        ck_assert_uint_eq(end, cases[i].end);
    }
    vec_free(&runs.list);
}
END_TEST

START_TEST(by_name)
{
    static const char *const names[] = {"m", "a", "z", "b", "m"};
    struct inputs set = {0}, copy;
    struct rules none = rules_of("", "");
    for (size_t i = 0; i < 5; i++) {
        char text[2] = {(char)('0' + i), '\0'};
        struct rules rules = rules_of(text, "");
        ck_assert_int_eq(inputs_put(&set, names[i], &rules, NULL), LGZ_OK);
    }
    ck_assert_uint_eq(set.items.len, 4);
    ck_assert_str_eq(inputs_find(&set, "m")->multiline_start, "4");
    ck_assert_str_eq(inputs_find(&set, "a")->multiline_start, "1");
    ck_assert_ptr_null(inputs_find(&set, "aa"));
    ck_assert_int_eq(inputs_copy(&copy, &set, NULL), LGZ_OK);
    ck_assert_int_eq(inputs_put(&set, "m", &none, NULL), LGZ_OK);
    ck_assert_int_eq(inputs_put(&set, "unknown", NULL, NULL), LGZ_OK);
    ck_assert_uint_eq(set.items.len, 3);
    ck_assert_ptr_null(inputs_find(&set, "m"));
    ck_assert_str_eq(inputs_find(&set, "z")->multiline_start, "2");
    ck_assert_str_eq(inputs_find(&copy, "m")->multiline_start, "4");
    inputs_clear(&set);
    inputs_clear(&copy);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, written_and_read);
    tcase_add_test(tc, too_long);
    tcase_add_test(tc, equal);
    tcase_add_test(tc, table);
    tcase_add_test(tc, runs_by_offset);
    tcase_add_test(tc, by_name);
}

int main(void)
{
    return run_suite("rules", add_tests, 60);
}
