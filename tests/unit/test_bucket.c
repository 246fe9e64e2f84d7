/*
 * test_bucket.c - stretches of time follow one upon the other, and begin where calendars say.
 */
#include <check.h>

#include "query/bucket.h"
#include "suite.h"

static void expect(const char *name, int64_t second, const char *wanted)
{
    const struct bucket_size *size = bucket_named(name);
    struct buf out = {0};
    ck_assert_ptr_nonnull(size);
    bucket_print(size, bucket_start(size, second), &out);
    buf_push(&out, '\0');
    ck_assert_str_eq((const char *)out.data, wanted);
    buf_free(&out);
}

START_TEST(test_names)
{
    const int64_t second = 1772352905; /* Sunday 2026-03-01 08:15:05 */
    expect("second", second, "2026-03-01 08:15:05");
    expect("minute", second, "2026-03-01 08:15");
    expect("hour", second, "2026-03-01 08:00");
    expect("day", second, "2026-03-01");
    expect("week", second, "2026-02-23");
    expect("week", second + 86400, "2026-03-02");
    expect("month", second, "2026-03");
    expect("month", second - 86400, "2026-02");
    expect("year", second, "2026");
    expect("second", -1, "1969-12-31 23:59:59");
    expect("week", -1, "1969-12-29");
    expect("year", -1, "1969");
    ck_assert_ptr_null(bucket_named("decade"));
    ck_assert_int_eq(bucket_second(-1), -1);
    ck_assert_int_eq(bucket_second(INT64_C(1999999999)), 1);
}
END_TEST

/* Wherever a moment is, it's in one stretch, and the next one begins where that ends. */
START_TEST(test_follow)
{
    const int64_t first = bucket_second(INT64_MIN), last = bucket_second(INT64_MAX);
    for (size_t i = 0; i < BUCKET_SIZES; i++) {
        const struct bucket_size *size = &bucket_sizes[i];
        for (int64_t second = first; second < last; second += last / 997) {
            const int64_t start = bucket_start(size, second), end = bucket_end(size, start);
            ck_assert(start <= second && second < end);
            ck_assert_int_eq(bucket_start(size, start), start);
            ck_assert_int_eq(bucket_start(size, end - 1), start);
            ck_assert_int_eq(bucket_start(size, end), end);
            ck_assert_int_ge(end - start, size->seconds);
            ck_assert_uint_eq(bucket_count(size, start, bucket_end(size, end), 10), 3);
            ck_assert_uint_eq(bucket_count(size, start, bucket_end(size, end), 2), 2);
        }
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_names);
    tcase_add_test(tc, test_follow);
}

int main(void)
{
    return run_suite("bucket", add_tests, 0);
}
