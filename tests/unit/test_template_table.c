/*
 * test_template_table.c - rows, and counts over time that are the same whatever order times come
 * in.
 */
#include <check.h>
#include <stdlib.h>

#include "base/clock.h"
#include "query/template_table.h"
#include "suite.h"

static void add(struct template_table *t, uint64_t id, const char *text, int64_t second)
{
    const struct span span = {(const uint8_t *)text, strlen(text)};
    const struct query_line line = {.time = second * NS_PER_SECOND,
                                    .templated = true,
                                    .template_id = id,
                                    .template_text = span,
                                    .text = span};
    ck_assert_int_eq(template_table_add(t, &line, NULL), LGZ_OK);
}

START_TEST(test_rows)
{
    struct template_table *t;
    ck_assert_int_eq(template_table_new(&t, NULL), LGZ_OK);
    ck_assert_uint_eq(template_table_trend(t).count, 0);
    add(t, 1, "abc", 30);
    add(t, 2, "", 10);
    add(t, 1, "abc", 20);
    ck_assert_int_eq(template_table_add(t, &(struct query_line){0}, NULL), LGZ_OK);
    ck_assert_uint_eq(template_table_len(t), 2);
    const struct template_row row = template_table_at(t, 0);
    ck_assert_uint_eq(row.id, 1);
    ck_assert_uint_eq(row.lines, 2);
    ck_assert_uint_eq(row.bytes, 8);
    ck_assert_int_eq(row.first, 20 * NS_PER_SECOND);
    ck_assert_int_eq(row.last, 30 * NS_PER_SECOND);
    ck_assert_uint_eq(row.text.len, 3);
    ck_assert_uint_eq(template_table_at(t, 1).lines, 1);
    ck_assert_uint_eq(template_table_others(t).lines, 0);
    template_table_free(t);
}
END_TEST

/* Times anywhere, also before 1970: each line is in the stretch of its time. */
START_TEST(test_trend)
{
    enum { LINES = 500 };
    static const int64_t ranges[] = {1, 10, 100, 100000, INT64_C(9000000000)};
    int64_t seconds[LINES];
    srand(3);
    for (size_t r = 0; r < sizeof(ranges) / sizeof(ranges[0]); r++) {
        struct template_table *t;
        ck_assert_int_eq(template_table_new(&t, NULL), LGZ_OK);
        for (size_t i = 0; i < LINES; i++) {
            seconds[i] = (int64_t)((double)rand() / RAND_MAX * (double)ranges[r]) - ranges[r] / 3;
            add(t, i % 3, "", seconds[i]);
        }
        const struct template_trend trend = template_table_trend(t);
        uint64_t wanted[TREND_MAX] = {0}, found[TREND_MAX] = {0};
        ck_assert_uint_le(trend.count, TREND_MAX);
        for (size_t i = 0; i < LINES; i++) {
            ck_assert_int_ge(seconds[i], trend.start);
            const int64_t stretch = (seconds[i] - trend.start) / trend.seconds;
            ck_assert_int_lt(stretch, (int64_t)trend.count);
            wanted[stretch]++;
        }
        for (size_t i = 0; i < template_table_len(t); i++) {
            const struct template_row row = template_table_at(t, i);
            for (size_t k = 0; k < TREND_MAX; k++)
                found[k] += row.trend[k];
        }
        ck_assert_mem_eq(wanted, found, sizeof(wanted));
        ck_assert(wanted[0] && wanted[trend.count - 1]);
        template_table_free(t);
    }
}
END_TEST

/* More templates than there may be: no line is lost. */
START_TEST(test_others)
{
    struct template_table *t;
    ck_assert_int_eq(template_table_new(&t, NULL), LGZ_OK);
    for (uint64_t i = 0; i < TEMPLATE_TABLE_MAX + 10; i++)
        add(t, i, "x", (int64_t)i);
    ck_assert_uint_eq(template_table_len(t), TEMPLATE_TABLE_MAX);
    ck_assert_uint_eq(template_table_others(t).lines, 10);
    ck_assert_uint_eq(template_table_others(t).bytes, 20);
    template_table_free(t);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_rows);
    tcase_add_test(tc, test_trend);
    tcase_add_test(tc, test_others);
}

int main(void)
{
    return run_suite("template_table", add_tests, 30);
}
