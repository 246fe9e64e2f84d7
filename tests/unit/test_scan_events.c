/*
 * test_scan_events.c - a query over sources with events gives just the events that a naive reading
 * of the whole text gives, however reads, records, journals, segments and blocks cut them, whatever
 * is left out for its time, and wherever the rules change.
 */
#include "archive_fixture.h"
#include "query/scan.h"
#include "suite.h"

enum { SOURCES = 3, JOURNALS = 5, START = 1767225600 /* 2026-01-01 00:00:00 */ };

#define SECONDS(n) ((int64_t)(n)*NS_PER_SECOND)

static const char *const starts[] = {"", "^2026-", "line [0-9]*5 "};

struct line {
    char *text;
    size_t rules; /* index in `starts`, as its newline has it */
    bool changed; /* the rules have changed since the line before */
    int64_t time;
};

struct found {
    char *text;
    int64_t time;
};

struct texts {
    VEC(struct found) list;
};

struct model {
    struct buf text[SOURCES];
    size_t read[SOURCES]; /* bytes of the text that are in the archive */
    VEC(struct line) lines[SOURCES];
    struct buf unfinished[SOURCES];
    int64_t stamp[SOURCES];
    int clock[SOURCES];
    size_t rules;          /* in force */
    size_t known[SOURCES]; /* the same when the source was read last */
    bool changed[SOURCES];
    unsigned seed;
};

static unsigned below(struct model *m, unsigned limit)
{
    m->seed = m->seed * 1103515245 + 12345;
    return (m->seed >> 8) % limit;
}

/* One line: source 0 has stack traces, source 1 hardly ever a start, source 2 very long lines. */
static void write_line(struct model *m, size_t s, int i)
{
    struct buf *out = &m->text[s];
    int clock = m->clock[s] += (int)below(m, 3);
    unsigned kind = below(m, s == 1 ? 1500 : 10);
    const char *mark = kind < 5 ? "" : "then ";
    bool stamp = kind < 5 || s == 1 || below(m, 20) == 0 || m->clock[s] < 10;
    buf_append_string(out, kind < 5 ? "" : mark);
    if (stamp)
        buf_printf(out, "2026-01-01 %02d:%02d:%02d ", clock / 3600, clock / 60 % 60, clock % 60);
    buf_printf(out, "line %d value %u", i, below(m, 100000));
    for (size_t n = s == 2 && below(m, 20) == 0 ? below(m, 300000) : 0; n > 0; n--)
        buf_push(out, (uint8_t)('a' + n % 26));
    buf_push(out, '\n');
}

/* The model's view of bytes that are read. */
static void note_read(struct model *m, size_t s, const uint8_t *data, size_t len)
{
    m->changed[s] |= m->known[s] != m->rules;
    m->known[s] = m->rules;
    for (size_t i = 0; i < len; i++) {
        int hour, minute, second;
        if (data[i] != '\n') {
            buf_push(&m->unfinished[s], data[i]);
            continue;
        }
        buf_push(&m->unfinished[s], '\0');
        char *line = strdup((char *)m->unfinished[s].data);
        buf_clear(&m->unfinished[s]);
        const char *text = strncmp(line, "then ", 5) == 0 ? line + 5 : line;
        if (sscanf(text, "2026-01-01 %d:%d:%d", &hour, &minute, &second) == 3)
            m->stamp[s] = SECONDS(START + hour * 3600 + minute * 60 + second);
        ck_assert(
            vec_push(&m->lines[s], ((struct line){line, m->rules, m->changed[s], m->stamp[s]})));
        m->changed[s] = false;
    }
}

static bool is_start(const struct line *line)
{
    if (line->rules == 1)
        return strncmp(line->text, "2026-", 5) == 0;
    const char *at = strstr(line->text, "line ");
    return at && strchr(at + 5, ' ')[-1] == '5';
}

/* The events of a source, one line after the other. */
static void model_events(const struct model *m, size_t s, struct texts *out)
{
    struct buf event = {0};
    size_t count = 0;
    for (size_t i = 0; i <= m->lines[s].len; i++) {
        const struct line *line = i < m->lines[s].len ? &m->lines[s].data[i] : NULL;
        bool same = line && !line->changed && line->rules && !is_start(line);
        if (same && count && count < 1000 && event.len + strlen(line->text) + 1 <= 1 << 20) {
            buf_append_string(&event, line->text);
            buf_push(&event, '\n');
            count++;
            continue;
        }
        if (event.len) {
            event.data[event.len - 1] = '\0';
            out->list.data[out->list.len - 1].text = strdup((char *)event.data);
        }
        buf_clear(&event);
        if (!line)
            break;
        buf_append_string(&event, line->text);
        buf_push(&event, '\n');
        count = line->rules && is_start(line);
        ck_assert(vec_push(&out->list, ((struct found){NULL, line->time})));
    }
    buf_free(&event);
}

static struct rules rules_of(size_t index)
{
    return (struct rules){(char *)starts[index], (char *)""};
}

static struct journal_writer *next_journal(struct model *m, uint64_t sequence)
{
    static char input[] = "app";
    struct source_position positions[SOURCES];
    struct inputs inputs = {0};
    struct rules rules = rules_of(m->rules);
    struct journal_writer *j;
    ck_ok(inputs_put(&inputs, input, &rules, &err));
    for (size_t s = 0; s < SOURCES; s++) {
        positions[s] = (struct source_position){source_of(s + 1), m->read[s], {0}};
        positions[s].source.input = input;
    }
    const struct journal_checkpoint start = {positions, SOURCES, &inputs};
    ck_ok(journal_begin(&j, directory, sequence, &start, &err));
    for (size_t s = 0; s < SOURCES; s++)
        free(positions[s].source.name);
    inputs_clear(&inputs);
    return j;
}

static void seal_journal(uint64_t sequence)
{
    struct segment_options options = {
        .level = LGZ_LEVEL_FAST, .threads = 1, .block_size = 1, .filtered = FILTER_WHOLE};
    struct archive_seal_result result = {0};
    char *path = names_journal(directory, sequence);
    ck_ok(archive_seal(directory, &path, 1, &options, &result, &err));
    archive_seal_result_clear(&result);
    free(path);
}

/* Read all but the last `keep` bytes, a bit of each source in turn; the rules may change. */
static void read_all(struct model *m, struct journal_writer *j, size_t largest, size_t keep,
                     bool change)
{
    for (bool left = true; left;) {
        left = false;
        for (size_t s = 0; s < SOURCES; s++) {
            size_t rest = m->text[s].len - m->read[s];
            size_t len = 1 + below(m, (unsigned)largest);
            if (rest <= keep)
                continue;
            len = len < rest ? len : rest;
            const uint8_t *data = m->text[s].data + m->read[s];
            ck_ok(journal_put_data(j, s + 1, m->read[s], SECONDS(START + 90000), data, len, &err));
            note_read(m, s, data, len);
            m->read[s] += len;
            left = true;
        }
        if (change && below(m, 20) == 0) {
            m->rules = below(m, 3);
            struct rules rules = rules_of(m->rules);
            ck_ok(journal_put_input(j, "app", &rules, &err));
        }
    }
}

/* An archive of several journals, all but the last of them sealed. */
static void fill_archive(struct model *m, size_t largest, bool change)
{
    m->rules = 1;
    for (uint64_t sequence = 1; sequence <= JOURNALS; sequence++) {
        if (change && sequence > 1)
            m->rules = below(m, 3);
        struct journal_writer *j = next_journal(m, sequence);
        if (sequence > 1)
            seal_journal(sequence - 1);
        for (size_t s = 0; s < SOURCES; s++)
            for (int i = 0; i < (s == 2 ? 60 : 1500); i++)
                write_line(m, s, i);
        read_all(m, j, largest, sequence == JOURNALS ? 0 : 20, change);
        journal_close(j);
    }
}

static void clear_texts(struct texts *t)
{
    for (size_t i = 0; i < t->list.len; i++)
        free(t->list.data[i].text);
    vec_free(&t->list);
}

static void clear_model(struct model *m)
{
    for (size_t s = 0; s < SOURCES; s++) {
        for (size_t i = 0; i < m->lines[s].len; i++)
            free(m->lines[s].data[i].text);
        vec_free(&m->lines[s]);
        buf_free(&m->text[s]);
        buf_free(&m->unfinished[s]);
    }
}

static int collect(void *context, const struct query_line *line, struct lgz_error *e)
{
    struct texts *found = context;
    int id = 0;
    (void)e;
    ck_assert_int_eq(sscanf(line->source, "/log/%d", &id), 1);
    struct found got = {calloc(1, line->text.len + 1), line->time};
    ck_assert_ptr_nonnull(got.text);
    memcpy(got.text, line->text.data, line->text.len);
    ck_assert(vec_push(&found[id - 1].list, got));
    return LGZ_OK;
}

static void no_report(void *context, const struct lgz_error *reason)
{
    (void)context;
    ck_abort_msg("reported: %s", reason->message);
}

/* What is wanted: a pattern, and whether it's in an event. */
struct query {
    const char *pattern;
    const char *needle; /* in the text with a newline in front, if the pattern matches */
    bool invert;
};

static void scan_and_compare(const struct texts *events, struct scan_options options,
                             const struct query *query)
{
    struct texts found[SOURCES] = {0};
    struct pattern_options lines = {0}, several = {.multiline = true};
    struct scan *scan;
    ck_ok(pattern_compile(&options.pattern, &query->pattern, 1, &lines, &err));
    ck_ok(pattern_compile(&options.event_pattern, &query->pattern, 1, &several, &err));
    options.invert = query->invert;
    options.threads = query->invert ? 1 : 3;
    ck_ok(scan_new(&scan, &options, collect, no_report, found, &err));
    ck_ok(scan_path(scan, directory, &err));
    for (size_t s = 0; s < SOURCES; s++) {
        size_t at = 0;
        for (size_t i = 0; i < events[s].list.len; i++) {
            const struct found *wanted = &events[s].list.data[i];
            struct buf text = {0};
            buf_push(&text, '\n');
            buf_append(&text, wanted->text, strlen(wanted->text) + 1);
            bool matches = strstr((char *)text.data, query->needle) != NULL;
            buf_free(&text);
            if (matches == query->invert || wanted->time < options.since ||
                wanted->time > options.until)
                continue;
            ck_assert_msg(at < found[s].list.len, "source %zu: '%.100s' is missing", s,
                          wanted->text);
            ck_assert_msg(strcmp(found[s].list.data[at].text, wanted->text) == 0,
                          "source %zu: '%.100s'... of %zu bytes instead of '%.100s'... of %zu", s,
                          found[s].list.data[at].text, strlen(found[s].list.data[at].text),
                          wanted->text, strlen(wanted->text));
            ck_assert_int_eq(found[s].list.data[at].time, wanted->time);
            at++;
        }
        ck_assert_msg(at == found[s].list.len, "source %zu: '%.100s' is too much", s,
                      found[s].list.data[at].text);
        clear_texts(&found[s]);
    }
    scan_free(scan);
    pattern_free(options.pattern);
    pattern_free(options.event_pattern);
}

static const struct scan_options everything = {
    .dated = true,
    .since = INT64_MIN,
    .until = INT64_MAX,
    .max_count = UINT64_MAX,
};

/* Fill an archive, and note the events that it should have. */
static void begin(struct model *m, struct texts *events, unsigned seed)
{
    static const size_t largest[] = {3000, 50000, 400000};
    make_directory();
    m->seed = seed;
    fill_archive(m, largest[seed % 3], seed % 2);
    for (size_t s = 0; s < SOURCES; s++)
        model_events(m, s, &events[s]);
}

static void end(struct model *m, struct texts *events)
{
    for (size_t s = 0; s < SOURCES; s++)
        clear_texts(&events[s]);
    clear_model(m);
    remove_directory();
}

START_TEST(all_events)
{
    static const struct query queries[] = {
        {"", "", false},
        {"line 12 ", "line 12 ", false},
        {"^then line 7", "\nthen line 7", false},
        {"no such", "no such", false},
        {"no such", "no such", true},
    };
    struct model m = {0};
    struct texts events[SOURCES] = {0};
    begin(&m, events, (unsigned)_i);
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
        scan_and_compare(events, everything, &queries[i]);
    end(&m, events);
}
END_TEST

START_TEST(time_ranges)
{
    static const struct query queries[] = {
        {"", "", false}, {"line 1", "line 1", false}, {"line 1", "line 1", true}};
    struct model m = {0};
    struct texts events[SOURCES] = {0};
    begin(&m, events, 100 + (unsigned)_i);
    for (size_t i = 0; i < 24; i++) {
        struct scan_options options = everything;
        int from = (int)below(&m, (unsigned)m.clock[1]);
        int until = from + (int)below(&m, i % 3 ? 500 : 5);
        options.since = i % 7 == 0 ? INT64_MIN : SECONDS(START + from);
        options.until = i % 7 == 1 ? INT64_MAX : SECONDS(START + until);
        scan_and_compare(events, options, &queries[i % 3]);
    }
    end(&m, events);
}
END_TEST

/* The sources `first` to `last` are known in this journal, and have "^2026-" events. */
static struct journal_writer *journal_of(uint64_t sequence, uint64_t first, uint64_t last)
{
    static char input[] = "app", name[] = "/log/1";
    struct source_position positions[4];
    struct inputs inputs = {0};
    struct rules rules = rules_of(1);
    struct journal_writer *j;
    size_t count = 0;
    ck_ok(inputs_put(&inputs, input, &rules, &err));
    for (uint64_t id = first; id <= last; id++, count++) {
        positions[count] = (struct source_position){named_source(id, name), 0, {0}};
        positions[count].source.input = input;
    }
    const struct journal_checkpoint start = {positions, count, &inputs};
    ck_ok(journal_begin(&j, directory, sequence, &start, &err));
    inputs_clear(&inputs);
    return j;
}

/* The last event of a file that was rotated away comes before those of its successor; that of one
   that may go on comes last, whole. */
START_TEST(order_of_ended_sources)
{
    static const char *const expected[] = {"2026-a\n a", "2026-c\n c", "2026-d\n d", "2026-b\n b"};
    static const char *const pattern = "";
    struct texts found[SOURCES] = {0};
    struct pattern_options lines = {0}, several = {.multiline = true};
    struct scan_options options = everything;
    struct scan *scan;
    make_directory();
    struct journal_writer *j = journal_of(1, 1, 2);
    put_at(j, 1, 0, SECONDS(START), "2026-a\n a\n");
    put_at(j, 2, 0, SECONDS(START + 100), "2026-b\n");
    journal_close(j);
    j = journal_of(2, 2, 3);
    put_at(j, 3, 0, SECONDS(START + 200), "2026-c\n c\n2026-d\n d\n");
    journal_close(j);
    j = journal_of(3, 2, 2);
    seal_journal(1);
    seal_journal(2);
    put_at(j, 2, 7, SECONDS(START + 300), " b\n");
    journal_close(j);
    ck_ok(pattern_compile(&options.pattern, &pattern, 1, &lines, &err));
    ck_ok(pattern_compile(&options.event_pattern, &pattern, 1, &several, &err));
    ck_ok(scan_new(&scan, &options, collect, no_report, found, &err));
    ck_ok(scan_path(scan, directory, &err));
    ck_assert_uint_eq(found[0].list.len, 4);
    for (size_t i = 0; i < 4; i++)
        ck_assert_str_eq(found[0].list.data[i].text, expected[i]);
    clear_texts(&found[0]);
    scan_free(scan);
    pattern_free(options.pattern);
    pattern_free(options.event_pattern);
    remove_directory();
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, all_events, 0, 4);
    tcase_add_loop_test(tc, time_ranges, 0, 6);
    tcase_add_test(tc, order_of_ended_sources);
}

int main(void)
{
    return run_suite("scan_events", add_tests, 120);
}
