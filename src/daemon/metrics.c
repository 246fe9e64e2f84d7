/*
 * metrics.c - renders; decides nothing but which sources have series of their own.
 */
#include "daemon/metrics.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "query/json.h"

/* One family of metrics: its head, then its samples. */

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void number(struct buf *out, const char *name, const char *type, const char *help,
                   uint64_t value)
{
    head(out, name, type, help);
    buf_printf(out, "%s %" PRIu64 "\n", name, value);
}

static void real(struct buf *out, const char *name, const char *type, const char *help,
                 double value)
{
    head(out, name, type, help);
    buf_printf(out, "%s %.3f\n", name, value);
}

static double seconds(int64_t nanoseconds)
{
    return (double)nanoseconds / (double)NS_PER_SECOND;
}

static void histogram(struct buf *out, const char *name, const char *help, const struct timing *t)
{
    uint64_t count = 0;
    head(out, name, "histogram", help);
    for (size_t i = 0; i < TIMING_BOUNDS; i++) {
        count += t->counts[i];
        buf_printf(out, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, timing_bound(i), count);
    }
    buf_printf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, t->count);
    buf_printf(out, "%s_sum %.6f\n%s_count %" PRIu64 "\n", name, seconds(t->total), name, t->count);
}

/*
 * A label's value in quotes. It has to be UTF-8, which a file's name needn't be: then its bytes
 * beyond ASCII are shown as "\xNN".
 */
static void label_value(struct buf *out, const char *text)
{
    bool utf8 = json_is_utf8(json_span(text));
    buf_push(out, '"');
    for (; *text; text++) {
        uint8_t byte = (uint8_t)*text;
        if (byte == '\n')
            buf_append_string(out, "\\n");
        else if (byte == '\\' || byte == '"')
            buf_printf(out, "\\%c", byte);
        else if (byte >= 128 && !utf8)
            buf_printf(out, "\\\\x%02x", byte);
        else
            buf_push(out, byte);
    }
    buf_push(out, '"');
}

/* The daemon. */

static void put_process(struct buf *out, const struct state *s)
{
    head(out, "logzip_build_info", "gauge", "The version that runs, as a label.");
    buf_append_string(out, "logzip_build_info{version=");
    label_value(out, lgz_version());
    buf_append_string(out, "} 1\n");
    real(out, "process_start_time_seconds", "gauge", "When the daemon started, since 1970.",
         seconds(s->started));
    real(out, "process_cpu_seconds_total", "counter", "CPU time, user and system.",
         seconds(s->census.cpu_time));
    number(out, "process_resident_memory_bytes", "gauge", "Memory that is resident.",
           s->census.resident_bytes);
    number(out, "process_virtual_memory_bytes", "gauge", "Address space.", s->census.virtual_bytes);
    number(out, "process_open_fds", "gauge", "Open file descriptors.", s->census.open_descriptors);
    number(out, "process_max_fds", "gauge", "Limit of open file descriptors.",
           s->census.descriptor_limit);
}

static void put_reading(struct buf *out, const struct state *s)
{
    number(out, "logzip_read_bytes_total", "counter", "Bytes read that are in the journal.",
           s->totals.read_bytes);
    number(out, "logzip_read_lines_total", "counter", "Lines read that are in the journal.",
           s->totals.read_lines);
    number(out, "logzip_inputs", "gauge", "Inputs that are configured.", s->inputs);
    number(out, "logzip_files", "gauge", "Files that are followed.", s->files);
    number(out, "logzip_listeners", "gauge", "Sources that aren't files.", s->listeners);
    number(out, "logzip_files_behind", "gauge",
           "Files and listeners with bytes that aren't in the journal yet.", s->behind);
    number(out, "logzip_files_failing", "gauge", "Files that can't be read.", s->failing);
    number(out, "logzip_files_refused", "gauge",
           "Paths that match, and can't be read or aren't regular files.", s->refused);
    number(out, "logzip_lag_bytes", "gauge", "Bytes in files that aren't in the journal yet.",
           s->lag);
    number(out, "logzip_watches_refused", "gauge",
           "Files and directories that the kernel didn't watch for want of room.",
           s->watches_refused);
    head(out, "logzip_reading_stopped", "gauge", "1 while nothing is read, for this reason.");
    buf_printf(out, "logzip_reading_stopped{reason=\"write_error\"} %d\n", s->write_failing);
    buf_printf(out, "logzip_reading_stopped{reason=\"min_free\"} %d\n",
               s->failure && !s->write_failing && !s->slow);
    buf_printf(out, "logzip_reading_stopped{reason=\"slow_disk\"} %d\n", s->slow);
}

static void put_archive(struct buf *out, const struct state *s)
{
    number(out, "logzip_journal_bytes", "gauge", "Size of the journal that is written.",
           s->journal_bytes);
    number(out, "logzip_journal_raw_bytes", "gauge", "Bytes of logs in it.", s->journal_raw_bytes);
    number(out, "logzip_journals_pending", "gauge", "Ended journals that wait for their seal.",
           s->journals_to_seal);
    real(out, "logzip_oldest_unsealed_seconds", "gauge",
         "Age of the oldest byte that isn't in a segment; 0: there is none.",
         seconds(s->oldest_unsealed));
    number(out, "logzip_archive_segments", "gauge", "Segments in the archive.", s->census.segments);
    number(out, "logzip_archive_segment_bytes", "gauge", "Their size altogether.",
           s->census.segment_bytes);
    if (s->free != UINT64_MAX)
        number(out, "logzip_archive_free_bytes", "gauge", "Room on the archive's file system.",
               s->free);
    number(out, "logzip_archive_min_free_bytes", "gauge", "With less room, nothing is read.",
           s->min_free);
    number(out, "logzip_sealed_segments_total", "counter", "Segments sealed.", s->sealed.segments);
    number(out, "logzip_sealed_lines_total", "counter", "Lines sealed.", s->sealed.lines);
    number(out, "logzip_sealed_raw_bytes_total", "counter", "Bytes of logs sealed.",
           s->sealed.raw_bytes);
    number(out, "logzip_sealed_stored_bytes_total", "counter",
           "Bytes of the segments made of them.", s->sealed.stored_bytes);
    if (s->sealed.stored_bytes)
        real(out, "logzip_sealed_ratio", "gauge",
             "Bytes of logs sealed by bytes of their segments.",
             state_ratio(s->sealed.raw_bytes, s->sealed.stored_bytes));
    histogram(out, "logzip_seal_duration_seconds", "What sealing took, per segment.",
              &s->sealed.seals);
    histogram(out, "logzip_journal_sync_duration_seconds",
              "What writing and syncing the journal took, each time.", &s->syncs);
}

static void put_faults(struct buf *out, const struct state *s)
{
    head(out, "logzip_errors_total", "counter", "What went wrong, by kind.");
    for (size_t i = 0; i < FAULT_KINDS; i++)
        buf_printf(out, "logzip_errors_total{kind=\"%s\"} %" PRIu64 "\n", faults_name(i),
                   s->faults->kinds[i].count);
    if (!faults_latest(s->faults))
        return;
    head(out, "logzip_last_error_timestamp_seconds", "gauge", "When it last did, since 1970.");
    for (size_t i = 0; i < FAULT_KINDS; i++) {
        if (s->faults->kinds[i].count)
            buf_printf(out, "logzip_last_error_timestamp_seconds{kind=\"%s\"} %.3f\n",
                       faults_name(i), seconds(s->faults->kinds[i].when));
    }
}

/* Sources. */

/* A family; `value` appends a source's value, or nothing if it has none. */
struct family {
    const char *name;
    const char *type;
    const char *help;
    void (*value)(struct buf *out, const struct state_source *s);
};

static void read_bytes(struct buf *out, const struct state_source *s)
{
    buf_printf(out, "%" PRIu64, s->counts.read_bytes);
}

static void read_lines(struct buf *out, const struct state_source *s)
{
    buf_printf(out, "%" PRIu64, s->counts.read_lines);
}

static void last_read(struct buf *out, const struct state_source *s)
{
    if (s->counts.last_read)
        buf_printf(out, "%.3f", seconds(s->counts.last_read));
}

static void lag(struct buf *out, const struct state_source *s)
{
    if (s->state != SOURCE_ENDED)
        buf_printf(out, "%" PRIu64, s->lag);
}

static void failing(struct buf *out, const struct state_source *s)
{
    if (s->state != SOURCE_ENDED)
        buf_push(out, s->state == SOURCE_FAILING ? '1' : '0');
}

static void sealed_bytes(struct buf *out, const struct state_source *s)
{
    buf_printf(out, "%" PRIu64, s->counts.sealed_bytes);
}

static void stored_bytes(struct buf *out, const struct state_source *s)
{
    buf_printf(out, "%" PRIu64, s->counts.stored_bytes);
}

/* Of sources that aren't files. */

static void messages(struct buf *out, const struct state_source *s)
{
    if (s->heard.source)
        buf_printf(out, "%" PRIu64, s->heard.totals.messages);
}

static void messages_cut(struct buf *out, const struct state_source *s)
{
    if (s->heard.source)
        buf_printf(out, "%" PRIu64, s->heard.totals.cut);
}

static void dropped(struct buf *out, const struct state_source *s)
{
    if (s->heard.source)
        buf_printf(out, "%" PRIu64, s->heard.dropped);
}

static void connections(struct buf *out, const struct state_source *s)
{
    if (s->heard.source)
        buf_printf(out, "%zu", s->heard.connections);
}

static void connections_closed(struct buf *out, const struct state_source *s)
{
    if (s->heard.source)
        buf_printf(out, "%" PRIu64, s->heard.totals.refused + s->heard.totals.turned_away);
}

static void sockets_missing(struct buf *out, const struct state_source *s)
{
    if (s->heard.source)
        buf_printf(out, "%zu", s->heard.missing);
}

static const struct family families[] = {
    {"logzip_source_read_bytes_total", "counter", "Bytes read that are in the journal.",
     read_bytes},
    {"logzip_source_read_lines_total", "counter", "Lines read that are in the journal.",
     read_lines},
    {"logzip_source_last_read_timestamp_seconds", "gauge",
     "When something was read last, since 1970.", last_read},
    {"logzip_source_lag_bytes", "gauge", "Bytes in its files that aren't in the journal yet.", lag},
    {"logzip_source_failing", "gauge", "1 if a file of it can't be read.", failing},
    {"logzip_source_sealed_raw_bytes_total", "counter", "Bytes of logs sealed.", sealed_bytes},
    {"logzip_source_sealed_stored_bytes_total", "counter",
     "Its share of the segments made of them; blocks are shared by raw bytes.", stored_bytes},
};

static const struct family heard_families[] = {
    {"logzip_listen_messages_total", "counter", "Messages that came.", messages},
    {"logzip_listen_messages_cut_total", "counter", "Messages stored in pieces, or in part.",
     messages_cut},
    {"logzip_listen_datagrams_dropped_total", "counter",
     "Datagrams that the kernel had no room for.", dropped},
    {"logzip_listen_connections", "gauge", "Connections that are open.", connections},
    {"logzip_listen_connections_closed_total", "counter",
     "Connections closed for what they sent, or for being too many.", connections_closed},
    {"logzip_listen_sockets_missing", "gauge", "Sockets that could not be made.", sockets_missing},
};

enum {
    FAMILIES = sizeof(families) / sizeof(families[0]),
    HEARD_FAMILIES = sizeof(heard_families) / sizeof(heard_families[0]),
    SAMPLE_BYTES = 64
};

/* All sources' labels, one behind the other; source i's end at ends[i]. */
struct labels {
    struct buf text;
    size_t *ends;
    size_t count;
};

/* As many as are wanted, and as fit. @return false when memory is out */
static bool write_labels(struct labels *l, const struct state *s, size_t most)
{
    size_t bytes = 0;
    l->ends = calloc(s->sources.len + 1, sizeof(*l->ends));
    if (!l->ends)
        return false;
    for (size_t i = 0; i < s->sources.len && i < most; i++) {
        const struct state_source *source = &s->sources.data[i];
        size_t start = l->text.len;
        buf_append_string(&l->text, "{input=");
        label_value(&l->text, source->input);
        buf_append_string(&l->text, ",source=");
        label_value(&l->text, source->name);
        buf_append_string(&l->text, "} ");
        size_t count = FAMILIES + (source->heard.source ? HEARD_FAMILIES : 0);
        bytes += count * (l->text.len - start + SAMPLE_BYTES);
        if (bytes > METRICS_SOURCES_BYTES)
            break;
        l->ends[l->count++] = l->text.len;
    }
    return !l->text.failed;
}

static void put_family(struct buf *out, const struct family *f, const struct state *s,
                       const struct labels *l)
{
    struct buf value = {0};
    size_t start = 0;
    bool begun = false;
    for (size_t i = 0; i < l->count; i++) {
        buf_clear(&value);
        f->value(&value, &s->sources.data[i]);
        if (value.len) {
            if (!begun)
                head(out, f->name, f->type, f->help);
            begun = true;
            buf_append_string(out, f->name);
            buf_append(out, l->text.data + start, l->ends[i] - start);
            buf_append(out, value.data, value.len);
            buf_push(out, '\n');
        }
        out->failed |= value.failed;
        start = l->ends[i];
    }
    buf_free(&value);
}

static void put_sources(struct buf *out, const struct state *s, size_t most)
{
    struct labels labels = {0};
    if (write_labels(&labels, s, most)) {
        number(out, "logzip_sources", "gauge", "Names of sources that are known.", s->sources.len);
        number(out, "logzip_sources_omitted", "gauge", "Those without series of their own.",
               s->sources.len - labels.count);
        for (size_t i = 0; i < FAMILIES; i++)
            put_family(out, &families[i], s, &labels);
        for (size_t i = 0; s->listeners && i < HEARD_FAMILIES; i++)
            put_family(out, &heard_families[i], s, &labels);
    } else {
        out->failed = true;
    }
    free(labels.ends);
    buf_free(&labels.text);
}

void metrics_text(struct buf *out, const struct state *state, size_t sources)
{
    put_process(out, state);
    put_reading(out, state);
    put_archive(out, state);
    put_faults(out, state);
    put_sources(out, state, sources);
}
