/*
 * clock.h - what time it is, in nanoseconds.
 */
#ifndef LOGZIP_BASE_CLOCK_H
#define LOGZIP_BASE_CLOCK_H

#include <stdint.h>

#define NS_PER_SECOND INT64_C(1000000000)

/** Wall clock, nanoseconds since the epoch. */
int64_t clock_real(void);

/** Monotonic clock, nanoseconds since some moment in the past. */
int64_t clock_monotonic(void);

/** CPU time of the whole process so far, nanoseconds. */
int64_t clock_cpu(void);

/** The same of the calling thread alone. */
int64_t clock_thread_cpu(void);

#endif
