/*
 * test_tail_faults.c - files that can't be opened or read for a while, and copies that look like
 * the right one: nothing may be read twice, let go, or taken from another file.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include "suite.h"
#include "tail_fixture.h"

/* Each pread(2) fails, as on a disk with a bad block. Not static, for the C library may declare
   pread() inline, and clang warns of a static variable in there. */
extern bool unreadable;
bool unreadable;

ssize_t pread(int fd, void *data, size_t len, off_t offset)
{
    if (unreadable) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_pread64, fd, data, len, offset);
}

/* Each inotify_add_watch(2) is refused, as when the limit of watches is reached. */
extern bool unwatchable;
bool unwatchable;

int inotify_add_watch(int fd, const char *path, uint32_t mask)
{
    if (unwatchable) {
        errno = ENOSPC;
        return -1;
    }
    return (int)syscall(SYS_inotify_add_watch, fd, path, mask);
}

/* From now on no further file can be opened; or again as many as at first. */
static void let_open(bool allowed)
{
    static rlim_t before;
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (!before)
        before = limit.rlim_cur;
    int lowest = open("/dev/null", O_RDONLY);
    if (lowest >= 0)
        close(lowest);
    limit.rlim_cur = allowed ? before : (rlim_t)lowest;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Time passes: nothing is read for so long that files that are lost or finished are let go. */
static void wait_long(void)
{
    follow();
    now += 3 * TAIL_LINGER;
    follow();
}

START_TEST(error_is_no_change)
{
    open_tail(NULL, 0, 1);
    put("a.log", "w", "one\n");
    follow();
    unreadable = true;
    ck_assert_int_eq(utimensat(AT_FDCWD, in("a.log"), NULL, 0), 0);
    follow();
    put("a.log", "a", "two\n");
    follow();
    unreadable = false;
    follow();
    expect(1, "one\ntwo\n");
    ck_assert_uint_eq(got[2].source.id, 0);
}
END_TEST

/* The search for names fails: that doesn't mean that the files aren't wanted any more. */
START_TEST(without_descriptors)
{
    open_tail(NULL, 0, 1);
    put("a.log", "w", "one\n");
    follow();
    let_open(false);
    wait_long();
    let_open(true);
    put("a.log", "a", "two\n");
    follow();
    expect(1, "one\ntwo\n");
    ck_assert(!is_let_go(1));
    ck_assert_uint_eq(got[2].source.id, 0);
}
END_TEST

/* A file that was renamed while nobody looked is in sight, but can't be read for a while. */
START_TEST(renamed_and_unreadable)
{
    struct stat st;
    char name[200];
    char in_name[] = "in";
    put("a.log.1", "w", "one\ntwo\n");
    ck_assert_int_eq(stat(in("a.log.1"), &st), 0);
    snprintf(name, sizeof(name), "%s/a.log", directory);
    struct source_position p = {
        {7, name, in_name, st.st_dev, st.st_ino, hash_bytes("one\n", 4), 4, 0, 0, false}, 4, {0}};
    on_source(NULL, &p.source, p.next);
    open_tail(&p, 1, 10);
    unreadable = true;
    wait_long();
    unreadable = false;
    follow();
    expect(7, "two\n");
}
END_TEST

/* The copy that a truncated file was made of is in sight, but can't be read for a while. */
START_TEST(copy_unreadable)
{
    open_tail(NULL, 0, 1);
    put("a.log", "w", "one\n");
    follow();
    put("a.log.1", "w", "one\ntwo\n");
    put("a.log", "w", "");
    unreadable = true;
    follow();
    unreadable = false;
    follow();
    expect(1, "one\ntwo\n");
}
END_TEST

/* A compressed copy can't be read to its end for a while: it isn't taken for damaged, and doesn't
 * keep others from being read. */
START_TEST(packed_unreadable)
{
    static char names[2][200];
    static char in_name[] = "in";
    struct source_position p[2];
    struct stat st;
    const char *const files[] = {"a.log", "b.log"};
    for (uint64_t i = 0; i < 2; i++) {
        char packed[10];
        snprintf(packed, sizeof(packed), "%s.1", files[i]);
        snprintf(names[i], sizeof(names[i]), "%s/%s", directory, files[i]);
        put(packed, "w", "one\ntwo\n");
        ck_assert_int_eq(stat(in(packed), &st), 0);
        pack(packed);
        p[i] = (struct source_position){{i + 1, names[i], in_name, st.st_dev, st.st_ino,
                                         hash_bytes("one\n", 4), 4, 0, 0, false},
                                        4,
                                        {0}};
        on_source(NULL, &p[i].source, p[i].next);
    }
    warnings = 0;
    open_tail(p, 2, 3);
    ck_assert_int_eq(tail_scan(tail, now, NULL), LGZ_OK);
    unreadable = true;
    for (int i = 0; i < 3 && !warnings; i++)
        ck_assert(tail_read(tail, 1, now)); /* of one of them, which has begun */
    unreadable = false;
    ck_assert_uint_eq(warnings, 1);
    follow();
    ck_assert_uint_eq(got[1].data.len + got[2].data.len, 4); /* the other one */
    now += TAIL_LINGER;
    follow();
    expect(1, "two\n");
    expect(2, "two\n");
    ck_assert_uint_eq(warnings, 1);
}
END_TEST

static void set_age(const char *name, time_t seconds)
{
    struct timespec time;
    ck_assert_int_eq(clock_gettime(CLOCK_REALTIME, &time), 0);
    time.tv_sec -= seconds;
    set_time(name, time);
}

/* Each generation begins with the same short line; the old copies have more behind it. */
START_TEST(copies_of_others)
{
    open_tail(NULL, 0, 1);
    put("a.log.1", "w", "started\nlast week\n");
    set_age("a.log.1", 7 * 86400);
    put("a.log", "w", "started\n");
    follow();
    put("a.log", "w", ""); /* truncated without a copy */
    follow();
    expect(1, "started\n");

    put("b.log-1", "w", "started\nyesterday\n");
    set_age("b.log-1", 30);
    put("b.log", "w", "started\n");
    follow();
    put("b.log-2", "w", "started\n"); /* the copy has nothing more */
    put("b.log", "w", "");
    follow();
    for (unsigned id = 1; id < SOURCES_MAX; id++) {
        if (got[id].data.len)
            expect(id, "started\n");
    }
}
END_TEST

/* More files than may be open at once are read all the same, each once. */
START_TEST(few_descriptors)
{
    struct rlimit before, limit;
    char name[20];
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = before;
    limit.rlim_cur = 24; /* half of it for files */
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    open_tail(NULL, 0, 1);
    for (int round = 0; round < 2; round++) {
        for (int i = 1; i < SOURCES_MAX; i++) {
            snprintf(name, sizeof(name), "%02d.log", i);
            put(name, "a", name);
        }
        for (int i = 0; i < 4; i++)
            follow();
    }
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    for (int i = 1; i < SOURCES_MAX; i++)
        ck_assert_uint_eq(got[i].data.len, 2 * strlen("00.log"));
}
END_TEST

/* Without a single watch everything is found all the same, and that is said once. */
START_TEST(without_watches)
{
    unwatchable = true;
    warnings = 0;
    open_tail(NULL, 0, 1);
    put("a.log", "w", "one\n");
    follow();
    put("a.log", "a", "two\n");
    put("b.log", "w", "other\n");
    follow();
    move("a.log", "a.log.1");
    put("a.log.1", "a", "three\n");
    put("a.log", "w", "new\n");
    follow();
    unwatchable = false;
    expect(1, "one\ntwo\nthree\n");
    expect(2, "other\n");
    ck_assert_uint_eq(warnings, 1);
    ck_assert_ptr_nonnull(strstr(last_warning, "max_user_watches"));
    size_t news = 0;
    for (size_t id = 3; id < SOURCES_MAX; id++)
        news += got[id].data.len;
    ck_assert_uint_eq(news, 4);
}
END_TEST

/* An input is taken away and given back: nothing is read twice, and what came meanwhile is read. */
START_TEST(unwanted_and_wanted)
{
    open_tail(NULL, 0, 1);
    put("a.log", "w", "one\n");
    follow();
    tail_configure(tail, NULL, 0);
    follow();
    put("a.log", "a", "two\n");
    now += 3600 * NS_PER_SECOND;
    follow();
    expect(1, "one\n");
    ck_assert(!is_let_go(1));
    tail_configure(tail, &input, 1);
    follow();
    expect(1, "one\ntwo\n");
    tail_configure(tail, NULL, 0);
    ck_assert_int_eq(unlink(in("a.log")), 0);
    follow();
    now += 25 * 3600 * NS_PER_SECOND;
    follow();
    ck_assert(is_let_go(1));
    ck_assert_uint_eq(got[2].source.id, 0);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, error_is_no_change);
    tcase_add_test(tc, without_descriptors);
    tcase_add_test(tc, renamed_and_unreadable);
    tcase_add_test(tc, copy_unreadable);
    tcase_add_test(tc, packed_unreadable);
    tcase_add_test(tc, copies_of_others);
    tcase_add_test(tc, few_descriptors);
    tcase_add_test(tc, without_watches);
    tcase_add_test(tc, unwanted_and_wanted);
}

int main(void)
{
    return run_suite("tail_faults", add_tests, 0);
}
