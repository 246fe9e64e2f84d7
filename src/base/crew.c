/*
 * crew.c - an array of workers without a state.
 */
#include "base/crew.h"

#include <stdlib.h>
#include <string.h>

struct crew {
    struct workers *workers;
    struct worker members[CREW_MAX];
};

int crew_new(struct crew **out, unsigned threads, struct lgz_error *err)
{
    struct worker *members[CREW_MAX];
    struct crew *c = calloc(1, sizeof(*c));
    *out = c;
    if (!c)
        return error_memory(err);
    for (unsigned i = 0; i < threads; i++)
        members[i] = &c->members[i];
    for (; threads > 1 && !c->workers; threads /= 2)
        if (workers_new(&c->workers, members, threads, NULL) != LGZ_OK)
            memset(c->members, 0, sizeof(c->members));
    return LGZ_OK;
}

struct worker *crew_caller(struct crew *c)
{
    return &c->members[0];
}

void crew_free(struct crew *c)
{
    if (c)
        workers_free(c->workers);
    free(c);
}
