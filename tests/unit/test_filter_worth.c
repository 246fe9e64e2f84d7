/*
 * test_filter_worth.c - what filters are worth orders planes and windows as it says; what filters
 * may take is a share.
 */
#include "engine_fixture.h"
#include "segment/filter_worth.h"

static const unsigned windows[] = {12, 14, 16, 20, 24, 32};

enum { WINDOWS = sizeof(windows) / sizeof(windows[0]), PLANES = 8 };

/* A set without planes lets all pass; each further plane spares something, but less. */
START_TEST(test_planes)
{
    for (unsigned f = GRAMS_LETTERS; f < GRAMS_END; f++) {
        for (unsigned w = 0; w < WINDOWS; w++) {
            double before = 0, gain = 2;
            ck_assert_double_eq(filter_pass((enum gram_family)f, windows[w], 0), 1);
            for (unsigned k = 1; k <= PLANES; k++) {
                const double worth = filter_worth((enum gram_family)f, windows[w], k);
                ck_assert_double_gt(worth, before);
                ck_assert_double_lt(worth - before, gain);
                gain = worth - before;
                before = worth;
            }
        }
    }
}
END_TEST

/* Of as many planes, those of a shorter window are worth more: it decides more. */
START_TEST(test_windows)
{
    for (unsigned f = GRAMS_DIGITS; f < GRAMS_END; f++)
        for (unsigned k = 1; k <= PLANES; k++)
            for (unsigned w = 1; w < WINDOWS; w++)
                ck_assert_double_le(filter_worth((enum gram_family)f, windows[w], k),
                                    filter_worth((enum gram_family)f, windows[w - 1], k));
}
END_TEST

START_TEST(test_share)
{
    ck_assert_uint_eq(filter_share(FILTER_SHARE, 500000, 50000), 1000);
    ck_assert_uint_eq(filter_share(FILTER_SHARE, 5000000, 50000), 250);
    ck_assert_uint_gt(filter_share(FILTER_MIXED, 500000, 50000), 1000);
    ck_assert_uint_eq(filter_share(FILTER_WHOLE, 500000, 50000), 500000);
    ck_assert_double_gt(filter_search_cost(50000), filter_search_cost(40000));
    ck_assert_double_gt(filter_search_cost(1), 1);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_planes);
    tcase_add_test(tc, test_windows);
    tcase_add_test(tc, test_share);
}

int main(void)
{
    return run_suite("filter_worth", add_tests, 60);
}
