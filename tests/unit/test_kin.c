/*
 * test_kin.c - two texts are of one kind if the words of the second are in the first; where there
 * is too little to tell, they are.
 */
#include "engine_fixture.h"
#include "segment/kin.h"

static void put_jobs(struct buf *text, int from, int count)
{
    for (int i = from; i < from + count; i++)
        buf_printf(text, "2026-03-04 05:%02d:%02d worker %d has finished job %d of queue night\n",
                   i / 60 % 60, i % 60, i % 9, i * 7);
}

static void put_visits(struct buf *text, int from, int count)
{
    for (int i = from; i < from + count; i++)
        buf_printf(text,
                   "10.1.%d.%d GET /shop/%d/cart HTTP/1.1 status=200 agent=\"curl over mars\"\n",
                   i % 7, i % 251, i);
}

START_TEST(test_kinds)
{
    struct buf jobs = {0}, later = {0}, visits = {0};
    put_jobs(&jobs, 0, 500);
    put_jobs(&later, 9000, 100);
    put_visits(&visits, 0, 500);
    ck_assert(kin_follows(buf_span(&jobs), buf_span(&later)));
    ck_assert(kin_follows(buf_span(&jobs), buf_span(&jobs)));
    ck_assert(!kin_follows(buf_span(&jobs), buf_span(&visits)));
    ck_assert(!kin_follows(buf_span(&visits), buf_span(&jobs)));
    buf_free(&jobs);
    buf_free(&later);
    buf_free(&visits);
}
END_TEST

/* Only the end of the first counts, and only the start of the second. */
START_TEST(test_ends)
{
    struct buf first = {0}, second = {0};
    put_visits(&first, 0, 500);
    while (first.len < 3 * KIN_LOOK_BEFORE)
        put_jobs(&first, 0, 500);
    put_jobs(&second, 0, 500);
    ck_assert_uint_gt(second.len, KIN_LOOK_NEXT);
    put_visits(&second, 0, 5000);
    ck_assert(kin_follows(buf_span(&first), buf_span(&second)));
    buf_clear(&second);
    put_visits(&second, 0, 500);
    ck_assert(!kin_follows(buf_span(&first), buf_span(&second)));
    buf_free(&first);
    buf_free(&second);
}
END_TEST

START_TEST(test_too_little)
{
    struct buf jobs = {0}, visit = {0}, numbers = {0};
    put_jobs(&jobs, 0, 500);
    put_visits(&visit, 0, 1);
    for (int i = 0; i < 5000; i++)
        buf_printf(&numbers, "%d,%d\n", i, i * i);
    ck_assert(kin_follows(buf_span(&jobs), buf_span(&visit)));
    ck_assert(kin_follows(buf_span(&jobs), buf_span(&numbers)));
    ck_assert(kin_follows(buf_span(&jobs), (struct span){0}));
    ck_assert(kin_follows((struct span){0}, (struct span){0}));
    ck_assert(!kin_follows((struct span){0}, buf_span(&jobs)));
    buf_free(&jobs);
    buf_free(&visit);
    buf_free(&numbers);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_kinds);
    tcase_add_test(tc, test_ends);
    tcase_add_test(tc, test_too_little);
}

int main(void)
{
    return run_suite("kin", add_tests, 60);
}
