/*
 * scenario.h - the life that the crash sweep lets a daemon live, and what must be true of its
 * archive in the end.
 *
 * It goes through everything that changes files: an archive that isn't there yet, group commits,
 * journals that end and are sealed by size and by request, the three ways of rotating a log, a
 * reload, retention beside the daemon and without it, an end, a kill with a torn tail and a left
 * draft, recovery. What is synced is removed from the logs where a rotation would remove it: what
 * the archive loses can't be read again.
 */
#ifndef LOGZIP_TESTS_SCENARIO_H
#define LOGZIP_TESTS_SCENARIO_H

#include "world.h"

/** Live it. */
void scenario_live(struct world *w);

/** Start the daemon clean, let it finish, and compare. */
void scenario_check(struct world *w);

#endif
