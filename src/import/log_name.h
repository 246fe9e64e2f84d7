/*
 * log_name.h - which log a file is an older part of, and which part, by the name that rotation gave
 * it.
 *
 *   app.log.3  app.log.3.gz                       numbered: the higher, the older
 *   app.log-20261123  app.log-20261123.xz         dated, also 2026-11-23 and with hours, minutes
 * and app-20261123.log.gz  app.log.2026-11-23.2     seconds, and numbered within that date
 *   app.log-1795392000                            dated in seconds since the epoch
 *   app.3.log                                     before the extension
 *   app.log.old  app.log.0                        the newest
 *
 * All of these are parts of app.log. What follows no such pattern is a log of its own.
 */
#ifndef LOGZIP_IMPORT_LOG_NAME_H
#define LOGZIP_IMPORT_LOG_NAME_H

#include <stdbool.h>
#include <stdint.h>

enum log_part {
    LOG_PART_CURRENT,  /**< nothing was added to the name */
    LOG_PART_NUMBERED, /**< `number`: 0 is the newest */
    LOG_PART_DATED,    /**< `date`, and `number` if several have the same: the higher, the newer */
};

struct log_name {
    char *name; /**< the log's path */
    enum log_part part;
    uint64_t number;
    uint64_t date; /**< YYYYMMDDhhmmss as a number, missing parts 0 */
};

/**
 * Take the name of a file apart. Its directories stay as they are.
 *
 * @return false when memory is out; `out->name` is the caller's
 */
bool log_name_parse(struct log_name *out, const char *path);

/** How the file's age compares with another's of the same log, by their names alone.
 *
 * @return less than 0: `a` is older; 0: the names don't say
 */
int log_name_age(const struct log_name *a, const struct log_name *b);

#endif
