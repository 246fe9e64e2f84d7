/*
 * workers.c - a queue, a mutex and two conditions.
 */
#include "base/workers.h"

#include <pthread.h>
#include <stdlib.h>

struct thread {
    struct workers *workers;
    void *state;
    pthread_t id;
};

struct workers {
    void (*run)(void *state, struct work *job);
    struct thread *threads;
    unsigned count;   /* threads that run: 0 if the caller does the work */
    void *only_state; /* then */
    pthread_mutex_t mutex;
    pthread_cond_t queued;
    pthread_cond_t finished;
    struct work *first;
    struct work **last;
    bool stop;
};

static void *thread_main(void *argument)
{
    struct thread *self = argument;
    struct workers *w = self->workers;
    pthread_mutex_lock(&w->mutex);
    for (;;) {
        while (!w->first && !w->stop)
            pthread_cond_wait(&w->queued, &w->mutex);
        if (w->stop)
            break;
        struct work *job = w->first;
        w->first = job->next;
        if (!w->first)
            w->last = &w->first;
        pthread_mutex_unlock(&w->mutex);
        w->run(self->state, job);
        pthread_mutex_lock(&w->mutex);
        job->done = true;
        pthread_cond_broadcast(&w->finished);
    }
    pthread_mutex_unlock(&w->mutex);
    return NULL;
}

int workers_new(struct workers **out, unsigned threads, void (*run)(void *state, struct work *job),
                void *const *states, struct lgz_error *err)
{
    struct workers *w = calloc(1, sizeof(*w));
    if (!w)
        return error_memory(err);
    w->run = run;
    w->only_state = states[0];
    w->last = &w->first;
    pthread_mutex_init(&w->mutex, NULL);
    pthread_cond_init(&w->queued, NULL);
    pthread_cond_init(&w->finished, NULL);
    w->threads = calloc(threads, sizeof(*w->threads));
    if (!w->threads) {
        workers_free(w);
        return error_memory(err);
    }
    while (threads > 1 && w->count < threads) {
        struct thread *t = &w->threads[w->count];
        *t = (struct thread){.workers = w, .state = states[w->count]};
        int failed = pthread_create(&t->id, NULL, thread_main, t);
        if (failed) {
            workers_free(w);
            return error_set(err, LGZ_ERR_MEMORY, "cannot start a thread");
        }
        w->count++;
    }
    *out = w;
    return LGZ_OK;
}

void workers_submit(struct workers *w, struct work *job)
{
    job->next = NULL;
    job->done = false;
    if (w->count == 0) {
        w->run(w->only_state, job);
        job->done = true;
        return;
    }
    pthread_mutex_lock(&w->mutex);
    *w->last = job;
    w->last = &job->next;
    pthread_cond_signal(&w->queued);
    pthread_mutex_unlock(&w->mutex);
}

void workers_wait(struct workers *w, struct work *job)
{
    pthread_mutex_lock(&w->mutex);
    while (!job->done)
        pthread_cond_wait(&w->finished, &w->mutex);
    pthread_mutex_unlock(&w->mutex);
}

void workers_free(struct workers *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->mutex);
    w->stop = true;
    pthread_cond_broadcast(&w->queued);
    pthread_mutex_unlock(&w->mutex);
    for (unsigned i = 0; i < w->count; i++)
        pthread_join(w->threads[i].id, NULL);
    pthread_cond_destroy(&w->queued);
    pthread_cond_destroy(&w->finished);
    pthread_mutex_destroy(&w->mutex);
    free(w->threads);
    free(w);
}
