/*
 * barrier.c - one round: mark, read, flush; then, if a seal is wanted: rotate, seal.
 */
#include "daemon/barrier.h"

#include <stdlib.h>

enum step { STEP_IDLE, STEP_READ, STEP_FLUSH, STEP_ROTATE, STEP_SEAL };

struct waiter {
    struct server_client *client; /* NULL: the daemon's end */
    bool seal;
};

struct barrier {
    struct tail *tail;
    struct listen *listen;
    struct store *store;
    struct sealer *sealer;
    struct barrier_events events;
    VEC(struct waiter) coming;
    VEC(struct waiter) served;
    enum step step;
    uint64_t serial; /* of the batch that has the last byte */
    bool advancing;
};

struct barrier *barrier_new(struct tail *tail, struct listen *listen, struct store *store,
                            struct sealer *sealer, const struct barrier_events *events)
{
    struct barrier *b = calloc(1, sizeof(*b));
    if (!b)
        return NULL;
    b->tail = tail;
    b->listen = listen;
    b->store = store;
    b->sealer = sealer;
    b->events = *events;
    return b;
}

void barrier_free(struct barrier *b)
{
    if (!b)
        return;
    barrier_fail(b, "the daemon ends");
    vec_free(&b->coming);
    vec_free(&b->served);
    free(b);
}

static void answer(struct barrier *b, const struct waiter *w, const char *failure)
{
    if (!w->client)
        b->events.finished(b->events.context, failure);
    else if (failure)
        control_refuse(w->client, failure);
    else
        control_answer(w->client, NULL);
}

/* Answer those of the round who wait for a sync only, or all of them. */
static void answer_served(struct barrier *b, bool all, const char *failure)
{
    size_t kept = 0;
    for (size_t i = 0; i < b->served.len; i++) {
        struct waiter w = b->served.data[i];
        if (all || !w.seal)
            answer(b, &w, failure);
        else
            b->served.data[kept++] = w;
    }
    b->served.len = kept;
}

static bool begin_round(struct barrier *b)
{
    if (b->coming.len == 0 || !vec_reserve(&b->served, b->coming.len))
        return false;
    memcpy(b->served.data, b->coming.data, b->coming.len * sizeof(*b->coming.data));
    b->served.len = b->coming.len;
    b->coming.len = 0;
    b->events.scan(b->events.context);
    b->step = STEP_READ;
    return true;
}

/* Do the step, if it can be done. @return false: it's waited for */
static bool take_step(struct barrier *b)
{
    switch (b->step) {
    case STEP_IDLE:
        return begin_round(b);
    case STEP_READ:
        if (tail_marked(b->tail) || listen_marked(b->listen)) {
            b->events.read(b->events.context);
            return false;
        }
        b->serial = store_serial(b->store);
        b->step = STEP_FLUSH;
        store_flush(b->store);
        return true;
    case STEP_FLUSH:
        if (store_durable(b->store) < b->serial)
            return false;
        answer_served(b, false, NULL);
        b->step = b->served.len ? STEP_ROTATE : STEP_IDLE;
        if (b->served.len) {
            store_rotate(b->store);
            sealer_hurry(b->sealer);
        }
        return true;
    case STEP_ROTATE:
        if (store_rotating(b->store))
            return false;
        b->step = STEP_SEAL;
        return true;
    case STEP_SEAL:
        if (sealer_pending(b->sealer)) {
            if (!sealer_busy(b->sealer) && sealer_failure(b->sealer))
                barrier_fail(b, sealer_failure(b->sealer));
            return false;
        }
        b->step = STEP_IDLE;
        answer_served(b, true, NULL);
        return true;
    }
    return false;
}

void barrier_advance(struct barrier *b)
{
    if (b->advancing) /* an event of a step: the loop below sees what it did */
        return;
    b->advancing = true;
    while (take_step(b))
        continue;
    b->advancing = false;
}

bool barrier_add(struct barrier *b, struct server_client *client, bool seal)
{
    struct waiter w = {client, seal};
    if (!vec_push(&b->coming, w)) {
        control_refuse(client, "out of memory");
        return false;
    }
    barrier_advance(b);
    return true;
}

void barrier_finish(struct barrier *b)
{
    struct waiter w = {NULL, true};
    if (!vec_push(&b->coming, w)) {
        b->events.finished(b->events.context, "out of memory");
        return;
    }
    barrier_advance(b);
}

void barrier_fail(struct barrier *b, const char *reason)
{
    if (b->step != STEP_IDLE) {
        tail_unmark(b->tail);
        listen_unmark(b->listen);
    }
    b->step = STEP_IDLE;
    answer_served(b, true, reason);
    for (size_t i = 0; i < b->coming.len; i++)
        answer(b, &b->coming.data[i], reason);
    b->coming.len = 0;
}

bool barrier_active(const struct barrier *b)
{
    return b->step != STEP_IDLE;
}
