/*
 * templates.c - logzipctl templates: which templates lines have, how many, and since when.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "query/bucket.h"
#include "query/json.h"
#include "query/pattern.h"
#include "query/query_time.h"
#include "query/row.h"
#include "query/scan.h"
#include "query/template_table.h"

struct choices {
    const char *config;
    int64_t new_since; /* INT64_MIN: any */
    uint64_t top;
    unsigned threads;
    bool json;
};

struct templates {
    struct choices choices;
    struct template_table *table;
    bool failed; /* something couldn't be read */
};

/* scan_line_fn */
static int add_line(void *context, const struct query_line *line, struct lgz_error *err)
{
    struct templates *t = context;
    return template_table_add(t->table, line, err);
}

/* scan_report_fn */
static void report(void *context, const struct lgz_error *reason)
{
    struct templates *t = context;
    t->failed = true;
    say_error(reason);
}

/* --- output --- */

/* A second as a clock on the wall shows it. */
static void put_local(struct buf *out, int64_t time)
{
    const int64_t second = bucket_second(zone_wall(&(struct zone){0}, time));
    bucket_print(bucket_named("second"), second, out);
}

static void put_utc(struct buf *out, const char *name, int64_t time, unsigned digits)
{
    buf_printf(out, ",\"%s\":\"", name);
    query_time_print(out, time, digits);
    buf_push(out, '"');
}

/* A character for each stretch of time: how many lines are in it, of the most. */
static void put_trend(struct buf *out, const struct template_row *row, size_t count, bool blocks)
{
    static const char bars[][4] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    enum { BARS = sizeof(bars) / sizeof(bars[0]) - 1, DIGITS = 9 };
    uint64_t most = 1;
    for (size_t i = 0; i < count; i++)
        most = row->trend[i] > most ? row->trend[i] : most;
    for (size_t i = 0; i < count; i++) {
        const double share = (double)row->trend[i] / (double)most;
        const unsigned level = (unsigned)(share * (blocks ? BARS : DIGITS));
        const unsigned shown = row->trend[i] && level == 0 ? 1 : level;
        if (blocks)
            buf_append_string(out, bars[shown]);
        else
            buf_push(out, shown ? (uint8_t)('0' + shown) : '.');
    }
}

static void put_text_row(struct buf *out, const struct template_row *row, double share,
                         size_t trend, bool blocks)
{
    buf_printf(out, "%9" PRIu64 " %6.2f %%  ", row->lines, 100 * share);
    put_local(out, row->first);
    buf_append_string(out, "  ");
    put_local(out, row->last);
    buf_append_string(out, "  ");
    put_trend(out, row, trend, blocks);
    if (row->text.data)
        buf_printf(out, "%*s%016" PRIx64 " ", TREND_MAX + 2 - (int)trend, "", row->id);
    else
        buf_printf(out, "%*s(others)", TREND_MAX + 2 - (int)trend, "");
    row_put_between_tabs(out, row->text);
    buf_push(out, '\n');
}

static void put_json_row(struct buf *out, const struct template_row *row, double share,
                         const struct template_trend *trend)
{
    buf_printf(out, "{\"count\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"share\":%.6f", row->lines,
               row->bytes, share);
    put_utc(out, "first", row->first, row->first_digits);
    put_utc(out, "last", row->last, row->last_digits);
    put_utc(out, "trend_from", trend->start * NS_PER_SECOND, 0);
    buf_printf(out, ",\"trend_seconds\":%" PRId64 ",\"trend\":[", trend->seconds);
    for (size_t i = 0; i < trend->count; i++)
        buf_printf(out, "%s%" PRIu64, i ? "," : "", row->trend[i]);
    buf_push(out, ']');
    if (row->text.data) {
        buf_printf(out, ",\"template\":\"%016" PRIx64 "\",", row->id);
        json_member(out, "text", row->text);
    } else {
        buf_append_string(out, ",\"others\":true");
    }
    buf_append_string(out, "}\n");
}

/* Those of the most lines first. */
static int compare(const void *a, const void *b)
{
    const struct template_row *x = a;
    const struct template_row *y = b;
    if (x->lines != y->lines)
        return x->lines > y->lines ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static void put_rows(const struct templates *t, const struct template_row *rows, size_t count,
                     uint64_t bytes, struct buf *out)
{
    const struct template_trend trend = template_table_trend(t->table);
    const bool blocks = terminal_look().utf8;
    if (count && !t->choices.json)
        buf_printf(out, "%9s %8s  %-19s  %-19s  %-*s  %s\n", "LINES", "BYTES", "FIRST", "LAST",
                   TREND_MAX, "TREND", "TEMPLATE");
    for (size_t i = 0; i < count; i++) {
        const double share = bytes ? (double)rows[i].bytes / (double)bytes : 0;
        if (t->choices.json)
            put_json_row(out, &rows[i], share, &trend);
        else
            put_text_row(out, &rows[i], share, trend.count, blocks);
    }
}

/* Print what was found. @return false after a message */
static bool print(const struct templates *t)
{
    const size_t count = template_table_len(t->table);
    const struct template_row others = template_table_others(t->table);
    struct template_row *rows = calloc(count + 1, sizeof(*rows));
    uint64_t bytes = others.bytes;
    size_t kept = 0;
    struct buf out = {0};
    if (!rows) {
        say("out of memory");
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct template_row row = template_table_at(t->table, i);
        bytes += row.bytes;
        if (row.first >= t->choices.new_since)
            rows[kept++] = row;
    }
    qsort(rows, kept, sizeof(*rows), compare);
    if (kept > t->choices.top)
        kept = (size_t)t->choices.top;
    if (others.lines)
        rows[kept++] = others;
    put_rows(t, rows, kept, bytes, &out);
    free(rows);
    return output_buffer(&out);
}

/* --- the run --- */

static int scan_paths(struct templates *t, const char *const *paths, size_t count,
                      struct lgz_error *err)
{
    static const char *const all[] = {""};
    struct pattern *pattern = NULL;
    struct scan *scan = NULL;
    int code = pattern_compile(&pattern, all, 1, &(struct pattern_options){0}, err);
    const struct scan_options options = {
        .pattern = pattern,
        .dated = true,
        .since = INT64_MIN,
        .until = INT64_MAX,
        .max_count = UINT64_MAX,
        .unordered = true,
        .templates = TEMPLATES_ALL,
        .now = clock_real(),
        .threads = t->choices.threads,
    };
    if (code == LGZ_OK)
        code = template_table_new(&t->table, err);
    if (code == LGZ_OK)
        code = scan_new(&scan, &options, add_line, report, t, err);
    for (size_t i = 0; i < count && code == LGZ_OK; i++)
        code = scan_path(scan, paths[i], err);
    scan_free(scan);
    pattern_free(pattern);
    return code;
}

static int show_templates(struct templates *t, const char *const *paths, size_t count)
{
    struct lgz_error err = {0};
    int code = scan_paths(t, paths, count, &err);
    if (code != LGZ_OK)
        say_error(&err);
    else if (!print(t))
        code = LGZ_ERR_IO;
    template_table_free(t->table);
    return code == LGZ_OK && !t->failed ? 0 : 1;
}

static bool take_time(const struct command *self, const char *text, int64_t *time)
{
    struct lgz_error err = {0};
    if (query_time_parse(text, clock_real(), time, &err) == LGZ_OK)
        return true;
    option_misuse(self, "--new-since: %s", err.message);
    return false;
}

/* @return OPTION_END, or what is to be told instead, which was */
static int parse(const struct command *self, int argc, char **argv, struct choices *c)
{
    enum { NEW_SINCE = OPTION_FIRST, TOP, JSON, CONFIG };
    static const struct option longs[] = {
        {"new-since", required_argument, NULL, NEW_SINCE},
        {"top", required_argument, NULL, TOP},
        {"json", no_argument, NULL, JSON},
        {"threads", required_argument, NULL, 'T'},
        {"config", required_argument, NULL, CONFIG},
        {"help", no_argument, NULL, OPTION_HELP},
        {0},
    };
    int option;
    while ((option = option_next(self, argc, argv, ":T:", longs)) != OPTION_END) {
        bool good = true;
        if (option == OPTION_HELP)
            return option_help(self), OPTION_HELP;
        if (option == NEW_SINCE)
            good = take_time(self, optarg, &c->new_since);
        else if (option == TOP && !(good = option_number(optarg, UINT64_MAX, &c->top)))
            option_misuse(self, "--top %s: not a number", optarg);
        else if (option == 'T')
            good = option_threads(self, optarg, &c->threads);
        else if (option == CONFIG)
            c->config = optarg;
        c->json |= option == JSON;
        if (!good || option == OPTION_BAD)
            return OPTION_BAD;
    }
    return OPTION_END;
}

static int run(const struct command *self, int argc, char **argv)
{
    struct templates t = {
        .choices = {.new_since = INT64_MIN, .top = UINT64_MAX, .threads = option_processors()}};
    int option = parse(self, argc, argv, &t.choices);
    if (option != OPTION_END)
        return option == OPTION_HELP ? 0 : self->error_status;
    if (optind < argc)
        return show_templates(&t, (const char *const *)argv + optind, (size_t)(argc - optind));
    struct config *config = load_config(t.choices.config);
    if (!config)
        return 1;
    const char *path = config->directory;
    int status = show_templates(&t, &path, 1);
    config_free(config);
    return status;
}

const struct command command_templates = {
    .name = "templates",
    .summary = "list the templates of lines: how many, since when",
    .help = "Usage: logzipctl templates [OPTION]... [PATH]...\n"
            "\n"
            "List the templates that lines have, those of the most lines first: how many lines,\n"
            "their share of all bytes, the first and the last time, and how they are spread over\n"
            "the whole time, from the left (. for none, 9 for the most). PATH is as for query;\n"
            "without PATH it's the configured archive. The IDs are for query --template.\n"
            "\n"
            "      --new-since=TIME   only templates whose first line is of TIME or later\n"
            "      --top=N            only the N most frequent\n"
            "      --json             a JSON object for each\n"
            "  -T, --threads=N        decode with N threads; 0, the default: one per processor\n"
            "      --config=FILE      where the archive is; default " CONFIG_DEFAULT_PATH "\n"
            "      --help             show this text\n"
            "\n"
            "Exit status: 0 if all went well, 1 after an error, 2 after wrong usage.\n",
    .error_status = 2,
    .run = run,
};
