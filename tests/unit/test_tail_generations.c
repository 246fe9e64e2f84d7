/*
 * test_tail_generations.c - files that nobody saw under the log's name: which they are, what came
 * before them, and what a restart knows of them.
 */
#include <dirent.h>
#include <sys/syscall.h>

#include "suite.h"
#include "tail_fixture.h"

/* What happens right behind a read of a file's beginning, of that length if it isn't 0. Not
   static, for the C library may declare pread() inline, and clang warns of a static variable in
   there. */
struct trap {
    void (*act)(void);
    ino_t inode;
    size_t len;
};
extern struct trap trap;
struct trap trap;

ssize_t pread(int fd, void *data, size_t len, off_t offset)
{
    ssize_t n = syscall(SYS_pread64, fd, data, len, offset);
    void (*act)(void) = trap.act;
    struct stat st;
    if (act && offset == 0 && (!trap.len || trap.len == len) && fstat(fd, &st) == 0 &&
        st.st_ino == trap.inode) {
        trap.act = NULL;
        act();
    }
    return n;
}

static void set_trap(const char *file, size_t len, void (*act)(void))
{
    struct stat st;
    ck_assert_int_eq(stat(in(file), &st), 0);
    trap.inode = st.st_ino;
    trap.len = len;
    trap.act = act;
}

/* What happens right before names are read. */
static void (*before_names)(void);

DIR *opendir(const char *path)
{
    void (*act)(void) = before_names;
    before_names = NULL;
    if (act)
        act();
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (fd >= 0 && !dir)
        close(fd);
    return dir;
}

/* What happens right before a file is asked for by its name. */
static struct {
    void (*act)(void);
    const char *name;
} ask;

int stat(const char *path, struct stat *st)
{
    void (*act)(void) = ask.act;
    if (act && strcmp(strrchr(path, '/') + 1, ask.name) == 0) {
        ask.act = NULL;
        act();
    }
    return fstatat(AT_FDCWD, path, st, 0);
}

/* A file that was written to so many seconds ago. */
static void put_old(const char *file, const char *text, time_t seconds)
{
    struct timespec time;
    put(file, "w", text);
    ck_assert_int_eq(clock_gettime(CLOCK_REALTIME, &time), 0);
    time.tv_sec -= seconds;
    set_time(file, time);
}

/* Are these the texts of the sources, in the order of their ids? */
static void expect_in_order(const char *const *texts, size_t count)
{
    size_t found = 0;
    for (uint64_t id = 1; id < SOURCES_MAX; id++) {
        if (!got[id].data.len)
            continue;
        ck_assert_uint_lt(found, count);
        expect(id, texts[found++]);
    }
    ck_assert_uint_eq(found, count);
    ck_assert_uint_eq(warnings, 0);
}

/* The log was truncated after it was copied, and then renamed: what came after that is later than
 * what it was filled with, not between that and the copy. */
START_TEST(truncated_and_renamed)
{
    const char *const texts[] = {"one\n", "second\n", "third one\n", "the fourth\n"};
    put("a.log", "w", texts[0]);
    open_tail(NULL, 0, 1);
    follow();
    put_old("a.log.3", texts[0], 9);
    put_old("a.log", texts[1], 8);
    move("a.log", "a.log.2");
    put_old("a.log.1", texts[2], 7);
    put_old("a.log", texts[3], 6);
    follow();
    expect_in_order(texts, 4);
}
END_TEST

/* The copy of what nobody has read is whole now, and the log empty. */
static void truncate_log(void)
{
    put_old("a.log.1", "two\nthree\n", 6);
    put_old("a.log", "", 5);
}

/* The log was copied and truncated once; it's being copied again, while somebody looks. */
static void copy_twice(const char *so_far)
{
    put("a.log", "w", "one\n");
    open_tail(NULL, 0, 1);
    follow();
    put_old("a.log.2", "one\n", 9);
    put_old("a.log.1", so_far, 8);
    put_old("a.log", "two\nthree\n", 7);
}

static void expect_copies(void)
{
    const char *const texts[] = {"one\n", "two\nthree\n", "four\n"};
    follow();
    ck_assert(!trap.act);
    pack("a.log.1");
    put("a.log", "w", "four\n");
    follow();
    expect_in_order(texts, 3);
}

/* The copy is half made when its first bytes are read, and the log truncated when it's compared. */
START_TEST(truncated_behind_half_a_copy)
{
    copy_twice("two\n");
    set_trap("a.log.1", LOGFILE_PRINT_MAX, truncate_log);
    expect_copies();
}
END_TEST

static void truncate_when_compared(void)
{
    set_trap("a.log", 0, truncate_log);
}

/* It's whole, and the log is truncated when its first bytes were compared. */
START_TEST(truncated_while_compared)
{
    copy_twice("two\nthree\n");
    set_trap("a.log.1", LOGFILE_PRINT_MAX, truncate_when_compared);
    expect_copies();
}
END_TEST

/* The log was copied, truncated, renamed, compressed and deleted, while there was no room to read
 * it. The new one has the inode of a source whose file isn't found. */
START_TEST(truncated_and_inode_used_again)
{
    const char *const texts[] = {"two\n", "third one\n", "the fourth\n"};
    static char name[200];
    static char in_name[] = "in";
    struct stat st;
    put("new", "w", texts[2]);
    ck_assert_int_eq(stat(in("new"), &st), 0);
    snprintf(name, sizeof(name), "%s/a.log", directory);
    struct source_position p = {
        {1, name, in_name, st.st_dev, st.st_ino, hash_bytes("one\n", 4), 4, 0, 0, false}, 100, {0}};
    on_source(NULL, &p.source, p.next);
    put("a.log.9.gz", "w", ""); /* so it might still be found */
    put("a.log", "w", texts[0]);
    room = 0;
    open_tail(&p, 1, 2);
    follow();
    put_old("a.log.2", texts[0], 8);
    pack("a.log.2");
    put_old("a.log", texts[1], 7);
    move("a.log", "a.log.1");
    pack("a.log.1");
    move("new", "a.log");
    set_time("a.log", (struct timespec){.tv_sec = clock_real() / NS_PER_SECOND - 6});
    ck_assert_int_eq(tail_scan(tail, now, NULL), LGZ_OK); /* before the events are read */
    follow();
    room = sizeof(space);
    follow();
    expect_in_order(texts, 3);
}
END_TEST

static void copy_and_write(void)
{
    put("a.log.1", "w", "two\n");
    usleep(20000);
    put("a.log", "w", "the third\n");
}

/* The log was empty when it was seen last. It has something now; before anybody looks for what it
 * had in between, that is copied, the log truncated, and written to again. */
START_TEST(filled_and_truncated_while_looked_at)
{
    const char *const texts[] = {"one\n", "two\n", "the third\n"};
    put("a.log", "w", texts[0]);
    open_tail(NULL, 0, 1);
    follow();
    put("a.log.2", "w", texts[0]);
    put("a.log", "w", "");
    follow();
    usleep(20000);
    put("a.log", "a", texts[1]);
    before_names = copy_and_write;
    tail_events(tail);
    ck_assert(!before_names);
    follow();
    expect_in_order(texts, 3);
}
END_TEST

static void shift_copy(void)
{
    move("a.log.2", "a.log.4");
    move("a.log.1", "a.log.3");
}

/* The copy of what it was filled with gets another name, between the look at names and at files. */
START_TEST(filled_and_renamed_while_sought)
{
    const char *const texts[] = {"one\n", "two\n", "the third\n"};
    put("a.log", "w", texts[0]);
    open_tail(NULL, 0, 1);
    follow();
    put("a.log.2", "w", texts[0]);
    put("a.log", "w", "");
    follow();
    usleep(20000);
    copy_and_write();
    ask.name = "a.log.1";
    ask.act = shift_copy;
    tail_events(tail);
    ck_assert(!ask.act);
    follow();
    expect_in_order(texts, 3);
}
END_TEST

/* What was compressed of a file may have that file's inode, if it was done after that was deleted.
 */
START_TEST(compressed_into_its_own_inode)
{
    const char *const texts[] = {"two\n", "three\n"};
    static char name[200];
    static char in_name[] = "in";
    struct stat st;
    put("a.log.1", "w", "one\ntwo\n");
    pack("a.log.1");
    put("a.log", "w", texts[1]);
    ck_assert_int_eq(stat(in("a.log.1.gz"), &st), 0);
    snprintf(name, sizeof(name), "%s/a.log", directory);
    struct source_position p = {
        {1, name, in_name, st.st_dev, st.st_ino, hash_bytes("one\n", 4), 4, 0, 0, false}, 4, {0}};
    on_source(NULL, &p.source, p.next);
    open_tail(&p, 1, 2);
    follow();
    expect_in_order(texts, 2);
}
END_TEST

/* A source as a restart knows it. */
static struct source_position known(uint64_t id)
{
    static char name[200];
    static char in_name[] = "in";
    struct source_position p = {got[id].source, got[id].data.len,
                                mark_of(got[id].data.data, got[id].data.len)};
    snprintf(name, sizeof(name), "%s", got[id].source.name);
    p.source.name = name;
    p.source.input = in_name;
    tail_close(tail);
    return p;
}

/* While the daemon was down, the file that was read last was rotated and deleted; those that came
 * after it are there. */
START_TEST(last_one_deleted_while_down)
{
    const char *const texts[] = {"one\n", "second\n", "third one\n", "the fourth\n"};
    put_old("a.log.3", "zero\n", 10);
    put_old("a.log", texts[0], 9);
    open_tail(NULL, 0, 1);
    follow();
    struct source_position p = known(1);
    ck_assert_int_eq(unlink(in("a.log")), 0);
    put_old("a.log.2", texts[1], 8);
    pack("a.log.2");
    put_old("a.log.1", texts[2], 7);
    put_old("a.log", texts[3], 6);
    open_tail(&p, 1, 2);
    follow();
    ck_assert_uint_eq(warnings, 1); /* it may have been written to */
    warnings = 0;
    expect_in_order(texts, 4);
}
END_TEST

/* A file that was written to after its successor is forgotten. If that's gone then, it's still
 * known that the older one isn't what came after it. */
START_TEST(forgotten_one_is_not_read_again)
{
    const char *const texts[] = {"one\nlate\n", "two\n", "three\n"};
    put_old("a.log", "one\n", 9);
    open_tail(NULL, 0, 1);
    follow();
    move("a.log", "a.log.1");
    put_old("a.log", texts[1], 8);
    follow();
    put("a.log.1", "a", "late\n");
    follow();
    now += TAIL_RENAMED_LINGER + NS_PER_SECOND;
    follow();
    follow();
    ck_assert(got[1].dropped);
    struct source_position p = known(2);
    usleep(20000);
    ck_assert_int_eq(unlink(in("a.log")), 0);
    put("a.log", "w", texts[2]);
    open_tail(&p, 1, 3);
    follow();
    warnings = 0;
    expect_in_order(texts, 3);
}
END_TEST

/* An input that matches the rotated names as well. */
static void open_wide(void)
{
    static char pattern[200];
    open_tail(NULL, 0, 1);
    snprintf(pattern, sizeof(pattern), "%s/*.log*", directory);
    glob_paths[0].pattern = pattern;
}

static void expect_bytes(size_t count)
{
    size_t bytes = 0;
    for (uint64_t id = 1; id < SOURCES_MAX; id++)
        bytes += got[id].data.len;
    ck_assert_uint_eq(bytes, count);
    ck_assert_uint_eq(warnings, 0);
}

/* An unseen file is a log of its own by its rotated name. When that is compressed, and the next one
 * has its name, what is compressed of the next one is the log's, and nobody's that came after it.
 */
START_TEST(compressed_beside_one_of_its_own)
{
    const char *const texts[] = {"one\n", "second\n", "third one\n", "the fourth\n"};
    open_wide();
    put_old("a.log", texts[0], 9);
    follow();
    move("a.log", "a.log.2");
    put_old("a.log.1", texts[1], 8);
    put_old("a.log", texts[2], 7);
    follow();
    pack("a.log.1");
    move("a.log.1.gz", "a.log.2.gz");
    move("a.log", "a.log.1");
    pack("a.log.1");
    put_old("a.log", texts[3], 6);
    follow();
    expect_bytes(4 + 7 + 10 + 11);
}
END_TEST

/* Nor when the log's own sources are forgotten, and that of the rotated name is still known. */
START_TEST(compressed_after_one_of_its_own)
{
    open_wide();
    put_old("a.log", "one\n", 9);
    follow();
    move("a.log", "a.log.3");
    pack("a.log.3");
    put_old("a.log.2", "second\n", 8);
    put_old("a.log.1", "third one\n", 7);
    pack("a.log.1");
    put_old("a.log", "the fourth\n", 6);
    follow();
    pack("a.log.2");
    for (int i = 0; i < 4; i++) {
        now += 2 * TAIL_LINGER;
        follow();
    }
    expect_bytes(4 + 7 + 10 + 11);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, truncated_and_renamed);
    tcase_add_test(tc, truncated_behind_half_a_copy);
    tcase_add_test(tc, truncated_while_compared);
    tcase_add_test(tc, truncated_and_inode_used_again);
    tcase_add_test(tc, filled_and_truncated_while_looked_at);
    tcase_add_test(tc, filled_and_renamed_while_sought);
    tcase_add_test(tc, compressed_into_its_own_inode);
    tcase_add_test(tc, last_one_deleted_while_down);
    tcase_add_test(tc, compressed_beside_one_of_its_own);
    tcase_add_test(tc, compressed_after_one_of_its_own);
    tcase_add_test(tc, forgotten_one_is_not_read_again);
}

int main(void)
{
    return run_suite("tail_generations", add_tests, 0);
}
