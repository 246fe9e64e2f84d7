/*
 * status.c - renders; decides nothing but the order of the sources.
 */
#include "daemon/status.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "query/json.h"

/* What both forms use. */

static double seconds(int64_t nanoseconds)
{
    return (double)nanoseconds / (double)NS_PER_SECOND;
}

static void put_time(struct buf *out, int64_t when)
{
    char text[40];
    time_t second = (time_t)(when / NS_PER_SECOND);
    struct tm tm;
    if (gmtime_r(&second, &tm) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
        buf_append_string(out, text);
}

static int by_lag(const void *a, const void *b)
{
    const struct state_source *x = *(const struct state_source *const *)a;
    const struct state_source *y = *(const struct state_source *const *)b;
    bool x_fails = x->state == SOURCE_FAILING;
    bool y_fails = y->state == SOURCE_FAILING;
    if (x_fails != y_fails)
        return x_fails ? -1 : 1;
    if (x->lag != y->lag)
        return x->lag > y->lag ? -1 : 1;
    int order = strcmp(x->name, y->name);
    return order ? order : strcmp(x->input, y->input);
}

/* The sources that are read, in order. @return NULL when memory is out */
static const struct state_source **sort(const struct state *s, size_t *count)
{
    const struct state_source **list = calloc(s->sources.len + 1, sizeof(*list));
    *count = 0;
    for (size_t i = 0; list && i < s->sources.len; i++) {
        if (s->sources.data[i].state != SOURCE_ENDED)
            list[(*count)++] = &s->sources.data[i];
    }
    if (list)
        qsort(list, *count, sizeof(*list), by_lag);
    return list;
}

/* Text. */

static void put_size(struct buf *out, uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double value = (double)bytes;
    size_t unit = 0;
    for (; value >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
        value /= 1024;
    buf_printf(out, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

static void put_age(struct buf *out, int64_t nanoseconds)
{
    int64_t s = nanoseconds / NS_PER_SECOND;
    if (s >= 86400)
        buf_printf(out, "%" PRId64 "d ", s / 86400);
    buf_printf(out, "%02d:%02d:%02d", (int)(s / 3600 % 24), (int)(s / 60 % 60), (int)(s % 60));
}

/* A file name may hold anything; a terminal shouldn't get it. */
static void put_plain(struct buf *out, const char *text)
{
    for (; *text; text++)
        buf_push(out, (uint8_t)*text < ' ' || *text == 127 ? '?' : (uint8_t)*text);
}

static void put_lag(struct buf *out, uint64_t lag)
{
    if (lag)
        put_size(out, lag);
    else
        buf_append_string(out, "up to date");
}

static void text_archive(struct buf *out, const struct state *s)
{
    buf_append_string(out, "archive    ");
    put_plain(out, s->directory);
    buf_printf(out, ": %" PRIu64 " segments of ", s->census.segments);
    put_size(out, s->census.segment_bytes);
    if (s->free != UINT64_MAX) {
        buf_append_string(out, ", ");
        put_size(out, s->free);
        buf_append_string(out, " free");
    }
    buf_append_string(out, "\njournal    ");
    put_size(out, s->journal_raw_bytes);
    buf_append_string(out, " in ");
    put_size(out, s->journal_bytes);
    if (s->oldest_unsealed) {
        buf_append_string(out, ", the oldest unsealed byte ");
        put_age(out, s->oldest_unsealed);
        buf_append_string(out, " old");
    }
    if (s->journals_to_seal)
        buf_printf(out, "; %" PRIu64 " journals to seal", s->journals_to_seal);
    buf_append_string(out, "\nsealed     ");
    put_size(out, s->sealed.raw_bytes);
    buf_append_string(out, " into ");
    put_size(out, s->sealed.stored_bytes);
    if (s->sealed.stored_bytes)
        buf_printf(out, " (%.1f:1)", state_ratio(s->sealed.raw_bytes, s->sealed.stored_bytes));
    buf_printf(out, " since the start, %" PRIu64 " segments", s->sealed.segments);
    if (s->sealed.seals.count)
        buf_printf(out, ", the last in %.1f s", seconds(s->sealed.seals.last));
    buf_push(out, '\n');
}

static void text_reading(struct buf *out, const struct state *s)
{
    buf_append_string(out, "read       ");
    put_size(out, s->totals.read_bytes);
    buf_printf(
        out, ", %" PRIu64 " lines since the start\nfiles      %" PRIu64 " in %" PRIu64 " inputs, ",
        s->totals.read_lines, s->files, s->inputs);
    if (s->listeners)
        buf_printf(out, "%" PRIu64 " sources that aren't files, ", s->listeners);
    put_lag(out, s->lag);
    if (s->behind)
        buf_printf(out, " behind in %" PRIu64, s->behind);
    if (s->failing || s->refused)
        buf_printf(out, ", %" PRIu64 " can't be read", s->failing + s->refused);
    buf_push(out, '\n');
    if (s->failure) {
        buf_append_string(out, "stopped    reading waits: ");
        put_plain(out, s->failure);
        buf_push(out, '\n');
    }
    if (s->watches_refused)
        buf_printf(out, "watches    %" PRIu64 " refused: raise fs.inotify.max_user_watches\n",
                   s->watches_refused);
}

static void text_faults(struct buf *out, const struct state *s)
{
    for (size_t i = 0; i < FAULT_KINDS; i++) {
        const struct fault *f = &s->faults->kinds[i];
        if (!f->count)
            continue;
        buf_printf(out, "errors     %" PRIu64 " %s, last ", f->count, faults_name(i));
        put_time(out, f->when);
        buf_append_string(out, ": ");
        put_plain(out, f->message);
        buf_push(out, '\n');
    }
}

static void text_row(struct buf *out, const struct state_source *s)
{
    struct buf lag = {0};
    char ratio[40] = "-";
    put_lag(&lag, s->lag);
    buf_push(&lag, '\0');
    if (s->counts.stored_bytes)
        snprintf(ratio, sizeof(ratio), "%.1f",
                 state_ratio(s->counts.sealed_bytes, s->counts.stored_bytes));
    buf_printf(out, "%10s %-8s %12" PRIu64 " %12" PRIu64 " %12" PRIu64 " %7s  ",
               lag.failed ? "" : (const char *)lag.data, state_name(s->state), s->position, s->size,
               s->counts.read_lines, ratio);
    put_plain(out, s->name);
    buf_append_string(out, " [");
    put_plain(out, s->input);
    buf_append_string(out, "]\n");
    out->failed |= lag.failed;
    buf_free(&lag);
}

void status_text(struct buf *out, const struct state *s, size_t rows)
{
    size_t count;
    const struct state_source **list = sort(s, &count);
    if (!list) {
        out->failed = true;
        return;
    }
    buf_printf(out, "logzipd %s, pid %ld, %s for ", lgz_version(), (long)getpid(), s->phase);
    put_age(out, s->uptime);
    buf_push(out, '\n');
    text_archive(out, s);
    text_reading(out, s);
    text_faults(out, s);
    if (count)
        buf_printf(out, "\n%10s %-8s %12s %12s %12s %7s  %s\n", "LAG", "STATE", "POSITION", "SIZE",
                   "LINES", "RATIO", "SOURCE [INPUT]");
    for (size_t i = 0; i < count && i < rows; i++)
        text_row(out, list[i]);
    if (count > rows)
        buf_printf(out, "%zu more: --all shows them\n", count - rows);
    free(list);
}

void status_line(struct buf *out, const struct state *s)
{
    if (s->failure) {
        buf_append_string(out, "reading waits: ");
        put_plain(out, s->failure);
        return;
    }
    if (s->stopping)
        buf_printf(out, "ending: %" PRIu64 " journals to seal; ", s->journals_to_seal);
    buf_printf(out, "%" PRIu64 " files in %" PRIu64 " inputs, ", s->files, s->inputs);
    put_lag(out, s->lag);
    if (s->lag)
        buf_append_string(out, " behind");
    if (s->failing || s->refused)
        buf_printf(out, ", %" PRIu64 " can't be read", s->failing + s->refused);
    if (s->sealed.stored_bytes)
        buf_printf(out, ", ratio %.1f", state_ratio(s->sealed.raw_bytes, s->sealed.stored_bytes));
}

/* JSON. */

static void json_field(struct buf *out, const char *key, const char *value)
{
    json_member(out, key, json_span(value));
    buf_push(out, ',');
}

static void json_number(struct buf *out, const char *key, uint64_t value)
{
    buf_printf(out, "\"%s\":%" PRIu64 ",", key, value);
}

static void json_seconds(struct buf *out, const char *key, int64_t nanoseconds)
{
    buf_printf(out, "\"%s\":%.3f,", key, seconds(nanoseconds));
}

static void json_ratio(struct buf *out, uint64_t raw_bytes, uint64_t stored_bytes)
{
    if (stored_bytes)
        buf_printf(out, "\"ratio\":%.3f,", state_ratio(raw_bytes, stored_bytes));
    else
        buf_append_string(out, "\"ratio\":null,");
}

/* A moment, or null if it never came. */
static void json_time(struct buf *out, const char *key, int64_t when)
{
    buf_printf(out, "\"%s\":", key);
    if (when) {
        buf_push(out, '"');
        put_time(out, when);
        buf_append_string(out, "\",");
    } else {
        buf_append_string(out, "null,");
    }
}

static void json_end(struct buf *out, char bracket)
{
    if (!out->failed && out->len && out->data[out->len - 1] == ',')
        out->len--;
    buf_push(out, (uint8_t)bracket);
}

static void json_heard(struct buf *out, const struct listen_state *heard)
{
    json_number(out, "messages", heard->totals.messages);
    json_number(out, "messages_cut", heard->totals.cut);
    json_number(out, "datagrams_dropped", heard->dropped);
    json_number(out, "connections", heard->connections);
    json_number(out, "connections_refused", heard->totals.refused);
    json_number(out, "connections_turned_away", heard->totals.turned_away);
    json_number(out, "sockets_missing", heard->missing);
}

static void json_source(struct buf *out, const struct state_source *s)
{
    buf_push(out, '{');
    json_field(out, "name", s->name);
    json_field(out, "input", s->input);
    json_field(out, "path", s->path);
    json_number(out, "id", s->id);
    json_number(out, "files", s->files);
    json_field(out, "state", state_name(s->state));
    json_number(out, "position", s->position);
    json_number(out, "size", s->size);
    json_number(out, "lag", s->lag);
    json_number(out, "read_bytes", s->counts.read_bytes);
    json_number(out, "read_lines", s->counts.read_lines);
    json_time(out, "last_read", s->counts.last_read);
    json_number(out, "sealed_raw_bytes", s->counts.sealed_bytes);
    json_number(out, "sealed_stored_bytes", s->counts.stored_bytes);
    json_ratio(out, s->counts.sealed_bytes, s->counts.stored_bytes);
    if (s->heard.source)
        json_heard(out, &s->heard);
    json_end(out, '}');
    buf_push(out, ',');
}

static void json_faults(struct buf *out, const struct state *s)
{
    const struct fault *latest = faults_latest(s->faults);
    json_field(out, "last_error", latest ? latest->message : "");
    buf_append_string(out, "\"errors\":[");
    for (size_t i = 0; i < FAULT_KINDS; i++) {
        const struct fault *f = &s->faults->kinds[i];
        buf_push(out, '{');
        json_field(out, "kind", faults_name(i));
        json_number(out, "count", f->count);
        json_time(out, "last", f->when);
        json_field(out, "message", f->message);
        json_end(out, '}');
        buf_push(out, ',');
    }
    json_end(out, ']');
    buf_push(out, ',');
}

static void json_summary(struct buf *out, const struct state *s)
{
    json_field(out, "version", lgz_version());
    json_number(out, "pid", (uint64_t)getpid());
    json_field(out, "state", s->phase);
    json_seconds(out, "uptime", s->uptime);
    json_field(out, "archive", s->directory);
    json_number(out, "segments", s->census.segments);
    json_number(out, "segment_bytes", s->census.segment_bytes);
    json_number(out, "journal_bytes", s->journal_bytes);
    json_number(out, "journal_raw_bytes", s->journal_raw_bytes);
    json_number(out, "journals_to_seal", s->journals_to_seal);
    json_seconds(out, "oldest_unsealed", s->oldest_unsealed);
    json_number(out, "inputs", s->inputs);
    json_number(out, "files", s->files);
    json_number(out, "listeners", s->listeners);
    json_number(out, "files_behind", s->behind);
    json_number(out, "files_failing", s->failing);
    json_number(out, "files_refused", s->refused);
    json_number(out, "lag", s->lag);
    json_number(out, "read_bytes", s->totals.read_bytes);
    json_number(out, "read_lines", s->totals.read_lines);
    json_field(out, "stopped", s->failure ? s->failure : "");
    if (s->free != UINT64_MAX)
        json_number(out, "free", s->free);
    else
        buf_append_string(out, "\"free\":null,");
    json_number(out, "min_free", s->min_free);
    json_number(out, "sealed_segments", s->sealed.segments);
    json_number(out, "sealed_lines", s->sealed.lines);
    json_number(out, "sealed_raw_bytes", s->sealed.raw_bytes);
    json_number(out, "sealed_stored_bytes", s->sealed.stored_bytes);
    json_ratio(out, s->sealed.raw_bytes, s->sealed.stored_bytes);
    json_seconds(out, "seal_seconds", s->sealed.seals.total);
    json_number(out, "syncs", s->syncs.count);
    json_seconds(out, "sync_seconds", s->syncs.total);
    json_number(out, "memory", s->census.resident_bytes);
    json_number(out, "descriptors", s->census.open_descriptors);
    json_number(out, "watches_refused", s->watches_refused);
}

void status_json(struct buf *out, const struct state *s)
{
    size_t count;
    const struct state_source **list = sort(s, &count);
    if (!list) {
        out->failed = true;
        return;
    }
    buf_push(out, '{');
    json_summary(out, s);
    json_faults(out, s);
    buf_append_string(out, "\"sources\":[");
    for (size_t i = 0; i < count; i++)
        json_source(out, list[i]);
    json_end(out, ']');
    buf_append_string(out, "}\n");
    free(list);
}
