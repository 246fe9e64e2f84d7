/*
 * timing.c - from the sync of an idle disk, a millisecond, to the seal of a large journal, minutes.
 */
#include "daemon/timing.h"

#include "base/clock.h"

static const double bounds[TIMING_BOUNDS] = {0.001, 0.005, 0.01, 0.05, 0.1, 0.5,
                                             1,     5,     10,   30,   60,  300};

double timing_bound(size_t index)
{
    return bounds[index];
}

void timing_add(struct timing *t, int64_t nanoseconds)
{
    size_t i = 0;
    while (i < TIMING_BOUNDS && (double)nanoseconds > bounds[i] * (double)NS_PER_SECOND)
        i++;
    t->counts[i]++;
    t->count++;
    t->total += nanoseconds;
    t->last = nanoseconds;
}
