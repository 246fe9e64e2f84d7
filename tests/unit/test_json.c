/*
 * test_json.c - strings that are JSON, and lose nothing.
 */
#include <check.h>
#include <stdlib.h>

#include "query/json.h"
#include "suite.h"

static void expect(bool member, const void *text, size_t len, const char *wanted)
{
    struct buf out = {0};
    struct span span = {text, len};
    if (member)
        json_member(&out, "x", span);
    else
        json_string(&out, span);
    buf_push(&out, '\0');
    ck_assert_str_eq((const char *)out.data, wanted);
    buf_free(&out);
}

START_TEST(test_strings)
{
    expect(false, "", 0, "\"\"");
    expect(false, "a\"b\\c/", 6, "\"a\\\"b\\\\c/\"");
    expect(false, "\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"");
    expect(false, "\0\x1f\x7f", 3, "\"\\u0000\\u001f\\u007f\"");
    expect(false, "h\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10,
           "\"h\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
    expect(false,
           "a\xff"
           "b\xc3",
           4,
           "\"a\xef\xbf\xbd"
           "b\xef\xbf\xbd\"");
}
END_TEST

START_TEST(test_members)
{
    expect(true, "ok", 2, "\"x\":\"ok\"");
    expect(true, "\xff", 1, "\"x_base64\":\"/w==\"");
    expect(true, "\xff\xfe", 2, "\"x_base64\":\"//4=\"");
    expect(true, "\xff\xfe\xfd", 3, "\"x_base64\":\"//79\"");
    expect(true,
           "abc\xff"
           "de",
           6, "\"x_base64\":\"YWJj/2Rl\"");
}
END_TEST

START_TEST(test_utf8)
{
    static const char *const bad[] = {
        "\x80",
        "\xc0\x80",
        "\xc1\xbf",
        "\xe0\x9f\xbf",
        "\xed\xa0\x80",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xe2\x82",
        "\303a",
        "\xff",
    };
    static const char *const good[] = {"",
                                       "a",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!json_is_utf8(json_span(bad[i])), "bad text %zu", i);
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        ck_assert_msg(json_is_utf8(json_span(good[i])), "good text %zu", i);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_strings);
    tcase_add_test(tc, test_members);
    tcase_add_test(tc, test_utf8);
}

int main(void)
{
    return run_suite("json", add_tests, 0);
}
