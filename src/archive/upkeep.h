/*
 * upkeep.h - what each step of an archive's upkeep is told: seal, import, merge, expire, scrub.
 *
 * `logzipctl rotate` does all of them, and each is a sub-command of its own; both give the step's
 * function this struct. Whoever calls a step holds archive_rotate_lock(), unless it's a dry run. A
 * step does its work in units; between two of them it asks upkeep_is_over(), and ends, with LGZ_OK
 * and what it did so far, if the time is up or somebody wants it to stop; who encodes asks that as
 * well, and gives up the segment. What is left is done by the next run.
 */
#ifndef LOGZIP_ARCHIVE_UPKEEP_H
#define LOGZIP_ARCHIVE_UPKEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "archive/config.h"

enum upkeep_note {
    UPKEEP_ACTION,  /**< something was done, or in a dry run would be */
    UPKEEP_PROBLEM, /**< something is wrong, and the step goes on: its exit status is to tell */
};

/** @param text  a line, without its newline; valid during the call */
typedef void upkeep_note_fn(void *context, enum upkeep_note note, const char *text);

struct upkeep {
    const struct config *config; /**< says which archive, and what is wanted */
    int64_t now;                 /**< wall clock, nanoseconds since the epoch */
    int64_t deadline;            /**< clock_monotonic(), nanoseconds; 0: none */
    bool (*stop)(void);          /**< does somebody want it to stop? NULL: nobody can */
    bool dry_run;                /**< change nothing, only tell what would be done */
    upkeep_note_fn *note;        /**< NULL: nobody wants to know */
    void *context;               /**< for `note` */
};

/** Does somebody want it to stop? A long unit of work is better given up then. */
bool upkeep_is_stopped(const struct upkeep *u);

/** May nothing more be begun: is it stopped, or the time up? */
bool upkeep_is_over(const struct upkeep *u);

/** Tell what is done or wrong, one line. */
void upkeep_tell(const struct upkeep *u, enum upkeep_note note, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
