/*
 * log.c - one line per message, in one write(2), so that lines never mix.
 */
#include "daemon/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

struct log {
    enum config_log_level level;
    bool terminal;
    bool use_syslog;
};

struct log *log_open(void)
{
    struct log *log = calloc(1, sizeof(*log));
    if (!log)
        return NULL;
    log->level = CONFIG_LOG_INFO;
    log->terminal = isatty(STDERR_FILENO) && !getenv("JOURNAL_STREAM");
    return log;
}

void log_close(struct log *log)
{
    if (log && log->use_syslog)
        closelog();
    free(log);
}

void log_set_level(struct log *log, enum config_log_level level)
{
    log->level = level;
}

void log_use_syslog(struct log *log)
{
    openlog("logzipd", LOG_PID, LOG_DAEMON);
    log->use_syslog = true;
}

static int priority(enum config_log_level level)
{
    static const int priorities[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};
    return priorities[level];
}

/* The start of a line: time and level for people, priority for a log collector. */
static size_t begin(const struct log *log, enum config_log_level level, char *line, size_t size)
{
    static const char *const names[] = {"error: ", "warning: ", "", "debug: "};
    if (!log->terminal)
        return (size_t)snprintf(line, size, "<%d>", priority(level));
    time_t now = time(NULL);
    struct tm tm;
    size_t len = localtime_r(&now, &tm) ? strftime(line, size, "%H:%M:%S ", &tm) : 0;
    return len + (size_t)snprintf(line + len, size - len, "%s", names[level]);
}

void log_say(struct log *log, enum config_log_level level, const char *format, ...)
{
    char line[1200];
    va_list args;
    if (level > log->level)
        return;
    size_t start = log->use_syslog ? 0 : begin(log, level, line, sizeof(line));
    va_start(args, format);
    int n = vsnprintf(line + start, sizeof(line) - 1 - start, format, args);
    va_end(args);
    size_t len = start + (n > 0 ? (size_t)n : 0);
    if (len > sizeof(line) - 2)
        len = sizeof(line) - 2;
    /* File names may hold anything. */
    for (size_t i = start; i < len; i++) {
        if ((unsigned char)line[i] < ' ' || line[i] == 127)
            line[i] = '?';
    }
    line[len] = '\0';
    if (log->use_syslog) {
        syslog(priority(level), "%s", line);
        return;
    }
    line[len++] = '\n';
    if (write(STDERR_FILENO, line, len) < 0)
        return; /* there is nobody left to tell */
}
