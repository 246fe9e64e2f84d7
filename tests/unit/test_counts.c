/*
 * test_counts.c - what the table of counts says is what was put in, up to its bounds.
 */
#include <check.h>
#include <stdio.h>

#include "query/counts.h"
#include "suite.h"

static void add(struct counts *c, const void *key, size_t len, uint64_t times)
{
    ck_assert_int_eq(counts_add(c, (struct span){key, len}, times, NULL), LGZ_OK);
}

START_TEST(test_many)
{
    enum { KEYS = 5000, ROUNDS = 3 };
    struct counts *c;
    ck_assert_int_eq(counts_new(&c, COUNTS_MAX, NULL), LGZ_OK);
    for (unsigned round = 0; round < ROUNDS; round++)
        for (unsigned i = 0; i < KEYS; i++)
            add(c, &i, i % 2 ? sizeof(i) : 3, i);
    for (size_t i = 0; i < counts_len(c); i++) {
        struct span key;
        unsigned number = 0;
        uint64_t times = counts_at(c, i, &key);
        memcpy(&number, key.data, key.len);
        ck_assert_uint_eq(key.len, number % 2 ? sizeof(number) : 3);
        ck_assert_uint_eq(times, (uint64_t)number * ROUNDS);
    }
    ck_assert_uint_eq(counts_len(c), KEYS);
    ck_assert_uint_eq(counts_others(c), 0);
    counts_clear(c);
    ck_assert_uint_eq(counts_len(c), 0);
    add(c, "", 0, 1);
    add(c, NULL, 0, 1);
    ck_assert_uint_eq(counts_len(c), 1);
    counts_free(c);
}
END_TEST

/* What comes too late has no entry; what has one keeps it, and no line is lost. */
START_TEST(test_bounds)
{
    struct counts *c;
    ck_assert_int_eq(counts_new(&c, 2, NULL), LGZ_OK);
    add(c, "a", 1, 1);
    add(c, "b", 1, 2);
    add(c, "c", 1, 4);
    add(c, "b", 1, 8);
    ck_assert_uint_eq(counts_len(c), 2);
    ck_assert_uint_eq(counts_others(c), 4);
    counts_free(c);

    enum { LARGE = 48 << 20 };
    uint8_t *large = calloc(1, LARGE);
    ck_assert_ptr_nonnull(large);
    ck_assert_int_eq(counts_new(&c, COUNTS_MAX, NULL), LGZ_OK);
    add(c, large, LARGE, 1);
    large[0] = 1;
    add(c, large, LARGE, 1);
    add(c, "a", 1, 1);
    ck_assert_uint_eq(counts_len(c), 2);
    ck_assert_uint_eq(counts_others(c), 1);
    counts_free(c);
    free(large);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_many);
    tcase_add_test(tc, test_bounds);
}

int main(void)
{
    return run_suite("counts", add_tests, 0);
}
