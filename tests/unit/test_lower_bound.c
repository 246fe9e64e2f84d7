/*
 * test_lower_bound.c - every key, there or not, once or more often, in arrays of all lengths.
 */
#include "base/lower_bound.h"
#include "engine_fixture.h"

struct item {
    char before;
    struct {
        uint32_t other;
        uint64_t key;
    } inner;
};

START_TEST(all_keys)
{
    VEC(struct item) items = {0};
    VEC(uint64_t) plain = {0};
    uint64_t state = 3;
    uint64_t key = 0;
    ck_assert_uint_eq(lower_bound(&items, inner.key, 0), 0);
    ck_assert_uint_eq(lower_bound_plain(&plain, UINT64_MAX), 0);
    for (int i = 0; i < 100; i++) {
        struct item item = {.inner.key = key += random_below(&state, 3)};
        ck_assert(vec_push(&items, item) && vec_push(&plain, key));
        for (uint64_t wanted = 0; wanted <= key + 1; wanted++) {
            size_t at = 0;
            while (at < items.len && items.data[at].inner.key < wanted)
                at++;
            ck_assert_uint_eq(lower_bound(&items, inner.key, wanted), at);
            ck_assert_uint_eq(lower_bound_plain(&plain, wanted), at);
        }
    }
    ck_assert_uint_eq(lower_bound(&items, inner.key, UINT64_MAX), items.len);
    items.data[items.len - 1].inner.key = UINT64_MAX;
    ck_assert_uint_eq(lower_bound(&items, inner.key, UINT64_MAX), items.len - 1);
    vec_free(&items);
    vec_free(&plain);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, all_keys);
}

int main(void)
{
    return run_suite("lower_bound", add_tests, 0);
}
