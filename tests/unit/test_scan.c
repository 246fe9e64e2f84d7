/*
 * test_scan.c - a query over archives gives just the lines that a naive reading of the whole text
 * gives, however reads, records, journals, segments and blocks cut it; and each source's in order.
 */
#include "archive_fixture.h"

#include <fcntl.h>
#include <unistd.h>

#include "query/scan.h"
#include "segment/reader.h"
#include "suite.h"

enum { SOURCES = 3, START = 1767225600 /* 2026-01-01 00:00:00 */ };

#define SECONDS(n) ((int64_t)(n)*NS_PER_SECOND)

/* What a source should give. */
struct expected_line {
    char *text;
    int64_t time;
};

struct model {
    VEC(struct expected_line) lines[SOURCES];
    struct buf text[SOURCES];       /* all of the source */
    struct buf unfinished[SOURCES]; /* the start of a line */
    int64_t stamp[SOURCES];         /* 0: none yet */
    size_t read[SOURCES];           /* bytes of the text that are in the archive */
};

/* What the scan gave. */
struct collector {
    VEC(struct expected_line) lines[SOURCES];
    VEC(int64_t) read_times;
    size_t reports;
};

static unsigned random_below(unsigned *seed, unsigned limit)
{
    *seed = *seed * 1103515245 + 12345;
    return (*seed >> 8) % limit;
}

/* Write lines of source `s` with stamps from `*clock` on; some without. */
static void write_lines(struct model *m, size_t s, unsigned *seed, int *clock, int count)
{
    for (int i = 0; i < count; i++) {
        int seconds = *clock += (int)random_below(seed, 3);
        unsigned kind = random_below(seed, 10);
        if (kind < 7)
            buf_printf(&m->text[s], "2026-01-01 %02d:%02d:%02d source %zu line %d value %u\n",
                       seconds / 3600, seconds / 60 % 60, seconds % 60, s, i,
                       random_below(seed, 100000));
        else if (kind < 9)
            buf_printf(&m->text[s], "    at frame %u of %d\n", random_below(seed, 50), i);
        else
            buf_push(&m->text[s], '\n');
    }
}

/* The model's view of bytes that are read: lines end, and get times. */
static void note_read(struct model *m, size_t s, const uint8_t *data, size_t len, int64_t read_time)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] != '\n') {
            buf_push(&m->unfinished[s], data[i]);
            continue;
        }
        int hour, minute, second;
        buf_push(&m->unfinished[s], '\0');
        char *line = strdup((char *)m->unfinished[s].data);
        buf_clear(&m->unfinished[s]);
        if (sscanf(line, "2026-01-01 %d:%d:%d", &hour, &minute, &second) == 3)
            m->stamp[s] = SECONDS(START + hour * 3600 + minute * 60 + second);
        struct expected_line expected = {line, m->stamp[s] ? m->stamp[s] : read_time};
        ck_assert(vec_push(&m->lines[s], expected));
    }
}

/* Read up to `len` more bytes of source `s` into the journal. */
static void read_into(struct model *m, struct journal_writer *j, size_t s, size_t len,
                      int64_t read_time)
{
    size_t left = m->text[s].len - m->read[s];
    len = len < left ? len : left;
    const uint8_t *data = m->text[s].data + m->read[s];
    ck_ok(journal_put_data(j, s + 1, m->read[s], read_time, data, len, &err));
    note_read(m, s, data, len, read_time);
    m->read[s] += len;
}

static void seal_journal(uint64_t sequence)
{
    struct segment_options options = {
        .level = LGZ_LEVEL_FAST, .threads = 1, .block_size = 1, .filtered = FILTER_WHOLE};
    struct archive_seal_result result = {0};
    char path[128];
    snprintf(path, sizeof(path), "%s/journal-%012d.lzj", directory, (int)sequence);
    char *paths[] = {path};
    ck_ok(archive_seal(directory, paths, 1, &options, &result, &err));
    archive_seal_result_clear(&result);
}

/* An archive of several journals, all but the last of them sealed. */
static void fill_archive(struct model *m, unsigned seed, size_t largest_read)
{
    int clock[SOURCES] = {0}, newest = 0, reads = 0;
    for (uint64_t sequence = 1; sequence <= 4; sequence++) {
        struct source_position positions[SOURCES];
        struct journal_writer *j = NULL;
        for (size_t s = 0; s < SOURCES; s++)
            positions[s] = (struct source_position){source_of(s + 1), m->read[s], {0}};
        ck_ok(journal_create(&j, directory, sequence, positions, SOURCES, &err));
        if (sequence > 1)
            seal_journal(sequence - 1);
        for (size_t s = 0; s < SOURCES; s++) {
            write_lines(m, s, &seed, &clock[s], s == 2 ? 40 : 1500);
            newest = clock[s] > newest ? clock[s] : newest;
            free(positions[s].source.name);
        }
        /* The last journal has all that is left, the others leave parts of lines behind. */
        for (size_t left = 1; left;) {
            left = 0;
            for (size_t s = 0; s < SOURCES; s++) {
                size_t len = 1 + random_below(&seed, (unsigned)largest_read);
                size_t keep = sequence == 4 ? 0 : 20;
                if (m->read[s] + keep < m->text[s].len)
                    read_into(m, j, s, len, SECONDS(START + newest + 100) + reads++);
                left += m->read[s] + keep < m->text[s].len;
            }
        }
        journal_close(j);
    }
}

static int collect(void *context, const struct query_line *line, struct lgz_error *e)
{
    struct collector *c = context;
    int id = 0;
    (void)e;
    ck_assert_int_eq(sscanf(line->source, "/log/%d", &id), 1);
    /* Not strndup(3), which sanitizers want a string for. */
    struct expected_line got = {calloc(1, line->text.len + 1), line->time};
    ck_assert_ptr_nonnull(got.text);
    memcpy(got.text, line->text.data, line->text.len);
    ck_assert(vec_push(&c->lines[id - 1], got));
    ck_assert(vec_push(&c->read_times, line->place.read_time));
    return LGZ_OK;
}

static void count_report(void *context, const struct lgz_error *reason)
{
    struct collector *c = context;
    c->reports++;
    printf("reported: %s\n", reason->message);
}

static void free_lines(struct expected_line *lines, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(lines[i].text);
    free(lines);
}

static void clear_collector(struct collector *c)
{
    for (size_t s = 0; s < SOURCES; s++)
        free_lines(c->lines[s].data, c->lines[s].len);
    vec_free(&c->read_times);
    *c = (struct collector){0};
}

static void clear_model(struct model *m)
{
    for (size_t s = 0; s < SOURCES; s++) {
        free_lines(m->lines[s].data, m->lines[s].len);
        buf_free(&m->text[s]);
        buf_free(&m->unfinished[s]);
    }
    *m = (struct model){0};
}

static void run_threads(struct collector *c, const struct scan_options *options, const char *text,
                        unsigned threads)
{
    struct scan *scan = NULL;
    struct scan_options with = *options;
    struct pattern_options plain = {0};
    with.threads = threads;
    ck_ok(pattern_compile(&with.pattern, &text, 1, &plain, &err));
    ck_ok(scan_new(&scan, &with, collect, count_report, c, &err));
    ck_ok(scan_path(scan, directory, &err));
    size_t lines = 0;
    for (size_t s = 0; s < SOURCES; s++)
        lines += c->lines[s].len;
    ck_assert_uint_eq(scan_total(scan), lines);
    scan_free(scan);
    pattern_free(with.pattern);
    ck_assert_uint_eq(c->reports, 0);
}

/* With one thread and with several: the lines must come in the same order. */
static void run_scan(struct collector *c, const struct scan_options *options, const char *text)
{
    struct collector alone = {0};
    run_threads(&alone, options, text, 1);
    run_threads(c, options, text, 3);
    ck_assert_uint_eq(c->read_times.len, alone.read_times.len);
    for (size_t i = 0; i < alone.read_times.len; i++)
        ck_assert_int_eq(c->read_times.data[i], alone.read_times.data[i]);
    clear_collector(&alone);
}

/* Compare with the model's lines that hold `text` and are in the range. */
static void compare(const struct collector *c, const struct model *m,
                    const struct scan_options *options, const char *text)
{
    for (size_t s = 0; s < SOURCES; s++) {
        size_t at = 0;
        for (size_t i = 0; i < m->lines[s].len; i++) {
            const struct expected_line *wanted = &m->lines[s].data[i];
            bool matches = strstr(wanted->text, text) != NULL;
            if (matches == options->invert || wanted->time < options->since ||
                wanted->time > options->until)
                continue;
            ck_assert_msg(at < c->lines[s].len, "source %zu: '%s' is missing", s, wanted->text);
            ck_assert_str_eq(c->lines[s].data[at].text, wanted->text);
            if (options->dated)
                ck_assert_int_eq(c->lines[s].data[at].time, wanted->time);
            at++;
        }
        ck_assert_uint_eq(at, c->lines[s].len);
    }
}

static const struct scan_options all_lines = {
    .since = INT64_MIN,
    .until = INT64_MAX,
    .max_count = UINT64_MAX,
};

START_TEST(test_against_model)
{
    static const char *const texts[] = {"", "value 7", "frame", "line 12", "no such"};
    static const size_t reads[] = {37, 5000, 200000};
    struct model m = {0};
    struct collector c = {0};
    make_directory();
    fill_archive(&m, 1000 + (unsigned)_i, reads[_i % 3]);
    for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++) {
        struct scan_options options = all_lines;
        options.dated = true;
        options.invert = t == 3;
        run_scan(&c, &options, texts[t]);
        compare(&c, &m, &options, texts[t]);
        clear_collector(&c);
    }
    clear_model(&m);
    remove_directory();
}
END_TEST

START_TEST(test_time_ranges)
{
    struct model m = {0};
    struct collector c = {0};
    unsigned seed = 7;
    make_directory();
    fill_archive(&m, 2000 + (unsigned)_i, _i % 2 ? 100000 : 300);
    for (int i = 0; i < 25; i++) {
        struct scan_options options = all_lines;
        int from = (int)random_below(&seed, 7000);
        options.since = i % 5 == 0 ? INT64_MIN : SECONDS(START + from);
        options.until =
            i % 5 == 1 ? INT64_MAX : SECONDS(START + from + (int)random_below(&seed, 600));
        run_scan(&c, &options, "");
        compare(&c, &m, &options, "");
        clear_collector(&c);
    }
    clear_model(&m);
    remove_directory();
}
END_TEST

START_TEST(test_order_and_limits)
{
    static const char *const globs[] = {"/log/2", "*/3"};
    struct model m = {0};
    struct collector c = {0};
    struct scan_options options = all_lines;
    make_directory();
    fill_archive(&m, 3000, 4000);
    run_scan(&c, &options, "");
    for (size_t i = 1; i < c.read_times.len; i++)
        ck_assert_int_le(c.read_times.data[i - 1], c.read_times.data[i]);
    clear_collector(&c);
    options.filter.globs = globs;
    options.filter.glob_count = 2;
    options.max_count = 5;
    run_scan(&c, &options, "line");
    ck_assert_uint_eq(c.lines[0].len, 0);
    ck_assert_uint_eq(c.lines[1].len, 5);
    ck_assert_uint_eq(c.lines[2].len, 5);
    clear_collector(&c);
    clear_model(&m);
    remove_directory();
}
END_TEST

static void put_text(struct journal_writer *j, uint64_t id, uint64_t offset, const char *text)
{
    ck_ok(journal_put_data(j, id, offset, SECONDS(START), text, strlen(text), &err));
}

/* A gap ends a line, bytes that come twice count once, a dropped source's rest is a line. */
START_TEST(test_gaps_and_overlaps)
{
    struct source_position positions[2] = {{source_of(1), 0, {0}}, {source_of(2), 0, {0}}};
    struct journal_writer *j = NULL;
    struct collector c = {0};
    make_directory();
    ck_ok(journal_create(&j, directory, 1, positions, 2, &err));
    put_text(j, 1, 0, "one\ntw");
    put_text(j, 1, 4, "two\nthr");
    put_text(j, 1, 100, "after\nend");
    put_text(j, 2, 0, "unfinished");
    ck_ok(journal_drop_source(j, 2, &err));
    journal_close(j);
    run_scan(&c, &all_lines, "");
    static const char *const wanted[] = {"one", "two", "thr", "after", "end"};
    ck_assert_uint_eq(c.lines[0].len, 5);
    for (size_t i = 0; i < 5; i++)
        ck_assert_str_eq(c.lines[0].data[i].text, wanted[i]);
    ck_assert_uint_eq(c.lines[1].len, 1);
    ck_assert_str_eq(c.lines[1].data[0].text, "unfinished");
    clear_collector(&c);
    free(positions[0].source.name);
    free(positions[1].source.name);
    remove_directory();
}
END_TEST

/* A segment of many blocks: 1500 lines of each of two days. */
static void seal_two_days(void)
{
    struct source_position position = {source_of(1), 0, {0}};
    struct journal_writer *j = NULL;
    struct buf text = {0};
    for (int day = 1; day <= 2; day++)
        for (int i = 0; i < 1500; i++)
            buf_printf(&text, "2026-01-%02d 12:00:00 line %d\n", day, i);
    ck_assert(!text.failed);
    ck_ok(journal_create(&j, directory, 1, &position, 1, &err));
    ck_ok(journal_put_data(j, 1, 0, SECONDS(START), text.data, text.len, &err));
    journal_close(j);
    position.next = text.len;
    ck_ok(journal_create(&j, directory, 2, &position, 1, &err));
    journal_close(j);
    seal_journal(1);
    buf_free(&text);
    free(position.source.name);
}

/* Damage all blocks that end before `time`. */
static void damage_blocks_before(int64_t time)
{
    struct archive_snapshot *snapshot = NULL;
    struct segment *segment = NULL;
    ck_ok(archive_snapshot_open(&snapshot, directory, &err));
    ck_assert_uint_eq(snapshot->segment_count, 1);
    ck_ok(segment_open(&segment, snapshot->segments[0].path, &err));
    int fd = open(snapshot->segments[0].path, O_WRONLY);
    ck_assert_int_ge(fd, 0);
    for (size_t i = 0; i < segment_block_count(segment); i++) {
        const struct block_info *block = segment_block(segment, i);
        off_t middle = (off_t)(block->file_offset + block->stored_len / 2);
        if (block->time_max < time)
            ck_assert_int_eq(pwrite(fd, "\x55\xaa\x55", 3, middle), 3);
    }
    close(fd);
    segment_close(segment);
    archive_snapshot_close(snapshot);
}

/*
 * A block that was left out for its time isn't read, if all in it is whole; it may be to show lines
 * of it. If it's damaged, that costs none of the lines behind it.
 */
START_TEST(test_damage_outside_of_the_range)
{
    struct collector c = {0};
    struct pattern_options plain = {0};
    struct scan_options options = all_lines;
    struct scan *scan = NULL;
    const char *text = "line";
    make_directory();
    options.since = SECONDS(START + 86400 + 3600);
    options.before = (uint64_t)_i;
    seal_two_days();
    damage_blocks_before(options.since);
    ck_ok(pattern_compile(&options.pattern, &text, 1, &plain, &err));
    ck_ok(scan_new(&scan, &options, collect, count_report, &c, &err));
    ck_ok(scan_path(scan, directory, &err));
    ck_assert_uint_eq(c.reports, (uint64_t)_i);
    ck_assert_uint_eq(c.lines[0].len, 1500 + (uint64_t)_i);
    scan_free(scan);
    pattern_free(options.pattern);
    clear_collector(&c);
    remove_directory();
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_against_model, 0, 6);
    tcase_add_loop_test(tc, test_time_ranges, 0, 4);
    tcase_add_test(tc, test_order_and_limits);
    tcase_add_test(tc, test_gaps_and_overlaps);
    tcase_add_loop_test(tc, test_damage_outside_of_the_range, 0, 2);
}

int main(void)
{
    return run_suite("scan", add_tests, 120);
}
