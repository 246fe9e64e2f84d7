/*
 * scan.c - finds out what a path is, and takes it apart into sources and their bytes.
 */
#include "query/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/names.h"
#include "base/file.h"
#include "query/scan_state.h"
#include "query/template_finder.h"
#include "query/where.h"

enum { HITS_MEMORY = 64 << 20 };

int scan_check(struct scan *s, struct lgz_error *err)
{
    if (!s->stop || !__atomic_load_n(s->stop, __ATOMIC_RELAXED))
        return LGZ_OK;
    s->selection.fatal = true;
    return error_set(err, LGZ_ERR_CANCELLED, "somebody has asked to stop");
}

bool scan_finished(const struct scan *s)
{
    if (!s->selection.max_total || s->selection.total < s->selection.max_total)
        return false;
    for (size_t i = 0; i < sources_count(s->sources); i++) {
        if (sources_at(s->sources, i)->after)
            return false;
    }
    return true;
}

/* query_line_fn: straight on to the caller. */
static int pass_line(void *context, struct query_source *source, const struct query_line *line,
                     struct lgz_error *err)
{
    struct scan *s = context;
    (void)source;
    int code = scan_check(s, err);
    return code == LGZ_OK ? s->line(s->context, line, err) : code;
}

/* query_line_fn: into the store. */
static int keep_line(void *context, struct query_source *source, const struct query_line *line,
                     struct lgz_error *err)
{
    struct scan *s = context;
    return hits_add(s->hits, source, line, err);
}

void scan_emit_directly(struct scan *s)
{
    s->selection.emit = s->line ? pass_line : NULL;
    s->selection.sorted = false;
}

void scan_emit_sorted(struct scan *s)
{
    s->selection.emit = !s->line ? NULL : s->unordered ? pass_line : keep_line;
    s->selection.sorted = s->line && !s->unordered;
}

int scan_set_rules(struct scan *s, struct query_source *source, const struct rules *rules,
                   struct lgz_error *err)
{
    struct dialect *dialect;
    int code = dialects_get(&s->dialects, rules, s->report, s->context, &dialect, err);
    if (code != LGZ_OK) {
        s->selection.fatal = true;
        return code;
    }
    return select_dialect(&s->selection, source, dialect, err);
}

int scan_flush(struct scan *s, struct lgz_error *err)
{
    int code = hits_flush(s->hits, pass_line, s, err);
    if (code != LGZ_OK)
        s->selection.fatal = true;
    return code;
}

/* May any number of lines be selected? */
static bool is_unlimited(const struct selection *s)
{
    return s->max_count == UINT64_MAX && !s->max_total;
}

/* Is each line selected, and nothing to be known of it? */
static bool takes_all(const struct selection *s)
{
    return pattern_is_all(s->pattern) && !s->invert && !s->where && !s->dated && !s->numbered &&
           !select_limited(s) && is_unlimited(s) && !s->before && !s->after && !s->by_template;
}

/* Make the plan, if there is anything in it. */
static int make_plan(struct scan *s, const struct scan_options *options, struct lgz_error *err)
{
    const bool by_pattern = !options->invert && !options->where_first;
    if (options->no_index)
        return LGZ_OK;
    int code =
        plan_new(&s->plan, by_pattern ? pattern_need(options->pattern) : NULL, options->where, err);
    if (code == LGZ_OK && plan_is_empty(s->plan)) {
        plan_free(s->plan);
        s->plan = NULL;
    }
    return code;
}

int scan_new(struct scan **out, const struct scan_options *options, scan_line_fn *line,
             scan_report_fn *report, void *context, struct lgz_error *err)
{
    struct scan *s = calloc(1, sizeof(*s));
    *out = s;
    if (!s)
        return error_memory(err);
    s->selection = (struct selection){
        .pattern = options->pattern,
        .event_pattern = options->event_pattern,
        .invert = options->invert,
        .where = options->where,
        .where_first = options->where_first && where_leads(options->where),
        .dated = options->dated,
        .since = options->since,
        .until = options->until,
        .zone = &s->zone,
        .max_count = options->max_count,
        .max_total = options->max_total,
        .numbered = options->numbered,
        .unplaced = options->unplaced,
        .before = options->before,
        .after = options->after,
        .by_template = options->by_template,
        .template_id = options->template_id,
        .context = s,
    };
    s->selection.runs = options->runs && takes_all(&s->selection);
    s->line = line;
    s->report = report;
    s->context = context;
    s->now = options->now;
    s->unordered = options->unordered;
    s->no_catalog = options->no_index;
    s->by_template = options->by_template && !options->no_index;
    s->stop = options->stop;
    int code = sources_new(&s->sources, &options->filter, err);
    if (code == LGZ_OK && options->templates != TEMPLATES_NONE)
        code = template_finder_new(&s->selection.templates, options->templates, err);
    if (code == LGZ_OK)
        code = make_plan(s, options, err);
    if (code == LGZ_OK)
        code = hits_new(&s->hits, HITS_MEMORY, err);
    if (code == LGZ_OK)
        code = ahead_new(&s->ahead, options->threads ? options->threads : 1,
                         !is_unlimited(&s->selection), options->pattern,
                         s->selection.where_first ? options->where : NULL, err);
    if (code != LGZ_OK) {
        scan_free(s);
        *out = NULL;
    }
    return code;
}

void scan_on_pause(struct scan *s, scan_pause_fn *pause)
{
    s->pause = pause;
}

void scan_free(struct scan *s)
{
    if (!s)
        return;
    ahead_free(s->ahead);
    template_finder_free(s->selection.templates);
    plan_free(s->plan);
    shortlist_free(s->shortlist);
    sources_free(s->sources);
    dialects_clear(&s->dialects);
    last_seen_free(s->last_seen);
    inputs_clear(&s->inputs);
    hits_free(s->hits);
    free(s);
}

size_t scan_name_count(const struct scan *s)
{
    return sources_name_count(s->sources);
}

const struct query_name *scan_name(const struct scan *s, size_t index)
{
    return sources_name(s->sources, index);
}

bool scan_is_journal(const char *path)
{
    struct journal_reader *journal = NULL;
    bool is = journal_open(&journal, path, NULL) == LGZ_OK;
    if (is)
        journal_reader_close(journal);
    return is;
}

uint64_t scan_total(const struct scan *s)
{
    uint64_t total = 0;
    for (size_t i = 0; i < scan_name_count(s); i++)
        total += scan_name(s, i)->count;
    return total;
}

const struct effort *scan_effort(const struct scan *s)
{
    return &s->effort;
}

const struct lgz_error *scan_catalog_fault(const struct scan *s)
{
    return s->catalog_fault.code == LGZ_OK ? NULL : &s->catalog_fault;
}

const struct plan *scan_plan(const struct scan *s)
{
    return s->plan;
}

/* End of an archive: what is left of each source is a line. */
static int end_sources(struct scan *s, struct lgz_error *err)
{
    int code = LGZ_OK;
    scan_emit_sorted(s);
    for (size_t i = 0; i < sources_count(s->sources) && code == LGZ_OK; i++) {
        struct query_source *source = sources_at(s->sources, i);
        /* After blocks that were left out nothing is under way that could be in the range. */
        code = select_end(&s->selection, source, err);
    }
    if (code == LGZ_OK)
        code = scan_flush(s, err);
    sources_clear(s->sources);
    template_finder_reset(s->selection.templates);
    return code;
}

int scan_settle(struct scan *s, int code, struct lgz_error *reason, struct lgz_error *err)
{
    if (code == LGZ_OK)
        return LGZ_OK;
    if (s->selection.fatal) {
        if (err)
            *err = *reason;
        return code;
    }
    s->report(s->context, reason);
    return LGZ_OK;
}

/* Need segment `index` not be opened? */
static int pass_over(struct scan *s, const struct scan_segments *segments, size_t index,
                     bool *passed, struct lgz_error *err)
{
    const struct archive_segment *segment = &segments->list[index];
    enum shortlist_verdict verdict = SHORTLIST_OPEN;
    if (!s->shortlist)
        return LGZ_OK;
    int code =
        shortlist_decide(s->shortlist, s->sources, segment, index, segment->path, &verdict, err);
    s->selection.fatal |= code != LGZ_OK;
    *passed = verdict != SHORTLIST_OPEN;
    s->effort.passed += *passed;
    return code;
}

int scan_archive_segments(struct scan *s, const struct scan_segments *segments,
                          struct lgz_error *err)
{
    int code = LGZ_OK;
    for (size_t i = 0; i < segments->count && code == LGZ_OK && !scan_finished(s); i++) {
        struct lgz_error reason = {0};
        bool passed = false;
        code = pass_over(s, segments, i, &passed, err);
        if (code != LGZ_OK || passed)
            continue;
        struct segment *segment = scan_following(s, i);
        errno = 0;
        int opened = segment ? LGZ_OK : archive_segment_open(&segment, &segments->list[i], &reason);
        /* Retention removes segments at any time. */
        if (opened == LGZ_ERR_IO && errno == ENOENT)
            continue;
        if (opened == LGZ_OK)
            opened = scan_segment(s, segments, i, segment, segments->list[i].path, &reason);
        segment_close(segment);
        code = scan_settle(s, opened, &reason, err);
    }
    scan_follow_none(s);
    return code;
}

void scan_leave_archive(struct scan *s)
{
    s->segments = NULL;
    s->snapshot = NULL;
    last_seen_free(s->last_seen);
    s->last_seen = NULL;
    sources_clear(s->sources);
    template_finder_reset(s->selection.templates);
}

static int scan_snapshot(struct scan *s, const struct archive_snapshot *snapshot, const char *path,
                         struct lgz_error *err)
{
    const struct scan_segments segments = {snapshot->segments, snapshot->segment_count};
    s->segments = &segments;
    s->snapshot = snapshot;
    s->effort.segments += segments.count;
    int code = scan_archive_segments(s, &segments, err);
    for (size_t i = 0; i < snapshot->journal_count && code == LGZ_OK && !scan_finished(s); i++) {
        struct lgz_error reason = {0};
        int scanned = scan_journal(s, snapshot->journals[i], path, &reason);
        code = scan_settle(s, scanned, &reason, err);
    }
    if (code == LGZ_OK)
        code = end_sources(s, err);
    s->segments = NULL;
    scan_leave_archive(s);
    return code;
}

/* Ask the archive's catalog, if that could help. */
static int open_shortlist(struct scan *s, const char *path, struct lgz_error *err)
{
    const struct sources_filter *filter = sources_filter(s->sources);
    if (s->no_catalog ||
        (!select_limited(&s->selection) && !filter->glob_count && !filter->input_count))
        return LGZ_OK;
    int code =
        shortlist_new(&s->shortlist, path, &s->selection, filter, s->plan || s->by_template, err);
    if (code != LGZ_OK)
        s->selection.fatal = true;
    else if (shortlist_fault(s->shortlist)->code != LGZ_ERR_NOT_FOUND)
        s->catalog_fault = *shortlist_fault(s->shortlist);
    return code;
}

static int scan_archive(struct scan *s, const char *path, struct lgz_error *err)
{
    struct archive_snapshot *snapshot = NULL;
    struct lgz_error reason = {0};
    int code = open_shortlist(s, path, err);
    if (code != LGZ_OK)
        return code;
    code = archive_snapshot_find_needed(
        &snapshot, path, s->shortlist ? shortlist_catalog(s->shortlist) : NULL,
        s->shortlist ? shortlist_needs : NULL, s->shortlist, &reason);
    code =
        code != LGZ_OK ? scan_settle(s, code, &reason, err) : scan_snapshot(s, snapshot, path, err);
    archive_snapshot_close(snapshot);
    shortlist_free(s->shortlist);
    s->shortlist = NULL;
    return code;
}

/* Scan a regular file: a segment, a journal, or text if it is neither. */
static int scan_file(struct scan *s, const char *path, int64_t modified, struct lgz_error *err)
{
    struct segment *segment = NULL;
    struct journal_reader *journal = NULL;
    int code = segment_open(&segment, path, err);
    if (code == LGZ_OK) {
        const struct archive_segment self = {.path = (char *)path, .fd = -1};
        const struct scan_segments segments = {&self, 1};
        s->effort.segments++;
        code = scan_segment(s, &segments, 0, segment, path, err);
        segment_close(segment);
        return code;
    }
    /* Several segments one behind the other, or one that is cut short, can be read as a stream.
       What has the name of a segment and doesn't begin as one is damaged: nobody wants it as text.
     */
    if ((code != LGZ_ERR_FORMAT && code != LGZ_ERR_CORRUPT) ||
        (code == LGZ_ERR_FORMAT && names_end_in(path, NAMES_SEGMENT)))
        return code;
    if (code == LGZ_ERR_FORMAT && (code = journal_open(&journal, path, err)) == LGZ_OK) {
        code = scan_journal(s, journal, path, err);
        journal_reader_close(journal);
        return code;
    }
    if (code != LGZ_ERR_FORMAT && code != LGZ_ERR_CORRUPT)
        return code;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_io(err, "%s: cannot open", path);
    code = scan_text(s, fd, path, modified, err);
    close(fd);
    return code;
}

int scan_path(struct scan *s, const char *path, struct lgz_error *err)
{
    struct stat st;
    struct lgz_error reason = {0};
    int code;
    if (strcmp(path, "-") == 0) {
        code = scan_text(s, STDIN_FILENO, "(standard input)", s->now, &reason);
    } else if (stat(path, &st) != 0) {
        code = error_io(&reason, "%s", path);
    } else if (S_ISDIR(st.st_mode)) {
        return scan_archive(s, path, err);
    } else if (S_ISREG(st.st_mode)) {
        int64_t modified = file_modified(&st);
        code = scan_file(s, path, modified, &reason);
    } else {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        code = fd < 0 ? error_io(&reason, "%s: cannot open", path)
                      : scan_text(s, fd, path, s->now, &reason);
        if (fd >= 0)
            close(fd);
    }
    code = scan_settle(s, code, &reason, err);
    return code == LGZ_OK ? end_sources(s, err) : code;
}
