/*
 * export.c - logzipctl export: lines of an archive for other programs and other places.
 *
 * It's a query that needs no pattern, whose output is made to be read by a program, and is there as
 * a whole or not at all.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/export_sink.h"
#include "cli/query_run.h"

enum export_format { EXPORT_RAW, EXPORT_JSONL, EXPORT_CSV, EXPORT_ZST };

struct export_options {
    struct query_options query; /* first, for the rows that are query's */
    enum export_format format;
    const char *output;
    bool force;
};

static bool take_format(const struct command *self, void *options, const char *value)
{
    static const char *const names[] = {"raw", "jsonl", "csv", "zst"};
    struct export_options *e = options;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(value, names[i]) == 0) {
            e->format = (enum export_format)i;
            return true;
        }
    }
    option_misuse(self, "--format %s: not raw, jsonl, csv or zst", value);
    return false;
}

static bool take_output(const struct command *self, void *options, const char *value)
{
    struct export_options *e = options;
    (void)self;
    e->output = strcmp(value, "-") == 0 ? NULL : value;
    return true;
}

#define MEMBER(name) offsetof(struct export_options, name)

static const struct option_row own_rows[] = {
    {0, OPTION_KIND_TAKE, "format", "=FORMAT", "raw (the default), jsonl, csv or zst", 0,
     take_format},
    {'o', OPTION_KIND_TAKE, "output", "=FILE", "write to FILE, which appears when it's complete", 0,
     take_output},
    {0, OPTION_KIND_FLAG, "force", NULL, "overwrite FILE; write zst to a terminal", MEMBER(force),
     NULL},
};

/* Those of query that say which lines, and what is told of them. */
static const char *const query_rows[] = {
    "since",       "until",       "source",      "input",         "where",
    "template",    "regexp",      "file",        "fixed-strings", "extended-regexp",
    "perl-regexp", "ignore-case", "word-regexp", "line-regexp",   "invert-match",
    "max-count",   "lines",       "fields",      "no-index",      "threads",
    "config",      "help",
};

enum {
    OWN_COUNT = sizeof(own_rows) / sizeof(own_rows[0]),
    QUERY_COUNT = sizeof(query_rows) / sizeof(query_rows[0]),
};

static const char *const titles[][2] = {
    {"format", "What is written:"},
    {"since", "Which lines:"},
    {"lines", "Others:"},
};

static const char *const exclusive[][2] = {
    {"perl-regexp", "fixed-strings"},
    {"perl-regexp", "extended-regexp"},
};

static struct option_table make_table(struct option_row rows[OWN_COUNT + QUERY_COUNT])
{
    memcpy(rows, own_rows, sizeof(own_rows));
    for (size_t i = 0; i < QUERY_COUNT; i++)
        rows[OWN_COUNT + i] = *query_options_row(query_rows[i]);
    return (struct option_table){
        .rows = rows,
        .count = OWN_COUNT + QUERY_COUNT,
        .titles = titles,
        .title_count = sizeof(titles) / sizeof(titles[0]),
        .exclusive = exclusive,
        .exclusive_count = sizeof(exclusive) / sizeof(exclusive[0]),
    };
}

static void print_help(const struct command *self)
{
    struct option_row rows[OWN_COUNT + QUERY_COUNT];
    const struct option_table table = make_table(rows);
    printf(
        "Usage: logzipctl %s [OPTION]... [PATH]...\n"
        "\n"
        "Write lines for other programs: all of them, or those that are asked for. PATH is as for\n"
        "query; without one it's the configured archive.\n"
        "\n"
        "  raw    the lines as they were, each with a newline; restore gives a file's exact bytes\n"
        "  jsonl  a JSON object per line, as query --json\n"
        "  csv    as query --csv\n"
        "  zst    raw, compressed with zstd\n"
        "\n",
        self->name);
    option_table_print(&table);
    puts("\n"
         "Exit status: 0 if all went well, also without a line, 1 after an error, 2 after wrong\n"
         "usage.");
}

/* Make a query of it. @return false after a message */
static bool complete(const struct command *self, int argc, char **argv, struct export_options *e)
{
    struct query_options *q = &e->query;
    const bool given = q->patterns.len || q->from_file;
    if (!given && q->invert) {
        option_misuse(self, "-v needs -e PATTERN");
        return false;
    }
    if (q->fields.len && e->format != EXPORT_CSV && e->format != EXPORT_JSONL) {
        option_misuse(self, "--fields needs --format=csv or --format=jsonl");
        return false;
    }
    /* All lines are those that match nothing in particular, whatever it's said of patterns. */
    q->any = !given && q->where;
    if (!given && !q->where) {
        q->pattern = (struct pattern_options){0};
        if (!vec_push(&q->patterns, "")) {
            say("out of memory");
            return false;
        }
    }
    q->without_names = true;
    q->color = QUERY_COLOR_NEVER;
    q->json = e->format == EXPORT_JSONL;
    q->csv = e->format == EXPORT_CSV;
    q->paths = (const char *const *)argv + optind;
    q->path_count = (size_t)(argc - optind);
    return true;
}

/* @return the exit status */
static int export_lines(const struct export_options *e)
{
    struct export_sink *sink = NULL;
    struct lgz_error err = {0};
    const bool packed = e->format == EXPORT_ZST;
    if (packed && !e->output && !e->force && isatty(STDOUT_FILENO) == 1) {
        say("compressed data is not written to a terminal; --force does it");
        return 1;
    }
    int status = 0;
    int code = export_sink_new(&sink, e->output, e->force, packed, &err);
    if (code == LGZ_OK && query_run(&e->query, export_sink_write, sink) == QUERY_ERROR)
        status = 1;
    else if (code == LGZ_OK)
        code = export_sink_finish(sink, &err);
    if (code != LGZ_OK && code != LGZ_ERR_CANCELLED)
        say_error(&err);
    export_sink_free(sink);
    return code == LGZ_OK ? status : 1;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct option_row rows[OWN_COUNT + QUERY_COUNT];
    const struct option_table table = make_table(rows);
    struct export_options e = {.format = EXPORT_RAW};
    query_options_default(&e.query);
    int option = option_table_parse(self, &table, argc, argv, &e);
    int status = option == OPTION_HELP ? 0 : self->error_status;
    if (option == OPTION_END && complete(self, argc, argv, &e))
        status = export_lines(&e);
    query_options_clear(&e.query);
    return status;
}

const struct command command_export = {
    .name = "export",
    .summary = "write lines as text, JSON, CSV or zstd",
    .print_help = print_help,
    .error_status = 2,
    .run = run,
};
