/*
 * workers.h - threads that do work in parts, side by side.
 *
 * A work is a number of parts, each of which any thread may do. A part may be cut into parts again:
 * a block into columns, a column into trials. Who waits for a work does parts meanwhile, but only
 * such as are nested deeper than the one that he is in the midst of. So no thread is idle while
 * there is something to do, nobody waits for somebody who waits for him, and a stack grows no
 * deeper than works are nested. Only the caller may stay aside, so that it can do something else
 * while the others work.
 *
 * Which thread does a part, and when, is left to chance: what comes out must not depend on it.
 */
#ifndef LOGZIP_BASE_WORKERS_H
#define LOGZIP_BASE_WORKERS_H

#include <stdbool.h>

#include "base/error.h"

struct workers;

/** A thread, as its own parts see it; embedded in what else belongs to the thread. */
struct worker {
    struct workers *crew; /**< NULL: it is alone and does all parts itself, in their order */
    void *state;          /**< what the thread's parts need */
    unsigned depth;       /**< of the part that it is in the midst of; 0: of none */
    unsigned number;      /**< below workers_count() */
    bool aside;           /**< it does no parts: it has other things to do, or waits */
};

/** Does one part. @return LGZ_OK, or a code with `err` filled: then parts not begun are left out */
typedef int work_part(struct worker *me, void *context, size_t part, struct lgz_error *err);

/** What was submitted, until it was waited for. Only workers.c looks into it. */
struct work {
    struct work *next;
    work_part *run;
    void *context;
    size_t parts;
    size_t begun;
    size_t ended;
    unsigned depth;
    int code;
    size_t failed; /* the first part that did */
    struct lgz_error error;
};

/**
 * Start the threads.
 *
 * @param members  `count` (1 to 257) of them, with their states; the first one is the caller, who
 *                 may stay aside if there are others; for these a thread is started each
 */
int workers_new(struct workers **out, struct worker *const *members, unsigned count,
                struct lgz_error *err);

/**
 * Have parts done, begun in their order as threads become free.
 *
 * @param work  must stay where it is until it was waited for, or until workers_free()
 */
void workers_submit(struct worker *me, struct work *work, size_t parts, work_part *run,
                    void *context);

/** Are all parts of a work done, so that waiting for it takes no time? */
bool workers_done(const struct worker *me, const struct work *work);

/**
 * Give up what is under way when somebody wants that: from then on no part is begun, and all that
 * end fail with LGZ_ERR_CANCELLED, those of which they are a part as well. So a long work ends
 * within the time that one of its innermost parts takes. To be called before anything is submitted.
 *
 * @param stop  asked by any thread, whenever a part has ended
 */
void workers_stop_when(struct workers *w, bool (*stop)(void *context), void *context);

/** Help until all parts of a work are done. @return LGZ_OK, or the code of a part that failed */
int workers_wait(struct worker *me, struct work *work, struct lgz_error *err);

/** Do parts side by side: submit and wait. The largest should come first. */
int workers_share(struct worker *me, size_t parts, work_part *run, void *context,
                  struct lgz_error *err);

/** How many threads there are, the caller's included: 1 for a worker that is alone. */
unsigned workers_count(const struct worker *me);

/**
 * Into how many pieces to cut what can be cut anywhere: 1 if only one does parts, and at most
 * `most`, but at least 1.
 */
size_t workers_pieces(const struct worker *me, size_t most);

/**
 * Drop the parts not begun, those of parts that run as well; wait for what runs, end the threads.
 * NULL is allowed.
 */
void workers_free(struct workers *w);

#endif
