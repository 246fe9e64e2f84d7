/*
 * query.c - logzipctl query: options into a pattern, a scan and a rendering.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/command.h"
#include "query/query_time.h"
#include "query/render.h"
#include "query/scan.h"
#include "segment/reader.h"

/* grep's. */
enum { STATUS_FOUND = 0, STATUS_NONE = 1, STATUS_ERROR = 2 };

enum {
    OPTION_SINCE = OPTION_FIRST,
    OPTION_UNTIL,
    OPTION_SOURCE,
    OPTION_COLOR,
    OPTION_JSON,
    OPTION_LINES,
    OPTION_FIELDS,
    OPTION_CONFIG,
};

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

typedef VEC(const char *) string_list;

struct query {
    struct pattern_options pattern;
    string_list patterns;
    string_list globs;
    string_list fields;
    char *field_text; /* what the list points into */
    const char *since;
    const char *until;
    const char *config;
    bool invert;
    bool count;
    bool only_matching;
    bool json;
    bool lines;
    bool with_names;
    bool without_names;
    enum color color;
    uint64_t max_count;
    bool failed; /* something couldn't be read */
    struct render render;
};

static bool parse_color(const char *text, enum color *color)
{
    if (!text || strcmp(text, "always") == 0)
        *color = COLOR_ALWAYS;
    else if (strcmp(text, "never") == 0)
        *color = COLOR_NEVER;
    else if (strcmp(text, "auto") == 0)
        *color = COLOR_AUTO;
    else
        return false;
    return true;
}

/* Names with commas between them, added to the list. */
static bool add_fields(const struct command *self, struct query *q, const char *text)
{
    if (q->field_text) {
        option_misuse(self, "--fields is given twice");
        return false;
    }
    q->field_text = strdup(text);
    for (char *at = q->field_text; at;) {
        const char *name = strsep(&at, ",");
        if (*name == '\0') {
            option_misuse(self, "--fields %s: a name is empty", text);
            return false;
        }
        if (!vec_push(&q->fields, name)) {
            say("out of memory");
            return false;
        }
    }
    if (!q->field_text)
        say("out of memory");
    return q->field_text != NULL;
}

/* Options that have a value. @return OPTION_END, or OPTION_BAD after a message */
static int take_value(const struct command *self, struct query *q, int option)
{
    bool stored = true;
    switch (option) {
    case 'e':
        stored = vec_push(&q->patterns, optarg);
        break;
    case OPTION_SOURCE:
        stored = vec_push(&q->globs, optarg);
        break;
    case OPTION_FIELDS:
        if (!add_fields(self, q, optarg))
            return OPTION_BAD;
        break;
    case 'm':
        if (!option_number(optarg, UINT64_MAX, &q->max_count)) {
            option_misuse(self, "-m %s: not a number", optarg);
            return OPTION_BAD;
        }
        break;
    case OPTION_SINCE:
        q->since = optarg;
        break;
    case OPTION_UNTIL:
        q->until = optarg;
        break;
    case OPTION_CONFIG:
        q->config = optarg;
        break;
    case OPTION_COLOR:
        if (!parse_color(optarg, &q->color)) {
            option_misuse(self, "--color=%s: not auto, always or never", optarg);
            return OPTION_BAD;
        }
        break;
    default:
        return OPTION_BAD;
    }
    if (!stored)
        say("out of memory");
    return stored ? OPTION_END : OPTION_BAD;
}

/* @return OPTION_END, or OPTION_HELP or OPTION_BAD after telling the user */
static int parse_options(const struct command *self, int argc, char **argv, struct query *q)
{
    static const struct option longs[] = {
        {"fixed-strings", no_argument, NULL, 'F'},
        {"ignore-case", no_argument, NULL, 'i'},
        {"invert-match", no_argument, NULL, 'v'},
        {"count", no_argument, NULL, 'c'},
        {"max-count", required_argument, NULL, 'm'},
        {"only-matching", no_argument, NULL, 'o'},
        {"regexp", required_argument, NULL, 'e'},
        {"with-filename", no_argument, NULL, 'H'},
        {"no-filename", no_argument, NULL, 'h'},
        {"since", required_argument, NULL, OPTION_SINCE},
        {"until", required_argument, NULL, OPTION_UNTIL},
        {"source", required_argument, NULL, OPTION_SOURCE},
        {"color", optional_argument, NULL, OPTION_COLOR},
        {"colour", optional_argument, NULL, OPTION_COLOR},
        {"json", no_argument, NULL, OPTION_JSON},
        {"lines", no_argument, NULL, OPTION_LINES},
        {"fields", required_argument, NULL, OPTION_FIELDS},
        {"config", required_argument, NULL, OPTION_CONFIG},
        {"help", no_argument, NULL, OPTION_HELP},
        {0},
    };
    int option;
    while ((option = option_next(self, argc, argv, ":Fivcm:oe:Hh", longs)) != OPTION_END) {
        switch (option) {
        case 'F':
            q->pattern.fixed = true;
            break;
        case 'i':
            q->pattern.ignore_case = true;
            break;
        case 'v':
            q->invert = true;
            break;
        case 'c':
            q->count = true;
            break;
        case 'o':
            q->only_matching = true;
            break;
        case 'H':
        case 'h':
            q->with_names = option == 'H';
            q->without_names = option == 'h';
            break;
        case OPTION_JSON:
            q->json = true;
            break;
        case OPTION_LINES:
            q->lines = true;
            break;
        case OPTION_HELP:
            option_help(self);
            return OPTION_HELP;
        default:
            if (take_value(self, q, option) != OPTION_END)
                return OPTION_BAD;
            break;
        }
    }
    return OPTION_END;
}

/* How many sources of a segment could have lines? */
static size_t wanted_sources(const struct query *q, const struct segment *segment)
{
    size_t wanted = 0;
    for (size_t i = 0; i < segment_source_count(segment); i++)
        wanted += scan_name_wanted(q->globs.data, q->globs.len, segment_source(segment, i)->name);
    return wanted;
}

/* Can lines of more than one file come out of these paths? */
static bool has_many_sources(const struct query *q, const char *const *paths, size_t count)
{
    struct stat st;
    if (count != 1)
        return true;
    if (q->globs.len == 1 && !strpbrk(q->globs.data[0], "*?[\\"))
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
    if (q->color != COLOR_AUTO)
        return q->color == COLOR_ALWAYS;
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
    if (q->since)
        code = query_time_parse(q->since, options->now, &options->since, err);
    if (code == LGZ_OK && q->until)
        code = query_time_parse(q->until, options->now, &options->until, err);
    return code;
}

/* Compile the patterns, for lines and for events. */
static int compile(struct query *q, struct scan_options *options, struct lgz_error *err)
{
    struct pattern_options events = q->pattern;
    events.multiline = true;
    int code =
        pattern_compile(&options->pattern, q->patterns.data, q->patterns.len, &q->pattern, err);
    if (code == LGZ_OK && !q->lines)
        code = pattern_compile(&options->event_pattern, q->patterns.data, q->patterns.len, &events,
                               err);
    return code;
}

static int init_render(struct query *q, const struct scan_options *options,
                       const char *const *paths, size_t count, struct lgz_error *err)
{
    const struct render_options render = {
        .pattern = options->pattern,
        .event_pattern = options->event_pattern,
        .fields = q->fields.data,
        .field_count = q->fields.len,
        .invert = q->invert,
        .only_matching = q->only_matching,
        .names = q->with_names || (!q->without_names && has_many_sources(q, paths, count)),
        .color = wants_color(q) && !q->json,
        .json = q->json,
        .unbuffered = isatty(STDOUT_FILENO) == 1,
    };
    return render_init(&q->render, &render, STDOUT_FILENO, err);
}

/* What went wrong with fields: a format that was too much work; or a name that no format has, which
   is a slip, but only if there was a line that could have had it. */
static void report_fields(struct query *q, const struct scan *scan)
{
    bool shown = scan_total(scan) && !q->count;
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
    if (code == LGZ_OK && q->count)
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
        .invert = q->invert,
        .globs = q->globs.data,
        .glob_count = q->globs.len,
        .dated = q->json && !q->count,
        .since = INT64_MIN,
        .until = INT64_MAX,
        .max_count = q->max_count,
        .now = clock_real(),
    };
    int code = parse_times(q, &options, &err);
    if (code == LGZ_OK)
        code = compile(q, &options, &err);
    if (code == LGZ_OK)
        code = init_render(q, &options, paths, count, &err);
    if (code == LGZ_OK)
        code = scan_new(&scan, &options, q->count ? NULL : show_line, report, q, &err);
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
    struct config *config = load_config(q->config);
    if (!config)
        return STATUS_ERROR;
    const char *path = config->directory;
    int status = search(q, &path, 1);
    config_free(config);
    return status;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct query q = {.max_count = UINT64_MAX};
    int status = STATUS_ERROR;
    int option = parse_options(self, argc, argv, &q);
    if (option != OPTION_END) {
        status = option == OPTION_HELP ? 0 : self->error_status;
        goto out;
    }
    if (q.fields.len && q.only_matching) {
        status = option_misuse(self, "either --fields or --only-matching");
        goto out;
    }
    if (q.patterns.len == 0 && optind == argc) {
        status = option_misuse(self, "which PATTERN?");
        goto out;
    }
    if (q.patterns.len == 0 && !vec_push(&q.patterns, argv[optind++])) {
        say("out of memory");
        goto out;
    }
    if (optind < argc)
        status = search(&q, (const char *const *)argv + optind, (size_t)(argc - optind));
    else
        status = search_configured(&q);
out:
    vec_free(&q.patterns);
    vec_free(&q.globs);
    vec_free(&q.fields);
    free(q.field_text);
    return status;
}

const struct command command_query = {
    .name = "query",
    .summary = "print the lines that match a pattern",
    .help =
        "Usage: logzipctl query [OPTION]... PATTERN [PATH]...\n"
        "       logzipctl query [OPTION]... -e PATTERN... [PATH]...\n"
        "\n"
        "Print the lines that match PATTERN, a regular expression as Perl has them. PATH is an\n"
        "archive (a directory), a segment, a journal, a plain file, or - for standard input;\n"
        "without PATH the configured archive is searched.\n"
        "\n"
        "  -F, --fixed-strings    PATTERN is a string\n"
        "  -i, --ignore-case      a matches A\n"
        "  -v, --invert-match     print the lines that don't match\n"
        "  -e, --regexp=PATTERN   one of several patterns, or one that starts with -\n"
        "      --since=TIME       lines of TIME and later\n"
        "      --until=TIME       lines of TIME and earlier\n"
        "      --source=GLOB      lines of sources with such a name; may be given again\n"
        "  -m, --max-count=N      at most N lines of each source\n"
        "  -c, --count            print how many lines match\n"
        "  -o, --only-matching    print each match by itself\n"
        "  -H, --with-filename    print the source's name before each line\n"
        "  -h, --no-filename      never print it; with -c, print one sum\n"
        "      --color[=WHEN]     auto, always or never\n"
        "      --json             a JSON object per line: time, source, line, fields\n"
        "      --fields=A,B       print these fields of the input's format, not the lines\n"
        "      --lines            single lines also where an input joins them to events\n"
        "      --config=FILE      where the archive is; default " CONFIG_DEFAULT_PATH "\n"
        "      --help             show this text\n"
        "\n"
        "TIME: '2 hours ago', yesterday, today, -15min, '2026-01-31 12:30', 12:30, @1767225600.\n"
        "\n"
        "Exit status: 0 if a line was selected, 1 if none was, 2 after an error.\n",
    .error_status = STATUS_ERROR,
    .run = run,
};
