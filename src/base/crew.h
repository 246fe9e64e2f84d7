/*
 * crew.h - threads that need nothing of their own, for works that anyone of them can do
 * (workers.h). If there are no more threads to be had, fewer do the work, or the caller alone: it
 * takes longer, that's all.
 */
#ifndef LOGZIP_BASE_CREW_H
#define LOGZIP_BASE_CREW_H

#include "base/workers.h"

enum { CREW_MAX = 256 };

struct crew;

/** Start threads. @param threads  1 to CREW_MAX, the caller's included */
int crew_new(struct crew **out, unsigned threads, struct lgz_error *err);

/** The caller's worker. */
struct worker *crew_caller(struct crew *c);

/** End the threads; works that weren't waited for are dropped. NULL is allowed. */
void crew_free(struct crew *c);

#endif
