/*
 * test_before.c - the last lines are kept, in their order, and no more of them than asked for.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "query/before.h"
#include "suite.h"

static void add(struct before *b, uint64_t number, uint64_t most)
{
    char text[32];
    int len = snprintf(text, sizeof(text), "line %d", (int)number);
    struct line_place place = {.offset = number * 10, .number = number};
    ck_assert(before_add(b, &place, (struct span){(const uint8_t *)text, (size_t)len}, most));
}

static void expect(const struct before *b, uint64_t first, uint64_t last)
{
    ck_assert_uint_eq(before_count(b), last - first + 1);
    for (uint64_t number = first; number <= last; number++) {
        char wanted[32];
        struct span text;
        snprintf(wanted, sizeof(wanted), "line %d", (int)number);
        const struct line_place *place = before_at(b, number - first, &text);
        ck_assert_uint_eq(place->number, number);
        ck_assert_uint_eq(place->offset, number * 10);
        ck_assert_uint_eq(text.len, strlen(wanted));
        ck_assert_mem_eq(text.data, wanted, text.len);
    }
}

START_TEST(test_last_lines)
{
    struct before b = {0};
    ck_assert_uint_eq(before_count(&b), 0);
    for (uint64_t i = 1; i <= 1000; i++) {
        add(&b, i, 7);
        expect(&b, i < 7 ? 1 : i - 6, i);
    }
    ck_assert_uint_lt(b.text.len, 1000);
    add(&b, 1001, 2);
    expect(&b, 1000, 1001);
    before_clear(&b);
    ck_assert_uint_eq(before_count(&b), 0);
    add(&b, 5, 1);
    expect(&b, 5, 5);
    before_free(&b);
}
END_TEST

START_TEST(test_none)
{
    struct before b = {0};
    add(&b, 1, 0);
    ck_assert_uint_eq(before_count(&b), 0);
    before_free(&b);
}
END_TEST

START_TEST(test_large)
{
    struct before b = {0};
    const size_t len = BEFORE_BYTES_MAX / 4 + 1;
    struct buf line = {0};
    ck_assert(buf_reserve(&line, len));
    memset(line.data, 'x', len);
    for (uint64_t i = 1; i <= 9; i++) {
        struct line_place place = {.number = i};
        ck_assert(before_add(&b, &place, (struct span){line.data, len}, 100));
        ck_assert_uint_le(before_count(&b), 3);
        ck_assert_uint_le(b.text.len, (size_t)2 * BEFORE_BYTES_MAX);
    }
    struct span text;
    ck_assert_uint_eq(before_at(&b, before_count(&b) - 1, &text)->number, 9);
    buf_free(&line);
    before_free(&b);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_last_lines);
    tcase_add_test(tc, test_none);
    tcase_add_test(tc, test_large);
}

int main(void)
{
    return run_suite("before", add_tests, 0);
}
