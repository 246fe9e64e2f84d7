/*
 * test_workers.c - every part is done once, by one worker at a time; works nest; failures are
 * reported.
 */
#include <stdatomic.h>

#include "base/workers.h"
#include "engine_fixture.h"

/* Crews of 1 to THREADS_MAX threads that work; above that the same with a caller who doesn't. */
enum { WORKS = 200, THREADS_MAX = 5, CREWS = 2 * THREADS_MAX, PARTS = 7 };

struct state {
    struct worker worker;
    int parts; /* no lock: a state belongs to one thread */
};

struct crew {
    struct workers *workers;
    unsigned count;
    struct state states[THREADS_MAX + 1];
};

/* How many threads of crew number `i` do parts. */
static int working(int i)
{
    return i > THREADS_MAX ? i - THREADS_MAX : i;
}

static void crew_start(struct crew *c, int number)
{
    struct worker *members[THREADS_MAX + 1];
    bool aside = number > THREADS_MAX;
    unsigned count = (unsigned)working(number) + aside;
    *c = (struct crew){.count = count};
    c->states[0].worker.aside = aside;
    for (unsigned i = 0; i < count; i++) {
        c->states[i].worker.state = &c->states[i];
        members[i] = &c->states[i].worker;
    }
    ck_ok(workers_new(&c->workers, members, count, &err));
}

/* @return how many parts were counted in all states */
static int crew_end(struct crew *c)
{
    int parts = 0;
    workers_free(c->workers);
    if (c->states[0].worker.aside)
        ck_assert_int_eq(c->states[0].parts, 0);
    for (unsigned i = 0; i < c->count; i++) {
        parts += c->states[i].parts;
        ck_assert_uint_eq(c->states[i].worker.depth, 0);
    }
    return parts;
}

/* What each part was told, and how often it was done. */
struct task {
    struct work work;
    unsigned depth; /* works are nested so deep in it */
    atomic_int *running;
    int limit;
    atomic_int done[PARTS];
};

static int do_part(struct worker *me, void *context, size_t part, struct lgz_error *e)
{
    struct task *task = context;
    struct state *state = me->state;
    if (task->depth == 0) {
        ck_assert_int_le(atomic_fetch_add(task->running, 1) + 1, task->limit);
        if (part % 3 == 0)
            usleep(100);
        atomic_fetch_sub(task->running, 1);
    }
    state->parts++;
    atomic_fetch_add(&task->done[part], 1);
    if (task->depth == 0)
        return LGZ_OK;
    struct task inner = {.depth = task->depth - 1, task->running, task->limit};
    int code = workers_share(me, PARTS, do_part, &inner, e);
    for (int i = 0; i < PARTS; i++)
        ck_assert_int_eq(inner.done[i], 1);
    return code;
}

START_TEST(test_all_parts)
{
    struct crew crew;
    static struct task tasks[WORKS];
    atomic_int running = 0;
    crew_start(&crew, _i);
    struct worker *me = &crew.states[0].worker;
    for (int i = 0; i < WORKS; i++) {
        tasks[i] = (struct task){.running = &running, .limit = working(_i)};
        workers_submit(me, &tasks[i].work, 1 + (size_t)i % PARTS, do_part, &tasks[i]);
        if (i >= 10)
            ck_ok(workers_wait(me, &tasks[i - 10].work, &err));
    }
    for (int i = WORKS - 10; i < WORKS; i++)
        ck_ok(workers_wait(me, &tasks[i].work, &err));
    int parts = 0;
    for (int i = 0; i < WORKS; i++) {
        for (int part = 0; part < PARTS; part++)
            ck_assert_int_eq(tasks[i].done[part], part < 1 + i % PARTS);
        parts += 1 + i % PARTS;
    }
    ck_assert_int_eq(crew_end(&crew), parts);
}
END_TEST

/* Parts of parts of parts: no more of them run at once than there are threads. */
START_TEST(test_nested)
{
    struct crew crew;
    atomic_int running = 0;
    struct task task = {.depth = 3, .running = &running, .limit = working(_i)};
    crew_start(&crew, _i);
    ck_assert_uint_eq(workers_count(&crew.states[0].worker), crew.count);
    ck_assert_uint_eq(workers_pieces(&crew.states[0].worker, 1000),
                      working(_i) == 1 ? 1U : 2 * (unsigned)working(_i));
    ck_ok(workers_share(&crew.states[0].worker, PARTS, do_part, &task, &err));
    for (int i = 0; i < PARTS; i++)
        ck_assert_int_eq(task.done[i], 1);
    ck_ok(workers_share(&crew.states[0].worker, 0, do_part, &task, &err));
    ck_assert_int_eq(crew_end(&crew), PARTS + PARTS * PARTS * (1 + PARTS + PARTS * PARTS));
}
END_TEST

static int fail_late(struct worker *me, void *context, size_t part, struct lgz_error *e)
{
    (void)me;
    atomic_fetch_add((atomic_int *)context, 1);
    return part < 3 ? LGZ_OK : error_set(e, LGZ_ERR_LIMIT, "part %zu", part);
}

static int fail_within(struct worker *me, void *context, size_t part, struct lgz_error *e)
{
    return part == 1 ? workers_share(me, 100, fail_late, context, e) : LGZ_OK;
}

/* The error of a part of a part arrives; what wasn't begun is left out. */
START_TEST(test_failure)
{
    struct crew crew;
    atomic_int calls = 0;
    crew_start(&crew, _i);
    ck_assert_int_eq(workers_share(&crew.states[0].worker, 2, fail_within, &calls, &err),
                     LGZ_ERR_LIMIT);
    ck_assert_str_eq(err.message, "part 3");
    ck_assert_int_ge(calls, 4);
    ck_assert_int_le(calls, 3 + working(_i));
    calls = 0;
    ck_assert_int_eq(workers_share(&crew.states[0].worker, 4, fail_late, &calls, NULL),
                     LGZ_ERR_LIMIT);
    ck_assert_int_eq(calls, 4);
    crew_end(&crew);
}
END_TEST

struct stopping {
    atomic_int asked;
    atomic_int ended;
};

static bool stop_at_tenth(void *context)
{
    struct stopping *s = context;
    return atomic_fetch_add(&s->asked, 1) >= 9;
}

static int count_end(struct worker *me, void *context, size_t part, struct lgz_error *e)
{
    struct stopping *s = context;
    (void)me;
    (void)e;
    usleep(part % 3 * 100);
    atomic_fetch_add(&s->ended, 1);
    return LGZ_OK;
}

/* A part that has parts of its own, once the first of these has begun. */
static int share_slowly(struct worker *me, void *context, size_t part, struct lgz_error *e)
{
    (void)part;
    return workers_share(me, 1000, count_end, context, e);
}

/* Parts that weren't begun are dropped, also those of a part that runs. */
START_TEST(test_free_early)
{
    struct crew crew;
    static struct work works[WORKS];
    struct stopping stopping = {0};
    crew_start(&crew, _i);
    for (int i = 0; i < WORKS; i++)
        workers_submit(&crew.states[0].worker, &works[i], 1, share_slowly, &stopping);
    while (stopping.ended < 5)
        usleep(100);
    crew_end(&crew);
    ck_assert_int_lt(stopping.ended, WORKS * 1000);
    workers_free(NULL);
}
END_TEST

static int share_parts(struct worker *me, void *context, size_t part, struct lgz_error *e)
{
    (void)part;
    (void)workers_share(me, 1, count_end, context, e);
    (void)workers_share(me, PARTS, count_end, context, e); /* it doesn't look whether that failed */
    return LGZ_OK;
}

/* When it's to stop, no part begins any more, and all that is under way has failed. */
START_TEST(test_stopped)
{
    struct crew crew;
    struct stopping stopping = {0};
    crew_start(&crew, _i);
    workers_stop_when(crew.workers, stop_at_tenth, &stopping);
    struct worker *me = &crew.states[0].worker;
    ck_assert_int_eq(workers_share(me, 100, share_parts, &stopping, &err), LGZ_ERR_CANCELLED);
    ck_assert_int_ge(stopping.ended, 10 - 4);
    ck_assert_int_le(stopping.ended, 10 + working(_i));
    int ended = stopping.ended;
    ck_assert_int_eq(workers_share(me, 3, count_end, &stopping, &err), LGZ_ERR_CANCELLED);
    ck_assert_int_eq(workers_share(me, 1, count_end, &stopping, &err), LGZ_ERR_CANCELLED);
    ck_assert_int_eq(stopping.ended, ended);
    crew_end(&crew);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_all_parts, 1, CREWS + 1);
    tcase_add_loop_test(tc, test_nested, 1, CREWS + 1);
    tcase_add_loop_test(tc, test_failure, 1, CREWS + 1);
    tcase_add_loop_test(tc, test_free_early, 2, THREADS_MAX + 1);
    tcase_add_loop_test(tc, test_stopped, 1, CREWS + 1);
}

int main(void)
{
    return run_suite("workers", add_tests, 60);
}
