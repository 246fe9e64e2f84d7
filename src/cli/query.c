/*
 * query.c - logzipctl query: the run, from options to a pattern, a scan and a rendering.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/query_options.h"
#include "query/query_time.h"
#include "query/render.h"
#include "query/scan.h"
#include "segment/reader.h"

/* grep's. */
enum { STATUS_FOUND = 0, STATUS_NONE = 1, STATUS_ERROR = 2 };

struct query {
    struct query_options options;
    bool failed; /* something couldn't be read */
    struct render render;
};

/* How many sources of a segment could have lines? */
static size_t wanted_sources(const struct query *q, const struct segment *segment)
{
    size_t wanted = 0;
    for (size_t i = 0; i < segment_source_count(segment); i++)
        wanted += scan_name_wanted(q->options.globs.data, q->options.globs.len,
                                   segment_source(segment, i)->name);
    return wanted;
}

/* Can lines of more than one file come out of these paths? */
static bool has_many_sources(const struct query *q, const char *const *paths, size_t count)
{
    struct stat st;
    if (count != 1)
        return true;
    if (q->options.globs.len == 1 && !strpbrk(q->options.globs.data[0], "*?[\\"))
        return false;
    if (strcmp(paths[0], "-") == 0 || stat(paths[0], &st) != 0)
        return false;
    if (S_ISDIR(st.st_mode))
        return true;
    if (!S_ISREG(st.st_mode))
        return false;
    struct segment *segment = NULL;
    bool many = segment_open(&segment, paths[0], NULL) == LGZ_OK && wanted_sources(q, segment) > 1;
    segment_close(segment);
    return many || scan_is_journal(paths[0]);
}

static bool wants_color(const struct query *q)
{
    const char *terminal = getenv("TERM");
    const char *refused = getenv("NO_COLOR");
    if (q->options.color != QUERY_COLOR_AUTO)
        return q->options.color == QUERY_COLOR_ALWAYS;
    return isatty(STDOUT_FILENO) == 1 && terminal && strcmp(terminal, "dumb") != 0 &&
           !(refused && *refused);
}

/* scan_line_fn */
static int show_line(void *context, const struct query_line *line, struct lgz_error *err)
{
    struct query *q = context;
    return render_line(&q->render, line, err);
}

/* scan_report_fn */
static void report(void *context, const char *reason)
{
    struct query *q = context;
    q->failed = true;
    say("%s", reason);
}

/* The counts: of each name, or the sum of all. */
static int show_counts(struct query *q, const struct scan *scan, struct lgz_error *err)
{
    int code = LGZ_OK;
    if (!q->render.options.names)
        return render_count(&q->render, NULL, scan_total(scan), err);
    for (size_t i = 0; i < scan_name_count(scan) && code == LGZ_OK; i++) {
        const struct query_name *name = scan_name(scan, i);
        if (name->wanted)
            code = render_count(&q->render, name->text, name->count, err);
    }
    return code;
}

static int parse_times(const struct query *q, struct scan_options *options, struct lgz_error *err)
{
    int code = LGZ_OK;
    if (q->options.since)
        code = query_time_parse(q->options.since, options->now, &options->since, err);
    if (code == LGZ_OK && q->options.until)
        code = query_time_parse(q->options.until, options->now, &options->until, err);
    return code;
}

/* Compile the patterns, for lines and for events. */
static int compile(struct query *q, struct scan_options *options, struct lgz_error *err)
{
    struct pattern_options events = q->options.pattern;
    events.multiline = true;
    int code = pattern_compile(&options->pattern, q->options.patterns.data, q->options.patterns.len,
                               &q->options.pattern, err);
    if (code == LGZ_OK && !q->options.lines)
        code = pattern_compile(&options->event_pattern, q->options.patterns.data,
                               q->options.patterns.len, &events, err);
    return code;
}

static int init_render(struct query *q, const struct scan_options *options,
                       const char *const *paths, size_t count, struct lgz_error *err)
{
    const struct render_options render = {
        .pattern = options->pattern,
        .event_pattern = options->event_pattern,
        .fields = q->options.fields.data,
        .field_count = q->options.fields.len,
        .invert = q->options.invert,
        .only_matching = q->options.only_matching,
        .names = q->options.with_names ||
                 (!q->options.without_names && has_many_sources(q, paths, count)),
        .color = wants_color(q) && !q->options.json,
        .json = q->options.json,
        .unbuffered = isatty(STDOUT_FILENO) == 1,
    };
    return render_init(&q->render, &render, STDOUT_FILENO, err);
}

/* What went wrong with fields: a format that was too much work; or a name that no format has, which
   is a slip, but only if there was a line that could have had it. */
static void report_fields(struct query *q, const struct scan *scan)
{
    bool shown = scan_total(scan) && !q->options.count;
    const char *name = shown ? render_unknown_field(&q->render) : NULL;
    q->failed |= q->render.refused.code != LGZ_OK || name;
    if (q->render.refused.code != LGZ_OK)
        say_error(&q->render.refused);
    if (name)
        say("no line that was selected has a format with the field '%s'", name);
}

/* Scan the paths and show what is found. @return LGZ_OK, or a negative code */
static int search_paths(struct query *q, struct scan *scan, const char *const *paths, size_t count,
                        struct lgz_error *err)
{
    int code = LGZ_OK;
    for (size_t i = 0; i < count && code == LGZ_OK; i++)
        code = scan_path(scan, paths[i], err);
    if (code == LGZ_OK && q->options.count)
        code = show_counts(q, scan, err);
    if (code == LGZ_ERR_CANCELLED) /* the reader of our output went away */
        return code;
    struct lgz_error ignored = {0};
    int flushed = render_flush(&q->render, code == LGZ_OK ? err : &ignored);
    return code == LGZ_OK ? flushed : code;
}

/* Run the query over the paths. @return the exit status */
static int search(struct query *q, const char *const *paths, size_t count)
{
    struct lgz_error err = {0};
    struct scan *scan = NULL;
    struct scan_options options = {
        .invert = q->options.invert,
        .globs = q->options.globs.data,
        .glob_count = q->options.globs.len,
        .dated = q->options.json && !q->options.count,
        .since = INT64_MIN,
        .until = INT64_MAX,
        .max_count = q->options.max_count,
        .now = clock_real(),
    };
    int code = parse_times(q, &options, &err);
    if (code == LGZ_OK)
        code = compile(q, &options, &err);
    if (code == LGZ_OK)
        code = init_render(q, &options, paths, count, &err);
    if (code == LGZ_OK)
        code = scan_new(&scan, &options, q->options.count ? NULL : show_line, report, q, &err);
    if (code == LGZ_OK)
        code = search_paths(q, scan, paths, count, &err);
    bool cut = code == LGZ_ERR_CANCELLED;
    if (code == LGZ_OK)
        report_fields(q, scan);
    if (code != LGZ_OK && !cut)
        say_error(&err);
    int status = scan && scan_total(scan) ? STATUS_FOUND : STATUS_NONE;
    if (q->failed || (code != LGZ_OK && !cut))
        status = STATUS_ERROR;
    scan_free(scan);
    render_clear(&q->render);
    pattern_free(options.pattern);
    pattern_free(options.event_pattern);
    return status;
}

/* Search the archive that is configured. */
static int search_configured(struct query *q)
{
    struct config *config = load_config(q->options.config);
    if (!config)
        return STATUS_ERROR;
    const char *path = config->directory;
    int status = search(q, &path, 1);
    config_free(config);
    return status;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct query q = {0};
    int status;
    if (query_options_parse(self, argc, argv, &q.options, &status))
        status = q.options.path_count ? search(&q, q.options.paths, q.options.path_count)
                                      : search_configured(&q);
    query_options_clear(&q.options);
    return status;
}

const struct command command_query = {
    .name = "query",
    .summary = "print the lines that match a pattern",
    .print_help = query_options_help,
    .error_status = STATUS_ERROR,
    .run = run,
};
