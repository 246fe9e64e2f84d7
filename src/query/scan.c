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
#include "segment/index.h"
#include "segment/stream.h"

enum { CHUNK = 1 << 20 /* bytes that are read at once */, HITS_MEMORY = 64 << 20 };

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

/* Feed text that isn't in a segment. `templates`: these are found in it alone; NULL: they aren't */
static int feed_text(struct scan *s, struct template_finder *templates, struct query_source *source,
                     uint64_t offset, int64_t read_time, struct span text, struct lgz_error *err)
{
    int code = LGZ_OK;
    if (templates)
        code = template_finder_text(templates, source->id, offset, text, err);
    s->selection.fatal |= code != LGZ_OK;
    if (code == LGZ_OK)
        code = select_feed(&s->selection, source, offset, read_time, text, err);
    template_finder_leave(templates);
    s->effort.text += text.len;
    return code;
}

/* Feed one record to its source. `live`: nobody has looked at the journal as a whole. */
static int scan_record(struct scan *s, const struct journal_record *record, bool live,
                       const char *label, struct lgz_error *err)
{
    if (record->kind == JOURNAL_INPUT)
        return inputs_put(&s->inputs, record->input.input, &record->input.rules, err);
    if (record->kind == JOURNAL_SOURCE) {
        const char *name = *record->source.name ? record->source.name : label;
        if (sources_get(s->sources, record->source_id, name, record->source.input))
            return LGZ_OK;
        s->selection.fatal = true;
        return error_memory(err);
    }
    struct query_source *source = sources_find(s->sources, record->source_id);
    if (!source)
        return record->kind == JOURNAL_DROP
                   ? LGZ_OK
                   : error_set(err, LGZ_ERR_CORRUPT, "%s: data of an unknown source", label);
    if (record->kind == JOURNAL_DROP)
        return select_end(&s->selection, source, err);
    const struct rules *rules = source->input ? inputs_find(&s->inputs, source->input) : NULL;
    int code = scan_resume(s, source, rules, record->offset, record->data, err);
    if (code == LGZ_OK)
        code = scan_set_rules(s, source, rules, err);
    if (code != LGZ_OK)
        return code;
    s->records++;
    struct template_finder *templates = s->selection.templates;
    return feed_text(s, live && template_finder_wants_text(templates) ? templates : NULL, source,
                     record->offset, record->read_time, record->data, err);
}

int scan_records(struct scan *s, struct journal_reader *journal, bool live, const char *label,
                 struct lgz_error *err)
{
    struct journal_record record;
    int rc = LGZ_OK;
    scan_emit_directly(s);
    while (!scan_finished(s) && (rc = journal_next(journal, &record, err)) == 1) {
        int code = scan_check(s, err);
        if (code == LGZ_OK)
            code = scan_record(s, &record, live, label, err);
        if (code != LGZ_OK)
            return code;
    }
    return rc == 1 ? LGZ_OK : rc;
}

int scan_journal(struct scan *s, struct journal_reader *journal, const char *label,
                 struct lgz_error *err)
{
    struct template_finder *templates = s->selection.templates;
    int code = LGZ_OK;
    inputs_clear(&s->inputs); /* each journal says anew what it starts with */
    if (template_finder_wants_text(templates))
        code = template_finder_journal(templates, journal, s->snapshot, err);
    s->selection.fatal |= code != LGZ_OK;
    return code == LGZ_OK ? scan_records(s, journal, false, label, err) : code;
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

/* Text that comes from a descriptor, packed or not. */
struct input {
    struct scan *scan;
    struct query_source *source;
    const char *name;
    int fd;
    size_t room;     /* for what is read at once */
    size_t least;    /* bytes that are waited for */
    uint64_t offset; /* of the text */
    int64_t read_time;
    struct segment_stream *stream; /* NULL: not packed */
    struct lgz_error reason;       /* why text wasn't taken */
};

/* lgz_write_fn, and for plain text, too */
static int take_text(void *context, const void *data, size_t size)
{
    struct input *in = context;
    int code = feed_text(in->scan, in->scan->selection.templates, in->source, in->offset,
                         in->read_time, (struct span){data, size}, &in->reason);
    in->offset += size;
    return code;
}

static int take_input(struct input *in, const uint8_t *data, size_t size, struct lgz_error *err)
{
    int code =
        in->stream ? segment_stream_feed(in->stream, data, size, err) : take_text(in, data, size);
    if (in->reason.code != LGZ_OK && err)
        *err = in->reason;
    return code;
}

/* One read(2), repeated only until `least` bytes are there or the input ends. */
static ssize_t read_some(const struct input *in, uint8_t *chunk, size_t least,
                         struct lgz_error *err)
{
    size_t have = 0;
    do {
        ssize_t n = read(in->fd, chunk + have, in->room - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_io(err, "%s: cannot read", in->name);
        if (n == 0)
            break;
        have += (size_t)n;
    } while (have < least);
    return (ssize_t)have;
}

static int pump(struct input *in, uint8_t *chunk, struct lgz_error *err)
{
    const struct selection *selection = &in->scan->selection;
    int code = LGZ_OK;
    const size_t first = in->least > SEGMENT_HEADER_LEN ? in->least : SEGMENT_HEADER_LEN;
    ssize_t n = read_some(in, chunk, first, err);
    if (n >= SEGMENT_HEADER_LEN && segment_header_check(chunk, in->name, NULL) != LGZ_ERR_FORMAT)
        code = segment_stream_new(&in->stream, in->name, 1, take_text, in, err);
    while (code == LGZ_OK && n > 0 && !select_done(selection, in->source)) {
        code = scan_check(in->scan, err);
        if (code == LGZ_OK)
            code = take_input(in, chunk, (size_t)n, err);
        if (code == LGZ_OK)
            n = read_some(in, chunk, in->least, err);
    }
    if (code == LGZ_OK && n < 0)
        code = (int)n;
    if (code == LGZ_OK && n == 0 && in->stream)
        code = segment_stream_end(in->stream, err);
    return code;
}

/* Scan what comes from a descriptor as one source. */
static int scan_text(struct scan *s, int fd, const char *name, int64_t read_time,
                     struct lgz_error *err)
{
    struct input in = {
        .scan = s, .name = name, .fd = fd, .room = CHUNK, .least = 1, .read_time = read_time};
    if (template_finder_wants_text(s->selection.templates))
        in.room = in.least = FINDER_TEXT;
    uint8_t *chunk = malloc(in.room);
    int code = LGZ_OK;
    in.source = sources_get(s->sources, 1, name, "");
    scan_emit_directly(s);
    if (in.source && chunk) {
        code = pump(&in, chunk, err);
    } else {
        s->selection.fatal = true;
        code = error_memory(err);
    }
    segment_stream_free(in.stream);
    free(chunk);
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
