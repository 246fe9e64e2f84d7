/*
 * zone.c - by localtime_r(3), which only knows the way from an instant to the wall. For a day in
 * which nothing is changed, and these are nearly all, that is done once.
 */
#include "base/zone.h"

#include <time.h>

#include "base/clock.h"
#include "base/floor.h"

#define HOUR   (INT64_C(3600) * NS_PER_SECOND)
#define DAY    (24 * HOUR)
#define MARGIN DAY /* no zone is further than that from UTC */

/* How far a clock on the wall is before UTC's at an instant. */
static int64_t east_at(int64_t instant)
{
    time_t seconds = (time_t)floor_div(instant, NS_PER_SECOND);
    struct tm tm;
    return localtime_r(&seconds, &tm) ? tm.tm_gmtoff * NS_PER_SECOND : 0;
}

/* The instant in (low, high] from which on the clock is set as it is at `high`, to the second. */
static int64_t find_change(int64_t low, int64_t high)
{
    const int64_t east = east_at(high);
    while (high - low > NS_PER_SECOND) {
        int64_t middle = floor_to(low + (high - low) / 2, NS_PER_SECOND);
        if (middle <= low)
            break;
        if (east_at(middle) == east)
            high = middle;
        else
            low = middle;
    }
    return high;
}

/* For a wall clock time near to which the clock is set. */
static int64_t instant_near_change(int64_t wall, int64_t before, int64_t behind)
{
    int64_t first = wall - before;
    if (east_at(first) == before)
        return first;
    int64_t second = wall - behind;
    if (east_at(second) == behind && east_at(second - 1) == behind)
        return second;
    return find_change(floor_to(wall - MARGIN, NS_PER_SECOND),
                       floor_to(wall + MARGIN, NS_PER_SECOND));
}

int64_t zone_instant(struct zone *z, int64_t wall)
{
    if (wall >= z->from && wall < z->to)
        return wall - z->east;
    /* What doesn't fit has no zone. */
    if (wall < INT64_MIN + 3 * MARGIN || wall > INT64_MAX - 3 * MARGIN)
        return wall;
    const int64_t day = floor_to(wall, DAY);
    const int64_t before = east_at(day - MARGIN);
    const int64_t behind = east_at(day + DAY + MARGIN);
    if (before != behind)
        return instant_near_change(wall, before, behind);
    z->from = day;
    z->to = day + DAY;
    z->east = before;
    return wall - before;
}

int64_t zone_wall(struct zone *z, int64_t instant)
{
    if (instant >= z->seen.from && instant < z->seen.to)
        return instant + z->seen.east;
    if (instant < INT64_MIN + 3 * MARGIN || instant > INT64_MAX - 3 * MARGIN)
        return instant;
    const int64_t hour = floor_to(instant, HOUR);
    const int64_t east = east_at(instant);
    /* Clocks aren't set and set back within an hour. */
    if (east_at(hour) == east && east_at(hour + HOUR - 1) == east) {
        z->seen.from = hour;
        z->seen.to = hour + HOUR;
        z->seen.east = east;
    }
    return instant + east;
}
