/*
 * test_follow.c - who follows an archive gets each line once, each source's in their order, however
 * journals are begun, sealed, removed and merged meanwhile; and is told when the archive isn't the
 * same.
 */
#include "archive_fixture.h"

#include <pthread.h>

#include "archive/live.h"
#include "archive/merge.h"
#include "archive/tidy.h"
#include "query/follow.h"
#include "suite.h"

enum { SOURCES = 3, LINES = 3000 };

/* Writes an archive while it's followed: lines of sources 1 to SOURCES, numbered in each. */
struct writer {
    unsigned seed;
    uint64_t sequence; /* of the journal at hand */
    uint64_t first;    /* of those that aren't sealed */
    uint64_t offset[SOURCES];
    int lines[SOURCES];
    struct buf rest[SOURCES]; /* a line's end that wasn't written yet */
    struct journal_writer *journal;
};

static unsigned random_below(struct writer *w, unsigned limit)
{
    w->seed = w->seed * 1103515245 + 12345;
    return (w->seed >> 8) % limit;
}

static void begin_journal(struct writer *w)
{
    static char limited[] = "limited";
    struct source_position start[SOURCES];
    for (uint64_t i = 0; i < SOURCES; i++)
        start[i] = (struct source_position){source_of(i + 1), w->offset[i], {0}};
    start[0].source.input = limited;
    if (w->journal)
        ck_ok(journal_sync(w->journal, &err));
    journal_close(w->journal);
    ck_ok(journal_create(&w->journal, directory, ++w->sequence, start, SOURCES, &err));
    for (uint64_t i = 0; i < SOURCES; i++)
        free(start[i].source.name);
}

static void write_text(struct writer *w, size_t s, const void *text, size_t len)
{
    ck_ok(journal_put_data(w->journal, s + 1, w->offset[s], clock_real(), text, len, &err));
    w->offset[s] += len;
}

/* Some lines, the last of which may be cut; it goes on the next time. */
static void write_some(struct writer *w)
{
    const size_t s = random_below(w, SOURCES);
    struct buf *text = &w->rest[s];
    const unsigned count = 1 + random_below(w, 20);
    for (unsigned i = 0; i < count && w->lines[s] < LINES; i++)
        buf_printf(text, "line %d of source %zu\n", w->lines[s]++, s);
    if (text->len == 0)
        return;
    size_t keep = w->lines[s] < LINES ? random_below(w, 10) : 0;
    size_t len = text->len > keep ? text->len - keep : text->len;
    write_text(w, s, text->data, len);
    memmove(text->data, text->data + len, text->len - len);
    text->len -= len;
}

static bool has_written_all(const struct writer *w)
{
    for (size_t s = 0; s < SOURCES; s++)
        if (w->lines[s] < LINES || w->rest[s].len)
            return false;
    return true;
}

/* Merge what is sealed: into parts, since the first source's input has a limit of its own. */
static void merge_sealed(void)
{
    struct upkeep u = {.now = clock_real() + 2 * 86400 * NS_PER_SECOND};
    struct merge_result result;
    struct config *config = config_defaults("test");
    ck_assert_ptr_nonnull(config);
    free(config->directory);
    config->directory = strdup(directory);
    config->min_free = 0;
    config->seal_memory = 1;
    config->inputs = calloc(1, sizeof(*config->inputs));
    ck_assert_ptr_nonnull(config->inputs);
    config->input_count = 1;
    config->inputs[0] =
        (struct config_input){.name = strdup("limited"), .max_age = 1, .max_age_line = 1};
    u.config = config;
    ck_ok(archive_tidy(directory, &err));
    ck_ok(merge_run(&u, &result, &err));
    config_free(config);
}

/* Steps of all kinds, at all paces: some faster than anybody looks. */
static void *write_archive(void *context)
{
    struct writer *w = context;
    while (!has_written_all(w)) {
        write_some(w);
        if (random_below(w, 12) == 0)
            begin_journal(w);
        if (w->first < w->sequence && random_below(w, 15) == 0) {
            const uint64_t last = w->first + random_below(w, (unsigned)(w->sequence - w->first));
            free(seal(w->first, last));
            w->first = last + 1;
        }
        if (random_below(w, 80) == 0)
            merge_sealed();
        if (random_below(w, 40) == 0)
            usleep(random_below(w, 20000));
    }
    return NULL;
}

struct watcher {
    int next[SOURCES];
    uint64_t stop_at;
};

static int check_line(void *context, const struct query_line *line, struct lgz_error *reason)
{
    struct watcher *r = context;
    char text[100], expected[100];
    int number, source;
    (void)reason;
    snprintf(text, sizeof(text), "%.*s", (int)line->text.len, (const char *)line->text.data);
    ck_assert_msg(sscanf(text, "line %d of source %d", &number, &source) == 2, "%s", text);
    ck_assert_int_lt(source, SOURCES);
    snprintf(expected, sizeof(expected), "line %d of source %d", r->next[source]++, source);
    ck_assert_str_eq(text, expected);
    if (number % 250 == 249)
        usleep(60000); /* meanwhile journals come, are sealed, and go */
    return LGZ_OK;
}

static void no_report(void *context, const struct lgz_error *reason)
{
    (void)context;
    ck_abort_msg("reported: %s", reason->message);
}

static int follow(struct watcher *r, uint64_t lines, const bool *stop)
{
    static const char *const anything = "";
    static const struct pattern_options plain;
    struct scan_options options = {.since = INT64_MIN,
                                   .until = INT64_MAX,
                                   .max_count = UINT64_MAX,
                                   .max_total = lines,
                                   .stop = stop,
                                   .threads = 2};
    struct scan *scan;
    ck_ok(pattern_compile(&options.pattern, &anything, 1, &plain, &err));
    ck_ok(scan_new(&scan, &options, check_line, no_report, r, &err));
    int code = scan_follow(scan, directory, -1, &err);
    scan_free(scan);
    pattern_free(options.pattern);
    return code;
}

START_TEST(gets_each_line_once)
{
    struct writer w = {.seed = (unsigned)_i * 77 + 1, .first = 1};
    struct watcher r = {0};
    struct lgz_error reason = {0};
    pthread_t thread;
    make_directory();
    begin_journal(&w);
    for (int i = 0; i < 30 * _i; i++)
        write_some(&w);
    ck_assert_int_eq(pthread_create(&thread, NULL, write_archive, &w), 0);
    ck_assert_int_eq(follow(&r, SOURCES * LINES, NULL), LGZ_OK);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(reason.code, LGZ_OK);
    for (size_t s = 0; s < SOURCES; s++) {
        ck_assert_int_eq(r.next[s], LINES);
        buf_free(&w.rest[s]);
    }
    journal_close(w.journal);
    remove_directory();
}
END_TEST

static void *stop_soon(void *context)
{
    usleep(300000);
    __atomic_store_n((bool *)context, true, __ATOMIC_RELAXED);
    return NULL;
}

START_TEST(stops)
{
    struct watcher r = {0};
    bool stop = false;
    pthread_t thread;
    make_directory();
    ck_assert_int_eq(follow(&r, 0, NULL), LGZ_ERR_NOT_FOUND);
    write_journal(1, 0, "line 0 of source 0\n");
    ck_assert_int_eq(pthread_create(&thread, NULL, stop_soon, &stop), 0);
    ck_assert_int_eq(follow(&r, 0, &stop), LGZ_ERR_CANCELLED);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(r.next[0], 1);
    remove_directory();
}
END_TEST

/* --- the parts of an archive, look by look --- */

static struct live *open_live(void)
{
    struct archive_snapshot *snapshot;
    struct live *l;
    ck_ok(archive_snapshot_open(&snapshot, directory, &err));
    ck_ok(live_new(&l, directory, snapshot, &err));
    archive_snapshot_close(snapshot);
    return l;
}

/* The parts are these: "2" a journal, "1-2!" a segment; "!" that it's over. */
static void expect_parts(struct live *l, const char *expected)
{
    struct buf text = {0};
    for (size_t i = 0; i < live_part_count(l); i++) {
        const struct live_part *part = live_part(l, i);
        buf_printf(&text, "%s%d", i ? " " : "", (int)part->first);
        if (!part->journal)
            buf_printf(&text, "-%d", (int)part->last);
        if (part->over)
            buf_push(&text, '!');
    }
    buf_push(&text, '\0');
    ck_assert_str_eq((char *)text.data, expected);
    buf_free(&text);
    ck_ok(live_forget(l, &err));
}

START_TEST(parts_come_and_go)
{
    make_directory();
    write_journal(3, 0, "a\n");
    write_journal(4, 2, "b\n");
    free(seal(3, 3));
    struct live *l = open_live();
    expect_parts(l, "4");
    ck_ok(live_look(l, &err));
    expect_parts(l, "4");
    write_journal(5, 4, "c\n");
    ck_ok(live_look(l, &err));
    expect_parts(l, "4 5");
    free(seal(4, 4));
    ck_ok(live_look(l, &err));
    expect_parts(l, "4! 5");
    /* 6 and 7 come, and go into a segment with 5, before anybody looks; 8 only comes. */
    write_journal(6, 6, "d\n");
    write_journal(7, 8, "e\n");
    write_journal(8, 10, "f\n");
    free(seal(5, 7));
    ck_ok(live_look(l, &err));
    expect_parts(l, "5! 5-7! 8");
    ck_ok(live_look(l, &err));
    expect_parts(l, "8");
    live_free(l);
    remove_directory();
}
END_TEST

/* A journal whose beginning failed is made anew, with the same number, and the one before goes on.
 */
START_TEST(journal_made_anew)
{
    make_directory();
    write_journal(1, 0, "a\n");
    journal_close(create_journal(2, 1, 2));
    struct live *l = open_live();
    expect_parts(l, "1 2");
    ck_ok(journal_retract(directory, 2, &err));
    ck_ok(live_look(l, &err));
    expect_parts(l, "1 2!");
    journal_close(create_journal(2, 1, 2));
    ck_ok(live_look(l, &err));
    expect_parts(l, "1 2");
    /* The same between two looks. */
    ck_ok(journal_retract(directory, 2, &err));
    journal_close(create_journal(2, 1, 2));
    ck_ok(live_look(l, &err));
    expect_parts(l, "1 2! 2");
    /* One that had data isn't made anew. */
    ck_ok(live_look(l, &err));
    live_part(l, 1)->has_data = true;
    ck_ok(journal_retract(directory, 2, &err));
    journal_close(create_journal(2, 1, 2));
    ck_assert_int_eq(live_look(l, &err), LGZ_ERR_NOT_FOUND);
    live_free(l);
    remove_directory();
}
END_TEST

START_TEST(another_archive)
{
    char other[100], path[100];
    make_directory();
    write_journal(1, 0, "a\n");
    struct live *l = open_live();
    live_part(l, 0)->has_data = true;
    expect_parts(l, "1");
    snprintf(path, sizeof(path), "%s/" JOURNAL_1, directory);
    ck_assert_int_eq(unlink(path), 0);
    ck_ok(live_look(l, &err));
    expect_parts(l, "1!");
    write_journal(1, 0, "b\n");
    ck_assert_int_eq(live_look(l, &err), LGZ_ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.message, "another archive"));
    live_free(l);
    l = open_live();
    snprintf(other, sizeof(other), "%s.away", directory);
    ck_assert_int_eq(rename(directory, other), 0);
    ck_assert_int_eq(live_look(l, &err), LGZ_ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.message, "gone"));
    ck_assert_int_eq(mkdir(directory, 0700), 0);
    ck_assert_int_eq(live_look(l, &err), LGZ_ERR_NOT_FOUND);
    live_free(l);
    remove_directory();
    ck_assert_int_eq(rename(other, directory), 0);
    remove_directory();
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, gets_each_line_once, 0, 4);
    tcase_add_test(tc, stops);
    tcase_add_test(tc, parts_come_and_go);
    tcase_add_test(tc, journal_made_anew);
    tcase_add_test(tc, another_archive);
}

int main(void)
{
    return run_suite("follow", add_tests, 120);
}
