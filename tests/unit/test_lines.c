/*
 * test_lines.c - lines are what stands between '\n' bytes, all of it, and nothing else.
 */
#include "engine_fixture.h"
#include "line/lines.h"

static void require_lines(const char *text, size_t len, size_t count)
{
    struct lines lines = {0};
    size_t at = 0;
    ck_assert(lines_split(&lines, (const uint8_t *)text, len));
    ck_assert_uint_eq(lines.list.len, count);
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(lines.list.data[i].at, at);
        at += lines.list.data[i].len;
        ck_assert(at == len || text[at] == '\n');
        ck_assert(!memchr(text + lines.list.data[i].at, '\n', lines.list.data[i].len));
        at++;
    }
    ck_assert(at == len || at == len + 1);
    lines_free(&lines);
}

START_TEST(test_split)
{
    require_lines("a", 0, 0);
    require_lines("a", 1, 1);
    require_lines("a\n", 2, 1);
    require_lines("\n", 1, 1);
    require_lines("\n\n\nx", 4, 4);
    require_lines("a\r\nb\0c\n", 7, 2);
    require_lines("a\rb\vc", 5, 1);
}
END_TEST

START_TEST(test_many)
{
    struct buf b = {0};
    for (int i = 0; i < 100000; i++)
        buf_append(&b, "abcdefg\n", (size_t)(8 - i % 8) > 7 ? 8 : 1 + (size_t)(i % 7));
    size_t count = b.len && b.data[b.len - 1] != '\n';
    for (size_t i = 0; i < b.len; i++)
        count += b.data[i] == '\n';
    require_lines((const char *)b.data, b.len, count);
    ck_assert_uint_eq(lines_count(b.data, b.len) + (b.data[b.len - 1] != '\n'), count);
    buf_free(&b);
}
END_TEST

START_TEST(test_count)
{
    /* Nothing but line ends, so that the counters of a vector are full; at each length. */
    uint8_t text[16 * 300];
    memset(text, '\n', sizeof(text));
    for (size_t size = 0; size <= sizeof(text); size++)
        ck_assert_uint_eq(lines_count(text, size), size);
    for (size_t at = 0; at < sizeof(text); at++) {
        text[at] = at % 3 ? '\v' : '\n';
        ck_assert_uint_eq(lines_count(text, at + 1), at / 3 + 1);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_split);
    tcase_add_test(tc, test_many);
    tcase_add_test(tc, test_count);
}

int main(void)
{
    return run_suite("lines", add_tests, 30);
}
