/*
 * zone.h - the host's time zone (TZ, or /etc/localtime): from what a clock on the wall shows to the
 * instant, and back.
 *
 * A wall clock's time is a number, too: the nanoseconds since 1970-01-01 00:00:00 as it shows them.
 * Where clocks are set back, it shows an hour twice: the first one is meant. An hour that is left
 * out is the moment when clocks are set forward. So a later time on the wall is never an earlier
 * instant.
 */
#ifndef LOGZIP_BASE_ZONE_H
#define LOGZIP_BASE_ZONE_H

#include <stdint.h>

/** What was found out last, to find more out fast. Zero-initialized is valid. For one thread. */
struct zone {
    int64_t from; /**< wall clock times from here */
    int64_t to;   /**< and up to here, exclusive, are */
    int64_t east; /**< so many nanoseconds before UTC */
    struct {
        int64_t from; /**< the same for instants */
        int64_t to;
        int64_t east;
    } seen;
};

/** The instant when a clock on the wall shows `wall`. */
int64_t zone_instant(struct zone *z, int64_t wall);

/** What a clock on the wall shows at an instant. */
int64_t zone_wall(struct zone *z, int64_t instant);

#endif
