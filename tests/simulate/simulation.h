/*
 * simulation.h - an archive that is looked after every night for many simulated days, and what must
 * be true of it after each night.
 */
#ifndef LOGZIP_TESTS_SIMULATION_H
#define LOGZIP_TESTS_SIMULATION_H

#include "../crash/world.h"
#include "generator.h"
#include "sizes.h"

enum { INPUTS_MAX = 64 };

struct simulation {
    struct world world;
    struct sizes *sizes;
    int days;
    int inputs;
    int lines; /**< that each input gets on a day */
    int slots; /**< times a day that a segment is sealed */
    uint64_t random;

    int today;
    int max_age;        /**< days */
    uint64_t max_bytes; /**< of all segments, by the configuration; 0: no limit yet */
    struct simulated_input {
        char name[16];
        char file[20]; /**< the log, in the directory of logs */
        char *source;  /**< its path */
        struct generator generator;
        int max_age;        /**< days */
        int first_day;      /**< the first one that the archive has */
        uint64_t day_bytes; /**< raw, of today */
    } input[INPUTS_MAX];

    /* What came of it. */
    uint64_t lines_written;
    uint64_t bytes_written;
    uint64_t daily_bytes;  /**< of each day's segments before its night, added up */
    uint64_t merged_bytes; /**< and after it */
    uint64_t peak;         /**< bytes of all files at any moment */
    size_t most_segments;  /**< after a night */
    double most_used;      /**< of max_bytes, by all files at any moment; 1: all of it */
    double most_left;      /**< of max_bytes, by the segments after a night */
    uint64_t checks;       /**< lines and days that were looked for, and sources restored */
};

/** A number below `limit`. */
static inline unsigned simulation_random(struct simulation *s, unsigned limit)
{
    s->random = s->random * 6364136223846793005 + 1442695040888963407;
    return (unsigned)((s->random >> 33) % limit);
}

/** The night after `today` is over: look at sizes, at what expired, and for some lines. */
void audit_night(struct simulation *s);

/** Restore everything, and compare it with what was written. */
void audit_contents(struct simulation *s);

/** The daemon has ended, and nothing may lie around. */
void audit_end(struct simulation *s);

#endif
