/*
 * test_recover.c - what a start finds in an archive, whatever a crash or a bad disk left there.
 */
#include <fcntl.h>

#include "archive_fixture.h"
#include "suite.h"

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

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, make_directory, remove_directory);
    tcase_add_test(tests, recovery_of_an_empty_archive);
    tcase_add_test(tests, recovery_finds_positions_and_is_idempotent);
    tcase_add_test(tests, journals_are_sealed_in_groups);
    tcase_add_test(tests, journals_with_the_same_bytes_are_one_group);
    tcase_add_test(tests, journals_of_different_sources_are_not_joined);
    tcase_add_test(tests, journal_without_a_header_is_set_aside);
    tcase_add_test(tests, journal_damaged_inside_is_kept);
    tcase_add_test(tests, positions_from_segments_when_journals_are_gone);
}

int main(void)
{
    return run_suite("recover", add_tests, 60);
}
