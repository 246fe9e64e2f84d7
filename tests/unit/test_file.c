/*
 * test_file.c - whole reads and writes, errors that name the file, drafts that appear whole or not
 * at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/file.h"
#include "engine_fixture.h"

static char directory[40];
static char path[64];

static void setup(void)
{
    snprintf(directory, sizeof(directory), "/tmp/logzip-file-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/f", directory);
}

static void teardown(void)
{
    unlink(path);
    /* Fails if a draft was left behind. */
    ck_assert_int_eq(rmdir(directory), 0);
}

static void put(const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_ok(file_write(fd, text, strlen(text), path, &err));
    close(fd);
}

static void require_contents(const char *text)
{
    struct buf b = {0};
    ck_ok(file_load(path, 1 << 20, &b, &err));
    ck_assert(span_equal(buf_span(&b), span_of(text)));
    buf_free(&b);
}

START_TEST(test_read)
{
    char room[100];
    put("0123456789");
    int fd = open(path, O_RDONLY);
    ck_assert_int_eq(file_read(fd, room, 4, path, &err), 4);
    ck_assert_int_eq(file_read(fd, room, 100, path, &err), 6);
    ck_assert_int_eq(memcmp(room, "456789", 6), 0);
    ck_assert_int_eq(file_read(fd, room, 100, path, &err), 0);
    ck_assert_int_eq(file_read_at(fd, room, 3, 2, path, &err), 3);
    ck_assert_int_eq(memcmp(room, "234", 3), 0);
    ck_assert_int_eq(file_read_at(fd, room, 9, 8, path, &err), 2);
    ck_assert_int_eq(file_read_at(fd, room, 9, 50, path, &err), 0);
    close(fd);
    ck_assert_int_eq(file_read(fd, room, 1, "gone.log", &err), LGZ_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.message, "gone.log"));
    ck_assert_int_eq(file_write(fd, room, 1, "gone.log", &err), LGZ_ERR_IO);
}
END_TEST

START_TEST(test_load)
{
    struct buf b = {0};
    put("0123456789");
    buf_append_string(&b, ">");
    ck_ok(file_load(path, 10, &b, &err));
    ck_assert(span_equal(buf_span(&b), span_of(">0123456789")));
    ck_assert_int_eq(file_load(path, 9, &b, &err), LGZ_ERR_LIMIT);
    ck_assert_int_eq(file_load("/nonexistent/x", 9, &b, &err), LGZ_ERR_IO);
    ck_assert_int_eq(errno, ENOENT);
    buf_free(&b);
}
END_TEST

START_TEST(test_draft)
{
    struct file_draft d;
    struct stat st;
    ck_ok(file_draft_open(&d, path, 0640, &err));
    ck_assert_int_ne(access(path, F_OK), 0);
    ck_assert(file_is_draft_name(strrchr(d.temporary, '/') + 1));
    ck_ok(file_write(d.fd, "new", 3, path, &err));
    ck_ok(file_draft_commit(&d, false, &err));
    file_draft_discard(&d);
    require_contents("new");
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_mode & 0137, 0);
}
END_TEST

START_TEST(test_draft_doesnt_replace)
{
    struct file_draft d;
    put("old");
    ck_ok(file_draft_open(&d, path, 0600, &err));
    ck_assert_int_eq(file_draft_commit(&d, false, &err), LGZ_ERR_ARGUMENT);
    file_draft_discard(&d);
    require_contents("old");
    ck_ok(file_draft_open(&d, path, 0600, &err));
    ck_ok(file_write(d.fd, "newer", 5, path, &err));
    ck_ok(file_draft_commit(&d, true, &err));
    file_draft_discard(&d);
    require_contents("newer");
}
END_TEST

START_TEST(test_save)
{
    struct buf b = {0}, failed = {.failed = true};
    struct stat st;
    ck_ok(file_save(path, 0640, &b, &err));
    require_contents("");
    buf_append_string(&b, "all of it");
    ck_ok(file_save(path, 0640, &b, &err));
    require_contents("all of it");
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_mode & 0137, 0);
    ck_assert_int_eq(file_save(path, 0640, &failed, &err), LGZ_ERR_MEMORY);
    require_contents("all of it");
    ck_assert_int_eq(file_save("/nonexistent/x", 0640, &b, &err), LGZ_ERR_IO);
    buf_free(&b);
}
END_TEST

START_TEST(test_draft_discarded)
{
    struct file_draft d, zero = {0};
    ck_ok(file_draft_open(&d, path, 0600, &err));
    ck_ok(file_write(d.fd, "half", 4, path, &err));
    file_draft_discard(&d);
    ck_assert_int_ne(access(path, F_OK), 0);
    file_draft_discard(&zero);
    ck_assert_int_eq(file_draft_open(&d, "/nonexistent/dir/f", 0600, &err), LGZ_ERR_IO);
    file_draft_discard(&d);
}
END_TEST

static void ignore_signal(int number)
{
    (void)number;
}

/* flock(2) is of the open file, so that a process can keep itself out. */
START_TEST(test_lock)
{
    put("x");
    int fd = open(path, O_RDONLY);
    int other = open(path, O_RDONLY);
    ck_assert_int_eq(file_lock(fd, false, path, &err), 1);
    ck_assert_int_eq(file_lock(fd, true, path, &err), 1);
    ck_assert_int_eq(file_lock(other, false, path, &err), 0);
    close(fd);
    ck_assert_int_eq(file_lock(other, true, path, &err), 1);
    close(other);
    ck_assert_int_eq(file_lock(-1, true, "gone.log", &err), LGZ_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.message, "gone.log: cannot lock"));
}
END_TEST

/* A signal doesn't end the waiting: another process has the lock, and sends us some. */
START_TEST(test_lock_waits_on)
{
    char byte;
    int ready[2];
    struct sigaction action = {.sa_handler = ignore_signal}; /* without SA_RESTART */
    ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
    ck_assert_int_eq(pipe(ready), 0);
    put("x");
    pid_t us = getpid();
    pid_t holder = fork();
    if (holder == 0) {
        int held = open(path, O_RDONLY);
        if (file_lock(held, true, path, NULL) != 1 || write(ready[1], "x", 1) != 1)
            _exit(1);
        for (int i = 0; i < 50; i++) {
            kill(us, SIGUSR1);
            usleep(1000);
        }
        _exit(0);
    }
    ssize_t n;
    do
        n = read(ready[0], &byte, 1);
    while (n < 0 && errno == EINTR);
    ck_assert_int_eq(n, 1);
    int fd = open(path, O_RDONLY);
    ck_assert_int_eq(file_lock(fd, true, path, &err), 1);
    int status;
    while (waitpid(holder, &status, 0) < 0 && errno == EINTR)
        continue;
    ck_assert_int_eq(status, 0);
    close(fd);
    close(ready[0]);
    close(ready[1]);
}
END_TEST

START_TEST(test_is_named)
{
    put("x");
    int fd = open(path, O_RDONLY);
    ck_assert_int_eq(file_is_named(fd, path, &err), 1);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(file_is_named(fd, path, &err), 0);
    put("y");
    ck_assert_int_eq(file_is_named(fd, path, &err), 0);
    close(fd);
    ck_assert_int_eq(file_is_named(-1, path, &err), LGZ_ERR_IO);
    fd = open(path, O_RDONLY);
    char below[80];
    snprintf(below, sizeof(below), "%s/not-a-directory", path);
    ck_assert_int_eq(file_is_named(fd, below, &err), LGZ_ERR_IO);
    close(fd);
}
END_TEST

START_TEST(test_free_bytes)
{
    uint64_t bytes = 0;
    ck_ok(file_free_bytes(directory, &bytes, &err));
    ck_assert_uint_gt(bytes, 0);
    ck_assert_int_eq(file_free_bytes("/nowhere/at/all", &bytes, &err), LGZ_ERR_IO);
    ck_assert_ptr_nonnull(strstr(err.message, "/nowhere/at/all: "));
    ck_assert_uint_eq(bytes, UINT64_MAX);
    /* It speaks of no blocks: then there's room. */
    ck_ok(file_free_bytes("/proc", &bytes, &err));
    ck_assert_uint_eq(bytes, UINT64_MAX);
}
END_TEST

START_TEST(test_draft_names)
{
    ck_assert(file_is_draft_name(".a.logz.tmp123"));
    ck_assert(file_is_draft_name(".a.tmpx.tmp1"));
    ck_assert(!file_is_draft_name("a.logz.tmp123"));
    ck_assert(!file_is_draft_name(".a.logz.tmp"));
    ck_assert(!file_is_draft_name(".a.logz.tmp12x"));
    ck_assert(!file_is_draft_name(".a.logz"));
    ck_assert(!file_is_draft_name(""));
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_read);
    tcase_add_test(tc, test_load);
    tcase_add_test(tc, test_draft);
    tcase_add_test(tc, test_draft_doesnt_replace);
    tcase_add_test(tc, test_save);
    tcase_add_test(tc, test_draft_discarded);
    tcase_add_test(tc, test_draft_names);
    tcase_add_test(tc, test_lock);
    tcase_add_test(tc, test_lock_waits_on);
    tcase_add_test(tc, test_is_named);
    tcase_add_test(tc, test_free_bytes);
}

int main(void)
{
    return run_suite("file", add_tests, 30);
}
