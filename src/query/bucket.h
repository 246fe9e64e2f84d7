/*
 * bucket.h - stretches of time as a clock on the wall has them, in which lines are counted: seconds
 * to years.
 *
 * A moment is what the clock shows (base/zone.h), in whole seconds since 1970-01-01 00:00:00. Where
 * clocks are set back, an hour that they show twice is one.
 */
#ifndef LOGZIP_QUERY_BUCKET_H
#define LOGZIP_QUERY_BUCKET_H

#include "base/buf.h"

/** How long a stretch is; all stretches of one size begin at round times. */
struct bucket_size {
    const char *name; /**< "hour", for example; NULL: it has none */
    int64_t seconds;  /**< of a stretch; of months, those of the shortest */
    int months;       /**< 0: it has `seconds` */
};

enum { BUCKET_SIZES = 19 };

/** All sizes, the smallest first. */
extern const struct bucket_size bucket_sizes[BUCKET_SIZES];

/** The size of that name; NULL if there is none. */
const struct bucket_size *bucket_named(const char *name);

/** The whole second of a wall clock's time in nanoseconds. */
int64_t bucket_second(int64_t wall);

/** Where the stretch begins that a moment is in. */
int64_t bucket_start(const struct bucket_size *size, int64_t second);

/** Where the stretch that begins at `start` ends, and the next one begins. */
int64_t bucket_end(const struct bucket_size *size, int64_t start);

/**
 * How many stretches there are from `first` to `last`, which are starts; no more than `most` are
 * counted.
 */
size_t bucket_count(const struct bucket_size *size, int64_t first, int64_t last, size_t most);

/** Append a start as a clock shows it, as exactly as the size needs: "2026-01-31 12:00". */
void bucket_print(const struct bucket_size *size, int64_t start, struct buf *out);

#endif
