/*
 * search.c - searches an archive, or a single file, through liblogzip.
 *
 *     cc -o search search.c $(pkg-config --cflags --libs logzip)
 *     ./search /var/lib/logzip 'timeout|refused' 'level = error' '2 hours ago'
 *
 * Prints each line with the time in its log, its source, and its field `status` if it has one.
 * Ctrl-C ends the query, not the program: what was found so far is counted in the end.
 */
#include <logzip.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* lgz_query_cancel() may be called from a signal's handler. */
static struct lgz_query *running;

static void interrupt(int signal)
{
    (void)signal;
    lgz_query_cancel(running);
}

/* Called for each line that is found, in order. Anything but 0 would end the query. */
static int print_line(void *context, const struct lgz_line *line)
{
    struct lgz_error err;
    const struct lgz_field *status;
    char stamp[40] = "";
    time_t seconds = (time_t)(line->time / 1000000000);
    struct tm civil;
    (void)context;

    if (gmtime_r(&seconds, &civil))
        strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &civil);
    printf("%s %s", stamp, line->source);
    /* Only the fields that are asked for are looked for. */
    int found = lgz_line_field(line, "status", &status, &err);
    if (found < 0)
        fprintf(stderr, "search: %s\n", err.message);
    if (found == 1)
        printf(" status=%.*s", (int)status->value_size, status->value);
    /* A line may hold any bytes. */
    fputs(": ", stdout);
    fwrite(line->text, 1, line->size, stdout);
    putchar('\n');
    return ferror(stdout);
}

/* What can't be read is told, and the query goes on with the rest. */
static void print_warning(void *context, const struct lgz_error *reason)
{
    int *warnings = context;
    ++*warnings;
    fprintf(stderr, "search: %s\n", reason->message);
}

int main(int argc, char **argv)
{
    struct lgz_archive *archive = NULL;
    struct lgz_query_options options;
    struct lgz_error err = {0};
    const char *pattern;
    int warnings = 0;

    if (argc < 3 || argc > 5) {
        fprintf(stderr, "usage: search ARCHIVE PATTERN [WHERE [SINCE]]\n");
        return 2;
    }
    pattern = argv[2];
    lgz_query_options_default(&options, sizeof(options));
    options.patterns = &pattern;
    options.pattern_count = 1;
    options.where = argc > 3 && *argv[3] ? argv[3] : NULL;
    options.threads = 2;
    options.line = print_line;
    options.warning = print_warning;
    options.context = &warnings;

    int code = LGZ_OK;
    if (argc > 4)
        code = lgz_time_parse(argv[4], (int64_t)time(NULL) * 1000000000, &options.since, &err);
    if (code == LGZ_OK)
        code = lgz_archive_open(&archive, argv[1], &err);
    if (code == LGZ_OK)
        code = lgz_query_new(&running, &options, &err);
    if (code == LGZ_OK) {
        signal(SIGINT, interrupt);
        code = lgz_query_run(running, archive, &err);
        signal(SIGINT, SIG_DFL);
        fprintf(stderr, "%llu lines\n", (unsigned long long)lgz_query_count(running));
    }
    if (code != LGZ_OK)
        fprintf(stderr, "search: %s: %s\n", lgz_code_name(code), err.message);
    lgz_query_free(running);
    lgz_archive_close(archive);
    return code != LGZ_OK || warnings ? 2 : 0;
}
