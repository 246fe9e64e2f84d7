/*
 * status.c - renders; decides nothing.
 */
#include "daemon/status.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/clock.h"
#include "query/json.h"

/* Segments in the archive now, whoever made them. */
static size_t count_segments(const char *directory)
{
    struct archive_snapshot *snapshot;
    if (archive_snapshot_open(&snapshot, directory, NULL) != LGZ_OK)
        return 0;
    size_t count = snapshot->segment_count;
    archive_snapshot_close(snapshot);
    return count;
}

static uint64_t file_size(const struct logfile *f)
{
    uint64_t size = (uint64_t)f->seen.st_size;
    return size > f->position ? size : f->position;
}

static uint64_t durable_position(const struct status *s, const struct logfile *f)
{
    uint64_t next = 0;
    return ledger_position(s->ledger, f->source.id, &next) ? next : 0;
}

static uint64_t total_lag(const struct status *s)
{
    uint64_t lag = 0;
    for (size_t i = 0; i < tail_count(s->tail); i++)
        lag += file_size(tail_file(s->tail, i)) - durable_position(s, tail_file(s->tail, i));
    return lag;
}

static const char *file_state(const struct logfile *f)
{
    return f->failing ? "failing" : f->copy ? "copy" : f->queued ? "reading" : "current";
}

static void size_for_people(struct buf *out, uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double value = (double)bytes;
    size_t unit = 0;
    for (; value >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
        value /= 1024;
    buf_printf(out, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

static void text_summary(struct buf *out, const struct status *s)
{
    const struct sealer_totals *totals = sealer_totals(s->sealer);
    int64_t seconds = s->uptime / NS_PER_SECOND;
    buf_printf(out, "logzipd %s, pid %ld, %s for %" PRId64 "d %02d:%02d:%02d\n", lgz_version(),
               (long)getpid(), s->state, seconds / 86400, (int)(seconds / 3600 % 24),
               (int)(seconds / 60 % 60), (int)(seconds % 60));
    buf_printf(out, "archive    %s, %zu segments, ", s->config->directory,
               count_segments(s->config->directory));
    size_for_people(out, store_data_bytes(s->store));
    buf_printf(out, " in the journal, %zu journals to seal\n", sealer_pending(s->sealer));
    buf_append_string(out, "read       ");
    size_for_people(out, store_total_bytes(s->store));
    buf_append_string(out, " since the start, ");
    size_for_people(out, total_lag(s));
    buf_append_string(out, " behind\nsealed     ");
    size_for_people(out, totals->raw_bytes);
    buf_append_string(out, " into ");
    size_for_people(out, totals->stored_bytes);
    if (totals->stored_bytes)
        buf_printf(out, " (%.1f:1)", (double)totals->raw_bytes / (double)totals->stored_bytes);
    buf_append_string(out, " since the start\n");
    if (s->last_error[0])
        buf_printf(out, "last error %s\n", s->last_error);
    if (tail_unwatched(s->tail))
        buf_printf(out, "%zu watches refused: raise fs.inotify.max_user_watches\n",
                   tail_unwatched(s->tail));
}

/* A file name may hold anything; a terminal shouldn't get it. */
static void put_plain(struct buf *out, const char *text)
{
    for (; *text; text++)
        buf_push(out, (uint8_t)*text < ' ' || *text == 127 ? '?' : (uint8_t)*text);
}

void status_text(struct buf *out, const struct status *s)
{
    text_summary(out, s);
    buf_printf(out, "\n%6s %12s %12s %10s  %-8s %s\n", "SOURCE", "POSITION", "SIZE", "LAG", "STATE",
               "FILE");
    for (size_t i = 0; i < tail_count(s->tail); i++) {
        const struct logfile *f = tail_file(s->tail, i);
        uint64_t position = durable_position(s, f);
        buf_printf(out, "%6" PRIu64 " %12" PRIu64 " %12" PRIu64 " %10" PRIu64 "  %-8s ",
                   f->source.id, position, file_size(f), file_size(f) - position, file_state(f));
        put_plain(out, f->source.name);
        buf_append_string(out, " [");
        put_plain(out, f->source.input);
        buf_append_string(out, "]\n");
    }
}

static void json_field(struct buf *out, const char *key, const char *value)
{
    json_member(out, key, json_span(value));
    buf_push(out, ',');
}

static void json_number(struct buf *out, const char *key, uint64_t value)
{
    buf_printf(out, "\"%s\":%" PRIu64 ",", key, value);
}

static void json_source(struct buf *out, const struct status *s, const struct logfile *f)
{
    uint64_t position = durable_position(s, f);
    buf_push(out, '{');
    json_number(out, "id", f->source.id);
    json_field(out, "name", f->source.name);
    json_field(out, "path", f->path);
    json_field(out, "input", f->source.input);
    json_field(out, "state", file_state(f));
    json_number(out, "position", position);
    json_number(out, "size", file_size(f));
    buf_printf(out, "\"lag\":%" PRIu64 "}", file_size(f) - position);
}

void status_json(struct buf *out, const struct status *s)
{
    const struct sealer_totals *totals = sealer_totals(s->sealer);
    buf_push(out, '{');
    json_field(out, "version", lgz_version());
    json_number(out, "pid", (uint64_t)getpid());
    json_field(out, "state", s->state);
    buf_printf(out, "\"uptime\":%.3f,", (double)s->uptime / (double)NS_PER_SECOND);
    json_field(out, "archive", s->config->directory);
    json_number(out, "segments", count_segments(s->config->directory));
    json_number(out, "journal_bytes", store_journal_bytes(s->store));
    json_number(out, "journal_raw_bytes", store_data_bytes(s->store));
    json_number(out, "journals_to_seal", sealer_pending(s->sealer));
    json_number(out, "read_bytes", store_total_bytes(s->store));
    json_number(out, "lag", total_lag(s));
    json_number(out, "sealed_segments", totals->segments);
    json_number(out, "sealed_lines", totals->lines);
    json_number(out, "sealed_raw_bytes", totals->raw_bytes);
    json_number(out, "sealed_stored_bytes", totals->stored_bytes);
    json_number(out, "watches_refused", tail_unwatched(s->tail));
    json_field(out, "last_error", s->last_error);
    buf_append_string(out, "\"sources\":[");
    for (size_t i = 0; i < tail_count(s->tail); i++) {
        if (i)
            buf_push(out, ',');
        json_source(out, s, tail_file(s->tail, i));
    }
    buf_append_string(out, "]}\n");
}
