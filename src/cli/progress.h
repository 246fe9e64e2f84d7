/*
 * progress.h - one line on the terminal that says how far a long job is. Nothing is shown in the
 * first second, nor if standard error isn't a terminal.
 */
#ifndef LOGZIP_CLI_PROGRESS_H
#define LOGZIP_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *name;
    uint64_t total; /* 0: unknown */
    int64_t started;
    int64_t shown; /* when the line was last written; 0: never */
    bool enabled;
};

/** @param total  bytes that there are to do, or 0 if nobody knows */
void progress_start(struct progress *p, const char *name, uint64_t total);

/** `in` bytes were read so far, and `out` bytes written. */
void progress_update(struct progress *p, uint64_t in, uint64_t out);

/** Remove the line. */
void progress_end(struct progress *p);

#endif
