/*
 * service.h - the daemon at work: the loop, and who calls whom on it. Files are read by src/tail
 * on the loop; store and sealer work on the thread pool; requests come by socket and signals.
 */
#ifndef LOGZIP_DAEMON_SERVICE_H
#define LOGZIP_DAEMON_SERVICE_H

#include "archive/config.h"
#include "daemon/log.h"

struct service;

/**
 * Lock the archive, recover it, take up the files and listen: all that can fail at the start.
 *
 * @param config  owned by the service from now on, also on failure
 * @param log     borrowed
 */
int service_open(struct service **out, struct config *config, struct log *log,
                 struct lgz_error *err);

/**
 * Run until SIGTERM or SIGINT; then read what is there, sync and seal. A second signal ends it at
 * once, which loses nothing either.
 *
 * @return the exit status: 0, or 1 if the last bytes could not be sealed
 */
int service_run(struct service *s);

/** Release everything. NULL is allowed. */
void service_close(struct service *s);

#endif
