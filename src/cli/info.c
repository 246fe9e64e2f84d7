/*
 * info.c - logzipctl info: what is in a segment or an archive, from footers alone.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "archive/archive.h"
#include "base/file.h"
#include "cli/command.h"
#include "query/json.h"
#include "query/query_time.h"
#include "segment/reader.h"
#include "template/template_set.h"

/* What one source has in a segment. */
struct range {
    uint64_t from;
    uint64_t to;
    uint64_t bytes;
    int64_t read_first;
    int64_t read_last;
};

/* Sums over an archive. */
struct totals {
    uint64_t raw;
    uint64_t stored;
    uint64_t index;
    uint64_t lines;
    int64_t time_min;
    int64_t time_max;
};

/* Distinct templates of all blocks. They are named by hash, the same in each block. */
static int compare_ids(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int count_templates(const struct segment *s, size_t *count, struct lgz_error *err)
{
    VEC(uint64_t) ids = {0};
    int code = LGZ_OK;
    for (size_t i = 0; i < segment_block_count(s) && code == LGZ_OK; i++) {
        struct template_set set = {0};
        code = segment_template_set(s, i, SIZE_MAX, &set, err);
        for (size_t k = 0; k < set.list.len && code == LGZ_OK; k++)
            if (!vec_push(&ids, template_id(&set.list.data[k])))
                code = error_memory(err);
        template_set_clear(&set);
    }
    if (ids.len)
        qsort(ids.data, ids.len, sizeof(*ids.data), compare_ids);
    *count = 0;
    for (size_t i = 0; i < ids.len; i++)
        *count += i == 0 || ids.data[i] != ids.data[i - 1];
    vec_free(&ids);
    return code;
}

/* The ranges of all sources, by the segment's index; to be freed. NULL: out of memory */
static struct range *collect_ranges(const struct segment *s)
{
    struct range *ranges = calloc(segment_source_count(s) + 1, sizeof(*ranges));
    for (size_t b = 0; ranges && b < segment_block_count(s); b++) {
        const struct block_info *block = segment_block(s, b);
        for (size_t i = 0; i < block->extent_count; i++) {
            const struct extent *e = &block->extents[i];
            struct range *r = &ranges[e->source];
            uint64_t end = e->offset + e->length;
            r->from = r->bytes == 0 || e->offset < r->from ? e->offset : r->from;
            r->to = end > r->to ? end : r->to;
            r->read_first =
                r->bytes == 0 || e->read_time < r->read_first ? e->read_time : r->read_first;
            r->read_last =
                r->bytes == 0 || e->read_time > r->read_last ? e->read_time : r->read_last;
            r->bytes += e->length;
        }
    }
    return ranges;
}

static void put_time(struct buf *out, int64_t ns)
{
    query_time_print(out, ns, ns % 1000000000 ? 9 : 0);
}

static void put_ratio(struct buf *out, uint64_t raw, uint64_t stored)
{
    if (raw && stored)
        buf_printf(out, " (1/%.1f, %.2f %%)", (double)raw / (double)stored,
                   100 * (double)stored / (double)raw);
}

/* The rules that a source has from `*at` on, and where the next ones begin. NULL: it has none. */
static const struct rules *next_rules(const struct segment *s, size_t source, uint64_t *at,
                                      uint64_t *from)
{
    const struct rules *rules = NULL;
    while (!rules && *at != UINT64_MAX) {
        *from = *at;
        rules = segment_rules(s, source, *from, at);
    }
    return rules;
}

static void put_expression(struct buf *out, uint64_t from, const char *key, const char *text)
{
    if (*text)
        buf_printf(out, "    %s from byte %" PRIu64 ": %s\n", key, from, text);
}

static void put_rules_text(struct buf *out, const struct segment *s, size_t source)
{
    uint64_t at = 0, from;
    for (const struct rules *r; (r = next_rules(s, source, &at, &from));) {
        put_expression(out, from, "multiline_start", r->multiline_start);
        put_expression(out, from, "format", r->format);
    }
}

static void put_sources_text(struct buf *out, const struct segment *s, const struct range *ranges)
{
    for (size_t i = 0; i < segment_source_count(s); i++) {
        const struct source *source = segment_source(s, i);
        buf_printf(out, "  source %" PRIu64 "  %s\n", source->id,
                   *source->name ? source->name : "(standard input)");
        buf_printf(out, "    bytes %" PRIu64 " to %" PRIu64, ranges[i].from, ranges[i].to);
        if (ranges[i].bytes) {
            buf_append_string(out, ", read from ");
            put_time(out, ranges[i].read_first);
            buf_append_string(out, " to ");
            put_time(out, ranges[i].read_last);
        }
        buf_push(out, '\n');
        if (*source->input)
            buf_printf(out, "    input %s\n", source->input);
        put_rules_text(out, s, i);
    }
}

static void put_segment_text(struct buf *out, const struct segment *s, size_t templates,
                             const struct range *ranges)
{
    const struct segment_info *info = segment_info(s);
    buf_printf(out, "%s\n  raw       %" PRIu64 " bytes, %" PRIu64 " lines\n", segment_path(s),
               info->raw_bytes, info->lines);
    buf_printf(out, "  stored    %" PRIu64 " bytes", info->file_bytes);
    put_ratio(out, info->raw_bytes, info->file_bytes);
    buf_printf(out, ", of these %" PRIu64 " index", info->index_bytes);
    if (info->filter_bytes)
        buf_printf(out, " (%" PRIu64 " filters)", info->filter_bytes);
    buf_push(out, '\n');
    buf_printf(out, "  blocks    %zu, level %s, %zu templates\n", segment_block_count(s),
               level_name(info->level), templates);
    buf_append_string(out, "  created   ");
    put_time(out, info->created);
    buf_push(out, '\n');
    if (info->time_min != SEGMENT_NO_TIME) {
        buf_append_string(out, "  stamps    ");
        put_time(out, info->time_min);
        buf_append_string(out, " to ");
        put_time(out, info->time_max);
        buf_push(out, '\n');
    }
    if (info->first_journal)
        buf_printf(out, "  journals  %" PRIu64 " to %" PRIu64 "\n", info->first_journal,
                   info->last_journal);
    put_sources_text(out, s, ranges);
}

static void put_time_member(struct buf *out, const char *name, int64_t ns)
{
    buf_printf(out, ",\"%s\":\"", name);
    put_time(out, ns);
    buf_push(out, '"');
}

static void put_rules_json(struct buf *out, const struct segment *s, size_t source)
{
    uint64_t at = 0, from;
    bool any = false;
    for (const struct rules *r; (r = next_rules(s, source, &at, &from)); any = true) {
        buf_printf(out, "%s{\"from\":%" PRIu64 ",", any ? "," : ",\"rules\":[", from);
        json_member(out, "multiline_start", json_span(r->multiline_start));
        buf_push(out, ',');
        json_member(out, "format", json_span(r->format));
        buf_push(out, '}');
    }
    if (any)
        buf_push(out, ']');
}

static void put_segment_json(struct buf *out, const struct segment *s, size_t templates,
                             const struct range *ranges)
{
    const struct segment_info *info = segment_info(s);
    buf_push(out, '{');
    json_member(out, "path", json_span(segment_path(s)));
    buf_printf(out,
               ",\"raw_bytes\":%" PRIu64 ",\"stored_bytes\":%" PRIu64 ",\"index_bytes\":%" PRIu64
               ",\"filter_bytes\":%" PRIu64 ",\"lines\":%" PRIu64
               ",\"blocks\":%zu,\"templates\":%zu,\"level\":\"%s\"",
               info->raw_bytes, info->file_bytes, info->index_bytes, info->filter_bytes,
               info->lines, segment_block_count(s), templates, level_name(info->level));
    put_time_member(out, "created", info->created);
    if (info->time_min != SEGMENT_NO_TIME) {
        put_time_member(out, "time_min", info->time_min);
        put_time_member(out, "time_max", info->time_max);
    }
    if (info->first_journal)
        buf_printf(out, ",\"first_journal\":%" PRIu64 ",\"last_journal\":%" PRIu64,
                   info->first_journal, info->last_journal);
    buf_append_string(out, ",\"sources\":[");
    for (size_t i = 0; i < segment_source_count(s); i++) {
        const struct source *source = segment_source(s, i);
        buf_printf(out, "%s{\"id\":%" PRIu64 ",", i ? "," : "", source->id);
        json_member(out, "name", json_span(source->name));
        if (*source->input) {
            buf_push(out, ',');
            json_member(out, "input", json_span(source->input));
        }
        buf_printf(out, ",\"from\":%" PRIu64 ",\"to\":%" PRIu64, ranges[i].from, ranges[i].to);
        if (ranges[i].bytes) {
            put_time_member(out, "read_first", ranges[i].read_first);
            put_time_member(out, "read_last", ranges[i].read_last);
        }
        put_rules_json(out, s, i);
        buf_push(out, '}');
    }
    buf_append_string(out, "]}");
}

static int info_segment(struct buf *out, const char *path, bool json, struct lgz_error *err)
{
    struct segment *s = NULL;
    struct range *ranges = NULL;
    size_t templates = 0;
    int code = segment_open(&s, path, err);
    if (code == LGZ_OK)
        code = count_templates(s, &templates, err);
    if (code == LGZ_OK && !(ranges = collect_ranges(s)))
        code = error_memory(err);
    if (code == LGZ_OK && json) {
        put_segment_json(out, s, templates, ranges);
        buf_push(out, '\n');
    } else if (code == LGZ_OK) {
        put_segment_text(out, s, templates, ranges);
    }
    free(ranges);
    segment_close(s);
    return code;
}

static void add_to_totals(struct totals *t, const struct segment_info *info)
{
    t->raw += info->raw_bytes;
    t->stored += info->file_bytes;
    t->index += info->index_bytes;
    t->lines += info->lines;
    if (info->time_min == SEGMENT_NO_TIME)
        return;
    if (t->time_min == SEGMENT_NO_TIME || info->time_min < t->time_min)
        t->time_min = info->time_min;
    if (t->time_max == SEGMENT_NO_TIME || info->time_max > t->time_max)
        t->time_max = info->time_max;
}

/* One segment of an archive, as one line or one member of a list. */
static int list_segment(struct buf *out, const struct archive_segment *listed, bool json,
                        bool first, struct totals *totals, struct lgz_error *err)
{
    const char *path = listed->path;
    struct segment *s = NULL;
    int code = archive_segment_open(&s, listed, err);
    if (code != LGZ_OK)
        return code;
    const struct segment_info *info = segment_info(s);
    const char *name = file_name(path);
    add_to_totals(totals, info);
    if (json) {
        buf_append_string(out, first ? "{" : ",{");
        json_member(out, "name", json_span(name));
        buf_printf(out,
                   ",\"raw_bytes\":%" PRIu64 ",\"stored_bytes\":%" PRIu64 ",\"lines\":%" PRIu64
                   ",\"sources\":%zu}",
                   info->raw_bytes, info->file_bytes, info->lines, segment_source_count(s));
    } else {
        buf_printf(out, "  %s  ", name);
        output_size(out, info->raw_bytes);
        buf_append_string(out, " in ");
        output_size(out, info->file_bytes);
        put_ratio(out, info->raw_bytes, info->file_bytes);
        buf_printf(out, ", %" PRIu64 " lines of %zu sources\n", info->lines,
                   segment_source_count(s));
    }
    segment_close(s);
    return LGZ_OK;
}

static int list_journal(struct buf *out, struct journal_reader *journal, bool json, bool first,
                        struct lgz_error *err)
{
    struct journal_record record;
    uint64_t raw = 0;
    int rc;
    while ((rc = journal_next(journal, &record, err)) == 1)
        raw += record.kind == JOURNAL_DATA ? record.data.len : 0;
    uint64_t sequence = journal_reader_sequence(journal);
    if (rc == 0 && json) {
        buf_printf(out, "%s{\"sequence\":%" PRIu64 ",\"raw_bytes\":%" PRIu64 "}", first ? "" : ",",
                   sequence, raw);
    } else if (rc == 0) {
        buf_printf(out, "  journal %" PRIu64 "  ", sequence);
        output_size(out, raw);
        buf_append_string(out, " not sealed yet\n");
    }
    return rc;
}

static void put_totals(struct buf *out, const char *path, const struct archive_snapshot *snapshot,
                       const struct totals *t, bool json)
{
    if (json) {
        buf_push(out, '{');
        json_member(out, "path", json_span(path));
        buf_printf(out,
                   ",\"raw_bytes\":%" PRIu64 ",\"stored_bytes\":%" PRIu64
                   ",\"index_bytes\":%" PRIu64 ",\"lines\":%" PRIu64,
                   t->raw, t->stored, t->index, t->lines);
        if (t->time_min != SEGMENT_NO_TIME) {
            put_time_member(out, "time_min", t->time_min);
            put_time_member(out, "time_max", t->time_max);
        }
        return;
    }
    buf_printf(out, "%s\n  %zu segments: ", path, snapshot->segment_count);
    output_size(out, t->raw);
    buf_append_string(out, " in ");
    output_size(out, t->stored);
    put_ratio(out, t->raw, t->stored);
    buf_printf(out, ", of these %" PRIu64 " index, %" PRIu64 " lines\n", t->index, t->lines);
    if (t->time_min != SEGMENT_NO_TIME) {
        buf_append_string(out, "  stamps from ");
        put_time(out, t->time_min);
        buf_append_string(out, " to ");
        put_time(out, t->time_max);
        buf_push(out, '\n');
    }
}

/* A segment or journal of an archive that can't be read is named; the others are shown. */
static int info_archive(struct buf *out, const char *path, bool json, struct lgz_error *err)
{
    struct archive_snapshot *snapshot = NULL;
    struct totals totals = {.time_min = SEGMENT_NO_TIME, .time_max = SEGMENT_NO_TIME};
    struct buf segments = {0}, journals = {0};
    int result = archive_snapshot_find(&snapshot, path, err);
    if (result != LGZ_OK)
        return result;
    for (size_t i = 0; i < snapshot->segment_count + snapshot->journal_count; i++) {
        struct lgz_error reason = {0};
        size_t k = i - snapshot->segment_count;
        int code =
            i < snapshot->segment_count
                ? list_segment(&segments, &snapshot->segments[i], json, segments.len == 0, &totals,
                               &reason)
                : list_journal(&journals, snapshot->journals[k], json, journals.len == 0, &reason);
        if (code != LGZ_OK && result != LGZ_OK)
            say_error(err);
        if (code != LGZ_OK) {
            result = code;
            *err = reason;
        }
    }
    put_totals(out, path, snapshot, &totals, json);
    buf_append_string(out, json ? ",\"segments\":[" : "");
    buf_append(out, segments.data, segments.len);
    buf_append_string(out, json ? "],\"journals\":[" : "");
    buf_append(out, journals.data, journals.len);
    buf_append_string(out, json ? "]}\n" : "");
    out->failed |= segments.failed || journals.failed;
    buf_free(&segments);
    buf_free(&journals);
    archive_snapshot_close(snapshot);
    return result;
}

static int run(const struct command *self, int argc, char **argv)
{
    static const struct option longs[] = {
        {"json", no_argument, NULL, OPTION_FIRST},
        {"help", no_argument, NULL, OPTION_HELP},
        {0},
    };
    bool json = false;
    int status = 0;
    struct buf out = {0};
    for (int option; (option = option_next(self, argc, argv, ":", longs)) != OPTION_END;) {
        if (option == OPTION_HELP)
            return option_help(self);
        if (option != OPTION_FIRST)
            return self->error_status;
        json = true;
    }
    if (optind == argc)
        return option_misuse(self, "which FILE or ARCHIVE?");
    for (int i = optind; i < argc; i++) {
        struct stat st;
        struct lgz_error err = {0};
        bool directory = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode);
        int code = directory ? info_archive(&out, argv[i], json, &err)
                             : info_segment(&out, argv[i], json, &err);
        if (code != LGZ_OK) {
            say_error(&err);
            status = 1;
        }
    }
    return output_buffer(&out) ? status : 1;
}

const struct command command_info = {
    .name = "info",
    .summary = "what is in a segment or an archive",
    .help = "Usage: logzipctl info [OPTION]... FILE|ARCHIVE...\n"
            "\n"
            "Show for each segment its sizes, lines, blocks, templates, time range and sources,\n"
            "and for each archive the sums and a line for each segment and journal.\n"
            "\n"
            "      --json         one JSON object per line for each FILE or ARCHIVE\n"
            "      --help         show this text\n"
            "\n"
            "Exit status: 0 if all went well, 1 if something can't be read, 2 after wrong usage.\n",
    .error_status = 2,
    .run = run,
};
