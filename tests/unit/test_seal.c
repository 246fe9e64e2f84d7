/*
 * test_seal.c - each byte exactly once, in the right segment, and no journal removed too early.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include "archive_fixture.h"
#include "segment/line_templates.h"
#include "suite.h"

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
    struct line_templates templates = {0};
    const struct span text = {(const uint8_t *)wanted, strlen(wanted)};
    bool found = false;
    ck_ok(segment_open(&s, path, &err));
    ck_ok(segment_line_templates(s, 0, &templates, &err));
    for (size_t i = 0; i < templates.set.list.len; i++)
        found = found || span_equal(templates.names[i].text, text);
    line_templates_clear(&templates);
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
    struct segment_name parsed;
    ck_assert(names_parse_segment(name, &parsed));
    ck_assert_uint_eq(parsed.first, 3);
    ck_assert_uint_eq(parsed.last, 3);
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

START_TEST(no_segment_around_another)
{
    static const struct segment_options options = {.level = LGZ_LEVEL_FAST, .threads = 1};
    write_journal(2, 4, "two\n");
    journal_close(create_journal(3, 1, 8));
    free(seal(2, 2));
    write_journal(1, 0, "one\n");
    char *newest = names_journal(directory, 3);
    ck_assert_int_eq(unlink(newest), 0);
    free(newest);
    write_journal(3, 8, "three\n");
    write_journal(4, 14, "four\n");
    char *paths[2] = {names_journal(directory, 1), names_journal(directory, 3)};
    for (int i = 0; i < 2; i++) {
        struct archive_seal_result result;
        struct segment_name name;
        ck_ok(archive_seal(directory, paths + i, (size_t)(2 - i), &options, &result, &err));
        ck_assert_ptr_nonnull(result.segment);
        ck_assert(names_parse_segment(file_name(result.segment), &name));
        ck_assert_uint_eq(name.first, i ? 3 : 1);
        ck_assert_uint_eq(name.last, i ? 3 : 1);
        ck_assert_int_eq(access(paths[1], F_OK), i ? -1 : 0);
        archive_seal_result_clear(&result);
    }
    free(paths[0]);
    free(paths[1]);
    assert_restores("/log/1", "one\ntwo\nthree\nfour\n");
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, make_directory, remove_directory);
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
    tcase_add_test(tests, damaged_segment_is_sealed_again);
    tcase_add_test(tests, seal_keeps_rules);
    tcase_add_test(tests, no_segment_around_another);
}

int main(void)
{
    return run_suite("seal", add_tests, 60);
}
