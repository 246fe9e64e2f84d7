/*
 * test_tail_generations.c - files that nobody saw under the log's name: which they are, what came
 * before them, and what a restart knows of them.
 */
#include "suite.h"
#include "tail_fixture.h"

/* A file that was written to so many seconds ago. */
static void put_old(const char *file, const char *text, time_t seconds)
{
    struct timespec time;
    put(file, "w", text);
    ck_assert_int_eq(clock_gettime(CLOCK_REALTIME, &time), 0);
    time.tv_sec -= seconds;
    set_time(file, time);
}

/* Are these the texts of the sources, in the order of their ids? */
static void expect_in_order(const char *const *texts, size_t count)
{
    size_t found = 0;
    for (uint64_t id = 1; id < SOURCES_MAX; id++) {
        if (!got[id].data.len)
            continue;
        ck_assert_uint_lt(found, count);
        expect(id, texts[found++]);
    }
    ck_assert_uint_eq(found, count);
    ck_assert_uint_eq(warnings, 0);
}

/* The log was truncated after it was copied, and then renamed: what came after that is later than
 * what it was filled with, not between that and the copy. */
START_TEST(truncated_and_renamed)
{
    const char *const texts[] = {"one\n", "second\n", "third one\n", "the fourth\n"};
    put("a.log", "w", texts[0]);
    open_tail(NULL, 0, 1);
    follow();
    put_old("a.log.3", texts[0], 9);
    put_old("a.log", texts[1], 8);
    move("a.log", "a.log.2");
    put_old("a.log.1", texts[2], 7);
    put_old("a.log", texts[3], 6);
    follow();
    expect_in_order(texts, 4);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, truncated_and_renamed);
}

int main(void)
{
    return run_suite("tail_generations", add_tests, 0);
}
