/*
 * api.c - the part of include/logzip.h that searches: what a caller asks for becomes a scan, and
 * what the scan finds a caller's line.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/archive.h"
#include "base/clock.h"
#include "query/ahead.h"
#include "query/criteria.h"
#include "query/follow.h"
#include "query/query_time.h"
#include "query/record.h"
#include "query/where.h"

struct lgz_archive {
    char *path;
};

/* A regular file is opened, so that a wrong name or right is told at once. */
static int check_file(const char *path, struct lgz_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_io(err, "%s: cannot open", path);
    close(fd);
    return LGZ_OK;
}

static int check_path(const char *path, struct lgz_error *err)
{
    struct archive_snapshot *snapshot = NULL;
    struct stat st;
    if (stat(path, &st) != 0)
        return errno == ENOENT
                   ? error_set(err, LGZ_ERR_NOT_FOUND, "%s: there is no such file", path)
                   : error_io(err, "%s", path);
    if (!S_ISDIR(st.st_mode))
        return S_ISREG(st.st_mode) ? check_file(path, err) : LGZ_OK;
    int code = archive_snapshot_find(&snapshot, path, err);
    archive_snapshot_close(snapshot);
    return code;
}

int lgz_archive_open(struct lgz_archive **out, const char *path, struct lgz_error *err)
{
    *out = NULL;
    int code = check_path(path, err);
    if (code != LGZ_OK)
        return code;
    struct lgz_archive *archive = calloc(1, sizeof(*archive));
    if (!archive)
        return error_memory(err);
    /* To a scan "-" is standard input. */
    archive->path = strdup(strcmp(path, "-") == 0 ? "./-" : path);
    if (!archive->path) {
        free(archive);
        return error_memory(err);
    }
    *out = archive;
    return LGZ_OK;
}

void lgz_archive_close(struct lgz_archive *archive)
{
    if (archive)
        free(archive->path);
    free(archive);
}

static const struct lgz_query_options defaults = {
    .size = sizeof(defaults),
    .since = INT64_MIN,
    .until = INT64_MAX,
    .threads = 1,
};

/* What members that this library doesn't know are is their default. */
void lgz_query_options_default(struct lgz_query_options *options, size_t size)
{
    memset(options, 0, size);
    memcpy(options, &defaults, size < sizeof(defaults) ? size : sizeof(defaults));
    if (size >= sizeof(options->size))
        options->size = size;
}

struct strings {
    VEC(char *) list;
};

struct lgz_query {
    struct scan_options scan;
    struct strings sources; /* what the scan's filter names */
    struct strings inputs;
    lgz_line_fn *line;
    lgz_warning_fn *warning;
    void *context;
    struct record *record;
    struct lgz_error first; /* that nobody was warned of */
    uint64_t count;
    bool stop; /* atomic */
};

/* As a callback gets it: the public part is the first one. */
struct found {
    struct lgz_line line;
    struct record *record;
    struct lgz_field field; /* the last that was asked for */
};

/* A line that a callback has got is always in one of these, which isn't const. */
static struct found *found_of(const struct lgz_line *line)
{
    return (struct found *)(uintptr_t)line;
}

/* Are the members behind those that are known left at their default? */
static bool is_known(const struct lgz_query_options *options)
{
    const uint8_t *bytes = (const uint8_t *)options;
    for (size_t i = sizeof(*options); i < options->size; i++) {
        if (bytes[i])
            return false;
    }
    return true;
}

static int check_options(const struct lgz_query_options *o, struct lgz_error *err)
{
    const char *reason = NULL;
    if (o->size < sizeof(*o))
        reason = "they don't come from lgz_query_options_default()";
    else if (!is_known(o))
        reason = "there is one that this version of the library doesn't know";
    else if (o->syntax < LGZ_SYNTAX_PERL || o->syntax > LGZ_SYNTAX_EXTENDED)
        reason = "the syntax is none";
    else if (o->invert && o->pattern_count == 0)
        reason = "there is no pattern to invert";
    else if (o->since > o->until)
        reason = "`since` is later than `until`";
    else if (o->threads < 1 || o->threads > AHEAD_THREADS_MAX)
        reason = "the number of threads isn't 1 to 256";
    return reason ? error_set(err, LGZ_ERR_ARGUMENT, "a query's options: %s", reason) : LGZ_OK;
}

/* Without patterns and an expression, each line is wanted. */
static int compile(struct lgz_query *q, const struct lgz_query_options *o, struct lgz_error *err)
{
    static const char *const anything = "";
    const bool none = o->pattern_count == 0;
    const struct criteria criteria = {
        .patterns = none ? &anything : o->patterns,
        .pattern_count = none ? 1 : o->pattern_count,
        .any = none && o->where,
        .options = {.fixed = o->syntax == LGZ_SYNTAX_FIXED,
                    .posix = o->syntax == LGZ_SYNTAX_EXTENDED,
                    .ignore_case = o->ignore_case,
                    .word = !none && o->words,
                    .line = !none && o->whole_lines},
        .where = o->where,
        .lines = o->lines,
    };
    return criteria_compile(&criteria, &q->scan, err);
}

static int copy_strings(struct strings *to, const char *const *from, size_t count,
                        struct lgz_error *err)
{
    for (size_t i = 0; i < count; i++) {
        char *copy = strdup(from[i]);
        if (!copy || !vec_push(&to->list, copy)) {
            free(copy);
            return error_memory(err);
        }
    }
    return LGZ_OK;
}

static void free_strings(struct strings *strings)
{
    for (size_t i = 0; i < strings->list.len; i++)
        free(strings->list.data[i]);
    vec_free(&strings->list);
}

/* The sources that are wanted are named by copies. */
static int copy_filter(struct lgz_query *q, const struct lgz_query_options *o,
                       struct lgz_error *err)
{
    int code = copy_strings(&q->sources, o->sources, o->source_count, err);
    if (code == LGZ_OK)
        code = copy_strings(&q->inputs, o->inputs, o->input_count, err);
    q->scan.filter = (struct sources_filter){
        .globs = (const char *const *)q->sources.list.data,
        .glob_count = q->sources.list.len,
        .inputs = (const char *const *)q->inputs.list.data,
        .input_count = q->inputs.list.len,
    };
    return code;
}

int lgz_query_new(struct lgz_query **out, const struct lgz_query_options *options,
                  struct lgz_error *err)
{
    *out = NULL;
    int code = check_options(options, err);
    if (code != LGZ_OK)
        return code;
    struct lgz_query *q = calloc(1, sizeof(*q));
    if (!q)
        return error_memory(err);
    q->line = options->line;
    q->warning = options->warning;
    q->context = options->context;
    q->scan = (struct scan_options){
        .invert = options->invert,
        .dated = options->line && !options->text_only,
        .since = options->since,
        .until = options->until,
        .max_count = options->limit ? options->limit : UINT64_MAX,
        .max_total = options->limit,
        .numbered = options->numbers && options->line,
        .unplaced = !options->line || options->text_only,
        .now = clock_real(),
        .threads = options->threads,
        .stop = &q->stop,
    };
    code = copy_filter(q, options, err);
    if (code == LGZ_OK)
        code = compile(q, options, err);
    if (code == LGZ_OK)
        code = record_new(&q->record, err);
    if (code != LGZ_OK)
        lgz_query_free(q);
    else
        *out = q;
    return code;
}

void lgz_query_free(struct lgz_query *q)
{
    if (!q)
        return;
    criteria_clear(&q->scan);
    record_free(q->record);
    free_strings(&q->sources);
    free_strings(&q->inputs);
    free(q);
}

void lgz_query_cancel(struct lgz_query *q)
{
    __atomic_store_n(&q->stop, true, __ATOMIC_RELAXED);
}

uint64_t lgz_query_count(const struct lgz_query *q)
{
    return q->count;
}

/* scan_line_fn */
static int hand_on(void *context, const struct query_line *line, struct lgz_error *err)
{
    struct lgz_query *q = context;
    struct found found = {
        .line = {.text = (const char *)line->text.data,
                 .size = line->text.len,
                 .source = line->source,
                 .input = line->input ? line->input : "",
                 .offset = q->scan.unplaced ? 0 : line->place.offset,
                 .number = line->place.number,
                 .time = q->scan.unplaced ? 0 : line->time,
                 .time_digits = q->scan.unplaced ? 0 : line->time_digits,
                 .read_time = line->place.read_time},
        .record = q->record,
    };
    record_start(q->record, line);
    if (q->line(q->context, &found.line) == 0)
        return LGZ_OK;
    return error_set(err, LGZ_ERR_CANCELLED, "the callback has ended the query");
}

/* scan_report_fn */
static void warn(void *context, const struct lgz_error *reason)
{
    struct lgz_query *q = context;
    if (q->warning)
        q->warning(q->context, reason);
    else if (q->first.code == LGZ_OK)
        q->first = *reason;
}

/* Formats and expressions that were too much work on some line, and were done without. */
static void warn_of_fields(struct lgz_query *q)
{
    const struct lgz_error *refused = record_refused(q->record);
    if (refused->code == LGZ_OK && q->scan.where)
        refused = where_refused(q->scan.where);
    if (refused->code != LGZ_OK)
        warn(q, refused);
}

static int run(struct lgz_query *q, const struct lgz_archive *archive, bool follow,
               struct lgz_error *err)
{
    struct scan *scan = NULL;
    struct lgz_error own = {0};
    if (!err)
        err = &own; /* what is below shares it */
    q->first = (struct lgz_error){0};
    q->count = 0;
    int code = scan_new(&scan, &q->scan, q->line ? hand_on : NULL, warn, q, err);
    if (code == LGZ_OK) {
        code = follow ? scan_follow(scan, archive->path, -1, err)
                      : scan_path(scan, archive->path, err);
        q->count = scan_total(scan);
    }
    scan_free(scan);
    __atomic_store_n(&q->stop, false, __ATOMIC_RELAXED);
    if (code != LGZ_OK)
        return code;
    warn_of_fields(q);
    if (q->first.code != LGZ_OK)
        *err = q->first;
    return q->first.code;
}

int lgz_query_run(struct lgz_query *q, const struct lgz_archive *archive, struct lgz_error *err)
{
    return run(q, archive, false, err);
}

int lgz_query_follow(struct lgz_query *q, const struct lgz_archive *archive, struct lgz_error *err)
{
    return run(q, archive, true, err);
}

static struct lgz_field public_field(struct span name, const struct field_value *value)
{
    return (struct lgz_field){.name = (const char *)name.data,
                              .name_size = name.len,
                              .value = (const char *)value->text.data,
                              .value_size = value->text.len,
                              .kind = (enum lgz_field_kind)value->kind};
}

_Static_assert((int)LGZ_FIELD_TEXT == FIELD_TEXT && (int)LGZ_FIELD_NUMBER == FIELD_NUMBER &&
                   (int)LGZ_FIELD_LITERAL == FIELD_LITERAL &&
                   (int)LGZ_FIELD_NESTED == FIELD_NESTED && (int)LGZ_FIELD_TIME == FIELD_TIME,
               "kinds of fields are the record's");

int lgz_line_field(const struct lgz_line *line, const char *name, const struct lgz_field **field,
                   struct lgz_error *err)
{
    struct found *found = found_of(line);
    struct field_value value;
    size_t index;
    int code = record_want(found->record, name, &index, err);
    int got = code == LGZ_OK ? record_get(found->record, index, &value, err) : code;
    if (got != 1)
        return got;
    const char *known = record_name(found->record, index);
    found->field = public_field((struct span){(const uint8_t *)known, strlen(known)}, &value);
    *field = &found->field;
    return 1;
}

/* Who wants all fields. */
struct walk {
    lgz_field_fn *callback;
    void *context;
};

/* record_field_fn */
static int hand_on_field(void *context, struct span name, const struct field_value *value,
                         struct lgz_error *err)
{
    const struct walk *walk = context;
    const struct lgz_field field = public_field(name, value);
    if (walk->callback(walk->context, &field) == 0)
        return LGZ_OK;
    return error_set(err, LGZ_ERR_CANCELLED, "the callback has ended the walk over fields");
}

int lgz_line_fields(const struct lgz_line *line, lgz_field_fn *callback, void *context,
                    struct lgz_error *err)
{
    struct walk walk = {callback, context};
    return record_all(found_of(line)->record, hand_on_field, &walk, err);
}

int lgz_time_parse(const char *text, int64_t now, int64_t *time, struct lgz_error *err)
{
    return query_time_parse(text, now, time, err);
}
