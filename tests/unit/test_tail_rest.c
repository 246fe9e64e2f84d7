/*
 * test_tail_rest.c - what a file that is gone had left is read from its copy, in many turns:
 * whoever looks at the files in between must not let go of it before all is read.
 */
#include "suite.h"
#include "tail_fixture.h"

enum { LINES = 400, READ_LINES = 10 };

static char all[1 << 14];

/* The bytes of `count` lines, each of them another. */
static const char *lines(int from, int count)
{
    size_t len = 0;
    for (int i = from; i < from + count; i++)
        len += (size_t)snprintf(all + len, sizeof(all) - len, "%d: a line of the log\n", i);
    return all;
}

static struct source_position position;
static char name[200];
static char in_name[] = "in";

/* A file of LINES lines whose first READ_LINES were read is known, by the inode of `file`. */
static void know(const char *file)
{
    struct stat st;
    const char *text = lines(0, READ_LINES);
    uint64_t len = strlen(text);
    ck_assert_int_eq(stat(in(file), &st), 0);
    snprintf(name, sizeof(name), "%s/a.log", directory);
    position = (struct source_position){
        {1, name, in_name, st.st_dev, st.st_ino, hash_bytes(text, len), (uint32_t)len, 0, 0, false},
        len,
        mark_of(text, len)};
    on_source(NULL, &position.source, position.next);
}

static void scan(void)
{
    now += NS_PER_SECOND / 10;
    tail_events(tail);
    ck_assert_int_eq(tail_scan(tail, now, NULL), LGZ_OK);
}

/* The rest of the file was read, nothing else, and it's let go. */
static void expect_rest(void)
{
    expect(1, lines(READ_LINES, LINES - READ_LINES));
    ck_assert(is_let_go(1));
    ck_assert_uint_eq(warnings, 0);
}

/* Scan before each turn of reading, as the rescan or somebody's sync does. */
static void read_and_scan(void)
{
    for (int i = 0; i < 100 && !is_let_go(1); i++) {
        scan();
        tail_read(tail, 1, now);
    }
}

START_TEST(scanned_between_turns)
{
    put("a.log.1", "w", lines(0, LINES));
    know("a.log.1");
    pack("a.log.1");
    open_tail(&position, 1, 2);
    read_and_scan();
    expect_rest();
}
END_TEST

/* As after a sync: who waits for it must get it only when the rest is read. */
START_TEST(marked_between_turns)
{
    put("a.log.1", "w", lines(0, LINES));
    know("a.log.1");
    pack("a.log.1");
    open_tail(&position, 1, 2);
    scan();
    tail_mark(tail, now);
    for (int i = 0; i < 100 && tail_marked(tail); i++) {
        tail_read(tail, 1, now);
        if (tail_marked(tail))
            tail_mark(tail, now);
    }
    expect_rest();
}
END_TEST

/* There's no room for the last piece, for so long that the rescan comes. */
START_TEST(no_room_for_the_end)
{
    put("a.log.1", "w", lines(0, LINES));
    know("a.log.1");
    pack("a.log.1");
    open_tail(&position, 1, 2);
    scan();
    for (int i = 0; i < 100 && !is_let_go(1); i++) {
        refused = i % 3 != 0;
        tail_read(tail, 1, now);
        scan();
    }
    expect_rest();
}
END_TEST

/* The source's own file is gone. Of it there is a plain copy, of which the first piece was read. */
static void begin_with_copy(void)
{
    put("a.log.1", "w", lines(0, LINES));
    know("a.log.1");
    position.source.inode = 1; /* which no file here will get */
    usleep(100000);            /* the directory is settled: what isn't in it is gone */
    open_tail(&position, 1, 2);
    room = 1000;
    scan();
    ck_assert(tail_read(tail, 1, now));
    ck_assert_uint_eq(got[1].data.len, 1000);
}

/* The copy becomes shorter, and the rescan sees it first. There's another one. */
START_TEST(copy_shrinks)
{
    begin_with_copy();
    put("a.log.2", "w", lines(0, LINES));
    put("a.log.1", "w", "");
    ck_assert_int_eq(tail_scan(tail, now, NULL), LGZ_OK);
    follow();
    expect_rest();
}
END_TEST

/* The same, and there's no other copy: it's said that the rest is lost. */
START_TEST(only_copy_shrinks)
{
    begin_with_copy();
    put("a.log.1", "w", "");
    ck_assert_int_eq(tail_scan(tail, now, NULL), LGZ_OK);
    follow();
    ck_assert(is_let_go(1));
    ck_assert_uint_eq(warnings, 1);
    ck_assert_ptr_nonnull(strstr(last_warning, "lost"));
}
END_TEST

/* While the copy is read, another file has the inode that the log had. */
START_TEST(inode_used_again)
{
    char away[250];
    put("a.log", "w", lines(0, LINES));
    know("a.log");
    put("a.log.1", "w", lines(0, LINES));
    pack("a.log.1");
    snprintf(away, sizeof(away), "%s.away", directory);
    ck_assert_int_eq(rename(in("a.log"), away), 0);
    open_tail(&position, 1, 2);
    scan();
    ck_assert(tail_read(tail, 1, now));
    ck_assert_int_eq(rename(away, in("b.log")), 0);
    put("b.log", "w", "another file\n");
    follow();
    expect_rest();
    expect(2, "another file\n");
    ck_assert_uint_eq(got[3].source.id, 0);
}
END_TEST

/* The same, while the copy isn't complete. */
START_TEST(inode_used_again_early)
{
    char away[250];
    struct stat st;
    put("a.log", "w", lines(0, LINES));
    know("a.log");
    put("a.log.1", "w", lines(0, LINES));
    pack("a.log.1");
    ck_assert_int_eq(stat(in("a.log.1.gz"), &st), 0);
    ck_assert_int_eq(truncate(in("a.log.1.gz"), st.st_size - 6), 0);
    snprintf(away, sizeof(away), "%s.away", directory);
    ck_assert_int_eq(rename(in("a.log"), away), 0);
    open_tail(&position, 1, 2);
    follow();
    ck_assert_int_eq(rename(away, in("a.log")), 0);
    put("a.log", "w", "another file\n");
    follow();
    expect(2, "another file\n");
    put("again", "w", lines(0, LINES));
    pack("again");
    move("again.gz", "a.log.1.gz");
    follow();
    expect_rest();
}
END_TEST

/* The log's input is removed and given back, after the log was renamed. */
START_TEST(unwanted_for_a_while)
{
    static char other[200];
    char *pattern;
    put("a.log", "w", lines(0, LINES));
    know("a.log");
    open_tail(&position, 1, 2);
    pattern = glob_paths[0].pattern;
    snprintf(other, sizeof(other), "%s/other", directory);
    room = 1000;
    scan();
    ck_assert(tail_read(tail, 1, now));
    glob_paths[0].pattern = other;
    scan();
    move("a.log", "a.log.1");
    glob_paths[0].pattern = pattern;
    follow();
    expect(1, lines(READ_LINES, LINES - READ_LINES));
    ck_assert(!is_let_go(1));
}
END_TEST

/* The directory isn't there for a while. The next time that it isn't, it's waited for as long. */
START_TEST(out_of_sight_twice)
{
    char away[250];
    put("a.log", "w", lines(0, LINES));
    know("a.log");
    snprintf(away, sizeof(away), "%s.away", directory);
    ck_assert_int_eq(rename(directory, away), 0);
    open_tail(&position, 1, 2);
    scan();
    ck_assert_int_ne(tail_file(tail, 0)->missing_since, 0);
    ck_assert_int_eq(rename(away, directory), 0);
    follow();
    expect(1, lines(READ_LINES, LINES - READ_LINES));
    ck_assert_int_eq(tail_file(tail, 0)->missing_since, 0);
}
END_TEST

/* Names change while it's searched for: what can't be seen then is searched for again. */
START_TEST(out_of_sight_for_a_moment)
{
    char away[250];
    put("a.log", "w", lines(0, LINES));
    know("a.log");
    snprintf(away, sizeof(away), "%s.away", directory);
    ck_assert_int_eq(rename(in("a.log"), away), 0);
    set_time("", (struct timespec){.tv_sec = clock_real() / NS_PER_SECOND + 1000}); /* just now */
    open_tail(&position, 1, 2);
    scan();
    ck_assert_int_eq(rename(away, in("a.log.1")), 0);
    follow();
    expect(1, lines(READ_LINES, LINES - READ_LINES));
    ck_assert_uint_eq(warnings, 0);
}
END_TEST

/* So it is when they have changed since they were read. */
START_TEST(names_change)
{
    put("a.log", "w", "one\n");
    usleep(50000);
    struct dirnames *names = dirnames_open(directory);
    ck_assert_ptr_nonnull(names);
    ck_assert(dirnames_settled(names));
    move("a.log", "a.log.1");
    ck_assert(!dirnames_settled(names));
    dirnames_close(names);
}
END_TEST

/* The source as a restart knows it. */
static void remember(uint64_t id, const char *text)
{
    position = (struct source_position){got[id].source, strlen(text), mark_of(text, strlen(text))};
    position.source.name = name;
    position.source.input = in_name;
    snprintf(name, sizeof(name), "%s", got[id].source.name);
    tail_close(tail);
}

/* A log has been rotated and compressed, is read, and let go; there's no new one yet. */
static void end_log(void)
{
    put("a.log", "w", "first\n");
    open_tail(NULL, 0, 1);
    follow();
    expect(1, "first\n");
    move("a.log", "a.log.1");
    follow();
    pack("a.log.1");
    follow();
    now += 2 * TAIL_LINGER;
    follow();
    ck_assert(is_let_go(1));
    usleep(20000);
}

/* While the daemon is down, a new one comes, is filled and rotated. */
START_TEST(come_and_rotated_while_down)
{
    end_log();
    remember(1, "first\n");
    move("a.log.1.gz", "a.log.2.gz");
    put("a.log.1", "w", "second\n");
    open_tail(&position, 1, 2);
    follow();
    expect(1, "first\n");
    expect(2, "second\n");
    ck_assert_str_eq(got[2].source.name, in("a.log"));
    now += 2 * TAIL_LINGER;
    follow();
    ck_assert(got[1].dropped);
    ck_assert_uint_eq(warnings, 0);
}
END_TEST

/* The same before the daemon looks again. */
START_TEST(come_and_rotated_meanwhile)
{
    end_log();
    move("a.log.1.gz", "a.log.2.gz");
    put("a.log.1", "w", "second\n");
    follow();
    expect(2, "second\n");
    ck_assert_uint_eq(warnings, 0);
}
END_TEST

/* All of it is gone: nothing is lost, so nothing is said; and a day later it's forgotten. */
START_TEST(nothing_comes)
{
    end_log();
    remember(1, "first\n");
    ck_assert_int_eq(unlink(in("a.log.1.gz")), 0);
    open_tail(&position, 1, 2);
    follow();
    ck_assert_uint_eq(tail_followed(tail), 0);
    ck_assert(!got[1].dropped);
    now += TAIL_KEEP;
    follow();
    ck_assert(got[1].dropped);
    ck_assert_uint_eq(tail_count(tail), 0);
    ck_assert_uint_eq(warnings, 0);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, come_and_rotated_while_down);
    tcase_add_test(tc, come_and_rotated_meanwhile);
    tcase_add_test(tc, nothing_comes);

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, scanned_between_turns);
    tcase_add_test(tc, marked_between_turns);
    tcase_add_test(tc, no_room_for_the_end);
    tcase_add_test(tc, copy_shrinks);
    tcase_add_test(tc, only_copy_shrinks);
    tcase_add_test(tc, inode_used_again);
    tcase_add_test(tc, inode_used_again_early);
    tcase_add_test(tc, unwanted_for_a_while);
    tcase_add_test(tc, out_of_sight_twice);
    tcase_add_test(tc, out_of_sight_for_a_moment);
    tcase_add_test(tc, names_change);
}

int main(void)
{
    return run_suite("tail_rest", add_tests, 0);
}
