/*
 * seal_run.h - the first step of an archive's upkeep: what is journaled becomes segments, by way of
 * the daemon or, if none runs, by this process.
 */
#ifndef LOGZIP_ARCHIVE_SEAL_RUN_H
#define LOGZIP_ARCHIVE_SEAL_RUN_H

#include <stddef.h>

#include "archive/upkeep.h"
#include "base/error.h"

struct seal_run_result {
    bool by_daemon;        /**< it sealed, and what it did isn't known here */
    size_t segments;       /**< made by this process */
    bool unfinished;       /**< the time was up before all journals were sealed */
    uint64_t raw_bytes;    /**< in those; in a dry run, all that is journaled */
    uint64_t stored_bytes; /**< of those */
};

/**
 * Seal all journals.
 *
 * A daemon is asked over its control socket. If none answers, this process becomes the archive's
 * owner (archive_act_as_owner()), takes the lock and does it; then `u->note` is told what recovery
 * says. A unit of work is a group of journals; the daemon isn't waited for any longer than the
 * deadline, or once it's stopped, and then goes on alone.
 *
 * @param result  what was done, also after a failure
 * @return LGZ_ERR_BUSY if no daemon answers and the archive is in use; as control_request(),
 *         archive_recover(), archive_seal()
 */
int seal_run(const struct upkeep *u, struct seal_run_result *result, struct lgz_error *err);

#endif
