/*
 * test_tail_scan.c - files followed into a sink in memory: appends, a sink without room, rotation,
 * truncation, going on after a restart, and letting go.
 */
#include "suite.h"
#include "tail_fixture.h"

START_TEST(appends_and_room)
{
    open_tail(NULL, 0, 1);
    put("a.log", "w", "one\n");
    put("b.txt", "w", "not matched\n");
    follow();
    expect(1, "one\n");
    ck_assert_str_eq(got[1].source.name, in("a.log"));
    ck_assert_str_eq(got[1].source.input, "in");
    ck_assert_uint_eq(got[1].source.fingerprint, hash_bytes("one\n", 4));
    room = 0;
    put("a.log", "a", "two three\n");
    follow();
    ck_assert(tail_ready(tail));
    expect(1, "one\n");
    room = 3;
    follow();
    expect(1, "one\ntwo three\n");
    ck_assert_uint_eq(tail_count(tail), 1);
    ck_assert_uint_eq(got[1].source.fingerprint_len, 10); /* grew when it could at least double */
}
END_TEST

START_TEST(renamed_and_let_go)
{
    open_tail(NULL, 0, 1);
    put("a.log", "w", "one\n");
    follow();
    move("a.log", "a.old");
    put("a.old", "a", "two\n");
    put("a.log", "w", "new\n");
    follow();
    expect(1, "one\ntwo\n");
    expect(2, "new\n");
    ck_assert(!is_let_go(1));
    now += TAIL_RENAMED_LINGER / 2;
    put("a.old", "a", "late\n");
    follow();
    expect(1, "one\ntwo\nlate\n");
    now += TAIL_RENAMED_LINGER + NS_PER_SECOND;
    follow();
    ck_assert(is_let_go(1) && !is_let_go(2));
    ck_assert_uint_eq(tail_count(tail), 1);
}
END_TEST

/* Ids may be kept free, and which file is looked at first is left open. */
static uint64_t newest_of(const char *name)
{
    uint64_t id = SOURCES_MAX - 1;
    while (id && !(got[id].source.id && strcmp(got[id].source.name, in(name)) == 0))
        id--;
    return id;
}

START_TEST(truncated)
{
    open_tail(NULL, 0, 1);
    put("a.log", "w", "old old old\n");
    put("b.log", "w", "bbbb\n");
    follow();
    put("b.log", "a", "unread\n");
    put("b.log.7", "w", "bbbb\nunread\n"); /* the copy */
    put("b.log", "w", "new, and longer than before, so only the fingerprint tells\n");
    put("a.log", "w", "new\n");
    follow();
    expect(1, "old old old\n");
    expect(2, "bbbb\nunread\n");
    follow(); /* the old ones are let go when the new ones have something */
    ck_assert(is_let_go(1) && is_let_go(2));
    expect(newest_of("a.log"), "new\n");
    expect(newest_of("b.log"), "new, and longer than before, so only the fingerprint tells\n");
}
END_TEST

/* Truncated and regrown past the position between two looks, with the same first bytes: the last
 * ones tell, whatever the fingerprint covers. */
START_TEST(regrown_alike)
{
    open_tail(NULL, 0, 1);
    put("a.log", "w", "started at boot\n");
    follow();
    put("a.log", "a", "one\n");
    follow();
    ck_assert_uint_eq(got[1].source.fingerprint_len, 16);
    put("a.log.1", "w", "started at boot\none\nunread\n");
    put("a.log", "w", "started at boot\ntwo\nthree\n");
    follow();
    expect(1, "started at boot\none\nunread\n");
    expect(2, "started at boot\ntwo\nthree\n");
}
END_TEST

/* The same while nobody looked: the position was recorded with its mark. */
START_TEST(resumed_regrown_alike)
{
    struct stat st;
    char name[200];
    char in_name[] = "in";
    put("a.log", "w", "started at boot\ntwo\nthree\n");
    put("a.log.1", "w", "started at boot\none\nunread\n");
    ck_assert_int_eq(stat(in("a.log"), &st), 0);
    snprintf(name, sizeof(name), "%s/a.log", directory);
    struct source_position p = {{7, name, in_name, st.st_dev, st.st_ino,
                                 hash_bytes("started at boot\n", 16), 16, 0, 0, false},
                                20,
                                mark_of("one\n", 4)};
    on_source(NULL, &p.source, p.next);
    open_tail(&p, 1, 10);
    follow();
    expect(7, "unread\n");
    expect(10, "started at boot\ntwo\nthree\n");
}
END_TEST

START_TEST(resumed)
{
    struct stat st;
    put("a.log", "w", "one\ntwo\n");
    put("b.log", "w", "another file\n");
    ck_assert_int_eq(stat(in("a.log"), &st), 0);
    char name[3][200];
    snprintf(name[0], 200, "%s/a.log", directory);
    snprintf(name[1], 200, "%s/b.log", directory);
    snprintf(name[2], 200, "%s/gone.log", directory);
    char in_name[] = "in";
    struct source_position p[3] = {
        {{7, name[0], in_name, st.st_dev, st.st_ino, hash_bytes("one\n", 4), 4, 0, 0, false},
         4,
         {0}},
        {{8, name[1], in_name, st.st_dev, 0, hash_bytes("old\n", 4), 4, 0, 0, false}, 4, {0}},
        {{9, name[2], in_name, st.st_dev, 1, hash_bytes("old\n", 4), 4, 0, 0, false}, 4, {0}},
    };
    ck_assert_int_eq(stat(in("b.log"), &st), 0);
    p[1].source.inode = st.st_ino; /* the inode, with other bytes */
    for (size_t i = 0; i < 3; i++)
        on_source(NULL, &p[i].source, p[i].next);
    open_tail(p, 3, 10);
    follow();
    follow(); /* the old one is let go when the new one has something */
    expect(7, "two\n");
    ck_assert(is_let_go(8) && is_let_go(9) && !is_let_go(7));
    expect(8, "");
    expect(10, "another file\n");
}
END_TEST

/* A file with these contents, compressed; each is newer than the one before. */
static void put_packed(const char *name, const char *text)
{
    char command[500];
    put(name, "w", text);
    snprintf(command, sizeof(command), "gzip %s", in(name));
    ck_assert_int_eq(system(command), 0);
    usleep(10000);
}

/*
 * One compressed copy is read at a time. It must not be one of a file that is held back until an
 * older one, which waits for its turn, has been found.
 */
START_TEST(resumed_with_unseen_generations)
{
    char name[2][200];
    snprintf(name[0], 200, "%s/a.log", directory);
    snprintf(name[1], 200, "%s/b.log", directory);
    char in_name[] = "in";
    struct source_position p[4] = {
        {{1, name[0], in_name, 1, 1, hash_bytes("one\n", 4), 4, 0, 0, false}, 4, {0}},
        {{2, name[1], in_name, 1, 2, hash_bytes("old\n", 4), 4, 0, 0, false}, 4, {0}},
        {{3, name[1], in_name, 1, 3, hash_bytes("OLD\n", 4), 4, 0, 0, false}, 4, {0}},
        {{4, name[0], in_name, 1, 4, hash_bytes("two\n", 4), 4, 0, 0, false}, 4, {0}},
    };
    struct stat st;
    put_packed("a.log.4", "one\n1\n");
    put_packed("a.log.3", "two\n2\n");
    put_packed("a.log.2", "three\n");
    put_packed("a.log.1", "four\n");
    put("a.log", "w", "five\n");
    ck_assert_int_eq(stat(in("a.log"), &st), 0);
    for (size_t i = 0; i < 4; i++) {
        p[i].source.device = st.st_dev;
        on_source(NULL, &p[i].source, p[i].next);
    }
    usleep(100000); /* the directory is settled: what isn't in it is gone */
    open_tail(p, 4, 5);
    room = 0; /* the first copy isn't read before all others wait for their turn */
    follow();
    room = sizeof(space);
    for (int i = 0; i < 5; i++)
        follow();
    const char *texts[] = {"1\n", "2\n", "three\n", "four\n", "five\n"};
    size_t found = 0;
    for (uint64_t id = 1; id < SOURCES_MAX; id++) {
        if (!got[id].data.len)
            continue;
        ck_assert_uint_lt(found, 5);
        expect(id, texts[found++]);
    }
    ck_assert_uint_eq(found, 5);
}
END_TEST

START_TEST(from_the_end)
{
    input.from_end = true;
    put("a.log", "w", "before\n");
    open_tail(NULL, 0, 1);
    follow();
    ck_assert_uint_eq(got[1].start, 7);
    put("a.log", "a", "after\n");
    put("b.log", "w", "all of it\n");
    follow();
    expect(1, "after\n");
    expect(2, "all of it\n");
}
END_TEST

START_TEST(marks)
{
    open_tail(NULL, 0, 1);
    put("a.log", "w", "0123456789");
    put("b.log", "w", "");
    ck_assert_int_eq(tail_scan(tail, now, NULL), LGZ_OK);
    tail_mark(tail, now);
    ck_assert_uint_eq(tail_marked(tail), 1);
    room = 4;
    put("a.log", "a", "more that comes after the mark");
    ck_assert(tail_read(tail, 8, now));
    ck_assert_uint_eq(tail_marked(tail), 1);
    ck_assert(tail_read(tail, 4, now));
    ck_assert_uint_eq(tail_marked(tail), 0);
    ck_assert(tail_ready(tail));
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, appends_and_room);
    tcase_add_test(tc, renamed_and_let_go);
    tcase_add_test(tc, truncated);
    tcase_add_test(tc, regrown_alike);
    tcase_add_test(tc, resumed_regrown_alike);
    tcase_add_test(tc, resumed);
    tcase_add_test(tc, resumed_with_unseen_generations);
    tcase_add_test(tc, from_the_end);
    tcase_add_test(tc, marks);
}

int main(void)
{
    return run_suite("tail", add_tests, 0);
}
