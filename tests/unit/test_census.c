/*
 * test_census.c - what is counted is true, and who asks is answered although the pool hangs.
 */
#include "daemon/census.h"

#include <stdatomic.h>

#include "archive_fixture.h"
#include "suite.h"

static uv_loop_t loop;
static struct census *census;
static int answers;

static void set_up(void)
{
    /* One thread, so that one job that hangs is enough. */
    ck_assert_int_eq(setenv("UV_THREADPOOL_SIZE", "1", 1), 0);
    make_directory();
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    ck_ok(census_open(&census, &loop, directory, &err));
    answers = 0;
}

static void tear_down(void)
{
    census_close(census);
    ck_assert_int_eq(uv_run(&loop, UV_RUN_DEFAULT), 0);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
    remove_directory();
}

static void on_answer(void *context)
{
    (void)context;
    answers++;
}

static void make_sized(const char *name, size_t size)
{
    char path[200];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(ftruncate(fileno(f), (off_t)size), 0);
    ck_assert_int_eq(fclose(f), 0);
}

START_TEST(counts)
{
    make_sized("000000000001-000000000002-20260101T000000Z.logz", 1000);
    make_sized("000000000003-000000000003-20260101T000000Z.logz", 500);
    make_sized("journal-000000000004.lzj", 70);
    make_sized("other", 9999);
    ck_assert_uint_eq(census_numbers(census)->segments, 0);
    ck_assert(census_ask(census, on_answer, NULL));
    ck_assert(census_ask(census, on_answer, NULL));
    ck_assert(census_busy(census));
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert(!census_busy(census));
    ck_assert_int_eq(answers, 2);
    const struct census_numbers *n = census_numbers(census);
    ck_assert_uint_eq(n->segments, 2);
    ck_assert_uint_eq(n->segment_bytes, 1500);
    ck_assert_uint_eq(n->journals, 1);
    ck_assert_uint_eq(n->journal_bytes, 70);
    ck_assert_uint_gt(n->resident_bytes, 100000);
    ck_assert_uint_ge(n->virtual_bytes, n->resident_bytes);
    ck_assert_uint_gt(n->cpu_time, 0);
    uint64_t before = n->open_descriptors;
    int fd = dup(0);
    ck_assert_int_ge(fd, 0);
    ck_assert(census_ask(census, on_answer, NULL));
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_uint_eq(census_numbers(census)->open_descriptors, before + 1);
    close(fd);
}
END_TEST

static void ask_again(void *context)
{
    on_answer(context);
    ck_assert(census_ask(census, on_answer, NULL));
}

START_TEST(asks_in_the_answer)
{
    ck_assert(census_ask(census, ask_again, NULL));
    ck_assert(census_ask(census, ask_again, NULL));
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(answers, 4);
}
END_TEST

/* A thread hangs until it's set. */
static atomic_bool released;

static void hang(uv_work_t *work)
{
    (void)work;
    while (!atomic_load(&released))
        usleep(1000);
}

static void on_hung(uv_work_t *work, int status)
{
    (void)work;
    (void)status;
}

START_TEST(pool_hangs)
{
    uv_work_t work;
    make_sized("000000000001-000000000002-20260101T000000Z.logz", 1000);
    ck_assert_int_eq(uv_queue_work(&loop, &work, hang, on_hung), 0);
    int64_t before = clock_monotonic();
    ck_assert(census_ask(census, on_answer, NULL));
    while (!answers)
        uv_run(&loop, UV_RUN_ONCE);
    int64_t took = clock_monotonic() - before;
    ck_assert_int_ge(took, NS_PER_SECOND * 9 / 10);
    ck_assert(census_busy(census)); /* it's still waiting for the thread */
    ck_assert_uint_eq(census_numbers(census)->segments, 0);
    ck_assert(census_ask(census, on_answer, NULL));
    census_hurry(census);
    ck_assert_int_eq(answers, 2);
    atomic_store(&released, true);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(answers, 2);
    ck_assert_uint_eq(census_numbers(census)->segments, 1);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, counts);
    tcase_add_test(tc, asks_in_the_answer);
    tcase_add_test(tc, pool_hangs);
}

int main(void)
{
    return run_suite("census", add_tests, 20);
}
