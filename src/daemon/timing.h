/*
 * timing.h - how long something took, each time: how often, altogether, and how often within which
 * bounds. Zero-initialized is valid: it never happened.
 */
#ifndef LOGZIP_DAEMON_TIMING_H
#define LOGZIP_DAEMON_TIMING_H

#include <stddef.h>
#include <stdint.h>

enum { TIMING_BOUNDS = 12 };

struct timing {
    uint64_t
        counts[TIMING_BOUNDS + 1]; /**< up to each bound, but above the one before; then: more */
    uint64_t count;
    int64_t total; /**< nanoseconds */
    int64_t last;
};

/** It took `nanoseconds`. */
void timing_add(struct timing *t, int64_t nanoseconds);

/** A bound, in seconds; `index` is below TIMING_BOUNDS. */
double timing_bound(size_t index);

#endif
