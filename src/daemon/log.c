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

#include "base/clock.h"

struct log {
    enum config_log_level level;
    int64_t period; /* when the one at hand began, clock_monotonic() */
    unsigned said;  /* in it */
    unsigned left_out;
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

/* Write a message, which begins at `start`, in one piece. */
static void put(const struct log *log, enum config_log_level level, char *line, size_t start,
                size_t len)
{
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

__attribute__((format(printf, 3, 0))) static void
say(const struct log *log, enum config_log_level level, const char *format, va_list args)
{
    char line[1200];
    size_t start = log->use_syslog ? 0 : begin(log, level, line, sizeof(line));
    int n = vsnprintf(line + start, sizeof(line) - 1 - start, format, args);
    size_t len = start + (n > 0 ? (size_t)n : 0);
    put(log, level, line, start, len > sizeof(line) - 2 ? sizeof(line) - 2 : len);
}

__attribute__((format(printf, 3, 4))) static void
say_now(const struct log *log, enum config_log_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(log, level, format, args);
    va_end(args);
}

/* May one more be said? Those that were left out in the period before are told of. */
static bool has_turn(struct log *log)
{
    int64_t now = clock_monotonic();
    if (!log->period || now - log->period >= LOG_PERIOD_SECONDS * NS_PER_SECOND) {
        if (log->left_out)
            say_now(log, CONFIG_LOG_WARNING, "%u messages were left out: too many at once",
                    log->left_out);
        log->period = now;
        log->said = 0;
        log->left_out = 0;
    }
    if (log->said < LOG_BURST) {
        log->said++;
        return true;
    }
    log->left_out++;
    return false;
}

void log_say(struct log *log, enum config_log_level level, const char *format, ...)
{
    va_list args;
    if (level > log->level || (level < CONFIG_LOG_DEBUG && !has_turn(log)))
        return;
    va_start(args, format);
    say(log, level, format, args);
    va_end(args);
}

void log_close(struct log *log)
{
    if (log && log->left_out)
        say_now(log, CONFIG_LOG_WARNING, "%u messages were left out: too many at once",
                log->left_out);
    if (log && log->use_syslog)
        closelog();
    free(log);
}
