/*
 * test_pattern.c - what matches, where, and what can't be asked for.
 */
#include <check.h>
#include <stdlib.h>

#include "query/pattern.h"
#include "suite.h"

static struct span span_of(const char *text)
{
    return (struct span){(const uint8_t *)text, strlen(text)};
}

static struct pattern *compile(const char *text, bool fixed, bool ignore_case)
{
    struct pattern_options options = {.fixed = fixed, .ignore_case = ignore_case};
    struct pattern *p = NULL;
    ck_assert_int_eq(pattern_compile(&p, &text, 1, &options, NULL), LGZ_OK);
    return p;
}

/* The numbers of the lines that match, as digits. */
static const char *matching(struct pattern *p, struct span lines, char *out)
{
    size_t at = 0, start, end, count = 0;
    char *put = out;
    pattern_start(p, lines);
    while (pattern_next(p, at, &start, &end, NULL) == 1) {
        for (; at < start; at++)
            count += lines.data[at] == '\n';
        *put++ = (char)('0' + count++);
        at = end + 1;
    }
    *put = '\0';
    return out;
}

static void expect(const char *text, bool fixed, bool ignore_case, const char *lines,
                   const char *wanted)
{
    char got[64];
    struct pattern *p = compile(text, fixed, ignore_case);
    ck_assert_msg(strcmp(matching(p, span_of(lines), got), wanted) == 0,
                  "'%s' in '%s': lines '%s', wanted '%s'", text, lines, got, wanted);
    pattern_free(p);
}

START_TEST(test_lines)
{
    const char *lines = "alpha one\nbeta two\n\nalphabet\nTWO";
    expect("alpha", true, false, lines, "03");
    expect("alpha", false, false, lines, "03");
    expect("two", true, false, lines, "1");
    expect("two", true, true, lines, "14");
    expect("t.o", false, true, lines, "14");
    expect("", true, false, lines, "01234");
    expect("^$", false, false, lines, "2");
    expect("^alpha$", false, false, lines, "");
    expect("e$", false, false, lines, "0");
    expect("a|o", false, false, lines, "013");
    expect("be(ta|t$)", false, false, lines, "13");
    expect("x*", false, false, lines, "01234");
    expect("(?<=a )one", false, false, lines, "0");
    expect("\\Aalpha", false, false, lines, "03");
    expect("alpha\nTWO", true, false, lines, "034");
}
END_TEST

START_TEST(test_no_match_over_line_ends)
{
    const char *lines = "one\ntwo\nthree\n";
    expect("one\\s+two", false, false, lines, "");
    expect("(?s)one.*three", false, false, lines, "");
    expect("e[^x]t", false, false, lines, "");
    expect("(?<=one\\n)two", false, false, lines, "");
    expect("two(?=\\n)", false, false, lines, "");
    expect("\\R", false, false, "a\rb\nc\n", "0");
}
END_TEST

START_TEST(test_bytes)
{
    char got[8];
    const struct span lines = {(const uint8_t *)"a\0b\n\xff\xfe\nc\r\n", 10};
    struct pattern *p = compile("a\\x00b", false, false);
    ck_assert_str_eq(matching(p, lines, got), "0");
    pattern_free(p);
    p = compile("\xff", true, false);
    ck_assert_str_eq(matching(p, lines, got), "1");
    pattern_free(p);
    p = compile("^..$", false, false);
    ck_assert_str_eq(matching(p, lines, got), "12");
    pattern_free(p);
    p = compile("b\nc", true, false);
    ck_assert_str_eq(matching(p, lines, got), "02");
    pattern_free(p);
}
END_TEST

START_TEST(test_find)
{
    size_t start, end;
    const char *texts[] = {"bc", "bcd", "x"};
    struct pattern_options options = {.fixed = true};
    struct pattern *p;
    ck_assert_int_eq(pattern_compile(&p, texts, 3, &options, NULL), LGZ_OK);
    struct span line = span_of("abcdbc");
    ck_assert_int_eq(pattern_find(p, line, 0, &start, &end, NULL), 1);
    ck_assert_uint_eq(start, 1);
    ck_assert_uint_eq(end, 4); /* the longest of two */
    ck_assert_int_eq(pattern_find(p, line, 2, &start, &end, NULL), 1);
    ck_assert_uint_eq(start, 4);
    ck_assert_uint_eq(end, 6);
    ck_assert_int_eq(pattern_find(p, line, 5, &start, &end, NULL), 0);
    pattern_free(p);
    p = compile("^a", false, false);
    ck_assert_int_eq(pattern_find(p, span_of("aaa"), 1, &start, &end, NULL), 0);
    pattern_free(p);
}
END_TEST

START_TEST(test_errors)
{
    static const char *const bad[] = {"(",  "a)",     "[a", "*", "a{2,1}", "(?<n>a)(?<n>b)",
                                      "\\", "(*UTF)a"};
    struct pattern_options options = {0};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct lgz_error err = {0};
        struct pattern *p = NULL;
        ck_assert_msg(pattern_compile(&p, &bad[i], 1, &options, &err) == LGZ_ERR_ARGUMENT,
                      "'%s' compiles", bad[i]);
        ck_assert_ptr_null(p);
        ck_assert_ptr_nonnull(strstr(err.message, bad[i]));
    }
}
END_TEST

START_TEST(test_too_much_work)
{
    struct lgz_error err = {0};
    size_t start, end;
    char line[64];
    memset(line, 'a', sizeof(line));
    struct pattern *p = compile("^(a+)+$|^(a|aa)+b", false, false);
    line[40] = '!';
    struct span lines = {(const uint8_t *)line, sizeof(line)};
    pattern_start(p, lines);
    ck_assert_int_eq(pattern_next(p, 0, &start, &end, &err), LGZ_ERR_LIMIT);
    ck_assert_int_eq(err.code, LGZ_ERR_LIMIT);
    pattern_free(p);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_lines);
    tcase_add_test(tc, test_no_match_over_line_ends);
    tcase_add_test(tc, test_bytes);
    tcase_add_test(tc, test_find);
    tcase_add_test(tc, test_errors);
    tcase_add_test(tc, test_too_much_work);
}

int main(void)
{
    return run_suite("pattern", add_tests, 0);
}
