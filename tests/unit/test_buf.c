/*
 * test_buf.c - buffers and arrays grow, remember when they couldn't, and check sizes for overflow.
 */
#include "engine_fixture.h"

START_TEST(test_append)
{
    struct buf b = {0};
    buf_append(&b, NULL, 0);
    ck_assert_uint_eq(b.len, 0);
    for (int i = 0; i < 100000; i++) {
        buf_push(&b, (uint8_t)i);
        buf_append(&b, "ab", 2);
    }
    ck_assert_uint_eq(b.len, 300000);
    for (size_t i = 0; i < 100000; i++)
        ck_assert(b.data[3 * i] == (uint8_t)i && b.data[3 * i + 2] == 'b');
    size_t cap = b.cap;
    buf_clear(&b);
    ck_assert_uint_eq(b.len, 0);
    ck_assert_uint_eq(b.cap, cap);
    buf_free(&b);
    ck_assert(!b.data && !b.cap && !b.failed);
}
END_TEST

START_TEST(test_printf)
{
    struct buf b = {0};
    buf_append_string(&b, "<");
    buf_printf(&b, "%d-%s", 42, "x");
    buf_printf(&b, "%s", "");
    buf_append_string(&b, ">");
    ck_assert(span_equal(buf_span(&b), span_of("<42-x>")));
    buf_printf(&b, "%5000d", 7);
    ck_assert_uint_eq(b.len, 5006);
    ck_assert_int_eq(b.data[5005], '7');
    buf_free(&b);
}
END_TEST

START_TEST(test_failure_is_remembered)
{
    struct buf b = {0};
    buf_append_string(&b, "kept");
    ck_assert(!buf_reserve(&b, SIZE_MAX));
    ck_assert(b.failed);
    ck_assert(!buf_reserve(&b, 1));
    buf_push(&b, 'x');
    buf_append(&b, "yz", 2);
    buf_printf(&b, "%d", 1);
    ck_assert_uint_eq(b.len, 4);
    ck_assert(span_equal(buf_span(&b), span_of("kept")));
    buf_clear(&b);
    buf_push(&b, 'x');
    ck_assert(!b.failed && b.len == 1);
    buf_free(&b);
}
END_TEST

START_TEST(test_vec)
{
    struct item {
        uint64_t a, b, c;
    };
    VEC(struct item) v = {0};
    for (uint64_t i = 0; i < 5000; i++) {
        struct item item = {i, i * i, ~i};
        ck_assert(vec_push(&v, item));
    }
    for (uint64_t i = 0; i < 5000; i++)
        ck_assert(v.data[i].a == i && v.data[i].b == i * i && v.data[i].c == ~i);
    ck_assert(!vec_reserve(&v, SIZE_MAX / 8));
    ck_assert_uint_eq(v.len, 5000);
    ck_assert_uint_eq(v.data[4999].a, 4999);
    vec_free(&v);
    ck_assert(!v.data && !v.len && !v.cap);
}
END_TEST

START_TEST(test_insert_and_remove)
{
    VEC(int) v = {0};
    int expected[1000];
    size_t count = 0;
    uint64_t state = 5;
    for (int i = 0; i < 3000; i++) {
        if (count && (count == 1000 || random_percent(&state, 40))) {
            size_t at = random_below(&state, count);
            memmove(expected + at, expected + at + 1, (--count - at) * sizeof(int));
            vec_remove(&v, at);
        } else {
            size_t at = random_below(&state, count + 1);
            memmove(expected + at + 1, expected + at, (count++ - at) * sizeof(int));
            expected[at] = i;
            ck_assert(vec_insert(&v, at, i));
        }
        ck_assert_uint_eq(v.len, count);
        ck_assert(count == 0 || memcmp(v.data, expected, count * sizeof(int)) == 0);
    }
    vec_free(&v);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_append);
    tcase_add_test(tc, test_printf);
    tcase_add_test(tc, test_failure_is_remembered);
    tcase_add_test(tc, test_vec);
    tcase_add_test(tc, test_insert_and_remove);
}

int main(void)
{
    return run_suite("buf", add_tests, 30);
}
