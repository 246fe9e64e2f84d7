/*
 * tally.h - what was read of each source name since the start, and what became of it in segments.
 *
 * A file that is rotated is several sources one after the other, with one name; its counts go on.
 * The counts of a name that isn't read any more are kept for TALLY_KEEP, so that whoever looks now
 * and then sees the last bytes, too, and never more than TALLY_ENDED_MAX of them. Where memory is
 * out, counts are missing: nothing else depends on them.
 */
#ifndef LOGZIP_DAEMON_TALLY_H
#define LOGZIP_DAEMON_TALLY_H

#include "base/clock.h"
#include "segment/source.h"

#define TALLY_KEEP (3600 * NS_PER_SECOND)
enum { TALLY_ENDED_MAX = 1000 };

struct tally;

struct tally_counts {
    uint64_t read_bytes; /**< that are durable */
    uint64_t read_lines; /**< '\n' bytes in them */
    int64_t last_read;   /**< clock_real(), 0: nothing was read */
    uint64_t sealed_bytes;
    uint64_t stored_bytes; /**< see archive/shares.h */
};

struct tally_entry {
    char *input;
    char *name;
    size_t sources; /**< that are read now; 0: it has ended */
    struct tally_counts counts;
};

/** @return NULL when memory is out */
struct tally *tally_new(void);
void tally_free(struct tally *t);

/** A source is being read under its name, and from now on not under one that was told before. May
 * be told again; so may be that it's followed no more. `now` is clock_monotonic(). */
void tally_source(struct tally *t, const struct source *source, int64_t now);

/** So much of it was read. Unknown ids are ignored. */
void tally_read(struct tally *t, uint64_t id, uint64_t bytes, uint64_t lines, int64_t when);

/** The source isn't read any more. `now` is clock_monotonic(). */
void tally_end(struct tally *t, uint64_t id, int64_t now);

/** So much of a source, known or not, is in a new segment. `now` is clock_monotonic(). */
void tally_sealed(struct tally *t, const struct source *source, uint64_t raw_bytes,
                  uint64_t stored_bytes, int64_t now);

/** Of all names together, those that were forgotten included. */
const struct tally_counts *tally_totals(const struct tally *t);

/** The entry of a name; NULL if there is none. Valid until the tally changes. */
const struct tally_entry *tally_find(const struct tally *t, const char *input, const char *name);

/** The first entry and the one after another, in the order in which they came; NULL: no more. */
const struct tally_entry *tally_first(const struct tally *t);
const struct tally_entry *tally_next(const struct tally_entry *entry);

#endif
