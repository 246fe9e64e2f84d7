/*
 * test_archive.c - names, the lock, snapshots, recovery and sealing: each byte exactly once,
 * wherever a crash happens.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "archive_fixture.h"
#include "suite.h"

#define JOURNAL_1 "journal-000000000001.lzj"
#define JOURNAL_2 "journal-000000000002.lzj"

/* Names. */

START_TEST(names_round_trip)
{
    uint64_t sequence, first, last;
    int64_t time;
    char *path = names_journal("/a", 42);
    ck_assert_str_eq(path, "/a/journal-000000000042.lzj");
    ck_assert(names_parse_journal(path + 3, &sequence));
    ck_assert_uint_eq(sequence, 42);
    free(path);
    path = names_segment("/a", 1, NAMES_SEQUENCE_MAX, 1700000000 * NS_PER_SECOND + 5);
    ck_assert_str_eq(path, "/a/000000000001-999999999999-20231114T221320Z.logz");
    ck_assert(names_parse_segment(path + 3, &first, &last, &time));
    ck_assert_uint_eq(first, 1);
    ck_assert_uint_eq(last, NAMES_SEQUENCE_MAX);
    ck_assert_int_eq(time, 1700000000 * NS_PER_SECOND);
    free(path);
    path = names_segment("/a", 1, 1, INT64_MIN);
    ck_assert_str_eq(path, "/a/000000000001-000000000001-19700101T000000Z.logz");
    free(path);
    path = names_segment("/a", 1, 1, INT64_MAX);
    ck_assert(names_parse_segment(path + 3, &first, &last, &time));
    free(path);
}
END_TEST

START_TEST(other_names_are_not_ours)
{
    static const char *const others[] = {
        "",
        "lock",
        "journal-000000000000.lzj",
        "journal-00000000001.lzj",
        "journal-0000000000001.lzj",
        "journal-000000000001.lzj.damaged",
        "xjournal-000000000001.lzj",
        "journal-+00000000001.lzj",
        "000000000002-000000000001-20231114T221320Z.logz",
        "000000000000-000000000001-20231114T221320Z.logz",
        "000000000001-000000000001-20231114T221320.logz",
        "000000000001-000000000001-20231114T221320Z.logz.gz",
        "000000000001-000000000001-2023-114T221320Z.logz",
        "app.log.logz",
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        uint64_t a, b;
        int64_t time;
        ck_assert_msg(!names_parse_journal(others[i], &a), "%s", others[i]);
        ck_assert_msg(!names_parse_segment(others[i], &a, &b, &time), "%s", others[i]);
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

/* Keep a copy of a file of the archive beside it; put it back, as if it hadn't been removed. */
static void copy_file(const char *how, const char *name)
{
    char command[300];
    snprintf(command, sizeof(command), "d='%s' n='%s'; mkdir -p $d.copy; %s", directory, name, how);
    ck_assert_int_eq(system(command), 0);
}

static void keep_copy(const char *name, bool back)
{
    copy_file(back ? "cp $d.copy/$n $d/" : "cp $d/$n $d.copy/", name);
}

static void forget_copies(void)
{
    char command[100];
    snprintf(command, sizeof(command), "rm -rf '%s.copy'", directory);
    ck_assert_int_eq(system(command), 0);
}

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

/* Recovery. */

START_TEST(recovery_of_an_empty_archive)
{
    struct archive_recovery *r;
    ck_assert_int_eq(archive_recover(&r, "/nonexistent", &err), LGZ_ERR_NOT_FOUND);
    ck_ok(archive_recover(&r, directory, &err));
    ck_assert_uint_eq(r->position_count, 0);
    ck_assert_uint_eq(r->journal_count, 0);
    ck_assert_uint_eq(r->next_sequence, 1);
    ck_assert_uint_eq(r->next_source_id, 1);
    archive_recovery_free(r);
}
END_TEST

START_TEST(recovery_finds_positions_and_is_idempotent)
{
    struct journal_writer *j = create_journal(6, 1, 0);
    put(j, 1, 0, "old");
    journal_close(j);
    j = create_journal(7, 3, 100);
    put(j, 1, 100, "abc");
    put(j, 2, 100, "abcd");
    put(j, 2, 50, "re-read");
    struct source more = source_of(9);
    ck_ok(journal_put_source(j, &more, 5, &err));
    more.fingerprint = 3;
    more.fingerprint_len = 3;
    ck_ok(journal_put_source(j, &more, 6, &err));
    ck_ok(journal_drop_source(j, 3, &err));
    struct source gone = source_of(20);
    ck_ok(journal_put_source(j, &gone, 0, &err));
    ck_ok(journal_drop_source(j, 20, &err));
    journal_close(j);
    make_file(".journal-000000000008.lzj.tmp123", "half");
    make_file("notes.txt", "not ours");
    char path[100];
    snprintf(path, sizeof(path), "%s/journal-000000000007.lzj", directory);
    int fd = open(path, O_WRONLY | O_APPEND);
    ck_assert_int_eq(write(fd, "torn!", 5), 5);
    close(fd);
    for (int run = 0; run < 2; run++) {
        struct archive_recovery *r;
        ck_ok(archive_recover(&r, directory, &err));
        ck_assert_uint_eq(r->torn_bytes, run ? 0 : 5);
        ck_assert_uint_eq(r->note_count, run ? 0 : 1);
        if (!run) {
            ck_assert(strncmp(r->notes[0], path, strlen(path)) == 0);
            ck_assert_ptr_nonnull(strstr(r->notes[0],
                                         ": the file ends within a record's head; 5 "
                                         "bytes that were never acknowledged are cut"));
            struct stat cut;
            char place[50];
            ck_assert_int_eq(stat(path, &cut), 0);
            snprintf(place, sizeof(place), ": offset %lld: ", (long long)cut.st_size);
            ck_assert_ptr_nonnull(strstr(r->notes[0], place));
        }
        ck_assert_uint_eq(r->drafts_removed, run ? 0 : 1);
        ck_assert_uint_eq(r->next_sequence, 8);
        ck_assert_uint_eq(r->next_source_id, 21);
        ck_assert_uint_eq(r->journal_count, 2);
        ck_assert_str_eq(r->journals[1], path);
        ck_assert_uint_eq(r->position_count, 3);
        ck_assert_uint_eq(r->positions[0].source.id, 1);
        ck_assert_uint_eq(r->positions[0].next, 103);
        ck_assert_str_eq(r->positions[0].source.name, "/log/1");
        ck_assert_uint_eq(r->positions[1].next, 104);
        ck_assert_uint_eq(r->positions[2].source.id, 9);
        ck_assert_uint_eq(r->positions[2].next, 6);
        ck_assert_uint_eq(r->positions[2].source.fingerprint_len, 3);
        archive_recovery_free(r);
        ck_assert(exists("notes.txt"));
    }
    free(more.name);
    free(gone.name);
}
END_TEST

/* Groups of the journals that recovery finds, as text: how many are in each. */
static const char *groups(uint64_t seal_size)
{
    static char text[100];
    struct archive_recovery *r;
    size_t len = 0;
    ck_ok(archive_recover(&r, directory, &err));
    for (size_t i = 0, count; i < r->journal_count; i += count) {
        count = archive_recovery_group(r, i, seal_size);
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%zu ", count);
    }
    archive_recovery_free(r);
    return text;
}

/* A daemon that is killed again and again must not have one pile to seal, which only grows. */
START_TEST(journals_are_sealed_in_groups)
{
    for (uint64_t i = 0; i < 6; i++)
        write_journal(i + 1, i * 5, "line\n");
    ck_assert_str_eq(groups(1), "1 1 1 1 1 1 ");
    ck_assert_str_eq(groups(9), "1 1 1 1 1 1 ");
    ck_assert_str_eq(groups(10), "2 2 2 ");
    ck_assert_str_eq(groups(20), "4 2 ");
    ck_assert_str_eq(groups(1 << 20), "6 ");
}
END_TEST

/* What a failed journal may hold twice is in one group, whatever its size. */
START_TEST(journals_with_the_same_bytes_are_one_group)
{
    write_journal(1, 0, "one\n");
    write_journal(2, 4, "failed\n");
    write_journal(3, 4, ""); /* failed at once */
    write_journal(4, 4, "failed and again\n");
    write_journal(5, 21, "five\n");
    write_journal(6, 22, "ive\nsix\n");
    write_journal(7, 30, "seven\n");
    ck_assert_str_eq(groups(1), "1 3 2 1 ");
    ck_assert_str_eq(groups(4 + 7 + 17), "4 3 ");
    ck_assert_str_eq(groups(5 + 8 + 6), "1 3 3 ");
    ck_assert_str_eq(groups(1 << 20), "7 ");
}
END_TEST

/* Another source's bytes at the same offsets are others. */
START_TEST(journals_of_different_sources_are_not_joined)
{
    for (uint64_t i = 0; i < 3; i++) {
        struct journal_writer *j = create_journal(i + 1, 3, 0);
        put(j, 3 - i, 0, "text\n");
        journal_close(j);
    }
    ck_assert_str_eq(groups(1), "1 1 1 ");
    struct journal_writer *j = create_journal(4, 3, 0);
    put(j, 3, 4, "\n");
    journal_close(j);
    ck_assert_str_eq(groups(1), "4 ");
}
END_TEST

START_TEST(journal_without_a_header_is_set_aside)
{
    struct archive_recovery *r;
    write_journal(1, 0, "kept\n");
    make_file(JOURNAL_2, "this was a journal once, before the disk went bad");
    ck_ok(archive_recover(&r, directory, &err));
    ck_assert_uint_eq(r->journals_damaged, 1);
    ck_assert_uint_eq(r->note_count, 1);
    ck_assert_ptr_nonnull(strstr(r->notes[0], JOURNAL_2 ": not a logzip journal; it is kept as"));
    ck_assert_uint_eq(r->journal_count, 1);
    ck_assert_uint_eq(r->next_sequence, 3);
    ck_assert_uint_eq(r->position_count, 1);
    ck_assert_uint_eq(r->positions[0].next, 5);
    ck_assert(!exists(JOURNAL_2));
    ck_assert(exists(JOURNAL_2 ".damaged"));
    archive_recovery_free(r);
}
END_TEST

/* A record in the middle has gone bad: nothing of what follows is thrown away. */
START_TEST(journal_damaged_inside_is_kept)
{
    struct archive_recovery *r;
    struct archive_seal_result result;
    struct journal_writer *j = create_journal(1, 1, 0);
    put(j, 1, 0, "before\n");
    off_t at = (off_t)journal_bytes(j) + 20;
    put(j, 1, 7, "a line that can't be read any more\n");
    put(j, 1, 42, "behind\n");
    ck_ok(journal_sync(j, &err));
    uint64_t size = journal_bytes(j);
    journal_close(j);
    char *path = names_journal(directory, 1);
    int fd = open(path, O_WRONLY);
    ck_assert_int_eq(pwrite(fd, "?", 1, at), 1);
    close(fd);
    free(path);

    ck_ok(archive_recover(&r, directory, &err));
    ck_assert_uint_eq(r->journals_damaged, 1);
    ck_assert_uint_eq(r->note_count, 1);
    char damage[100];
    snprintf(damage, sizeof(damage), JOURNAL_1 ": offset %lld: a record's checksum is wrong, and",
             (long long)at - 20);
    ck_assert_ptr_nonnull(strstr(r->notes[0], damage));
    ck_assert_uint_eq(r->torn_bytes, 0);
    ck_assert_uint_eq(r->position_count, 1);
    ck_assert_uint_eq(r->positions[0].next, 7);
    archive_recovery_free(r);
    write_journal(2, 7, "read again\n");
    ck_ok(try_seal(1, 1, &result));
    archive_seal_result_clear(&result);
    assert_restores("/log/1", "before\nread again\n");

    struct stat st;
    char kept[200];
    snprintf(kept, sizeof(kept), "%s/%s.damaged", directory, JOURNAL_1);
    ck_assert_int_eq(stat(kept, &st), 0);
    ck_assert_uint_eq((uint64_t)st.st_size, size);
}
END_TEST

START_TEST(positions_from_segments_when_journals_are_gone)
{
    struct archive_recovery *r;
    write_journal(1, 0, "one\n");
    write_journal(2, 4, "");
    free(seal(1, 1));
    char *path = names_journal(directory, 2);
    ck_assert_int_eq(unlink(path), 0);
    free(path);
    ck_ok(archive_recover(&r, directory, &err));
    ck_assert_uint_eq(r->position_count, 1);
    ck_assert_uint_eq(r->positions[0].source.id, 1);
    ck_assert_uint_eq(r->positions[0].next, 4);
    ck_assert_uint_eq(r->next_sequence, 2);
    ck_assert_uint_eq(r->next_source_id, 2);
    archive_recovery_free(r);
}
END_TEST

/* A damaged segment whose journal is still there is made anew. */
START_TEST(damaged_segment_is_sealed_again)
{
    struct archive_recovery *r;
    write_journal(1, 0, "precious\n");
    write_journal(2, 9, "");
    keep_copy(JOURNAL_1, false);
    char *path = seal(1, 1);
    keep_copy(JOURNAL_1, true);
    forget_copies();
    ck_assert_int_eq(truncate(path, 20), 0);
    ck_ok(archive_recover(&r, directory, &err));
    ck_assert_uint_eq(r->segments_unreadable, 1);
    ck_assert_uint_eq(r->journals_removed, 0);
    ck_assert_uint_eq(r->journal_count, 2);
    archive_recovery_free(r);
    char *again = seal(1, 1);
    ck_assert_str_eq(again, path);
    assert_restores("/log/1", "precious\n");
    free(again);
    free(path);
}
END_TEST

/* Sealing. */

/* 60 lines of users that take turns. @return to be freed */
static char *sessions(int users)
{
    struct buf text = {0};
    for (int i = 0; i < 60; i++)
        buf_printf(&text, "session %d of user %c was opened\n", i * 7, 'a' + i % users);
    buf_push(&text, '\0');
    ck_assert(!text.failed);
    return (char *)text.data;
}

/* Does the segment of a path have a template with this text? It is removed. */
static bool take_segment(char *path, const char *wanted)
{
    struct segment *s;
    struct template_text *texts;
    size_t count;
    bool found = false;
    ck_ok(segment_open(&s, path, &err));
    ck_ok(segment_block_templates(s, 0, &texts, &count, &err));
    for (size_t i = 0; i < count; i++)
        found = found || strcmp(texts[i].text, wanted) == 0;
    free(texts);
    segment_close(s);
    ck_assert_int_eq(unlink(path), 0);
    free(path);
    return found;
}

static void damage(const char *path, off_t at, const char *bytes)
{
    int fd = open(path, O_WRONLY);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, bytes, strlen(bytes), at), (ssize_t)strlen(bytes));
    close(fd);
}

/* A segment starts from the newest one's templates; from none, whatever is wrong with that one. */
START_TEST(seal_starts_from_the_newest_segment)
{
    enum { WHOLE, EMPTY, CUT, FOREIGN, OTHER_VERSION, BLOCK, NO_FILE, STATES };
    for (int state = WHOLE; state < STATES; state++) {
        char *many = sessions(6), *one = sessions(1);
        write_journal(1, 0, many);
        write_journal(2, strlen(many), one);
        write_journal(3, strlen(many) + strlen(one), "");
        char *newest = seal(1, 1);
        if (state == EMPTY || state == CUT)
            ck_assert_int_eq(truncate(newest, state == EMPTY ? 0 : 100), 0);
        if (state == FOREIGN)
            damage(newest, 0, "PK");
        if (state == OTHER_VERSION)
            damage(newest, 7, "\x7f");
        if (state == BLOCK)
            damage(newest, 20, "damaged");
        if (state == NO_FILE)
            ck_assert(unlink(newest) == 0 && mkdir(newest, 0700) == 0);
        err = (struct lgz_error){0};
        char *path = seal(2, 2);
        ck_assert_int_eq(err.code, LGZ_OK);
        ck_assert_int_eq(take_segment(path, "session <*> of user <*> was opened"), state == WHOLE);
        ck_assert_int_eq(remove(newest), 0);
        free(newest);
        free(many);
        free(one);
        remove_directory();
        make_directory();
    }
}
END_TEST

START_TEST(seal_groups_interleaved_sources)
{
    struct archive_seal_result result;
    int64_t start = 1700000000 * NS_PER_SECOND;
    struct journal_writer *j = create_journal(1, 3, 0);
    for (uint64_t i = 0; i < 300; i++) {
        char text[8];
        snprintf(text, sizeof(text), "%02d.%03d\n", (int)(i % 3), (int)i);
        put_at(j, 3 - i % 3, i / 3 * 7, start + (int64_t)i * NS_PER_SECOND / 5, text);
    }
    journal_close(j);
    write_journal(2, 700, "");
    ck_ok(try_seal(1, 1, &result));
    ck_assert_uint_eq(result.raw_bytes, 2100);
    ck_assert_uint_eq(result.torn_bytes, 0);
    ck_assert_ptr_nonnull(
        strstr(result.segment, "000000000001-000000000001-20231114T221320Z.logz"));
    struct segment *s;
    ck_ok(segment_open(&s, result.segment, &err));
    ck_assert_uint_eq(segment_info(s)->first_journal, 1);
    ck_assert_uint_eq(segment_info(s)->last_journal, 1);
    ck_assert_uint_eq(segment_source_count(s), 3);
    ck_assert_uint_eq(segment_block_count(s), 1);
    const struct block_info *block = segment_block(s, 0);
    ck_assert_uint_eq(block->extent_count, 18); /* 60 s in runs of 10 s, three times */
    for (size_t i = 0; i < 18; i++) {
        ck_assert_uint_eq(segment_source(s, block->extents[i].source)->id, i / 6 + 1);
        ck_assert_int_ge(block->extents[i].read_time,
                         start + (int64_t)(i % 6) * 10 * NS_PER_SECOND);
    }
    segment_close(s);
    struct stat st;
    ck_assert_int_eq(stat(result.segment, &st), 0);
    ck_assert_uint_eq((uint64_t)st.st_size, result.stored_bytes);
    ck_assert(!exists(JOURNAL_1));
    archive_seal_result_clear(&result);
    struct buf all = {0};
    struct restore_result restored;
    ck_ok(try_restore("/log/3", &all, &restored));
    ck_assert_uint_eq(all.len, 700);
    ck_assert_mem_eq(all.data, "00.000\n00.003\n00.006\n", 21);
    restore_result_clear(&restored);
    buf_free(&all);
}
END_TEST

START_TEST(seal_drops_overlaps)
{
    struct archive_seal_result result;
    struct journal_writer *j = create_journal(1, 2, 0);
    put(j, 1, 0, "0123456789");
    put(j, 1, 10, "abcdef");
    put(j, 2, 0, "other");
    journal_close(j);
    j = create_journal(2, 2, 0);
    put(j, 1, 5, "56789");      /* all of it is there */
    put(j, 1, 8, "89abcdefGH"); /* the end is new */
    put(j, 1, 20, "far");       /* after a gap */
    put(j, 2, 0, "other");
    journal_close(j);
    write_journal(3, 23, "");
    ck_ok(try_seal(1, 2, &result));
    ck_assert_uint_eq(result.raw_bytes, 18 + 3 + 5);
    archive_seal_result_clear(&result);
    assert_restores("/log/2", "other");
    ck_assert_uint_eq(segments_raw_bytes(), 26);
}
END_TEST

START_TEST(seal_of_journals_without_data)
{
    struct archive_seal_result result;
    journal_close(create_journal(1, 2, 0));
    journal_close(create_journal(2, 2, 0));
    ck_ok(try_seal(1, 1, &result));
    ck_assert_ptr_null(result.segment);
    ck_assert_uint_eq(result.raw_bytes, 0);
    ck_assert(!exists(JOURNAL_1));
    ck_assert(exists(JOURNAL_2));
    archive_seal_result_clear(&result);
    ck_ok(archive_seal(directory, NULL, 0, &(struct segment_options){.threads = 1}, &result, &err));
    ck_assert_ptr_null(result.segment);
}
END_TEST

/* As after a seal whose removal of the journals couldn't be made durable. */
START_TEST(seal_run_again_when_the_journals_are_gone)
{
    struct archive_seal_result result;
    journal_close(create_journal(1, 2, 0));
    journal_close(create_journal(2, 2, 0));
    write_journal(3, 0, "data");
    journal_close(create_journal(4, 2, 4));
    ck_ok(try_seal(1, 2, &result));
    ck_ok(try_seal(1, 2, &result));
    ck_assert_ptr_null(result.segment);
    free(seal(1, 3)); /* and what is still there is sealed */
    assert_restores("/log/1", "data");
}
END_TEST

/* As when an empty journal was left, and others were sealed since. */
START_TEST(seal_is_named_after_journals_with_data)
{
    static const struct segment_options options = {.level = LGZ_LEVEL_FAST, .threads = 1};
    write_journal(2, 0, "one\n");
    write_journal(3, 4, "two\n");
    free(seal(2, 2));
    journal_close(create_journal(1, 1, 0));
    write_journal(4, 8, "three\n");
    struct archive_seal_result result;
    char *paths[2] = {names_journal(directory, 1), names_journal(directory, 3)};
    ck_ok(archive_seal(directory, paths, 2, &options, &result, &err));
    const char *name = strrchr(result.segment, '/') + 1;
    uint64_t first, last;
    int64_t time;
    ck_assert(names_parse_segment(name, &first, &last, &time));
    ck_assert_uint_eq(first, 3);
    ck_assert_uint_eq(last, 3);
    ck_assert(!exists(JOURNAL_1));
    archive_seal_result_clear(&result);
    free(paths[0]);
    free(paths[1]);
    assert_restores("/log/1", "one\ntwo\nthree\n");
}
END_TEST

START_TEST(newest_journal_is_not_sealed)
{
    struct archive_seal_result result;
    write_journal(1, 0, "one\n");
    write_journal(2, 4, "two\n");
    ck_assert_int_eq(try_seal(1, 2, &result), LGZ_ERR_ARGUMENT);
    ck_assert_ptr_null(result.segment);
    ck_assert(exists(JOURNAL_1) && exists(JOURNAL_2));
    ck_assert_uint_eq(segments_raw_bytes(), 0);
    archive_seal_result_clear(&result);
}
END_TEST

/* As after a seal that couldn't remove all of its journals. */
START_TEST(seal_run_again_only_removes)
{
    struct archive_seal_result result;
    write_journal(1, 0, "one\n");
    write_journal(2, 4, "two\n");
    write_journal(3, 8, "three\n");
    write_journal(4, 14, "");
    keep_copy(JOURNAL_2, false);
    free(seal(1, 2));
    keep_copy(JOURNAL_2, true);
    forget_copies();
    ck_ok(try_seal(1, 2, &result));
    ck_assert_ptr_null(result.segment);
    ck_assert(!exists(JOURNAL_2));
    archive_seal_result_clear(&result);
    ck_ok(try_seal(1, 3, &result)); /* 1 and 2 are gone, 3 is new */
    ck_assert_uint_eq(result.raw_bytes, 6);
    archive_seal_result_clear(&result);
    ck_assert_uint_eq(segments_raw_bytes(), 14);
    assert_restores("/log/1", "one\ntwo\nthree\n");
}
END_TEST

START_TEST(torn_journal_is_kept_aside)
{
    struct archive_seal_result result;
    write_journal(1, 0, "good\n");
    char *path = names_journal(directory, 1);
    int fd = open(path, O_WRONLY | O_APPEND);
    ck_assert_int_eq(write(fd, "unreadable", 10), 10);
    close(fd);
    free(path);
    write_journal(2, 5, "");
    ck_ok(try_seal(1, 1, &result));
    ck_assert_uint_eq(result.torn_bytes, 10);
    ck_assert_ptr_nonnull(strstr(result.torn, JOURNAL_1 ": offset "));
    ck_assert_ptr_nonnull(strstr(result.torn, ": the file ends within a record's head"));
    ck_assert_uint_eq(result.raw_bytes, 5);
    archive_seal_result_clear(&result);
    ck_assert(!exists(JOURNAL_1));
    ck_assert(exists(JOURNAL_1 ".damaged"));
    assert_restores("/log/1", "good\n");
}
END_TEST

START_TEST(seal_of_a_full_disk_keeps_the_journals)
{
    struct archive_seal_result result;
    struct journal_writer *j = create_journal(1, 1, 0);
    uint64_t state = 1;
    for (uint64_t i = 0; i < 100; i++) {
        uint8_t noise[1000];
        for (size_t k = 0; k < sizeof(noise); k++) {
            state = state * 6364136223846793005U + 1442695040888963407U;
            noise[k] = (uint8_t)(state >> 56);
        }
        ck_ok(journal_put_data(j, 1, i * 1000, 0, noise, sizeof(noise), &err));
    }
    journal_close(j);
    write_journal(2, 100000, "");
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit low = {50000, RLIM_INFINITY}, high = {RLIM_INFINITY, RLIM_INFINITY};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &low), 0);
    int code = try_seal(1, 1, &result);
    setrlimit(RLIMIT_FSIZE, &high);
    ck_assert_int_eq(code, LGZ_ERR_IO);
    ck_assert_msg(strstr(err.message, "cannot write") != NULL, "%s", err.message);
    ck_assert_ptr_null(result.segment);
    archive_seal_result_clear(&result);
    struct listing found;
    ck_ok(listing_open(&found, directory, &err));
    ck_assert_uint_eq(found.journals.len, 2);
    ck_assert_uint_eq(found.segments.len, 0);
    ck_assert_uint_eq(found.drafts.len, 0);
    listing_clear(&found);
    ck_ok(try_seal(1, 1, &result));
    ck_assert_uint_eq(result.raw_bytes, 100000);
    archive_seal_result_clear(&result);
}
END_TEST

/* What a killed seal can leave behind, with every journal put back: each byte stays once. */
START_TEST(seal_recover_seal_gives_each_byte_once)
{
    for (uint64_t i = 0; i < 5; i++)
        write_journal(i + 1, i * 5, "line\n");
    for (int crash = 0; crash < 3; crash++) {
        struct archive_recovery *r;
        struct archive_seal_result result;
        struct segment_options options = {.level = LGZ_LEVEL_FAST, .threads = 1};
        struct journal_writer *j;
        make_file(".000000000001-000000000004-20231114T221320Z.logz.tmp77", "half a segment");
        ck_ok(archive_recover(&r, directory, &err));
        ck_assert_uint_eq(r->drafts_removed, 1);
        ck_ok(
            journal_create(&j, directory, r->next_sequence, r->positions, r->position_count, &err));
        ck_assert_uint_eq(r->positions[0].next, 25 + (uint64_t)crash * 5);
        put(j, 1, r->positions[0].next, "more\n");
        journal_close(j);
        keep_copy(strrchr(r->journals[0], '/') + 1, false);
        ck_ok(archive_seal(directory, r->journals, r->journal_count, &options, &result, &err));
        keep_copy(strrchr(r->journals[0], '/') + 1, true);
        archive_seal_result_clear(&result);
        archive_recovery_free(r);
    }
    forget_copies();
    assert_restores("/log/1", "line\nline\nline\nline\nline\nmore\nmore\nmore\n");
    ck_assert_uint_eq(segments_raw_bytes(), 35);
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

/* What the segment says of source `source` at `offset`; "" for no rules. */
static const char *start_at(const struct segment *s, size_t source, uint64_t offset)
{
    uint64_t end;
    const struct rules *rules = segment_rules(s, source, offset, &end);
    return rules ? rules->multiline_start : "";
}

/* Journals 1 and 2, and an empty one: rules change within the first, and before the second. */
static void write_journals_with_rules(void)
{
    static char old[] = "^old", fresh[] = "^fresh", last[] = "^last", none[] = "", app[] = "app";
    const struct rules rules[] = {{old, none}, {fresh, none}, {last, none}};
    struct source_position start[] = {{named_source(1, app), 0, {0}},
                                      {named_source(2, none), 0, {0}}};
    start[0].source.input = app;
    for (uint64_t sequence = 1; sequence <= 3; sequence++) {
        struct journal_writer *j;
        struct inputs inputs = {0};
        ck_ok(inputs_put(&inputs, app, &rules[sequence == 1 ? 0 : 2], &err));
        const struct journal_checkpoint checkpoint = {start, 2, &inputs};
        ck_ok(journal_begin(&j, directory, sequence, &checkpoint, &err));
        if (sequence == 1) {
            put(j, 1, 0, "0123456789");
            ck_ok(journal_put_input(j, app, &rules[1], &err));
            put(j, 1, 10, "0123456789");
            put(j, 1, 15, "5678901234");
            put(j, 2, 0, "of no input");
        } else if (sequence == 2) {
            put(j, 1, 25, "5678901234");
        }
        journal_close(j);
        inputs_clear(&inputs);
    }
}

START_TEST(seal_keeps_rules)
{
    struct segment *s;
    write_journals_with_rules();
    char *path = seal(1, 2);
    ck_ok(segment_open(&s, path, &err));
    ck_assert_str_eq(start_at(s, 0, 0), "^old");
    ck_assert_str_eq(start_at(s, 0, 9), "^old");
    ck_assert_str_eq(start_at(s, 0, 10), "^fresh");
    ck_assert_str_eq(start_at(s, 0, 24), "^fresh");
    ck_assert_str_eq(start_at(s, 0, 25), "^last");
    ck_assert_str_eq(start_at(s, 1, 0), "");
    segment_close(s);
    free(path);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, make_directory, remove_directory);
    tcase_add_test(tests, names_round_trip);
    tcase_add_test(tests, other_names_are_not_ours);
    tcase_add_test(tests, lock_keeps_another_process_out);
    tcase_add_test(tests, lock_needs_a_directory_to_be_in);
    tcase_add_test(tests, snapshot_of_nothing);
    tcase_add_test(tests, covered_journals_are_dropped);
    tcase_add_test(tests, recovery_of_an_empty_archive);
    tcase_add_test(tests, recovery_finds_positions_and_is_idempotent);
    tcase_add_test(tests, journals_are_sealed_in_groups);
    tcase_add_test(tests, journals_with_the_same_bytes_are_one_group);
    tcase_add_test(tests, journals_of_different_sources_are_not_joined);
    tcase_add_test(tests, journal_without_a_header_is_set_aside);
    tcase_add_test(tests, journal_damaged_inside_is_kept);
    tcase_add_test(tests, positions_from_segments_when_journals_are_gone);
    tcase_add_test(tests, damaged_segment_is_sealed_again);
    tcase_add_test(tests, seal_starts_from_the_newest_segment);
    tcase_add_test(tests, seal_groups_interleaved_sources);
    tcase_add_test(tests, seal_drops_overlaps);
    tcase_add_test(tests, seal_of_journals_without_data);
    tcase_add_test(tests, seal_run_again_when_the_journals_are_gone);
    tcase_add_test(tests, seal_is_named_after_journals_with_data);
    tcase_add_test(tests, newest_journal_is_not_sealed);
    tcase_add_test(tests, seal_run_again_only_removes);
    tcase_add_test(tests, torn_journal_is_kept_aside);
    tcase_add_test(tests, seal_of_a_full_disk_keeps_the_journals);
    tcase_add_test(tests, seal_recover_seal_gives_each_byte_once);
    tcase_add_test(tests, reader_misses_nothing_while_a_writer_seals);
    tcase_add_test(tests, seal_keeps_rules);
}

int main(void)
{
    return run_suite("archive", add_tests, 60);
}
