/*
 * test_crash.c - a writer is killed at, or sees an error from, each of its system calls that change
 * a file, one after the other. After every one of them the archive recovers, has all that was
 * acknowledged, and goes on so that each byte is there exactly once.
 *
 * The calls are intercepted by functions of the same names in this program, which count them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "archive_fixture.h"
#include "suite.h"

enum what { NOTHING, CRASH, FAIL, FAIL_FROM };

static enum what action;
static atomic_long countdown; /* calls until the action */

enum { LINES = 12, LINE_LEN = 40 };

/* What the child has got so far; in memory shared with the parent. */
static struct progress {
    uint64_t acknowledged; /* bytes of the log that a sync has made durable */
    bool went_wrong;       /* the call that was to go wrong was reached */
} * progress;

/* Count a call. Returns whether it is the one that goes wrong. */
static bool goes_wrong(void)
{
    if (action == NOTHING)
        return false;
    long left = atomic_fetch_sub(&countdown, 1);
    if (action == FAIL_FROM ? left > 1 : left != 1)
        return false;
    if (progress)
        progress->went_wrong = true;
    return true;
}

static long fails(void)
{
    if (action == CRASH)
        _exit(0);
    errno = EIO;
    return -1;
}

ssize_t write(int fd, const void *data, size_t len)
{
    if (goes_wrong()) {
        syscall(SYS_write, fd, data, len / 2); /* torn */
        return fails();
    }
    return syscall(SYS_write, fd, data, len);
}

int fsync(int fd)
{
    return (int)(goes_wrong() ? fails() : syscall(SYS_fsync, fd));
}

int fdatasync(int fd)
{
    return (int)(goes_wrong() ? fails() : syscall(SYS_fdatasync, fd));
}

int ftruncate(int fd, off_t length)
{
    return (int)(goes_wrong() ? fails() : syscall(SYS_ftruncate, fd, length));
}

int rename(const char *from, const char *to)
{
    return (int)(goes_wrong() ? fails() : syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int link(const char *from, const char *to)
{
    return (int)(goes_wrong() ? fails() : syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int unlink(const char *path)
{
    return (int)(goes_wrong() ? fails() : syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

/* The log: line N is LINE_LEN bytes and says so. */
static void fill_log(char *log)
{
    for (int i = 0; i < LINES; i++)
        snprintf(log + (size_t)i * LINE_LEN, LINE_LEN + 1, "%-*s\n", LINE_LEN - 1, "a log line");
    for (int i = 0; i < LINES; i++)
        log[i * LINE_LEN + LINE_LEN - 3] = (char)('a' + i);
}

/* Start the next journal where the archive ends, and seal those before. */
static int start(struct journal_writer **j, uint64_t *next)
{
    static const struct segment_options options = {.level = LGZ_LEVEL_FAST, .threads = 1};
    struct archive_recovery *r;
    int code = archive_recover(&r, directory, &err);
    *j = NULL;
    if (code != LGZ_OK)
        return code;
    *next = r->position_count ? r->positions[0].next : 0;
    code = journal_create(j, directory, r->next_sequence, r->positions, r->position_count, &err);
    if (code == LGZ_OK && r->position_count == 0) {
        struct source source = source_of(1);
        code = journal_put_source(*j, &source, 0, &err);
        free(source.name);
    }
    for (size_t i = 0, count; code == LGZ_OK && i < r->journal_count; i += count) {
        struct archive_seal_result result = {0};
        count = archive_recovery_group(r, i, (size_t)2 * LINE_LEN);
        code = archive_seal(directory, r->journals + i, count, &options, &result, &err);
        archive_seal_result_clear(&result);
    }
    archive_recovery_free(r);
    return code;
}

/* Append `lines` lines from `*next` on, each with a sync. */
static int follow(struct journal_writer *j, const char *log, int lines, uint64_t *next)
{
    for (int i = 0; i < lines && *next < LINES * LINE_LEN; i++) {
        int code = journal_put_data(j, 1, *next, 0, log + *next, LINE_LEN, &err);
        if (code == LGZ_OK)
            code = journal_sync(j, &err);
        if (code != LGZ_OK)
            return code;
        *next += LINE_LEN;
        progress->acknowledged = *next;
    }
    return LGZ_OK;
}

/* A daemon's life: three times started, each time reading a third of the log; then a last seal. */
static void live(const char *log)
{
    for (int day = 0; day < 4; day++) {
        struct journal_writer *j;
        struct archive_lock *lock;
        uint64_t next;
        int code = archive_lock(&lock, directory, "test", &err);
        if (code == LGZ_OK)
            code = start(&j, &next);
        if (code == LGZ_OK)
            code = follow(j, log, LINES / 3, &next);
        if (code != LGZ_OK)
            _exit(0); /* as a daemon would that can't go on */
        journal_close(j);
        archive_unlock(lock);
    }
    _exit(0);
}

/* The archive is what the log was up to some byte, at least as far as was acknowledged. */
static void assert_whole(const char *log, uint64_t acknowledged, uint64_t next)
{
    struct buf out = {0};
    struct restore_result result;
    int code = try_restore("/log/1", &out, &result);
    if (code != LGZ_ERR_NOT_FOUND || acknowledged)
        ck_ok(code);
    ck_assert_uint_ge(out.len, acknowledged);
    ck_assert_uint_eq(out.len, next);
    if (out.len)
        ck_assert_mem_eq(out.data, log, out.len);
    restore_result_clear(&result);
    buf_free(&out);
}

static void assert_goes_on(const char *log, uint64_t acknowledged)
{
    struct journal_writer *j;
    uint64_t next;
    ck_ok(start(&j, &next));
    assert_whole(log, acknowledged, next);
    ck_ok(follow(j, log, LINES, &next));
    journal_close(j);
    ck_ok(start(&j, &next)); /* seals what was read */
    journal_close(j);
    assert_whole(log, LINES * LINE_LEN, LINES * LINE_LEN);
    ck_assert_uint_eq(segments_raw_bytes(), LINES * LINE_LEN); /* nothing is there twice */
    struct listing found;
    ck_ok(listing_open(&found, directory, &err));
    ck_assert_uint_eq(found.journals.len, 1);
    ck_assert_uint_eq(found.drafts.len, 0);
    listing_clear(&found);
}

static void go_wrong_everywhere(enum what how)
{
    char log[LINES * LINE_LEN + 1];
    long calls = 0;
    fill_log(log);
    progress =
        mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(progress, MAP_FAILED);
    do {
        int status;
        make_directory();
        *progress = (struct progress){0};
        calls++;
        pid_t child = fork();
        if (child == 0) {
            atomic_store(&countdown, calls);
            action = how;
            live(log);
        }
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_int_eq(status, 0);
        if (!progress->went_wrong)
            ck_assert_uint_eq(progress->acknowledged, LINES * LINE_LEN);
        assert_goes_on(log, progress->acknowledged);
        remove_directory();
    } while (progress->went_wrong);
    ck_assert_int_gt(calls, 80); /* it did go through all of them */
    munmap(progress, sizeof(*progress));
    make_directory(); /* for the fixture to remove */
}

START_TEST(killed_at_every_call)
{
    remove_directory();
    go_wrong_everywhere(CRASH);
}
END_TEST

START_TEST(error_from_every_call)
{
    remove_directory();
    go_wrong_everywhere(FAIL);
}
END_TEST

/* No assertion while calls fail: Check itself writes. */
static int while_failing(enum what how, int (*call)(struct journal_writer *j),
                         struct journal_writer *j)
{
    atomic_store(&countdown, 1);
    action = how;
    int code = call(j);
    action = NOTHING;
    return code;
}

static int sync_it(struct journal_writer *j)
{
    return journal_sync(j, &err);
}

static int put_more(struct journal_writer *j)
{
    return journal_put_data(j, 1, 4, 0, "more", 4, &err);
}

static void assert_refuses(struct journal_writer *j)
{
    struct source source = source_of(2);
    ck_assert_int_eq(put_more(j), LGZ_ERR_IO);
    ck_assert_int_eq(journal_put_source(j, &source, 0, &err), LGZ_ERR_IO);
    ck_assert_int_eq(journal_drop_source(j, 1, &err), LGZ_ERR_IO);
    ck_assert_int_eq(journal_sync(j, &err), LGZ_ERR_IO);
    free(source.name);
}

START_TEST(failed_sync_takes_back_what_is_in_doubt)
{
    struct journal_writer *j = create_journal(1, 1, 0);
    put(j, 1, 0, "sure");
    ck_ok(journal_sync(j, &err));
    uint64_t durable = journal_bytes(j);
    ck_assert_int_eq(put_more(j), LGZ_OK);
    ck_assert_int_eq(while_failing(FAIL, sync_it, j), LGZ_ERR_IO);
    ck_assert_uint_eq(journal_bytes(j), durable);
    assert_refuses(j);
    journal_close(j);
    struct archive_recovery *r;
    ck_ok(archive_recover(&r, directory, &err));
    ck_assert_uint_eq(r->torn_bytes, 0);
    ck_assert_uint_eq(r->positions[0].next, 4);
    archive_recovery_free(r);
}
END_TEST

START_TEST(half_a_record_that_stays_stops_the_journal)
{
    struct journal_writer *j = create_journal(1, 1, 0);
    put(j, 1, 0, "sure");
    ck_assert_int_eq(while_failing(FAIL_FROM, put_more, j), LGZ_ERR_IO); /* nor can it be cut */
    assert_refuses(j);
    journal_close(j);
    struct archive_recovery *r;
    ck_ok(archive_recover(&r, directory, &err));
    ck_assert_uint_gt(r->torn_bytes, 0);
    ck_assert_uint_eq(r->positions[0].next, 4);
    archive_recovery_free(r);
    assert_restores("/log/1", "sure");
}
END_TEST

static int begin_second(struct journal_writer *unused)
{
    struct journal_writer *j = NULL;
    (void)unused;
    int code = journal_create(&j, directory, 2, NULL, 0, &err);
    journal_close(j);
    return code;
}

static int retract_second(struct journal_writer *unused)
{
    (void)unused;
    return journal_retract(directory, 2, &err);
}

/* What goes on with journal 1 must not find that recovery believes journal 2. */
START_TEST(journal_that_cannot_be_begun_is_taken_back)
{
    char *second = names_journal(directory, 2);
    int failed = 0, was_there = 0;
    for (long calls = 1; calls <= 12; calls++) {
        atomic_store(&countdown, calls);
        action = FAIL;
        int code = begin_second(NULL);
        action = NOTHING;
        failed += code != LGZ_OK;
        was_there += code != LGZ_OK && access(second, F_OK) == 0;
        ck_ok(journal_retract(directory, 2, &err));
        ck_assert_int_ne(access(second, F_OK), 0);
    }
    ck_assert_int_ge(failed, 4);
    ck_assert_int_ge(was_there, 1);
    ck_assert_int_eq(while_failing(FAIL_FROM, retract_second, NULL), LGZ_ERR_IO);
    free(second);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, make_directory, remove_directory);
    tcase_add_test(tests, killed_at_every_call);
    tcase_add_test(tests, error_from_every_call);
    tcase_add_test(tests, failed_sync_takes_back_what_is_in_doubt);
    tcase_add_test(tests, journal_that_cannot_be_begun_is_taken_back);
    tcase_add_test(tests, half_a_record_that_stays_stops_the_journal);
}

int main(void)
{
    return run_suite("crash", add_tests, 120);
}
