/*
 * census.h - counts what only system calls can tell: the archive's files, the process's memory and
 * descriptors. It does so on the thread pool, because a disk may hang, and answers nevertheless:
 * after CENSUS_WAIT_MS with the numbers of the last time.
 */
#ifndef LOGZIP_DAEMON_CENSUS_H
#define LOGZIP_DAEMON_CENSUS_H

#include <uv.h>

#include "base/error.h"

enum { CENSUS_WAIT_MS = 1000 };

/** What can't be told is 0. */
struct census_numbers {
    uint64_t segments; /**< in the archive, whoever made them */
    uint64_t segment_bytes;
    uint64_t journals;
    uint64_t journal_bytes;
    uint64_t resident_bytes;
    uint64_t virtual_bytes;
    uint64_t open_descriptors;
    uint64_t descriptor_limit;
    int64_t cpu_time; /**< nanoseconds */
};

struct census;

/** @param directory  the archive's; copied */
int census_open(struct census **out, uv_loop_t *loop, const char *directory, struct lgz_error *err);

/**
 * Count, and call `fn` on the loop when that's done, or has taken too long.
 *
 * @return false when memory is out; `fn` isn't called then
 */
bool census_ask(struct census *c, void (*fn)(void *context), void *context);

/** The numbers of the last count; all 0 before the first. */
const struct census_numbers *census_numbers(const struct census *c);

/** Call all who wait, now. */
void census_hurry(struct census *c);

/** Is work on the pool? Then census_close() has to wait. */
bool census_busy(const struct census *c);

/** Close; nobody may wait any more. The loop must run once more. NULL is allowed. */
void census_close(struct census *c);

#endif
