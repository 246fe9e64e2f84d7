/*
 * chain.c - a turn that goes from block to block, and what whose turn it is may use.
 */
#include "segment/chain.h"

#include <pthread.h>
#include <stdlib.h>

struct chain {
    struct known_templates *known; /* that of the block whose turn it is */
    uint64_t blocks;               /* that have a place */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t turn; /* the block's number; under the lock */
};

int chain_new(struct chain **out, struct lgz_error *err)
{
    struct chain *c = calloc(1, sizeof(*c));
    struct known_templates *known = known_new();
    if (!c || !known) {
        free(c);
        known_free(known);
        return error_memory(err);
    }
    c->known = known;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    *out = c;
    return LGZ_OK;
}

void chain_free(struct chain *c)
{
    if (!c)
        return;
    known_free(c->known);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

struct known_templates *chain_known(struct chain *c)
{
    return c->known;
}

struct chain_link chain_append(struct chain *c)
{
    return (struct chain_link){c, c->blocks++, false};
}

struct known_templates *chain_wait(const struct chain_link *link)
{
    struct chain *c = link->chain;
    pthread_mutex_lock(&c->lock);
    while (c->turn != link->number)
        pthread_cond_wait(&c->changed, &c->lock);
    pthread_mutex_unlock(&c->lock);
    return c->known;
}

void chain_pass(struct chain_link *link)
{
    struct chain *c = link->chain;
    if (link->passed)
        return;
    chain_wait(link);
    link->passed = true;
    pthread_mutex_lock(&c->lock);
    c->turn++;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
}
