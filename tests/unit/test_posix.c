/*
 * test_posix.c - extended regular expressions in Perl's writing, and how long their matches are.
 */
#include <check.h>
#include <stdlib.h>

#include "query/pattern.h"
#include "query/posix.h"
#include "suite.h"

static struct span span_of(const char *text)
{
    return (struct span){(const uint8_t *)text, strlen(text)};
}

static void expect(const char *text, const char *wanted)
{
    struct buf out = {0};
    ck_assert_int_eq(posix_translate(span_of(text), &out, NULL), LGZ_OK);
    buf_push(&out, '\0');
    ck_assert_str_eq((const char *)out.data, wanted);
    buf_free(&out);
}

START_TEST(test_same)
{
    expect("", "");
    expect("a.c*(d|e+)?$", "a.c*(d|e+)?$");
    expect("^x{2}y{3,}z{4,5}", "^x{2}y{3,}z{4,5}");
    expect("\\w\\W\\s\\S\\b\\B", "\\w\\W\\s\\S\\b\\B");
}
END_TEST

START_TEST(test_other)
{
    expect("\\<a\\>", "\\b(?=\\w)a\\b(?<=\\w)");
    expect("(a)\\10", "(a)\\g{1}0");
    expect("\\d\\.", "d\\.");
    expect("a-b", "a\\-b");
    expect("x{,3}", "x{0,3}");
    expect("x{,}", "x{0,}");
    expect("{", "\\{");
    expect("a{1", "a\\{1");
    expect("a)", "a\\)");
    expect("a+?", "(?:a+)?");
    expect("(a*)*+", "(?:(a*)*)+");
    expect("^*", "(?:^)*");
    expect("*a|+b|(?c)", "a|b|(c)");
}
END_TEST

START_TEST(test_classes)
{
    expect("[abc]", "[abc]");
    expect("[^a-z]", "[^a-z]");
    expect("[]a]", "[\\x5da]");
    expect("[^]a]", "[^\\x5da]");
    expect("[\\d]", "[\\x5cd]");
    expect("[a-]", "[a\\x2d]");
    expect("[[:digit:]x]*", "[[:digit:]x]*");
    expect("[[.-.]a[=b=]]", "[\\x2dab]");
}
END_TEST

START_TEST(test_refused)
{
    static const char *const bad[] = {"(a",        "[a",        "[",      "a\\",      "[[:word:]]",
                                      "[[:digit:", "[b-a]",     "a{2,1}", "a{99999}", "[[.ab.]]",
                                      "[a-",       "x{32768,}", "((a)",   "[[=a",     "[^"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct buf out = {0};
        struct lgz_error err = {0};
        ck_assert_msg(posix_translate(span_of(bad[i]), &out, &err) == LGZ_ERR_ARGUMENT, "%s",
                      bad[i]);
        ck_assert_ptr_nonnull(strstr(err.message, "at character"));
        buf_free(&out);
    }
}
END_TEST

/* Where the first match is. */
static void expect_match(const char *text, const struct pattern_options *options, const char *line,
                         size_t wanted_start, size_t wanted_end)
{
    struct pattern *p = NULL;
    size_t start, end;
    ck_assert_int_eq(pattern_compile(&p, &text, 1, options, NULL), LGZ_OK);
    ck_assert_int_eq(pattern_find(p, span_of(line), 0, &start, &end, NULL), 1);
    ck_assert_uint_eq(start, wanted_start);
    ck_assert_uint_eq(end, wanted_end);
    ck_assert_int_eq(pattern_matches(p, span_of(line), NULL), 1);
    pattern_free(p);
}

START_TEST(test_longest)
{
    const struct pattern_options perl = {0}, posix = {.posix = true};
    const struct pattern_options word = {.posix = true, .word = true};
    expect_match("to|too|tool", &perl, " toolbox", 1, 3);
    expect_match("to|too|tool", &posix, " toolbox", 1, 5);
    expect_match("(a|ab)(c|bcd)", &posix, "abcd", 0, 4);
    expect_match("to|too|tool", &word, "tools too", 6, 9);
    expect_match("(o)\\1|t", &posix, "foot", 1, 3);
    /* Many ways at once need a large workspace. */
    expect_match("(a?){200}b", &posix, "aaaaaaaaaab", 0, 11);
}
END_TEST

START_TEST(test_words_and_lines)
{
    const struct pattern_options word = {.fixed = true, .word = true};
    const struct pattern_options line = {.fixed = true, .line = true};
    const char *text = "a.b";
    struct pattern *p = NULL;
    expect_match(text, &word, "xa.b a.b", 5, 8);
    expect_match(text, &line, text, 0, 3);
    ck_assert_int_eq(pattern_compile(&p, &text, 1, &line, NULL), LGZ_OK);
    ck_assert_int_eq(pattern_matches(p, span_of("a.b "), NULL), 0);
    ck_assert_int_eq(pattern_matches(p, span_of("aab"), NULL), 0);
    pattern_free(p);
}
END_TEST

START_TEST(test_none)
{
    struct pattern *p = NULL;
    size_t start, end;
    const struct pattern_options options = {0};
    ck_assert_int_eq(pattern_compile(&p, NULL, 0, &options, NULL), LGZ_OK);
    pattern_start(p, span_of("a\nb\n"));
    ck_assert_int_eq(pattern_next(p, 0, &start, &end, NULL), 0);
    ck_assert_int_eq(pattern_matches(p, span_of(""), NULL), 0);
    pattern_free(p);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_same);
    tcase_add_test(tc, test_other);
    tcase_add_test(tc, test_classes);
    tcase_add_test(tc, test_refused);
    tcase_add_test(tc, test_longest);
    tcase_add_test(tc, test_words_and_lines);
    tcase_add_test(tc, test_none);
}

int main(void)
{
    return run_suite("posix", add_tests, 0);
}
