/*
 * check.h - `logzipd --check`: everything that can be told about a configuration without starting a
 * daemon, or taking anything that a running one has.
 */
#ifndef LOGZIP_DAEMON_CHECK_H
#define LOGZIP_DAEMON_CHECK_H

#include "archive/config.h"

/**
 * Load the configuration, and check it against this machine.
 *
 * @param report  gets each error; what would keep the daemon from starting
 * @return NULL if there is any
 */
struct config *check_load(const char *path, config_report_fn *report, void *context);

/**
 * Warn of what is allowed, but maybe not meant: patterns that match nothing, files that can't be
 * read, a port that somebody has who isn't this configuration's daemon.
 *
 * @return how many warnings there were
 */
size_t check_warn(const struct config *config, config_report_fn *report, void *context);

#endif
