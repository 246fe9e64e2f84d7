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
    struct buf out = {0};
    json_member_named(&out, (struct span){(const uint8_t *)"a\"\xff", 3}, json_span("b"));
    json_member_named(&out, json_span("c\n"), json_span("\xff"));
    buf_push(&out, '\0');
    ck_assert_str_eq((char *)out.data, "\"a\\\"\xef\xbf\xbd\":\"b\"\"c\\n_base64\":\"/w==\"");
    buf_free(&out);
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

START_TEST(test_values)
{
    static const char *const good[] = {"0",
                                       "-0",
                                       "10",
                                       "-1.5e+3",
                                       "1E-2",
                                       "0.0",
                                       "true",
                                       "false",
                                       "null",
                                       "\"\"",
                                       "\"a\\\"\\u00e9\"",
                                       "[]",
                                       "{}",
                                       "[ ]",
                                       "{ }",
                                       "[1]",
                                       "[1 , 2]",
                                       "{\"a\" : 1}",
                                       "{\"a\":[{},[[]]],\"b\":{\"c\":null}}"};
    static const char *const bad[] = {
        "",          " 1",      "1 ",          "01",         "-",        "1.",
        ".5",        "+1",      "1e",          "0x1",        "tru",      "nulll",
        "\"",        "\"\\x\"", "\"\\u12g4\"", "\"a\nb\"",   "\"\xff\"", "[",
        "]",         "[1",      "[1,]",        "[,1]",       "[1 2]",    "{",
        "{1}",       "{\"a\"}", "{\"a\":}",    "{\"a\":1,}", "{a:1}",    "[1}",
        "{\"a\":1]", "[1]]",    "{} {}",       "\"a\"b",     "1,2",      "{\"a\":1 \"b\":2}",
        "[\"a\":1]"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        ck_assert_msg(json_is_value(json_span(good[i])), "%s", good[i]);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!json_is_value(json_span(bad[i])), "%s", bad[i]);
    struct buf deep = {0};
    for (unsigned i = 0; i < JSON_DEPTH_MAX; i++)
        buf_append_string(&deep, i % 2 ? "{\"a\":" : "[");
    buf_push(&deep, '1');
    for (unsigned i = JSON_DEPTH_MAX; i > 0; i--)
        buf_push(&deep, i % 2 ? ']' : '}');
    ck_assert(json_is_value(buf_span(&deep)));
    buf_push(&deep, ']');
    memmove(deep.data + 1, deep.data, deep.len - 1);
    deep.data[0] = '[';
    buf_push(&deep, ']');
    ck_assert(!json_is_value(buf_span(&deep)));
    buf_free(&deep);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_strings);
    tcase_add_test(tc, test_members);
    tcase_add_test(tc, test_utf8);
    tcase_add_test(tc, test_values);
}

int main(void)
{
    return run_suite("json", add_tests, 0);
}
