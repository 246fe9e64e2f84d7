/*
 * test_tail_copies.c - inputs that match rotated names as well: the copy that copytruncate makes is
 * the old file under another name, and is read once. And copies of what was filled unseen.
 */
#include <fcntl.h>

#include "suite.h"
#include "tail/generations.h"
#include "tail_fixture.h"

/* Time goes in steps. */
static void tick(void)
{
    usleep(20000);
}

/* Follow all that begins with a.log. */
static void open_wide(const struct source_position *positions, size_t count, uint64_t next_id)
{
    static char pattern[200];
    open_tail(positions, count, next_id);
    snprintf(pattern, sizeof(pattern), "%s/a.log*", directory);
    glob_paths[0].pattern = pattern;
}

static uint64_t inode_of(const char *name)
{
    struct stat st;
    ck_assert_int_eq(stat(in(name), &st), 0);
    return st.st_ino;
}

START_TEST(unread_rest)
{
    open_wide(NULL, 0, 1);
    put("a.log", "w", "one\n");
    follow();
    put("a.log.1", "w", "one\ntwo\n");
    put("a.log", "w", "new, longer than what was read\n");
    follow();
    expect(1, "one\ntwo\n");
    expect(2, "new, longer than what was read\n");
    ck_assert_uint_eq(got[3].source.id, 0);
    ck_assert(!is_let_go(1));
    ck_assert_uint_eq(got[1].source.inode, inode_of("a.log.1"));
    ck_assert_uint_eq(got[2].source.inode, inode_of("a.log"));
    /* It lives on as any renamed file. */
    move("a.log.1", "a.log.2");
    put("a.log.2", "a", "late\n");
    follow();
    expect(1, "one\ntwo\nlate\n");
    ck_assert_uint_eq(got[3].source.id, 0);
}
END_TEST

/* Nothing was unread. The name doesn't say which copy it is, and sorts before the log's. */
START_TEST(whole)
{
    open_wide(NULL, 0, 1);
    put("a.log", "w", "one\n");
    follow();
    put("a.log-20261123", "w", "one\n");
    put("a.log", "w", "");
    follow();
    put("a.log", "a", "new\n");
    follow();
    expect(1, "one\n");
    expect(2, "new\n");
    ck_assert_uint_eq(got[3].source.id, 0);
    ck_assert_uint_eq(got[1].source.inode, inode_of("a.log-20261123"));
}
END_TEST

/* Someone looks while the copy is being made, and before the truncation. */
START_TEST(in_the_making)
{
    open_wide(NULL, 0, 1);
    put("a.log", "w", "one\ntwo\n");
    follow();
    put("a.log.1", "w", "");
    follow();
    put("a.log.1", "w", "one\n");
    follow();
    put("a.log.1", "a", "two\n");
    follow();
    ck_assert_uint_eq(tail_count(tail), 1);
    put("a.log", "w", "");
    follow();
    put("a.log", "a", "new\n");
    follow();
    expect(1, "one\ntwo\n");
    expect(2, "new\n");
    ck_assert_uint_eq(got[3].source.id, 0);
}
END_TEST

/* The new file begins as the old one did, and is looked at again before the copy is. */
START_TEST(same_head)
{
    open_wide(NULL, 0, 1);
    put("a.log", "w", "head\none\n");
    follow();
    put("a.log-20261123.gz", "w", ""); /* it might become the copy: what follows isn't held back */
    put("a.log", "w", "head\n");
    follow();
    expect(2, "head\n");
    ck_assert_int_eq(unlink(in("a.log-20261123.gz")), 0);
    put("a.log-20261123", "w", "head\none\ntwo\n");
    follow();
    expect(1, "head\none\ntwo\n");
    expect(2, "head\n");
    ck_assert_uint_eq(got[3].source.id, 0);
}
END_TEST

static struct source_position position_of(const char *text)
{
    static char name[200];
    static char in_name[] = "in";
    size_t len = strlen(text);
    struct stat st;
    ck_assert_int_eq(stat(in("a.log"), &st), 0);
    snprintf(name, sizeof(name), "%s/a.log", directory);
    struct source_position p = {
        {7, name, in_name, st.st_dev, st.st_ino, hash_bytes(text, len), (uint32_t)len, 0, 0, false},
        len,
        mark_of(text, len)};
    on_source(NULL, &p.source, p.next);
    return p;
}

/* While nobody looked: the rest is in the second copy, what is in the first was never seen. */
START_TEST(resumed)
{
    put("a.log", "w", "newest, longer than what was read\n");
    put("a.log.1", "w", "newer\n");
    put("a.log.2", "w", "one\ntwo\n");
    struct source_position p = position_of("one\n");
    open_wide(&p, 1, 10);
    follow();
    expect(7, "two\n");
    ck_assert_uint_eq(got[7].source.inode, inode_of("a.log.2"));
    unsigned others = 0;
    for (int i = 8; i < SOURCES_MAX; i++)
        others += got[i].source.id != 0;
    ck_assert_uint_eq(others, 2);
}
END_TEST

/* What nobody had seen is a log of its own, by its rotated name; then it's compressed. */
START_TEST(own_log_compressed)
{
    open_wide(NULL, 0, 1);
    put("a.log", "w", "one\n");
    follow();
    tick();
    put("a.log.2.gz", "w", ""); /* it's being made */
    put("a.log.1", "w", "two\n");
    put("a.log", "w", "three, longer than what was read\n");
    follow();
    put("a.log.2", "w", "one\n");
    set_time("a.log.2", (struct timespec){.tv_sec = 1000000});
    ck_assert_int_eq(unlink(in("a.log.2.gz")), 0);
    pack("a.log.2");
    pack("a.log.1");
    follow();
    unsigned twice = 0;
    for (uint64_t id = 2; id < SOURCES_MAX; id++)
        twice += got[id].data.len == 4;
    expect(1, "one\n");
    ck_assert_uint_eq(twice, 1);
}
END_TEST

/* A restart knows the copy by its inode: what was adopted is told. */
START_TEST(resumed_adopted)
{
    put("a.log", "w", "new\n");
    put("a.log.2", "w", "one\n");
    struct source_position p = position_of("one\n");
    p.source.inode = inode_of("a.log.2");
    open_wide(&p, 1, 10);
    put("a.log.2", "a", "late\n");
    follow();
    expect(7, "late\n");
    ck_assert_uint_eq(tail_count(tail), 2);
}
END_TEST

/* Files that only begin alike are logs of their own: at once if they differ, and after a while if
 * they are equal but the log isn't truncated. */
START_TEST(begins_alike)
{
    open_wide(NULL, 0, 1);
    put("a.log", "w", "started at boot\n");
    follow();
    put("a.log", "a", "one\n");
    follow();
    put("a.log.1", "w", "started at boot\nanother\n");
    put("a.log-x", "w", "started at boot\none\n"); /* no name that rotation gives */
    follow();
    expect(1, "started at boot\none\n");
    ck_assert_uint_eq(tail_count(tail), 3);
    ck_assert_uint_eq(got[2].data.len + got[3].data.len, 24 + 20);
    put("a.log", "w", "new\n");
    follow();
    ck_assert_uint_eq(tail_count(tail), 3);
    expect(4, "new\n");
}
END_TEST

static uint64_t newest(void)
{
    uint64_t id = SOURCES_MAX - 1;
    while (!got[id].source.id)
        id--;
    return id;
}

/* A log that was empty when it was seen last was filled, copied and truncated. */
START_TEST(filled_unseen)
{
    open_tail(NULL, 0, 1);
    put("a.log", "w", "one\n");
    follow();
    put("a.log.1", "w", "one\n");
    put("a.log", "w", "");
    follow();
    unsigned second = got[2].source.id ? 2 : 3; /* an id may be kept free */
    ck_assert_int_gt(got[second].source.empty_at, 0);
    tick();
    move("a.log.1", "a.log.2");
    put("a.log.1", "w", "two\n");
    put("a.log", "w", "three\n");
    follow();
    follow();
    expect(1, "one\n");
    expect(second, "two\n");
    expect(newest(), "three\n");
    ck_assert_uint_eq(tail_count(tail), 1);
}
END_TEST

/* The same, and there was no room to tell of the empty log. */
START_TEST(filled_untold)
{
    open_tail(NULL, 0, 1);
    put("a.log", "w", "one\n");
    follow();
    untold = true;
    move("a.log", "a.log.1");
    put("a.log", "w", "");
    follow();
    tick();
    move("a.log.1", "a.log.2");
    put("a.log.1", "w", "two\n");
    put("a.log", "w", "three\n");
    follow();
    untold = false;
    follow();
    expect(1, "one\n");
    expect(newest(), "three\n");
    unsigned second = 0;
    for (uint64_t id = 2; id < newest(); id++)
        second += got[id].data.len == 4;
    ck_assert_uint_eq(second, 1);
}
END_TEST

/* A log that was empty when it was seen last was filled, rotated and compressed: the open file
 * still has all of it. */
START_TEST(filled_and_compressed)
{
    open_tail(NULL, 0, 1);
    put("a.log", "w", "one\n");
    follow();
    move("a.log", "a.log.1");
    put("a.log", "w", "");
    follow();
    uint64_t second = newest();
    ck_assert_int_gt(got[second].source.empty_at, 0);
    tick();
    put("a.log", "a", "two\n");
    move("a.log.1", "a.log.2");
    move("a.log", "a.log.1");
    put("a.log", "w", "");
    pack("a.log.1");
    put("a.log", "a", "three\n");
    follow();
    follow();
    expect(1, "one\n");
    expect(second, "two\n");
    expect(newest(), "three\n");
    for (uint64_t id = second + 1; id < newest(); id++)
        expect(id, "");
}
END_TEST

/* The same after a restart, compressed. */
START_TEST(filled_unseen_resumed)
{
    put("a.log", "w", "");
    put("a.log.2", "w", "from before\n");
    struct source_position p = position_of("");
    p.source.empty_at = clock_real();
    on_source(NULL, &p.source, p.next);
    tick();
    put("a.log.1", "w", "two\n");
    pack("a.log.1");
    tick();
    put("a.log", "w", "three\n");
    open_tail(&p, 1, 10);
    follow();
    follow();
    expect(7, "two\n");
    expect(newest(), "three\n");
    ck_assert_uint_eq(tail_count(tail), 1);
}
END_TEST

/* Nobody looked while the log was copied and truncated; when somebody does, it's being copied
 * again: what is in it isn't read yet, and the copy is nothing that nobody has seen. */
START_TEST(unread_and_copied)
{
    open_tail(NULL, 0, 1);
    put("a.log", "w", "one\n");
    follow();
    tick();
    put("a.log.2", "w", "one\n");
    put("a.log", "w", "two\nthree\n");
    tick();
    put("a.log.1", "w", "two\n"); /* so far */
    follow();
    put("a.log.1", "a", "three\n");
    put("a.log", "w", "");
    follow();
    tick();
    put("a.log", "a", "four\n");
    follow();
    expect(1, "one\n");
    expect(newest(), "four\n");
    unsigned twice = 0;
    for (uint64_t id = 2; id < newest(); id++)
        twice += got[id].data.len != 0;
    ck_assert_uint_eq(twice, 1);
}
END_TEST

/* There's no room to read what was seen of a log, until it was copied and truncated. */
START_TEST(copied_without_room)
{
    open_tail(NULL, 0, 1);
    put("a.log", "w", "one\n");
    follow();
    room = 0;
    tick();
    put("a.log.1", "w", "one\n");
    put("a.log", "w", "two\n");
    follow();
    uint64_t second = newest();
    tick();
    move("a.log.1", "a.log.2");
    put("a.log.1", "w", "two\n");
    put("a.log", "w", "three\n");
    follow();
    room = sizeof(space);
    follow();
    expect(1, "one\n");
    expect(second, "two\n");
    expect(newest(), "three\n");
}
END_TEST

/* Two logs are copied, truncated and compressed. One copy is read after the other, and the one that
 * waits isn't taken for a file that nobody has seen. */
START_TEST(compressed_one_by_one)
{
    open_tail(NULL, 0, 1);
    put("a.log", "w", "one\n");
    put("b.log", "w", "1\n");
    follow();
    tick();
    for (const char *name = "ab"; *name; name++) {
        char log[8], copy[8];
        snprintf(log, sizeof(log), "%c.log", *name);
        snprintf(copy, sizeof(copy), "%c.log.1", *name);
        put(copy, "w", *name == 'a' ? "one\ntwo\n" : "1\n2\n");
        pack(copy);
        put(log, "w", "");
    }
    follow();
    follow();
    expect(1, "one\ntwo\n");
    expect(2, "1\n2\n");
    for (uint64_t id = 3; id <= newest(); id++)
        expect(id, "");
}
END_TEST

/* A compressed copy may have the time that its file had before it was rotated, though the writer
 * went on for a while. The file is still open when an older one is found, after a restart. */
START_TEST(compressed_while_written)
{
    static char name[2][200];
    const struct timespec times[] = {{.tv_sec = 1000000}, {.tv_sec = 1000010}};
    struct source_position p[2];
    put("a.log", "w", "one\n");
    p[0] = position_of("one\n");
    p[0].source.name = strcpy(name[0], p[0].source.name);
    p[0].source.inode = (ino_t)-1;
    put("a.log", "w", "two\n");
    p[1] = position_of("two\n");
    p[1].source.name = strcpy(name[1], p[1].source.name);
    p[1].source.id = 8;
    on_source(NULL, &p[1].source, p[1].next);
    move("a.log", "a.log.1");
    put("a.log.2.gz", "w", ""); /* it's being made */
    put("a.log", "w", "three\n");
    open_tail(p, 2, 10);
    follow();
    put("a.log.1", "a", "late\n");
    follow();
    put("a.log.2", "w", "one\nrest\n");
    set_time("a.log.2", times[0]);
    ck_assert_int_eq(unlink(in("a.log.2.gz")), 0);
    pack("a.log.2");
    pack("a.log.1");
    set_time("a.log.1.gz", times[1]);
    follow();
    expect(7, "rest\n");
    expect(8, "late\n");
    unsigned others = 0;
    for (uint64_t id = 10; id <= newest(); id++)
        others += got[id].data.len != 0;
    ck_assert_uint_eq(others, 1);
}
END_TEST

/* The copies are hours older than what is there now, which is longer than what was read. */
START_TEST(regrown_long_ago)
{
    const struct timespec first = {.tv_sec = 1000000}, second = {.tv_sec = 1010000};
    put("a.log.2", "w", "one\ntwo\n");
    put("a.log.1", "w", "three\n");
    set_time("a.log.2", first);
    set_time("a.log.1", second);
    put("a.log", "w", "four, longer than what was read\n");
    struct source_position p = position_of("one\n");
    open_tail(&p, 1, 10);
    follow();
    expect(7, "two\n");
    expect(10, "three\n"); /* in its place between the others */
    expect(newest(), "four, longer than what was read\n");
    ck_assert_uint_gt(newest(), 10);
}
END_TEST

/* While nobody looked: copied and truncated, filled again, and renamed; all within one tick of the
 * clock. What has the inode now came after its copy. */
START_TEST(renamed_within_a_tick)
{
    const struct timespec tick_time = {.tv_sec = 1000000};
    put("a.log", "w", "one\n");
    struct source_position p = position_of("one\n");
    put("a.log.2", "w", "one\n");
    put("a.log", "w", "2\n");
    move("a.log", "a.log.1");
    set_time("a.log.2", tick_time);
    set_time("a.log.1", tick_time);
    put("a.log", "w", "three\n");
    open_tail(&p, 1, 10);
    follow();
    expect(7, "");
    expect(10, "2\n"); /* in its place between the others */
    expect(newest(), "three\n");
    ck_assert_uint_gt(newest(), 10);
}
END_TEST

/* The same while the log is open: what was renamed comes before what is there now. */
START_TEST(renamed_behind_its_copy)
{
    open_tail(NULL, 0, 1);
    put("a.log", "w", "one\n");
    follow();
    tick();
    put("a.log.2", "w", "one\n");
    put("a.log", "w", "two, longer than what was read\n");
    move("a.log", "a.log.1");
    put("a.log", "w", "three\n");
    follow();
    expect(1, "one\n");
    expect(newest(), "three\n");
    unsigned second = 0;
    for (uint64_t id = 2; id < newest(); id++)
        second += got[id].data.len != 0;
    ck_assert_uint_eq(second, 1);
}
END_TEST

/* A rotation goes on while somebody looks for files that nobody has seen. */
START_TEST(renamed_meanwhile)
{
    open_tail(NULL, 0, 1);
    put("a.log", "w", "one\n");
    follow();
    tick();
    ck_assert_int_eq(unlink(in("a.log")), 0);
    put("a.log.1", "w", "two\n");
    struct dirnames *names = dirnames_open(directory);
    ck_assert_ptr_nonnull(names);
    move("a.log.1", "a.log.2");
    tick();
    put("a.log.1", "w", "three\n");
    generations_take(tail, tail->files.data[0], names);
    dirnames_close(names);
    follow();
    expect(2, "two\n");
    expect(3, "three\n");
}
END_TEST

/* The inode of a log that was seen empty is that of a copy by now, which was made later. */
START_TEST(empty_and_inode_used_again)
{
    struct statx st;
    struct source_position p[2];
    put("a.log", "w", "two\n");
    p[0] = p[1] = position_of("");
    p[0].source.empty_at = clock_real();
    p[1].source.id = 8;
    on_source(NULL, &p[1].source, 0);
    tick();
    put("a.log.1", "w", "two\n");
    p[0].source.inode = inode_of("a.log.1");
    if (statx(AT_FDCWD, in("a.log.1"), 0, STATX_BTIME, &st) != 0 || !(st.stx_mask & STATX_BTIME))
        return; /* nobody can tell */
    open_tail(p, 2, 10);
    follow();
    expect(7, "");
    expect(8, "two\n");
}
END_TEST

/* What was there before, what isn't a copy and one that isn't truncated yet are left alone. */
START_TEST(filled_alone)
{
    put("a.log", "w", "");
    put("a.log.2", "w", "from before\n");
    struct source_position p = position_of("");
    p.source.empty_at = clock_real();
    on_source(NULL, &p.source, p.next);
    tick();
    put("a.log-other", "w", "another\n");
    put("a.log.1", "w", "two\n");
    put("a.log", "w", "two\n");
    open_tail(&p, 1, 10);
    follow();
    expect(7, "two\n");
    ck_assert_uint_eq(tail_count(tail), 1);
    put("a.log", "w", "");
    follow();
    put("a.log", "a", "3\n");
    follow();
    expect(7, "two\n");
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, unread_rest);
    tcase_add_test(tc, whole);
    tcase_add_test(tc, in_the_making);
    tcase_add_test(tc, same_head);
    tcase_add_test(tc, resumed);
    tcase_add_test(tc, own_log_compressed);
    tcase_add_test(tc, resumed_adopted);
    tcase_add_test(tc, begins_alike);
    tcase_add_test(tc, filled_unseen);
    tcase_add_test(tc, filled_untold);
    tcase_add_test(tc, filled_and_compressed);
    tcase_add_test(tc, filled_unseen_resumed);
    tcase_add_test(tc, filled_alone);
    tcase_add_test(tc, unread_and_copied);
    tcase_add_test(tc, copied_without_room);
    tcase_add_test(tc, compressed_one_by_one);
    tcase_add_test(tc, compressed_while_written);
    tcase_add_test(tc, regrown_long_ago);
    tcase_add_test(tc, renamed_within_a_tick);
    tcase_add_test(tc, renamed_behind_its_copy);
    tcase_add_test(tc, renamed_meanwhile);
    tcase_add_test(tc, empty_and_inode_used_again);
}

int main(void)
{
    return run_suite("tail_copies", add_tests, 0);
}
