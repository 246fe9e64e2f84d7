/*
 * floor.h - division that rounds down, where C rounds towards zero: for times before 1970.
 */
#ifndef LOGZIP_BASE_FLOOR_H
#define LOGZIP_BASE_FLOOR_H

#include <stdint.h>

/** @param by  more than 0, as of all of these */
static inline int64_t floor_div(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

/** The rest: 0 to `by` - 1. */
static inline int64_t floor_mod(int64_t value, int64_t by)
{
    const int64_t rest = value % by;
    return rest < 0 ? rest + by : rest;
}

/** The largest multiple of `by` that is not above `value`. */
static inline int64_t floor_to(int64_t value, int64_t by)
{
    return value - floor_mod(value, by);
}

#endif
