/*
 * test_workers.c - every job is done once, by one of the states, and can be waited for in order.
 */
#include <stdatomic.h>

#include "base/workers.h"
#include "engine_fixture.h"

enum { JOBS = 400, THREADS_MAX = 5 };

struct job {
    struct work work;
    int number;
    int runs;
};

struct state {
    atomic_int busy;
    int jobs;
};

static void run(void *pointer, struct work *work)
{
    struct state *state = pointer;
    struct job *job = (struct job *)work;
    /* A state belongs to one thread at a time. */
    if (atomic_fetch_add(&state->busy, 1) != 0)
        abort();
    if (job->number % 7 == 0)
        usleep(200);
    state->jobs++;
    job->runs++;
    atomic_fetch_sub(&state->busy, 1);
}

START_TEST(test_all_jobs)
{
    unsigned threads = (unsigned)_i;
    struct state states[THREADS_MAX] = {0};
    void *pointers[THREADS_MAX];
    static struct job jobs[JOBS];
    struct workers *w;
    int done = 0;
    for (unsigned i = 0; i < threads; i++)
        pointers[i] = &states[i];
    ck_ok(workers_new(&w, threads, run, pointers, &err));
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = (struct job){.number = i};
        workers_submit(w, &jobs[i].work);
        if (i >= 10)
            workers_wait(w, &jobs[i - 10].work);
    }
    for (int i = 0; i < JOBS; i++) {
        workers_wait(w, &jobs[i].work);
        ck_assert_int_eq(jobs[i].runs, 1);
    }
    workers_free(w);
    for (unsigned i = 0; i < threads; i++)
        done += states[i].jobs;
    ck_assert_int_eq(done, JOBS);
}
END_TEST

/* Jobs that weren't begun are dropped; those that run are finished. */
START_TEST(test_free_early)
{
    struct state states[2] = {0};
    void *pointers[2] = {&states[0], &states[1]};
    static struct job jobs[JOBS];
    struct workers *w;
    ck_ok(workers_new(&w, 2, run, pointers, &err));
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = (struct job){.number = 7};
        workers_submit(w, &jobs[i].work);
    }
    workers_free(w);
    for (int i = 0; i < JOBS; i++)
        ck_assert_int_eq(jobs[i].runs, jobs[i].work.done ? 1 : 0);
    workers_free(NULL);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_all_jobs, 1, THREADS_MAX + 1);
    tcase_add_test(tc, test_free_early);
}

int main(void)
{
    return run_suite("workers", add_tests, 60);
}
