/*
 * test_coder_choice.c - the budget is kept, and filled with what is worth most.
 */
#include "column/coder_choice.h"

#include "engine_fixture.h"

enum { MOST = 12 };

static double total(const struct coder_candidate *list, size_t count, uint64_t *steps)
{
    double worth = 0;
    *steps = 0;
    for (size_t i = 0; i < count; i++) {
        worth += list[i].chosen ? list[i].worth : 0;
        *steps += list[i].chosen ? list[i].steps : 0;
    }
    return worth;
}

/* What saves most for a step leaves no budget for what saves more. */
START_TEST(test_large)
{
    struct coder_candidate list[] = {
        {60, 66, 0, false}, {50, 56, 0, false}, {100, 100, 0, false}, {10, 2, 0, false}};
    uint64_t steps;
    coder_choose(list, 4, 100);
    ck_assert_double_eq(total(list, 4, &steps), 100);
    ck_assert_uint_eq(steps, 100);
    coder_choose(list, 4, 110);
    ck_assert_double_eq(total(list, 4, &steps), 122);
    coder_choose(list, 4, 9);
    ck_assert_double_eq(total(list, 4, &steps), 0);
    coder_choose(list, 0, 110);
}
END_TEST

/* Never over the budget; never less than what comes first for each step, as far as it fits. */
START_TEST(test_random)
{
    uint64_t state = random_seed() + (uint64_t)_i;
    struct coder_candidate list[MOST];
    const size_t count = 1 + random_below(&state, MOST);
    const uint64_t budget = 1 + random_below(&state, 1000);
    for (size_t i = 0; i < count; i++)
        list[i] = (struct coder_candidate){1 + random_below(&state, 400),
                                           (double)random_below(&state, 500), i, false};
    uint64_t steps;
    coder_choose(list, count, budget);
    const double worth = total(list, count, &steps);
    ck_assert_uint_le(steps, budget);
    double plain = 0;
    uint64_t left = budget;
    for (size_t i = 0; i < count; i++) {
        ck_assert(i == 0 || list[i - 1].worth * (double)list[i].steps >=
                                list[i].worth * (double)list[i - 1].steps);
        if (list[i].steps <= left && list[i].worth > 0) {
            plain += list[i].worth;
            left -= list[i].steps;
        }
    }
    ck_assert_double_ge(worth, plain);
}
END_TEST

START_TEST(test_worth)
{
    const struct coder_stream planes = {1000, 2};
    const struct coder_stream others = {1000, 0};
    const struct coder_stream both[] = {planes, others};
    const struct coder_layout of_planes = {CODER_NUMBERS, &planes, 1};
    const struct coder_layout of_others = {CODER_TEXT, &others, 1};
    const struct coder_layout of_both = {CODER_NUMBERS, both, 2};
    ck_assert(coder_worth(&of_planes, 300) > coder_worth(&of_planes, 100));
    ck_assert(coder_worth(&of_planes, 500) > coder_worth(&of_planes, 900));
    ck_assert(coder_worth(&of_planes, 1000) > 0);
    ck_assert(coder_worth(&of_others, 700) > coder_worth(&of_planes, 700));
    ck_assert(coder_worth(&of_both, 1400) > 2 * coder_worth(&of_planes, 700));
    ck_assert(coder_worth(&of_both, 1400) < 2 * coder_worth(&of_others, 700));
    ck_assert_double_eq(coder_worth(&of_planes, 0), 0);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_large);
    tcase_add_loop_test(tc, test_random, 0, 300);
    tcase_add_test(tc, test_worth);
}

int main(void)
{
    return run_suite("coder_choice", add_tests, 60);
}
