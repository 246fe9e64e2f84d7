/*
 * test_import.c - files become sources once, whole, in their order: over several segments, when the
 * run is stopped or killed at any place, when there's no room, when a file is bad at its end, and
 * when the daemon has read a part of it.
 */
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "archive_fixture.h"
#include "import/import.h"
#include "import/import_plan.h"
#include "shell.h"
#include "suite.h"

enum { LARGE = 3 << 20, SMALL_SEGMENT = 1 << 20 };

/* The path of a file in the archive's directory: logs are beside the segments here. */
static char *log_path(const char *name)
{
    static char paths[4][200];
    static size_t next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
    return path;
}

/* About `bytes` bytes of lines, NUL-terminated. */
static char *make_lines(size_t bytes, const char *what)
{
    struct buf text = {0};
    for (int i = 0; text.len < bytes; i++)
        buf_printf(&text, "2026-11-23 10:00:%02d %s number %d of %d\n", i % 60, what, i, i * 7919);
    buf_push(&text, '\0');
    ck_assert(!text.failed);
    return (char *)text.data;
}

/* How a run is to be stopped. */
struct stop {
    int calls; /* of the progress function before that; less than 0: never */
    bool kill;
};

static bool stopped;

static bool is_stopped(void)
{
    return stopped;
}

static void count_down(void *context, const char *path, uint64_t done, uint64_t total,
                       uint64_t stored)
{
    struct stop *stop = context;
    (void)path;
    (void)stored;
    ck_assert_uint_le(done, total);
    if (stop->calls-- != 0)
        return;
    if (stop->kill)
        raise(SIGKILL);
    stopped = true;
}

static int try_import(const char *const *names, size_t count, struct stop stop,
                      struct import_result *result)
{
    struct config *config = config_defaults("none");
    const char *paths[4];
    ck_assert_ptr_nonnull(config);
    ck_assert_uint_le(count, 4);
    for (size_t i = 0; i < count; i++)
        paths[i] = log_path(names[i]);
    free(config->directory);
    config->directory = strdup(directory);
    config->min_free = 0;
    config->merge_size = SMALL_SEGMENT;
    struct upkeep upkeep = {.config = config, .now = clock_real(), .stop = is_stopped};
    struct import_options options = {.paths = paths,
                                     .path_count = count,
                                     .level = LGZ_LEVEL_FAST,
                                     .threads = 1,
                                     .progress = count_down,
                                     .context = &stop};
    struct archive_lock *lock;
    stopped = false;
    ck_ok(archive_rotate_lock(&lock, directory, "test", &err));
    int code = import_run(&upkeep, &options, result, &err);
    archive_unlock(lock);
    config_free(config);
    return code;
}

/* All goes well. */
static void import_files(const char *const *names, size_t count, struct import_result *result)
{
    const struct stop never = {.calls = -1};
    ck_ok(try_import(names, count, never, result));
}

static void assert_no_drafts(void)
{
    struct listing found;
    ck_ok(listing_open(&found, directory, &err));
    ck_assert_uint_eq(found.drafts.len, 0);
    listing_clear(&found);
}

START_TEST(large_file_goes_over_segments)
{
    const char *const names[] = {"app.log.1"};
    struct import_result result;
    char *text = make_lines(LARGE, "large");
    make_file(names[0], text);
    import_files(names, 1, &result);
    ck_assert_uint_eq(result.files, 1);
    ck_assert_uint_ge(result.segments, 3);
    ck_assert_uint_eq(result.rows.len, 1);
    ck_assert_str_eq(result.rows.data[0].name, log_path("app.log"));
    ck_assert_uint_eq(result.rows.data[0].raw_bytes, strlen(text));
    import_result_clear(&result);
    assert_restores(log_path("app.log"), text);
    ck_assert_uint_eq(segments_raw_bytes(), strlen(text));
    import_files(names, 1, &result);
    ck_assert_uint_eq(result.files, 0);
    ck_assert_uint_eq(result.held, 1);
    import_result_clear(&result);
    free(text);
}
END_TEST

/* What the catalog says of a name must not be taken for another file's. */
START_TEST(no_name_comes_again_that_the_catalog_has)
{
    const char *const names[] = {"app.log.1"};
    struct listing found;
    struct import_result result;
    make_file(names[0], "a line\n");
    for (uint64_t i = 1; i <= 3; i++) {
        import_files(names, 1, &result);
        ck_assert_uint_eq(result.files, 1);
        import_result_clear(&result);
        ck_ok(listing_open(&found, directory, &err));
        ck_assert_uint_eq(found.segments.len, 1);
        ck_assert_uint_eq(found.segments.data[0].name.import, i);
        ck_assert_int_eq(unlink(found.segments.data[0].path), 0);
        listing_clear(&found);
    }
}
END_TEST

START_TEST(bad_end_of_a_large_file)
{
    const char *const names[] = {"app.log.1", "bad.log.1.gz", "tiny.log.1"};
    struct import_result result;
    char *text = make_lines(LARGE, "large");
    make_file(names[0], text);
    make_file("bad.log.1", text);
    make_file("tiny.log.1", "tiny\n");
    shell_in(
        directory,
        "gzip bad.log.1 && printf '\\377\\377' | dd of=bad.log.1.gz bs=1 conv=notrunc 2>/dev/null"
        " seek=$(($(stat -c %%s bad.log.1.gz) - 7))");
    import_files(names, 3, &result);
    ck_assert_uint_eq(result.files, 2);
    ck_assert_uint_eq(result.failed, 1);
    import_result_clear(&result);
    ck_assert_uint_eq(segments_raw_bytes(), strlen(text) + 5);
    assert_restores(log_path("app.log"), text);
    assert_restores(log_path("tiny.log"), "tiny\n");
    free(text);
}
END_TEST

/* Stopped or killed at each place where the run tells how far it is, and then run again. */
static void stop_everywhere(bool kill)
{
    const char *const names[] = {"app.log.1", "app.log.2.gz"};
    char *first = make_lines(LARGE, "first");
    char *second = make_lines(SMALL_SEGMENT / 2, "second");
    struct buf both = {0};
    bool whole = false;
    buf_printf(&both, "%s%s", second, first);
    buf_push(&both, '\0');
    make_file("app.log.1", first);
    make_file("app.log.2", second);
    shell_in(directory, "gzip app.log.2");
    for (int calls = 0; !whole; calls++) {
        const struct stop stop = {calls, kill};
        struct import_result result = {0};
        int status = 0;
        shell_in(directory, "rm -f *.logz catalog");
        pid_t child = kill ? fork() : 0;
        ck_assert_int_ge(child, 0);
        if (kill && child == 0)
            _exit(try_import(names, 2, stop, &result) == LGZ_OK ? 0 : 1);
        if (kill) {
            ck_assert_int_eq(waitpid(child, &status, 0), child);
            whole = WIFEXITED(status) && WEXITSTATUS(status) == 0;
            ck_assert(whole || WIFSIGNALED(status));
        } else {
            ck_ok(try_import(names, 2, stop, &result));
            whole = !result.unfinished;
            import_result_clear(&result);
            assert_no_drafts();
        }
        import_files(names, 2, &result);
        ck_assert_uint_eq(result.files + result.held, 2);
        import_result_clear(&result);
        assert_restores(log_path("app.log"), (const char *)both.data);
        ck_assert_uint_eq(segments_raw_bytes(), both.len - 1);
        assert_no_drafts();
    }
    buf_free(&both);
    free(first);
    free(second);
}

START_TEST(stopped_everywhere)
{
    stop_everywhere(false);
}
END_TEST

START_TEST(killed_everywhere)
{
    stop_everywhere(true);
}
END_TEST

/* Writes fail behind so many bytes of a file. */
START_TEST(no_room)
{
    const char *const names[] = {"app.log.1"};
    const struct stop never = {.calls = -1};
    const struct rlimit low = {.rlim_cur = 200, .rlim_max = RLIM_INFINITY};
    struct rlimit before;
    struct import_result result;
    char *text = make_lines(LARGE, "large");
    make_file(names[0], text);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &low), 0);
    ck_assert_int_eq(try_import(names, 1, never, &result), LGZ_ERR_IO);
    import_result_clear(&result);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    ck_assert_msg(strstr(err.message, "File too large"), "%s", err.message);
    ck_assert_uint_eq(segments_raw_bytes(), 0);
    assert_no_drafts();
    import_files(names, 1, &result);
    import_result_clear(&result);
    assert_restores(log_path("app.log"), text);
    free(text);
}
END_TEST

/* A journal of the daemon, which has read app.log from `offset` on. */
static void write_daemons(uint64_t sequence, const char *head, uint64_t offset, const char *text)
{
    static char name[200];
    struct journal_writer *j;
    snprintf(name, sizeof(name), "%s", log_path("app.log"));
    struct source_position start = {.source = named_source(1, name), .next = offset};
    start.source.fingerprint_len = (uint32_t)strlen(head);
    start.source.fingerprint = hash_bytes(head, strlen(head));
    ck_ok(journal_create(&j, directory, sequence, &start, 1, &err));
    put(j, 1, offset, text);
    ck_ok(journal_sync(j, &err));
    journal_close(j);
}

START_TEST(what_the_daemon_has_not_read)
{
    const char *const names[] = {"app.log.1"};
    struct import_result result;
    make_file(names[0], "0123456789abcdef\n");
    write_daemons(1, "0123", 10, "abcdef\n");
    write_daemons(2, "0123", 17, "");
    for (int i = 0; i < 3; i++) { /* in a journal, in a segment, and once more */
        import_files(names, 1, &result);
        ck_assert_uint_eq(result.files, i == 0);
        ck_assert_uint_eq(result.held, i != 0);
        import_result_clear(&result);
        assert_restores(log_path("app.log"), "0123456789abcdef\n");
        if (i == 0)
            free(seal(1, 1));
        ck_assert_uint_eq(segments_raw_bytes(), 17);
    }
}
END_TEST

START_TEST(what_the_daemon_goes_on_reading)
{
    const char *const names[] = {"app.log.1"};
    struct import_result result;
    make_file(names[0], "0123456789abcdef\n");
    write_daemons(1, "0123", 0, "01234567");
    import_files(names, 1, &result);
    ck_assert_uint_eq(result.files, 0);
    ck_assert_uint_eq(result.failed, 1);
    import_result_clear(&result);
    /* Another one, which only begins alike, is imported. */
    make_file(names[0], "0123456 is another\n");
    import_files(names, 1, &result);
    ck_assert_uint_eq(result.files, 1);
    import_result_clear(&result);
    assert_restores(log_path("app.log"), "0123456 is another\n01234567");
}
END_TEST

/* What is left of a file whose beginning has expired isn't imported again. */
START_TEST(expired_beginning)
{
    const char *const names[] = {"app.log.1"};
    struct import_result result;
    char *text = make_lines(LARGE, "large");
    make_file(names[0], text);
    import_files(names, 1, &result);
    import_result_clear(&result);
    shell_in(directory, "rm 000000000000-000000000001-*.logz");
    import_files(names, 1, &result);
    ck_assert_uint_eq(result.files, 0);
    ck_assert_uint_eq(result.held, 1);
    import_result_clear(&result);
    free(text);
}
END_TEST

static void add_to_plan(struct import_plan *plan, const char *path, int64_t day, off_t bytes)
{
    struct import_file file = {
        .path = strdup(path), .st = {.st_size = bytes}, .time = day * 86400 * NS_PER_SECOND};
    ck_assert(log_name_parse(&file.log, path));
    ck_ok(import_plan_add(plan, &file, &err));
}

static void assert_batch(const struct import_plan *plan, size_t number, const char *expected)
{
    const struct import_batch *batch = &plan->batches.data[number];
    struct buf found = {0};
    ck_assert_uint_lt(number, plan->batches.len);
    for (size_t i = 0; i < batch->count; i++)
        buf_printf(&found, "%s%s", i ? " " : "", plan->files.data[batch->first + i].path);
    buf_push(&found, '\0');
    ck_assert_str_eq((const char *)found.data, expected);
    buf_free(&found);
}

START_TEST(plan)
{
    struct config *config = config_defaults("none");
    struct retention_classes *classes;
    struct import_plan p = {0};
    config->max_age = 100 * 86400 * NS_PER_SECOND; /* so a batch is of ten days */
    ck_ok(retention_classes_new(&classes, config, &err));
    add_to_plan(&p, "/a.log.1", 3, 10); /* the numbers count, not the times */
    add_to_plan(&p, "/a.log.2", 5, 10);
    add_to_plan(&p, "/a.log.3.gz", 1, 10);
    add_to_plan(&p, "/b.log.1", 2, 10); /* names are mixed: the times count */
    add_to_plan(&p, "/b.log-20260101", 4, 10);
    add_to_plan(&p, "/c.log-20260102", 40, 10);
    add_to_plan(&p, "/c.log-20260101", 41, 10);
    add_to_plan(&p, "/d.log", 42, 500);
    add_to_plan(&p, "/d.log.1", 41, 501);
    ck_ok(import_plan_order(&p, classes, 1000, &err));
    ck_assert_uint_eq(p.batches.len, 3);
    assert_batch(&p, 0, "/a.log.3.gz /a.log.2 /a.log.1 /b.log.1 /b.log-20260101");
    assert_batch(&p, 1, "/c.log-20260101 /c.log-20260102 /d.log.1");
    assert_batch(&p, 2, "/d.log");
    ck_assert(import_plan_has(&p, "/c.log") && !import_plan_has(&p, "/c.log-20260101"));
    import_plan_clear(&p);
    retention_classes_free(classes);
    config_free(config);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, make_directory, remove_directory);
    tcase_add_test(tests, large_file_goes_over_segments);
    tcase_add_test(tests, no_name_comes_again_that_the_catalog_has);
    tcase_add_test(tests, bad_end_of_a_large_file);
    tcase_add_test(tests, stopped_everywhere);
    tcase_add_test(tests, killed_everywhere);
    tcase_add_test(tests, no_room);
    tcase_add_test(tests, what_the_daemon_has_not_read);
    tcase_add_test(tests, what_the_daemon_goes_on_reading);
    tcase_add_test(tests, expired_beginning);
    tcase_add_test(tests, plan);
}

int main(void)
{
    return run_suite("import", add_tests, 120);
}
