/*
 * test_archive.c - names, the lock and snapshots: one writer, and readers that miss nothing.
 */
#include <signal.h>
#include <sys/wait.h>

#include "archive_fixture.h"
#include "suite.h"

/* Names. */

/* Make the name, and read it. */
static struct segment_name require_name(const struct segment_name *name, const char *expected)
{
    struct segment_name parsed;
    char *path = names_segment("/a", name);
    ck_assert_ptr_nonnull(path);
    ck_assert_str_eq(path + 3, expected);
    ck_assert(names_parse_segment(path + 3, &parsed));
    ck_assert_uint_eq(parsed.first, name->first);
    ck_assert_uint_eq(parsed.last, name->last);
    ck_assert_uint_eq(parsed.import, name->import);
    ck_assert_uint_eq(parsed.part, name->part);
    ck_assert_uint_eq(parsed.parts, name->parts);
    free(path);
    return parsed;
}

START_TEST(names_round_trip)
{
    uint64_t sequence;
    char *path = names_journal("/a", 42);
    ck_assert_str_eq(path, "/a/journal-000000000042.lzj");
    ck_assert(names_parse_journal(path + 3, &sequence));
    ck_assert_uint_eq(sequence, 42);
    free(path);
    struct segment_name name = {1, NAMES_SEQUENCE_MAX, 0, 1700000000 * NS_PER_SECOND + 5, 1, 1};
    struct segment_name parsed =
        require_name(&name, "000000000001-999999999999-20231114T221320Z.logz");
    ck_assert_int_eq(parsed.time, 1700000000 * NS_PER_SECOND);
    name = (struct segment_name){1, 1, 0, INT64_MIN, 1, 1};
    require_name(&name, "000000000001-000000000001-19700101T000000Z.logz");
    name.time = INT64_MAX;
    require_name(&name, "000000000001-000000000001-22620411T234716Z.logz");
    name = (struct segment_name){3, 70, 0, 0, 2, 12};
    require_name(&name, "000000000003-000000000070-19700101T000000Z-2of12.logz");
    name = (struct segment_name){1, 1, 0, 0, NAMES_PARTS_MAX, NAMES_PARTS_MAX};
    require_name(&name, "000000000001-000000000001-19700101T000000Z-99of99.logz");
    name = (struct segment_name){0, 0, 17, 0, 1, 1};
    require_name(&name, "000000000000-000000000017-19700101T000000Z.logz");
}
END_TEST

START_TEST(other_names_are_not_ours)
{
    static const char *const others[] = {
        "",
        "lock",
        "rotate.lock",
        "catalog",
        "journal-000000000000.lzj",
        "journal-00000000001.lzj",
        "journal-0000000000001.lzj",
        "journal-000000000001.lzj.damaged",
        "xjournal-000000000001.lzj",
        "journal-+00000000001.lzj",
        "000000000002-000000000001-20231114T221320Z.logz",
        "000000000000-000000000000-20231114T221320Z.logz",
        "000000000000-000000000001-20231114T221320Z-1of2.logz",
        "000000000001-000000000001-20231114T221320.logz",
        "000000000001-000000000001-20231114T221320Z.logz.gz",
        "000000000001-000000000001-20231114T221320Z.logz.damaged",
        "000000000001-000000000001-2023-114T221320Z.logz",
        "000000000001-000000000001-19691231T235959Z.logz",
        "000000000001-000000000001-20231314T221320Z.logz",
        "000000000001-000000000001-20230229T221320Z.logz",
        "000000000001-000000000001-20231100T221320Z.logz",
        "000000000001-000000000001-20231114T241320Z.logz",
        "000000000001-000000000001-20231114T226020Z.logz",
        "000000000001-000000000001-20231114T221360Z.logz",
        "000000000001-000000000001-22620411T234717Z.logz",
        "000000000001-000000000001-20231114T221320Z-1of1.logz",
        "000000000001-000000000001-20231114T221320Z-3of2.logz",
        "000000000001-000000000001-20231114T221320Z-0of2.logz",
        "000000000001-000000000001-20231114T221320Z-01of2.logz",
        "000000000001-000000000001-20231114T221320Z-1of100.logz",
        "000000000001-000000000001-20231114T221320Z-of2.logz",
        "000000000001-000000000001-20231114T221320Z-1of.logz",
        "000000000001-000000000001-20231114T221320Z-.logz",
        "app.log.logz",
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        uint64_t sequence;
        struct segment_name name;
        ck_assert_msg(!names_parse_journal(others[i], &sequence), "%s", others[i]);
        ck_assert_msg(!names_parse_segment(others[i], &name), "%s", others[i]);
    }
}
END_TEST

/* The lock. */

START_TEST(lock_keeps_another_process_out)
{
    struct archive_lock *lock;
    int release[2], ready[2];
    char byte = 0;
    ck_assert_int_eq(rmdir(directory), 0); /* the lock makes it */
    ck_assert_int_eq(pipe(release) | pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        if (archive_lock(&lock, directory, "other-program", NULL) != LGZ_OK)
            _exit(1);
        close(release[1]);
        if (write(ready[1], "x", 1) != 1 || read(release[0], &byte, 1) != 0)
            _exit(2);
        _exit(0); /* without unlocking: the kernel does it */
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    struct stat st;
    ck_assert_int_eq(stat(directory, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777 & ~0750U, 0);
    ck_assert_int_eq(archive_lock(&lock, directory, "us", &err), LGZ_ERR_BUSY);
    ck_assert_ptr_null(lock);
    char who[50];
    snprintf(who, sizeof(who), "%ld other-program", (long)child);
    ck_assert_msg(strstr(err.message, who) != NULL, "%s", err.message);
    close(release[1]);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_ok(archive_lock(&lock, directory, "us", &err));
    struct archive_lock *second;
    ck_assert_int_eq(archive_lock(&second, directory, "us", &err), LGZ_ERR_BUSY);
    archive_unlock(lock);
    ck_ok(archive_lock(&lock, directory, "us", &err));
    archive_unlock(lock);
    archive_unlock(NULL);
}
END_TEST

START_TEST(rotation_excludes_rotation_only)
{
    struct archive_lock *writer, *rotation, *second;
    ck_ok(archive_lock(&writer, directory, "a-daemon", &err));
    ck_ok(archive_rotate_lock(&rotation, directory, "a-merge", &err));
    ck_assert_int_eq(archive_rotate_lock(&second, directory, "us", &err), LGZ_ERR_BUSY);
    ck_assert_ptr_null(second);
    ck_assert_ptr_nonnull(strstr(err.message, " a-merge)"));
    archive_unlock(rotation);
    ck_ok(archive_rotate_lock(&second, directory, "us", &err));
    archive_unlock(second);
    archive_unlock(writer);
}
END_TEST

START_TEST(lock_needs_a_directory_to_be_in)
{
    struct archive_lock *lock;
    ck_assert_int_eq(archive_lock(&lock, "/nonexistent/x/y", "us", &err), LGZ_ERR_IO);
    ck_assert_int_eq(archive_lock(&lock, "/dev/null", "us", &err), LGZ_ERR_IO);
}
END_TEST

/* Snapshots. */

START_TEST(snapshot_of_nothing)
{
    struct archive_snapshot *s;
    ck_assert_int_eq(archive_snapshot_open(&s, "/nonexistent", &err), LGZ_ERR_NOT_FOUND);
    ck_ok(archive_snapshot_open(&s, directory, &err));
    ck_assert_uint_eq(s->segment_count, 0);
    ck_assert_uint_eq(s->journal_count, 0);
    archive_snapshot_close(s);
}
END_TEST

START_TEST(covered_journals_are_dropped)
{
    struct archive_snapshot *s;
    write_journal(1, 0, "one\n");
    write_journal(2, 4, "two\n");
    write_journal(3, 8, "three\n");
    keep_copy(JOURNAL_1, false);
    keep_copy(JOURNAL_2, false);
    char *path = seal(1, 2);
    ck_assert_ptr_nonnull(path);
    ck_assert(!exists(JOURNAL_1) && !exists(JOURNAL_2));
    keep_copy(JOURNAL_1, true);
    keep_copy(JOURNAL_2, true);
    forget_copies();
    ck_ok(archive_snapshot_open(&s, directory, &err));
    ck_assert_uint_eq(s->segment_count, 1);
    ck_assert_str_eq(s->segments[0].path, path);
    ck_assert_uint_eq(s->segments[0].first_journal, 1);
    ck_assert_uint_eq(s->segments[0].last_journal, 2);
    ck_assert_uint_eq(s->journal_count, 1);
    ck_assert_uint_eq(journal_reader_sequence(s->journals[0]), 3);
    archive_snapshot_close(s);
    assert_restores("/log/1", "one\ntwo\nthree\n");

    struct archive_recovery *r;
    ck_ok(archive_recover(&r, directory, &err));
    ck_assert_uint_eq(r->journals_removed, 2);
    ck_assert(!exists(JOURNAL_1) && !exists(JOURNAL_2));
    archive_recovery_free(r);
    free(path);
}
END_TEST

/* A reader beside a writer that seals all the time. */

enum { BEAT_LEN = 8, BEATS = 400, BEATS_PER_JOURNAL = 8 };

static void beat_on(int ready)
{
    struct journal_writer *j = create_journal(1, 1, 0);
    uint64_t sequence = 1;
    for (uint64_t i = 0; i < BEATS; i++) {
        char text[BEAT_LEN + 1];
        snprintf(text, sizeof(text), "%07d\n", (int)i);
        put(j, 1, i * BEAT_LEN, text);
        if (write(ready, "x", 1) != 1)
            _exit(1);
        if (i % BEATS_PER_JOURNAL == BEATS_PER_JOURNAL - 1) {
            journal_close(j);
            j = create_journal(++sequence, 1, (i + 1) * BEAT_LEN);
            free(seal(sequence - 1, sequence - 1));
        }
    }
    _exit(0);
}

/* Count what is known to be written; returns false at the writer's end. */
static bool count_beats(int ready, uint64_t *written)
{
    char bytes[4096];
    ssize_t n = read(ready, bytes, sizeof(bytes));
    ck_assert_int_ge(n, 0);
    *written += (uint64_t)n;
    return n > 0;
}

START_TEST(reader_misses_nothing_while_a_writer_seals)
{
    int ready[2], status;
    uint64_t written = 0, looks = 0;
    ck_assert_int_eq(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0)
        beat_on(ready[1]);
    close(ready[1]);
    while (count_beats(ready[0], &written)) {
        struct buf out = {0};
        struct restore_result result;
        ck_ok(try_restore("/log/1", &out, &result));
        ck_assert_uint_ge(out.len, written * BEAT_LEN);
        ck_assert_uint_eq(out.len % BEAT_LEN, 0);
        for (size_t i = 0; i < out.len / BEAT_LEN; i++) {
            char text[BEAT_LEN + 1];
            snprintf(text, sizeof(text), "%07d\n", (int)i);
            ck_assert_mem_eq(out.data + i * BEAT_LEN, text, BEAT_LEN);
        }
        restore_result_clear(&result);
        buf_free(&out);
        looks++;
    }
    close(ready[0]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_uint_eq(written, BEATS);
    ck_assert_uint_ge(looks, 2);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, make_directory, remove_directory);
    tcase_add_test(tests, names_round_trip);
    tcase_add_test(tests, other_names_are_not_ours);
    tcase_add_test(tests, lock_keeps_another_process_out);
    tcase_add_test(tests, rotation_excludes_rotation_only);
    tcase_add_test(tests, lock_needs_a_directory_to_be_in);
    tcase_add_test(tests, snapshot_of_nothing);
    tcase_add_test(tests, covered_journals_are_dropped);
    tcase_add_test(tests, reader_misses_nothing_while_a_writer_seals);
}

int main(void)
{
    return run_suite("archive", add_tests, 60);
}
