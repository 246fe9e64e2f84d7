/*
 * life.h - the lives that the crash sweep lets programs live: each a row of steps, and a comparison
 * in the end.
 */
#ifndef LOGZIP_TESTS_LIFE_H
#define LOGZIP_TESTS_LIFE_H

#include "world.h"

struct life {
    const char *name;
    void (*live)(struct world *w);
    void (*check)(struct world *w); /**< without injections: let the programs finish, and compare */
};

/** A daemon's: all that changes files of its own accord. */
extern const struct life daemon_life;

/** An archive's: what `logzipctl` does to segments. */
extern const struct life upkeep_life;

/** A damaged segment's, which is set aside. */
extern const struct life scrub_life;

#endif
