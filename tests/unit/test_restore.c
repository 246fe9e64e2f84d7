/*
 * test_restore.c - a log file comes back byte for byte, from wherever its pieces are, or the error
 * says which bytes are missing.
 */
#include "archive_fixture.h"
#include "suite.h"

static char app[] = "/log/app", app_old[] = "/log/app.1", other[] = "/srv/other";

START_TEST(from_segments_and_journals)
{
    write_journal(1, 0, "one\n");
    write_journal(2, 4, "two\n");
    write_journal(3, 8, "three\n");
    write_journal(4, 14, "four\n");
    write_journal(5, 19, "five\n");
    free(seal(1, 2));
    free(seal(3, 3));
    assert_restores("/log/1", "one\ntwo\nthree\nfour\nfive\n");
}
END_TEST

START_TEST(overlaps_come_once)
{
    write_journal(1, 0, "0123456789");
    write_journal(2, 0, "0123"); /* within */
    write_journal(3, 8, "89abc");
    write_journal(4, 0, "0123456789abcdef"); /* around */
    write_journal(5, 16, "ghi");
    free(seal(1, 1)); /* each alone: a seal of all would drop the overlaps itself */
    free(seal(2, 2));
    free(seal(3, 3));
    ck_assert_uint_eq(segments_raw_bytes(), 19);
    assert_restores("/log/1", "0123456789abcdefghi");
}
END_TEST

/* A rotated file is a new source of the same name. */
static void make_generations(void)
{
    struct source_position start[] = {
        {named_source(1, app), 0, {0}},
        {named_source(2, app_old), 0, {0}},
        {named_source(3, app), 0, {0}},
        {named_source(4, other), 0, {0}},
    };
    struct journal_writer *j;
    ck_ok(journal_create(&j, directory, 1, start, 4, &err));
    put(j, 3, 0, "third ");
    put(j, 1, 0, "first ");
    put(j, 2, 0, "second ");
    put(j, 4, 0, "other ");
    journal_close(j);
    start[0].next = start[2].next = start[3].next = 6;
    start[1].next = 7;
    ck_ok(journal_create(&j, directory, 2, start, 4, &err));
    struct source fifth = named_source(5, app);
    ck_ok(journal_put_source(j, &fifth, 0, &err));
    put(j, 5, 0, "fifth");
    put(j, 1, 6, "end ");
    journal_close(j);
}

static void check_generations(void)
{
    assert_restores("/log/app", "first end third fifth");
    assert_restores("/log/app.1", "second ");
    assert_restores("/log/app*", "first end second third fifth");
    assert_restores("/log/app.?", "second ");
    assert_restores("*", "first end second third other fifth");
    assert_restores("*other", "other ");
    assert_restores("/[!l]*", "other ");
}

START_TEST(generations_and_patterns)
{
    struct buf out = {0};
    struct restore_result result;
    make_generations();
    check_generations();
    free(seal(1, 1));
    check_generations();
    ck_ok(try_restore("/log/*", &out, &result));
    ck_assert_uint_eq(result.sources, 4);
    ck_assert_uint_eq(result.names, 2);
    ck_assert_uint_eq(result.note_count, 0);
    restore_result_clear(&result);
    ck_assert_int_eq(try_restore("/log/ap", &out, &result), LGZ_ERR_NOT_FOUND);
    restore_result_clear(&result);
    buf_free(&out);
}
END_TEST

START_TEST(imported_files_come_first)
{
    struct source_position start[] = {{named_source(1, app), 0, {0}},
                                      {named_source(SOURCE_IMPORTED + 7, app), 0, {0}},
                                      {named_source(SOURCE_IMPORTED + 2, app), 0, {0}},
                                      {named_source(2, app), 0, {0}}};
    struct journal_writer *j;
    ck_ok(journal_create(&j, directory, 1, start, 4, &err));
    put(j, 1, 0, "third ");
    put(j, 2, 0, "fourth");
    put(j, SOURCE_IMPORTED + 2, 0, "first ");
    put(j, SOURCE_IMPORTED + 7, 0, "second ");
    journal_close(j);
    assert_restores("/log/app", "first second third fourth");
    ck_assert(source_before(SOURCE_IMPORTED, 1) && !source_before(1, SOURCE_IMPORTED));
    ck_assert(source_before(1, 2) && !source_before(2, 1) && !source_before(1, 1));
}
END_TEST

START_TEST(exact_name_is_no_pattern)
{
    char starred[] = "/log/*";
    struct source_position start[] = {{named_source(1, app), 0, {0}},
                                      {named_source(2, starred), 0, {0}}};
    struct journal_writer *j;
    ck_ok(journal_create(&j, directory, 1, start, 2, &err));
    put(j, 1, 0, "plain");
    put(j, 2, 0, "starred");
    journal_close(j);
    assert_restores("/log/*", "starred");
}
END_TEST

START_TEST(empty_file_restores_to_nothing)
{
    journal_close(create_journal(1, 1, 0));
    assert_restores("/log/1", "");
}
END_TEST

/* All but bytes `from` to `to` - 1 comes out, and these are told. */
static void assert_hole(const char *name, const char *expected, uint64_t from, uint64_t to)
{
    struct buf out = {0};
    struct restore_result result;
    ck_ok(try_restore(name, &out, &result));
    ck_assert_uint_eq(result.bytes, strlen(expected));
    ck_assert_uint_eq(out.len, strlen(expected));
    ck_assert_mem_eq(out.data, expected, out.len);
    ck_assert_uint_eq(result.note_count, 0);
    ck_assert_uint_eq(result.holes.len, 1);
    ck_assert_str_eq(result.holes.data[0].name, name);
    ck_assert_uint_eq(result.holes.data[0].from, from);
    ck_assert_uint_eq(result.holes.data[0].to, to);
    restore_result_clear(&result);
    buf_free(&out);
}

START_TEST(holes_are_told_and_the_rest_is_written)
{
    write_journal(1, 0, "0123");
    write_journal(2, 4, "4567");
    write_journal(3, 8, "89");
    char *path = seal(1, 1);
    char *middle = seal(2, 2);
    assert_restores("/log/1", "0123456789");
    ck_assert_int_eq(unlink(middle), 0);
    assert_hole("/log/1", "012389", 4, 8);
    free(path);
    free(middle);
}
END_TEST

/* The newest journal says that more was read than there is. */
START_TEST(missing_end_is_a_hole)
{
    write_journal(1, 0, "0123");
    write_journal(2, 4, "4567");
    journal_close(create_journal(3, 1, 8));
    free(seal(1, 1));
    char *path = seal(2, 2);
    ck_assert_int_eq(unlink(path), 0);
    assert_hole("/log/1", "0123", 4, 8);
    free(path);
}
END_TEST

static void assert_begins_at(uint64_t offset, const char *text)
{
    struct buf out = {0};
    struct restore_result result;
    ck_ok(try_restore("/log/1", &out, &result));
    ck_assert_uint_eq(out.len, strlen(text));
    if (out.len)
        ck_assert_mem_eq(out.data, text, out.len);
    ck_assert_uint_eq(result.note_count, 1);
    ck_assert_uint_eq(result.notes[0].source_id, 1);
    ck_assert_str_eq(result.notes[0].name, "/log/1");
    ck_assert_uint_eq(result.notes[0].first_offset, offset);
    restore_result_clear(&result);
    buf_free(&out);
}

START_TEST(expired_start_is_a_note)
{
    write_journal(1, 0, "0123");
    write_journal(2, 4, "4567");
    journal_close(create_journal(3, 1, 8));
    char *first = seal(1, 1), *second = seal(2, 2);
    ck_assert_int_eq(unlink(first), 0);
    assert_begins_at(4, "4567");
    ck_assert_int_eq(unlink(second), 0);
    assert_begins_at(8, "");
    free(first);
    free(second);
}
END_TEST

/* Larger than any block and the reader's window, in pieces of many sizes, partly sealed. */
START_TEST(much_data)
{
    enum { SIZE = 3 << 20 };
    uint8_t *all = malloc(SIZE);
    struct journal_writer *j = create_journal(1, 2, 0);
    uint64_t state = 7, at[3] = {0};
    uint64_t sequence = 1;
    ck_assert_ptr_nonnull(all);
    for (size_t i = 0; i < SIZE; i++) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        all[i] = (uint8_t)(state >> 60 ? 'a' + (state >> 58) % 16 : '\n');
    }
    for (int turn = 0; at[1] < SIZE; turn++) {
        uint64_t id = 1 + (uint64_t)turn % 2;
        size_t len = 1 + (size_t)turn * 7919 % 20000;
        if (len > SIZE - at[id])
            len = SIZE - at[id];
        ck_ok(journal_put_data(j, id, at[id], turn * NS_PER_SECOND, all + at[id], len, &err));
        at[id] += len;
        if (turn % 100 == 99) {
            struct source_position next[] = {{source_of(1), at[1], {0}},
                                             {source_of(2), at[2], {0}}};
            journal_close(j);
            ck_ok(journal_create(&j, directory, ++sequence, next, 2, &err));
            free(next[0].source.name);
            free(next[1].source.name);
        }
    }
    journal_close(j);
    ck_assert_uint_ge(sequence, 5);
    free(seal(1, 2));
    free(seal(3, 3));
    struct buf out = {0};
    struct restore_result result;
    ck_ok(try_restore("*", &out, &result));
    ck_assert_uint_eq(out.len, at[1] + at[2]);
    ck_assert_mem_eq(out.data, all, at[1]);
    ck_assert_mem_eq(out.data + at[1], all, at[2]);
    restore_result_clear(&result);
    buf_free(&out);
    free(all);
}
END_TEST

static int stop(void *context, const void *data, size_t size)
{
    (void)data;
    (void)size;
    if (context)
        error_set(context, LGZ_ERR_IO, "the pipe broke");
    return 1;
}

START_TEST(writer_may_stop_it)
{
    struct archive_snapshot *s;
    struct restore_result result;
    write_journal(1, 0, "data");
    ck_ok(archive_snapshot_open(&s, directory, &err));
    ck_assert_int_eq(archive_restore(s, "/log/1", 1, stop, NULL, &result, &err), LGZ_ERR_CANCELLED);
    restore_result_clear(&result);
    ck_assert_int_eq(archive_restore(s, "/log/1", 1, stop, &err, &result, &err), LGZ_ERR_IO);
    ck_assert_str_eq(err.message, "the pipe broke");
    ck_assert_uint_eq(result.bytes, 0);
    restore_result_clear(&result);
    ck_assert_int_eq(archive_restore(s, "/log/1", 1, stop, NULL, &result, NULL), LGZ_ERR_CANCELLED);
    restore_result_clear(&result);
    archive_snapshot_close(s);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, make_directory, remove_directory);
    tcase_add_test(tests, from_segments_and_journals);
    tcase_add_test(tests, overlaps_come_once);
    tcase_add_test(tests, generations_and_patterns);
    tcase_add_test(tests, imported_files_come_first);
    tcase_add_test(tests, exact_name_is_no_pattern);
    tcase_add_test(tests, empty_file_restores_to_nothing);
    tcase_add_test(tests, holes_are_told_and_the_rest_is_written);
    tcase_add_test(tests, missing_end_is_a_hole);
    tcase_add_test(tests, expired_start_is_a_note);
    tcase_add_test(tests, much_data);
    tcase_add_test(tests, writer_may_stop_it);
}

int main(void)
{
    return run_suite("restore", add_tests, 60);
}
