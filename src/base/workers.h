/*
 * workers.h - threads that do jobs, for callers that want the results in order.
 *
 * The caller embeds a struct work in each job, submits jobs and waits for them one by one, oldest
 * first; jobs are started in the order of submission. With one thread nothing is started: the job
 * runs where it is submitted.
 */
#ifndef LOGZIP_BASE_WORKERS_H
#define LOGZIP_BASE_WORKERS_H

#include <stdbool.h>

#include "base/error.h"

struct work {
    struct work *next;
    bool done;
};

struct workers;

/**
 * @param threads  1 to 256
 * @param run      does a job; `state` is that thread's own
 * @param states   `threads` pointers, one for each thread
 */
int workers_new(struct workers **out, unsigned threads, void (*run)(void *state, struct work *job),
                void *const *states, struct lgz_error *err);

/** Start a job as soon as a thread is free. */
void workers_submit(struct workers *w, struct work *job);

/** Wait until a submitted job is done. */
void workers_wait(struct workers *w, struct work *job);

/** Wait for the running jobs, drop those not begun, end the threads. NULL is allowed. */
void workers_free(struct workers *w);

#endif
