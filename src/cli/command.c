/*
 * command.c - option parsing, messages and output that all sub-commands share.
 */
#include "cli/command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

static void say_list(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

static void say_list(const char *format, va_list args)
{
    fputs("logzipctl: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

void say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say_list(format, args);
    va_end(args);
}

void say_error(const struct lgz_error *err)
{
    say("%s", err->message);
}

int option_misuse(const struct command *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say_list(format, args);
    va_end(args);
    fprintf(stderr, "Try 'logzipctl help %s'.\n", c->name);
    return c->error_status;
}

int option_help(const struct command *c)
{
    if (c->print_help)
        c->print_help(c);
    else
        fputs(c->help, stdout);
    return 0;
}

int option_next(const struct command *c, int argc, char **argv, const char *shorts,
                const struct option *longs)
{
    opterr = 0;
    int option = getopt_long(argc, argv, shorts, longs, NULL);
    if (option != '?' && option != ':')
        return option;
    const char *given = argv[optind - 1];
    if (option == ':' && optopt > 0 && optopt < 256)
        option_misuse(c, "option -%c needs a value", optopt);
    else if (option == ':')
        option_misuse(c, "option %s needs a value", given);
    else if (optopt > 0 && optopt < 256)
        option_misuse(c, "unknown option -%c", optopt);
    else if (optopt)
        option_misuse(c, "option %s takes no value", given);
    else
        option_misuse(c, "unknown or ambiguous option %s", given);
    return OPTION_BAD;
}

int option_last(const struct command *c, int argc, char **argv)
{
    return optind < argc ? option_misuse(c, "unexpected argument '%s'", argv[optind]) : OPTION_END;
}

bool option_number(const char *text, uint64_t max, uint64_t *value)
{
    *value = 0;
    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '9' || __builtin_mul_overflow(*value, 10, value) ||
            __builtin_add_overflow(*value, (uint64_t)(*p - '0'), value))
            return false;
    }
    return *text && *value <= max;
}

unsigned option_processors(void)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1 : online > 256 ? 256 : (unsigned)online;
}

bool option_threads(const struct command *c, const char *text, unsigned *threads)
{
    uint64_t value;
    if (!option_number(text, 256, &value)) {
        option_misuse(c, "-T %s: not a number from 0 to 256", text);
        return false;
    }
    *threads = value ? (unsigned)value : option_processors();
    return true;
}

bool output_buffer(struct buf *out)
{
    struct lgz_error err = {0};
    int code = out->failed
                   ? error_memory(&err)
                   : file_write(STDOUT_FILENO, out->data, out->len, "standard output", &err);
    bool quiet = code == LGZ_ERR_IO && errno == EPIPE;
    if (code != LGZ_OK && !quiet)
        say_error(&err);
    buf_free(out);
    return code == LGZ_OK;
}

void output_size(struct buf *out, uint64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB"};
    if (bytes < 1024) {
        buf_printf(out, "%" PRIu64 " B", bytes);
        return;
    }
    double value = (double)bytes / 1024;
    size_t unit = 0;
    for (; value >= 1023.95 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
        value /= 1024;
    buf_printf(out, "%.1f %s", value, units[unit]);
}

const char *level_name(enum lgz_level level)
{
    return level == LGZ_LEVEL_FAST ? "fast" : level == LGZ_LEVEL_BEST ? "best" : "default";
}

static void say_finding(void *context, const char *finding)
{
    (void)context;
    say("%s", finding);
}

struct config *load_config(const char *path)
{
    struct config *config = NULL;
    struct lgz_error err = {0};
    int code = config_load(&config, path ? path : CONFIG_DEFAULT_PATH, say_finding, NULL, &err);
    /* Findings were said one by one. */
    if (code != LGZ_OK && code != LGZ_ERR_CONFIG)
        say_error(&err);
    return config;
}
