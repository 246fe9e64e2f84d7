/*
 * generator.h - the lines that an input's log gets on a day: the same ones whenever they are asked
 * for, so that nothing has to be kept to compare an archive with.
 *
 * Inputs are of five kinds (access log, syslog, pairs, JSON, application log), with hosts, users
 * and rates of their own. Each line has a time stamp of its day, in UTC; they ascend. Every 16th
 * line has an id that no other line has.
 */
#ifndef LOGZIP_TESTS_GENERATOR_H
#define LOGZIP_TESTS_GENERATOR_H

#include "base/buf.h"

enum { GENERATOR_ID_EVERY = 16, GENERATOR_ID_SIZE = 17 };

/** Midnight of a day, day 0 is 1 January 2026; nanoseconds since the epoch. */
int64_t generator_midnight(int day);

struct generator {
    int input;
    int day;
    int lines;         /**< of the whole day */
    int next;          /**< the line that comes next */
    uint64_t state;    /**< of the random numbers */
    uint64_t sequence; /**< a counter that some lines show */
    int64_t time;      /**< of the last line, nanoseconds since the epoch */
};

/** Begin a day. */
void generator_begin(struct generator *g, int input, int day, int lines);

/** Append lines until `count` of the day are made. */
void generator_write(struct generator *g, int count, struct buf *out);

/** The id of the line `line` of a day, a multiple of GENERATOR_ID_EVERY. */
void generator_id(int input, int day, int line, char out[GENERATOR_ID_SIZE]);

#endif
