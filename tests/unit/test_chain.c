/*
 * test_chain.c - turns come in order, whichever thread is first, and none is left out.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "engine_fixture.h"
#include "segment/chain.h"

enum { BLOCKS = 400, THREADS = 5 };

struct crew {
    struct chain_link links[BLOCKS];
    atomic_uint begun; /* blocks */
    unsigned had_turn; /* no lock: it's for those whose turn it is */
};

/* Some blocks never look at what is known; some end their turn twice. */
static void do_block(struct crew *c, unsigned number)
{
    struct chain_link *link = &c->links[number];
    if (number % 3) {
        struct known_templates *known = chain_wait(link);
        ck_assert_ptr_eq(known, chain_known(link->chain));
        ck_assert_uint_eq(c->had_turn, number / 3 * 2 + (number - 1) % 3);
        c->had_turn++;
    }
    chain_pass(link);
    if (number % 2)
        chain_pass(link);
}

static void *thread_main(void *context)
{
    struct crew *c = context;
    for (unsigned number; (number = atomic_fetch_add(&c->begun, 1)) < BLOCKS;)
        do_block(c, number);
    return NULL;
}

START_TEST(test_in_order)
{
    struct crew c = {.begun = 0};
    struct chain *chain;
    pthread_t threads[THREADS];
    ck_ok(chain_new(&chain, &err));
    for (unsigned i = 0; i < BLOCKS; i++)
        c.links[i] = chain_append(chain);
    for (unsigned i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, thread_main, &c), 0);
    for (unsigned i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_uint_eq(c.had_turn, BLOCKS / 3 * 2);
    chain_free(chain);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_in_order, 0, 20);
}

int main(void)
{
    return run_suite("chain", add_tests, 60);
}
