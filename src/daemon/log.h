/*
 * log.h - what the daemon says to its administrator, on standard error.
 *
 * Under systemd (standard error is the journal's, as JOURNAL_STREAM tells) and wherever standard
 * error isn't a terminal, each line begins with its priority, "<3>" to "<7>", see sd-daemon(3); on
 * a terminal, with the time. A daemon that has left its terminal uses syslog(3).
 *
 * Who has something to say says it once, and again when it changes. Should there be too much of it
 * nevertheless (a directory of ten thousand files that can't be read), at most LOG_BURST messages
 * are written in LOG_PERIOD_SECONDS, and then how many were left out. Debug messages are exempt.
 */
#ifndef LOGZIP_DAEMON_LOG_H
#define LOGZIP_DAEMON_LOG_H

#include "archive/config.h"

enum { LOG_BURST = 500, LOG_PERIOD_SECONDS = 10 };

struct log;

/** Log to standard error. @return NULL when memory is out */
struct log *log_open(void);
void log_close(struct log *log);

/** From now on only messages up to this level. */
void log_set_level(struct log *log, enum config_log_level level);

/** From now on to syslog(3): standard error is about to be closed. */
void log_use_syslog(struct log *log);

/** One message, without a newline. Control characters in it are shown as '?'. */
void log_say(struct log *log, enum config_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
