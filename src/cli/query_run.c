/*
 * query_run.c - from options to a pattern, a scan and a rendering.
 */
#include "cli/query_run.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/query_counts.h"
#include "cli/query_explain.h"
#include "query/criteria.h"
#include "query/follow.h"
#include "query/query_time.h"
#include "query/render.h"
#include "query/where.h"
#include "segment/reader.h"

struct query {
    const struct query_options *options;
    render_write_fn *write; /* takes the output */
    void *context;
    bool failed; /* something couldn't be read */
    struct render render;
    struct query_counts *counts; /* NULL: lines are shown, or counted as one */
};

static struct sources_filter filter_of(const struct query_options *o)
{
    return (struct sources_filter){o->globs.data, o->globs.len, o->inputs.data, o->inputs.len};
}

/* How many sources of a segment could have lines? */
static size_t wanted_sources(const struct query *q, const struct segment *segment)
{
    const struct sources_filter filter = filter_of(q->options);
    size_t wanted = 0;
    for (size_t i = 0; i < segment_source_count(segment); i++) {
        const struct source *source = segment_source(segment, i);
        wanted += sources_wanted(&filter, source->name, source->input);
    }
    return wanted;
}

/* Can lines of more than one file come out of these paths? */
static bool has_many_sources(const struct query *q, const char *const *paths, size_t count)
{
    struct stat st;
    if (count != 1)
        return true;
    if (q->options->globs.len == 1 && !strpbrk(q->options->globs.data[0], "*?[\\"))
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
    if (q->options->color != QUERY_COLOR_AUTO)
        return q->options->color == QUERY_COLOR_ALWAYS;
    return isatty(STDOUT_FILENO) == 1 && terminal && strcmp(terminal, "dumb") != 0 &&
           !(refused && *refused);
}

/* scan_line_fn */
static int show_line(void *context, const struct query_line *line, struct lgz_error *err)
{
    struct query *q = context;
    return render_line(&q->render, line, err);
}

/* scan_line_fn */
static int count_line(void *context, const struct query_line *line, struct lgz_error *err)
{
    struct query *q = context;
    return query_counts_line(q->counts, line, err);
}

/* scan_line_fn: only the name of its source is wanted. */
static int show_name(void *context, const struct query_line *line, struct lgz_error *err)
{
    struct query *q = context;
    return render_name(&q->render, line->source, err);
}

/* scan_line_fn: one is enough. */
static int stop_at_line(void *context, const struct query_line *line, struct lgz_error *err)
{
    (void)context;
    (void)line;
    return error_set(err, LGZ_ERR_CANCELLED, "a line was found");
}

/* scan_pause_fn: what was found comes out at once. */
static int show_all(void *context, struct lgz_error *err)
{
    struct query *q = context;
    return render_flush(&q->render, err);
}

/* scan_report_fn */
static void report(void *context, const struct lgz_error *reason)
{
    struct query *q = context;
    q->failed = true;
    if (!q->options->no_messages)
        say_error(reason);
}

/* What is done with each line that is selected; NULL: it's counted. */
static scan_line_fn *what_to_do(const struct query_options *o)
{
    if (o->quiet)
        return stop_at_line;
    if (o->list)
        return show_name;
    if (o->hist || o->count_by.len)
        return query_counts_are_of_names(o) ? NULL : count_line;
    return o->list_others || o->count ? NULL : show_line;
}

/* The names of sources in which nothing was selected. */
static int show_other_names(struct query *q, const struct scan *scan, struct lgz_error *err)
{
    int code = LGZ_OK;
    for (size_t i = 0; i < scan_name_count(scan) && code == LGZ_OK; i++) {
        const struct query_name *name = scan_name(scan, i);
        if (name->wanted && name->count == 0)
            code = render_name(&q->render, name->text, err);
    }
    return code;
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

/* After the scan: what it found in all. */
static int show_summary(struct query *q, const struct scan *scan, struct lgz_error *err)
{
    const struct query_options *o = q->options;
    if (o->quiet || o->list)
        return LGZ_OK;
    if (o->list_others)
        return show_other_names(q, scan, err);
    if (q->counts)
        return query_counts_print(q->counts, scan, &q->render, err);
    return o->count ? show_counts(q, scan, err) : LGZ_OK;
}

static int parse_times(const struct query *q, struct scan_options *options, struct lgz_error *err)
{
    int code = LGZ_OK;
    if (q->options->since)
        code = query_time_parse(q->options->since, options->now, &options->since, err);
    if (code == LGZ_OK && q->options->until)
        code = query_time_parse(q->options->until, options->now, &options->until, err);
    if (code == LGZ_OK && options->since > options->until)
        code = error_set(err, LGZ_ERR_ARGUMENT, "--since is later than --until");
    return code;
}

/* Compile the expression, and the patterns. */
static int compile(const struct query *q, struct scan_options *options, struct lgz_error *err)
{
    const struct query_options *o = q->options;
    const struct criteria criteria = {.patterns = o->patterns.data,
                                      .pattern_count = o->patterns.len,
                                      .any = o->any,
                                      .options = o->pattern,
                                      .where = o->where,
                                      .lines = o->lines};
    return criteria_compile(&criteria, options, err);
}

static int init_render(struct query *q, const struct scan_options *options,
                       const char *const *paths, size_t count, struct lgz_error *err)
{
    const struct render_options render = {
        .pattern = options->pattern,
        .event_pattern = options->event_pattern,
        .fields = q->options->fields.data,
        .field_count = q->options->fields.len,
        .invert = q->options->invert || q->options->any,
        .only_matching = q->options->only_matching,
        .names = q->options->with_names ||
                 (!q->options->without_names && has_many_sources(q, paths, count)),
        .nul = q->options->nul,
        .numbers = q->options->numbers,
        .offsets = q->options->offsets,
        .groups = query_options_context(q->options),
        .separator = q->options->separator,
        .colors = getenv("GREP_COLORS"),
        .color = wants_color(q) && !q->options->json,
        .json = q->options->json,
        .csv = q->options->csv && what_to_do(q->options) == show_line,
        .unbuffered = q->options->unbuffered ||
                      (q->write == render_to_standard_output && isatty(STDOUT_FILENO) == 1),
    };
    return render_init(&q->render, &render, q->write, q->context, err);
}

/* What went wrong with fields: a format that was too much work; or a name that no line has, which
   is a slip, but only if there was a line that could have had it. */
static void report_fields(struct query *q, const struct scan *scan, const struct where *where)
{
    const bool shown = scan_total(scan) && what_to_do(q->options) == show_line;
    const bool counted = scan_total(scan) && what_to_do(q->options) == count_line;
    const char *name = shown     ? row_unknown(q->render.row)
                       : counted ? query_counts_unknown(q->counts)
                                 : NULL;
    const struct lgz_error *refused =
        counted ? query_counts_refused(q->counts) : row_refused(q->render.row);
    if (where && refused->code == LGZ_OK)
        refused = where_refused(where);
    q->failed |= refused->code != LGZ_OK || name;
    if (refused->code != LGZ_OK)
        say_error(refused);
    if (name)
        say("no line that was selected has the field '%s'", name);
}

/* Scan the paths and show what is found. @return LGZ_OK, or a negative code */
static int search_paths(struct query *q, struct scan *scan, const char *const *paths, size_t count,
                        struct lgz_error *err)
{
    int code = LGZ_OK;
    for (size_t i = 0; i < count && code == LGZ_OK; i++)
        code = q->options->follow ? scan_follow(scan, paths[i], STDOUT_FILENO, err)
                                  : scan_path(scan, paths[i], err);
    if (code == LGZ_OK)
        code = show_summary(q, scan, err);
    if (code == LGZ_ERR_CANCELLED) /* the reader of our output went away */
        return code;
    struct lgz_error ignored = {0};
    int flushed = render_flush(&q->render, code == LGZ_OK ? err : &ignored);
    return code == LGZ_OK ? flushed : code;
}

/* -A or -B: what -C says unless it's given. */
static uint64_t context_lines(const struct query_options *o, uint64_t given)
{
    if (o->quiet || o->list || o->list_others || o->count)
        return 0;
    return given != UINT64_MAX ? given : o->around != UINT64_MAX ? o->around : 0;
}

static enum template_use templates_for(const struct query_options *o)
{
    if (o->by_template || query_counts_need_template(o))
        return TEMPLATES_ALL;
    return what_to_do(o) == show_line && o->json ? TEMPLATES_SEALED : TEMPLATES_NONE;
}

static void init_scan(const struct query_options *o, struct scan_options *options)
{
    const bool lines = what_to_do(o) == show_line;
    const bool one = o->quiet || o->list || o->list_others;
    *options = (struct scan_options){
        .invert = o->invert,
        .filter = filter_of(o),
        .dated = lines ? o->json || row_needs_time(o->fields.data, o->fields.len, o->csv)
                       : what_to_do(o) == count_line && query_counts_need_time(o),
        .templates = templates_for(o),
        .by_template = o->by_template,
        .template_id = o->template_id,
        .unordered = what_to_do(o) == count_line,
        .since = INT64_MIN,
        .until = INT64_MAX,
        .max_count = one && o->max_count > 1 ? 1 : o->max_count,
        .max_total = o->follow && o->max_count != UINT64_MAX ? o->max_count : 0,
        .numbered = o->numbers && lines,
        .unplaced = !o->offsets && !query_options_context(o),
        .before = context_lines(o, o->before),
        .after = context_lines(o, o->after),
        .now = clock_real(),
        .threads = o->threads,
        .no_index = o->no_index,
    };
}

/* As grep does, look nowhere if no line can be selected, wherever it is. */
static bool selects_nothing(const struct query_options *o)
{
    bool all = o->patterns.len > 0; /* each line matches: so it's with empty patterns */
    for (size_t i = 0; i < o->patterns.len; i++)
        all &= *o->patterns.data[i] == '\0';
    all &= !o->pattern.word && !o->pattern.line;
    return (!o->list_others || o->quiet) && !o->json &&
           (o->max_count == 0 || (o->invert && all) ||
            (!o->invert && !o->any && o->patterns.len == 0));
}

static int status_of(const struct query *q, const struct scan *scan, bool failed)
{
    bool found = scan && scan_total(scan);
    if (found && q->options->quiet)
        return QUERY_FOUND;
    return q->failed || failed ? QUERY_ERROR : found ? QUERY_FOUND : QUERY_NONE;
}

/* Run the query over the paths. @return the exit status */
static int search(struct query *q, const char *const *paths, size_t count)
{
    struct lgz_error err = {0};
    struct scan *scan = NULL;
    struct scan_options options;
    init_scan(q->options, &options);
    int code = parse_times(q, &options, &err);
    if (code == LGZ_OK)
        code = compile(q, &options, &err);
    if (code == LGZ_OK && selects_nothing(q->options))
        goto out;
    if (code == LGZ_OK)
        code = init_render(q, &options, paths, count, &err);
    if (code == LGZ_OK)
        code = query_counts_new(&q->counts, q->options, &err);
    options.runs = what_to_do(q->options) == show_line && render_is_plain(&q->render.options);
    if (code == LGZ_OK)
        code = scan_new(&scan, &options, what_to_do(q->options), report, q, &err);
    if (code == LGZ_OK)
        scan_on_pause(scan, show_all);
    if (code == LGZ_OK)
        code = search_paths(q, scan, paths, count, &err);
    if (code == LGZ_OK)
        report_fields(q, scan, options.where);
out:;
    bool cut = code == LGZ_ERR_CANCELLED;
    if (code != LGZ_OK && !cut)
        say_error(&err);
    int status = status_of(q, scan, code != LGZ_OK && !cut);
    if (scan && q->options->explain)
        query_explain(scan);
    scan_free(scan);
    query_counts_free(q->counts);
    render_clear(&q->render);
    criteria_clear(&options);
    return status;
}

/* Search the archive that is configured. */
static int search_configured(struct query *q)
{
    struct config *config = load_config(q->options->config);
    if (!config)
        return QUERY_ERROR;
    const char *path = config->directory;
    int status = search(q, &path, 1);
    config_free(config);
    return status;
}

int query_run(const struct query_options *options, render_write_fn *write, void *context)
{
    struct query q = {.options = options, .write = write, .context = context};
    return options->path_count ? search(&q, options->paths, options->path_count)
                               : search_configured(&q);
}
