/*
 * follow.h - a query that goes on: what an archive has, and then what comes.
 *
 * New lines come out within about a second after they are in a journal, in the order in which the
 * journals have them; each once, whatever the daemon does meanwhile: new journals, seals, restarts,
 * merged and expired segments. No daemon has to be there: a directory is watched. A source's last
 * line comes out when it's whole. An event comes out when the next one begins, or nothing was read
 * of its source for FOLLOW_QUIET; lines behind that are events of their own.
 */
#ifndef LOGZIP_QUERY_FOLLOW_H
#define LOGZIP_QUERY_FOLLOW_H

#include "base/clock.h"
#include "query/scan.h"

#define FOLLOW_QUIET (2 * NS_PER_SECOND)

/**
 * Scan an archive, and go on until `max_total` lines were found, or something ends it.
 *
 * The scan's pause function is called whenever all that is there was handed on.
 *
 * @param path    the archive's directory
 * @param output  a descriptor: when nobody can read any more what is written to it, the scan ends
 *                with LGZ_ERR_CANCELLED, also while nothing comes; -1: none
 * @return LGZ_OK after so many lines; LGZ_ERR_CANCELLED; LGZ_ERR_NOT_FOUND if there's no archive,
 * or not any more; another negative code
 */
int scan_follow(struct scan *s, const char *path, int output, struct lgz_error *err);

#endif
