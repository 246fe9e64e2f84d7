/*
 * workers.c - a list of works that have parts to begin, a mutex and a condition.
 */
#include "base/workers.h"

#include <pthread.h>
#include <stdlib.h>

enum { PIECES_PER_THREAD = 2 }; /* so that who is done early finds something to do */

struct thread {
    struct worker *me;
    pthread_t id;
};

struct workers {
    unsigned count;   /* of all threads, the caller's included */
    unsigned working; /* those of them that do parts */
    struct thread *threads;
    unsigned started;
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* a work was submitted, or ended */
    struct work *first;     /* the deepest first, and of one depth the oldest */
    bool ended;             /* threads are to end */
    bool stopped;           /* no part is to be begun */
    bool (*stop)(void *context);
    void *stop_context;
};

/* The first work that `me` may do a part of. */
static struct work *find_work(const struct worker *me)
{
    struct work *work = me->crew->first;
    return work && work->depth > me->depth && !me->aside ? work : NULL;
}

/* Nothing of it is left to be begun. */
static void take_out(struct workers *w, struct work *work)
{
    struct work **at = &w->first;
    while (*at != work)
        at = &(*at)->next;
    *at = work->next;
}

/*
 * Run a part, unless it's stopped; the mutex, which is held before and afterwards, isn't meanwhile.
 * What ends after that counts as failed, since parts of it may be missing. Parts are taken in their
 * order with the mutex held, so those that don't begin are later than all that do (chain.h relies
 * on that).
 */
static int run_part(struct worker *me, work_part *run, void *context, size_t part,
                    struct lgz_error *err)
{
    struct workers *w = me->crew;
    int code = LGZ_OK;
    if (!w->stopped) {
        pthread_mutex_unlock(&w->mutex);
        code = run(me, context, part, err);
        const bool stop = w->stop && w->stop(w->stop_context);
        pthread_mutex_lock(&w->mutex);
        w->stopped |= stop;
    }
    return w->stopped ? error_set(err, LGZ_ERR_CANCELLED, "stopped") : code;
}

/* Do the next part of a work. The mutex is held before and afterwards. */
static void do_part(struct worker *me, struct work *work)
{
    struct workers *w = me->crew;
    struct lgz_error error = {0};
    size_t part = work->begun++;
    unsigned outer = me->depth;
    if (work->begun == work->parts)
        take_out(w, work);
    me->depth = work->depth;
    int code = run_part(me, work->run, work->context, part, &error);
    me->depth = outer;
    if (code != LGZ_OK && (work->code == LGZ_OK || part < work->failed)) {
        work->code = code;
        work->failed = part;
        work->error = error;
        if (work->begun < work->parts)
            take_out(w, work);
        work->parts = work->begun;
    }
    if (++work->ended == work->parts)
        pthread_cond_broadcast(&w->changed);
}

static void *thread_main(void *argument)
{
    struct worker *me = argument;
    struct workers *w = me->crew;
    pthread_mutex_lock(&w->mutex);
    while (!w->ended) {
        struct work *work = find_work(me);
        if (work)
            do_part(me, work);
        else
            pthread_cond_wait(&w->changed, &w->mutex);
    }
    pthread_mutex_unlock(&w->mutex);
    return NULL;
}

int workers_new(struct workers **out, struct worker *const *members, unsigned count,
                struct lgz_error *err)
{
    struct workers *w = calloc(1, sizeof(*w));
    if (!w)
        return error_memory(err);
    w->count = count;
    w->working = members[0]->aside ? count - 1 : count;
    w->threads = calloc(count, sizeof(*w->threads));
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->changed, NULL);
    if (!w->threads) {
        workers_free(w);
        return error_memory(err);
    }
    for (unsigned i = 0; i < count; i++) {
        members[i]->crew = w;
        members[i]->number = i;
    }
    while (w->started + 1 < count) {
        struct thread *t = &w->threads[w->started];
        t->me = members[w->started + 1];
        if (pthread_create(&t->id, NULL, thread_main, t->me)) {
            workers_free(w);
            return error_set(err, LGZ_ERR_MEMORY, "cannot start a thread");
        }
        w->started++;
    }
    *out = w;
    return LGZ_OK;
}

static int run_alone(struct worker *me, work_part *run, void *context, size_t part,
                     struct lgz_error *err)
{
    if (!me->crew)
        return run(me, context, part, err);
    pthread_mutex_lock(&me->crew->mutex);
    int code = run_part(me, run, context, part, err);
    pthread_mutex_unlock(&me->crew->mutex);
    return code;
}

static void do_alone(struct worker *me, struct work *work)
{
    for (; work->begun < work->parts && work->code == LGZ_OK; work->begun++)
        work->code = run_alone(me, work->run, work->context, work->begun, &work->error);
    work->ended = work->parts;
}

void workers_stop_when(struct workers *w, bool (*stop)(void *context), void *context)
{
    w->stop = stop;
    w->stop_context = context;
}

void workers_submit(struct worker *me, struct work *work, size_t parts, work_part *run,
                    void *context)
{
    struct workers *w = me->crew;
    *work = (struct work){
        .run = run, .context = context, .parts = parts, .depth = me->depth + 1, .code = LGZ_OK};
    if (!w || (w->working == 1 && !me->aside)) {
        do_alone(me, work);
        return;
    }
    if (parts == 0)
        return;
    pthread_mutex_lock(&w->mutex);
    struct work **at = &w->first;
    while (*at && (*at)->depth >= work->depth)
        at = &(*at)->next;
    work->next = *at;
    *at = work;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->mutex);
}

bool workers_done(const struct worker *me, const struct work *work)
{
    struct workers *w = me->crew;
    if (!w)
        return true;
    pthread_mutex_lock(&w->mutex);
    bool done = work->ended == work->parts;
    pthread_mutex_unlock(&w->mutex);
    return done;
}

int workers_wait(struct worker *me, struct work *work, struct lgz_error *err)
{
    struct workers *w = me->crew;
    if (w) {
        pthread_mutex_lock(&w->mutex);
        while (work->ended < work->parts) {
            struct work *next = find_work(me);
            if (next)
                do_part(me, next);
            else
                pthread_cond_wait(&w->changed, &w->mutex);
        }
        pthread_mutex_unlock(&w->mutex);
    }
    if (work->code != LGZ_OK && err)
        *err = work->error;
    return work->code;
}

int workers_share(struct worker *me, size_t parts, work_part *run, void *context,
                  struct lgz_error *err)
{
    struct work work;
    if (parts == 1 && !me->aside)
        return run_alone(me, run, context, 0, err);
    workers_submit(me, &work, parts, run, context);
    return workers_wait(me, &work, err);
}

unsigned workers_count(const struct worker *me)
{
    return me->crew ? me->crew->count : 1;
}

size_t workers_pieces(const struct worker *me, size_t most)
{
    bool shared = me->crew && me->crew->working > 1;
    size_t wanted = shared ? (size_t)me->crew->working * PIECES_PER_THREAD : 1;
    size_t pieces = most < wanted ? most : wanted;
    return pieces ? pieces : 1;
}

void workers_free(struct workers *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->mutex);
    w->ended = true;
    w->stopped = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->mutex);
    for (unsigned i = 0; i < w->started; i++)
        pthread_join(w->threads[i].id, NULL);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->mutex);
    free(w->threads);
    free(w);
}
