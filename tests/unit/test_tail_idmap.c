/*
 * test_tail_idmap.c - the table against a plain array, through growth and removal.
 */
#include "suite.h"
#include "tail/idmap.h"

#include <check.h>
#include <stdlib.h>

enum { KEYS = 500 };

START_TEST(like_an_array)
{
    static int values[KEYS];
    struct idmap map = {0};
    bool there[KEYS] = {false};
    size_t count = 0;
    uint32_t random = 1;
    ck_assert_ptr_null(idmap_get(&map, 1, 2));
    ck_assert_ptr_null(idmap_remove(&map, 1, 2));
    for (int step = 0; step < 50000; step++) {
        random = random * 1664525 + 1013904223;
        size_t key = (random >> 8) % KEYS;
        /* Phases that mostly add and phases that mostly remove. */
        bool add = (random >> 24) % 4 < (step / 5000 % 2 ? 1 : 3);
        if (add) {
            ck_assert(idmap_put(&map, key, key % 3, &values[key]));
            count += !there[key];
        } else {
            ck_assert_ptr_eq(idmap_remove(&map, key, key % 3), there[key] ? &values[key] : NULL);
            count -= there[key];
        }
        there[key] = add;
        ck_assert_uint_eq(map.count, count);
    }
    size_t seen = 0;
    size_t cursor = 0;
    for (int *value; (value = idmap_next(&map, &cursor)); seen++)
        ck_assert(there[value - values]);
    ck_assert_uint_eq(seen, count);
    for (size_t key = 0; key < KEYS; key++) {
        ck_assert_ptr_eq(idmap_get(&map, key, key % 3), there[key] ? &values[key] : NULL);
        ck_assert_ptr_null(idmap_get(&map, key, key % 3 + 1));
    }
    idmap_free(&map);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, like_an_array);
}

int main(void)
{
    return run_suite("idmap", add_tests, 0);
}
