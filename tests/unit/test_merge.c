/*
 * test_merge.c - what is merged with what, that nothing of it is lost, and what stays as it is.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "archive/catalog.h"
#include "archive/merge.h"
#include "archive/tidy.h"
#include "archive_fixture.h"
#include "segment/verify.h"
#include "shell.h"
#include "suite.h"

#define DAY (86400 * NS_PER_SECOND)
#define NOW (1700000000 * NS_PER_SECOND)

static struct config *config;
static char notes[2000];
static atomic_int lines; /* that are in the archive */

static void note(void *unused, enum upkeep_note kind, const char *text)
{
    size_t used = strlen(notes);
    (void)unused;
    snprintf(notes + used, sizeof(notes) - used, "%s%s\n", kind == UPKEEP_PROBLEM ? "! " : "",
             text);
}

static void setup(void)
{
    make_directory();
    config = config_defaults("test");
    ck_assert_ptr_nonnull(config);
    free(config->directory);
    config->directory = strdup(directory);
    config->seal_memory = 100 << 20;
    config->min_free = 0;
    notes[0] = '\0';
}

static void teardown(void)
{
    config_free(config);
    remove_directory();
}

/* The newest journal, which an earlier one needs to be sealed, has nothing: it is made anew. */
static void remove_newest(uint64_t number)
{
    char *path = names_journal(directory, number);
    unlink(path);
    free(path);
}

/* A segment of journal `number`, with some of /log/1, read on that day before NOW. */
static void add_segment(uint64_t number, int days_ago, uint64_t offset, const char *text)
{
    remove_newest(number);
    struct journal_writer *j = create_journal(number, 1, offset);
    put_at(j, 1, offset, NOW - days_ago * DAY, text);
    ck_ok(journal_sync(j, &err));
    journal_close(j);
    journal_close(create_journal(number + 1, 1, offset + strlen(text)));
    free(seal(number, number));
}

/* Merge; a dry run says the same without a catalog and with it, which then is there. */
static struct merge_result merge(void)
{
    struct upkeep u = {.config = config, .now = NOW, .dry_run = true};
    struct merge_result footers, cataloged, result;
    char *catalog = names_file(directory, CATALOG_NAME);
    unlink(catalog);
    free(catalog);
    ck_ok(archive_tidy(directory, &err));
    ck_ok(merge_run(&u, &footers, &err));
    ck_ok(catalog_update(directory, NULL, &err));
    ck_ok(merge_run(&u, &cataloged, &err));
    ck_assert_uint_eq(footers.units, cataloged.units);
    ck_assert_uint_eq(footers.sources, cataloged.sources);
    ck_assert_uint_eq(footers.bytes_before, cataloged.bytes_before);
    u.dry_run = false;
    u.note = note;
    ck_ok(merge_run(&u, &result, &err));
    return result;
}

/* "1-3 4-5:1of2 ...", with "*" behind those that have the best level */
static void require_segments(const char *expected)
{
    struct listing found;
    char text[500] = "";
    ck_ok(listing_open(&found, directory, &err));
    ck_assert_uint_eq(found.stale.len, 0);
    ck_assert_uint_eq(found.drafts.len, 0);
    for (size_t i = 0; i < found.segments.len; i++) {
        const struct segment_name *name = &found.segments.data[i].name;
        struct segment *s;
        size_t used = strlen(text);
        char part[20] = "";
        if (name->parts > 1)
            snprintf(part, sizeof(part), ":%uof%u", name->part, name->parts);
        ck_ok(segment_open(&s, found.segments.data[i].path, &err));
        ck_ok(segment_verify(s, &(struct worker){0}, &err));
        snprintf(text + used, sizeof(text) - used, "%s%d-%d%s%s", i ? " " : "", (int)name->first,
                 (int)name->last, part, segment_info(s)->level == LGZ_LEVEL_BEST ? "*" : "");
        segment_close(s);
    }
    listing_clear(&found);
    ck_assert_str_eq(text, expected);
}

START_TEST(days_become_segments)
{
    add_segment(1, 3, 0, "one\n");
    add_segment(2, 3, 4, "two\n");
    add_segment(3, 2, 8, "three\n");
    add_segment(4, 1, 14, "four\n");
    add_segment(5, 1, 19, "five\n");
    add_segment(6, 0, 24, "six\n");
    struct merge_result result = merge();
    require_segments("1-2* 3-3* 4-5* 6-6");
    ck_assert_uint_eq(result.units, 3);
    ck_assert_uint_eq(result.sources, 5);
    ck_assert_uint_eq(result.segments, 3);
    ck_assert_uint_eq(result.raw_bytes, 24);
    assert_restores("/log/1", "one\ntwo\nthree\nfour\nfive\nsix\n");
    /* Once is enough. */
    result = merge();
    ck_assert_uint_eq(result.units, 0);
    ck_assert_str_eq(notes, "");
    /* A day that came late. */
    add_segment(7, 1, 28, "seven\n");
    merge();
    require_segments("1-2* 3-3* 4-5* 6-6 7-7*");
    assert_restores("/log/1", "one\ntwo\nthree\nfour\nfive\nsix\nseven\n");
}
END_TEST

START_TEST(weeks_and_none)
{
    /* NOW is a Tuesday: the week before ended two days ago. */
    add_segment(1, 9, 0, "one\n");
    add_segment(2, 8, 4, "two\n");
    add_segment(3, 2, 8, "three\n");
    add_segment(4, 1, 14, "four\n");
    config->merge = CONFIG_MERGE_NONE;
    merge();
    require_segments("1-1 2-2 3-3 4-4");
    config->merge = CONFIG_MERGE_WEEK;
    merge();
    require_segments("1-1* 2-3* 4-4");
    assert_restores("/log/1", "one\ntwo\nthree\nfour\n");
}
END_TEST

START_TEST(no_larger_than_wanted)
{
    add_segment(1, 1, 0, "one\n");
    add_segment(2, 1, 4, "two\n");
    add_segment(3, 1, 8, "three\n");
    config->merge_size = 10;
    merge();
    require_segments("1-2* 3-3*");
    ck_assert_uint_eq(merge().units, 0);
    config->merge_size = 14;
    merge();
    require_segments("1-3*");
    assert_restores("/log/1", "one\ntwo\nthree\n");
}
END_TEST

/* What the merged segment would stand for must not be anywhere else. */
START_TEST(gaps)
{
    add_segment(1, 1, 0, "one\n");
    add_segment(3, 1, 4, "two\n");
    add_segment(7, 1, 8, "three\n");
    char *unsealed = names_journal(directory, 2);
    ck_assert_int_eq(access(unsealed, F_OK), 0);
    char *damaged = NULL;
    struct segment_name name = {5, 5, 0, NOW, 1, 1};
    ck_assert_ptr_nonnull(damaged = names_segment(directory, &name));
    close(open(damaged, O_WRONLY | O_CREAT, 0600));
    ck_ok(names_set_aside(damaged, &err));
    merge();
    require_segments("1-1* 3-3* 7-7*");
    unlink(unsealed);
    merge();
    require_segments("1-3* 7-7*");
    free(unsealed);
    free(damaged);
}
END_TEST

/* Inputs with limits of their own. */
static void add_classes(void)
{
    static const char *const names[] = {"web", "db"};
    config->input_count = 2;
    config->inputs = calloc(2, sizeof(*config->inputs));
    ck_assert_ptr_nonnull(config->inputs);
    for (int i = 0; i < 2; i++) {
        config->inputs[i].name = strdup(names[i]);
        config->inputs[i].max_age = 7 * DAY;
        config->inputs[i].max_age_line = 1;
    }
}

/* Each of three sources, one for each class, has a line. */
static void add_mixed(uint64_t number, uint64_t offset, const char *line)
{
    static char inputs[][6] = {"web", "db", "other"};
    struct source_position start[3];
    for (uint64_t i = 0; i < 3; i++) {
        start[i] = (struct source_position){source_of(i + 1), offset, {0}};
        start[i].source.input = inputs[i];
    }
    struct journal_writer *j;
    remove_newest(number);
    ck_ok(journal_create(&j, directory, number, start, 3, &err));
    for (uint64_t i = 0; i < 3; i++)
        put_at(j, i + 1, offset, NOW - DAY + (int64_t)i * NS_PER_SECOND, line);
    ck_ok(journal_sync(j, &err));
    journal_close(j);
    journal_close(create_journal(number + 1, 3, offset + strlen(line)));
    free(seal(number, number));
    for (int i = 0; i < 3; i++)
        free(start[i].source.name);
}

static void require_mixed(const char *text)
{
    assert_restores("/log/1", text);
    assert_restores("/log/2", text);
    assert_restores("/log/3", text);
}

START_TEST(classes_are_parted)
{
    add_classes();
    add_mixed(1, 0, "one\n");
    add_mixed(2, 4, "two\n");
    merge();
    require_segments("1-2:1of3* 1-2:2of3* 1-2:3of3*");
    require_mixed("one\ntwo\n");
    ck_assert_uint_eq(merge().units, 0);
    add_mixed(3, 8, "three\n");
    merge();
    require_segments("1-3:1of3* 1-3:2of3* 1-3:3of3*");
    require_mixed("one\ntwo\nthree\n");
    /* One that has expired isn't missed. */
    struct listing found;
    ck_ok(listing_open(&found, directory, &err));
    ck_assert_int_eq(unlink(found.segments.data[1].path), 0);
    listing_clear(&found);
    add_mixed(4, 14, "four\n");
    merge();
    require_segments("1-4:1of3* 1-4:2of3* 1-4:3of3*");
    ck_assert_str_eq(notes, "");
}
END_TEST

START_TEST(what_lacks_a_damaged_part_stays)
{
    struct listing found;
    add_classes();
    add_mixed(1, 0, "one\n");
    add_mixed(2, 4, "two\n");
    merge();
    add_mixed(3, 8, "three\n");
    ck_ok(listing_open(&found, directory, &err));
    ck_ok(names_set_aside(found.segments.data[1].path, &err));
    merge();
    require_segments("1-2:1of3* 1-2:3of3* 3-3:1of3* 3-3:2of3* 3-3:3of3*");
    char aside[200];
    snprintf(aside, sizeof(aside), "%s%s", found.segments.data[1].path, NAMES_DAMAGED);
    ck_assert_int_eq(rename(aside, found.segments.data[1].path), 0);
    listing_clear(&found);
    merge();
    require_segments("1-3:1of3* 1-3:2of3* 1-3:3of3*");
    require_mixed("one\ntwo\nthree\n");
}
END_TEST

START_TEST(one_segment_is_parted)
{
    add_classes();
    add_mixed(1, 0, "one\n");
    merge();
    require_segments("1-1:1of3* 1-1:2of3* 1-1:3of3*");
    require_mixed("one\n");
    ck_assert_uint_eq(merge().units, 0);
}
END_TEST

/* As if journals had been sealed in another order than they were written. */
START_TEST(order_is_restored)
{
    add_segment(1, 1, 4, "two\n");
    add_segment(2, 1, 0, "one\n");
    merge();
    require_segments("1-2*");
    assert_restores("/log/1", "one\ntwo\n");
    ck_assert_str_eq(notes, "");
}
END_TEST

START_TEST(overlaps_are_stored_once)
{
    add_segment(1, 1, 0, "one\ntwo\n");
    add_segment(2, 1, 4, "two\nthree\n");
    ck_assert_uint_eq(merge().raw_bytes, 14);
    require_segments("1-2*");
    assert_restores("/log/1", "one\ntwo\nthree\n");
}
END_TEST

/* Flip a bit of a segment's first block. */
static void damage(size_t index)
{
    struct listing found;
    struct segment *s;
    ck_ok(listing_open(&found, directory, &err));
    ck_ok(segment_open(&s, found.segments.data[index].path, &err));
    const struct block_info *block = segment_block(s, 0);
    const off_t from_start = (off_t)(block->file_offset + block->stored_len - 1);
    segment_close(s);
    int fd = open(found.segments.data[index].path, O_RDWR);
    char byte;
    ck_assert_int_eq(pread(fd, &byte, 1, from_start), 1);
    byte ^= 0x10;
    ck_assert_int_eq(pwrite(fd, &byte, 1, from_start), 1);
    close(fd);
    listing_clear(&found);
}

START_TEST(damaged_ones_stay)
{
    add_segment(1, 1, 0, "one\n");
    add_segment(2, 1, 4, "two\n");
    add_segment(3, 1, 8, "three\n");
    add_segment(4, 1, 14, "four\n");
    add_segment(5, 1, 19, "five\n");
    damage(2);
    struct merge_result result = merge();
    ck_assert_ptr_nonnull(strstr(notes, "! "));
    ck_assert_ptr_nonnull(strstr(notes, "it is not merged\n"));
    ck_assert_uint_eq(result.left, 1);
    ck_assert_uint_eq(result.units, 2);
    struct listing found;
    ck_ok(listing_open(&found, directory, &err));
    ck_assert_uint_eq(found.segments.len, 3);
    ck_assert_uint_eq(found.segments.data[1].name.first, 3);
    ck_assert_uint_eq(found.drafts.len, 0);
    listing_clear(&found);
    damage(1); /* and it's whole again */
    merge();
    require_segments("1-5*");
    assert_restores("/log/1", "one\ntwo\nthree\nfour\nfive\n");
}
END_TEST

/* A file that is another one by now, though its name, size, time and inode aren't. */
START_TEST(footers_have_the_last_word)
{
    struct upkeep u = {.config = config, .now = NOW, .note = note};
    struct merge_result result;
    add_segment(1, 1, 0, "one\n");
    add_segment(2, 1, 4, "two\n");
    add_segment(3, 1, 8, "three\n");
    ck_ok(catalog_update(directory, NULL, &err));
    shell_in(directory, "f=$(echo *2-*.logz) && touch -r $f time && cp $f good &&"
                        " truncate -s -20 $f && truncate -s +20 $f && touch -r time $f");
    ck_ok(merge_run(&u, &result, &err));
    ck_assert_ptr_nonnull(strstr(notes, "it is not merged\n"));
    ck_assert_uint_eq(result.units, 2);
    shell_in(directory, "f=$(echo *2-*.logz) && cat good >$f && touch -r time $f");
    require_segments("1-1* 2-2 3-3*");
    merge();
    require_segments("1-3*");
}
END_TEST

START_TEST(room_is_checked_first)
{
    add_segment(1, 1, 0, "one\n");
    add_segment(2, 1, 4, "two\n");
    config->min_free = UINT64_C(1) << 62;
    ck_assert_uint_eq(merge().left, 1);
    ck_assert_ptr_nonnull(strstr(notes, "! "));
    require_segments("1-1 2-2");
}
END_TEST

START_TEST(dry_runs_and_deadlines)
{
    struct upkeep u = {.config = config, .now = NOW, .note = note, .dry_run = true};
    struct merge_result result;
    add_segment(1, 1, 0, "one\n");
    add_segment(2, 1, 4, "two\n");
    ck_ok(merge_run(&u, &result, &err));
    ck_assert_uint_eq(result.units, 1);
    ck_assert_uint_eq(result.sources, 2);
    ck_assert_ptr_nonnull(strstr(notes, "would merge 2 segments, from "));
    require_segments("1-1 2-2");
    u.dry_run = false;
    u.deadline = 1;
    ck_ok(merge_run(&u, &result, &err));
    ck_assert(result.unfinished);
    require_segments("1-1 2-2");
}
END_TEST

/* How often it's asked whether to stop before that is so, or before the time is up. */
static int asked;
static struct upkeep timed;

static bool stops(void)
{
    return asked-- <= 0;
}

static bool runs_late(void)
{
    timed.deadline = asked-- <= 0 ? 1 : 0;
    return false;
}

/* Two days with two segments each; which of them are merged? */
static struct merge_result merge_days(int calls, bool (*stop)(void))
{
    struct merge_result result;
    for (uint64_t i = 0; i < 4; i++)
        add_segment(i + 1, i < 2 ? 3 : 2, 4 * i, "one\n");
    asked = calls;
    timed = (struct upkeep){.config = config, .now = NOW, .note = note, .stop = stop};
    ck_ok(merge_run(&timed, &result, &err));
    if (result.units == 2)
        require_segments("1-2* 3-4*");
    else
        require_segments(result.units ? "1-2* 3-3 4-4" : "1-1 2-2 3-3 4-4");
    ck_assert(result.unfinished == (result.units < 2));
    assert_restores("/log/1", "one\none\none\none\n");
    ck_assert_str_eq(notes, "");
    teardown();
    setup();
    return result;
}

START_TEST(stopped_anywhere)
{
    int none = 0, calls = 0;
    for (size_t units = 0; units < 2; calls++) {
        units = merge_days(calls, stops).units;
        none += units == 0;
    }
    /* Before a unit, for each block and each piece, and before the end. */
    ck_assert_int_ge(none, 5);
    ck_assert_int_ge(calls, 10);
}
END_TEST

/* The first unit is finished, or there were no end to one for which a night is too short. */
START_TEST(time_is_up_anywhere)
{
    int one = 0;
    ck_assert_uint_eq(merge_days(0, runs_late).units, 0);
    for (int calls = 1; merge_days(calls, runs_late).units < 2; calls++)
        one++;
    ck_assert_int_ge(one, 10);
}
END_TEST

/* Readers of all kinds see each line once, whatever is merged meanwhile. */

enum { ROUNDS = 12 };

static void *merge_all_the_time(void *unused)
{
    uint64_t offset = 0;
    char line[40];
    for (int i = 1; i <= ROUNDS; i++) {
        snprintf(line, sizeof(line), "line %d\n", i);
        add_segment((uint64_t)i, 1, offset, line);
        offset += strlen(line);
        atomic_store(&lines, i);
        merge();
    }
    atomic_store(&lines, ROUNDS + 1);
    return unused;
}

START_TEST(readers_miss_nothing)
{
    pthread_t thread;
    int before = 0;
    ck_assert_int_eq(pthread_create(&thread, NULL, merge_all_the_time, NULL), 0);
    while ((before = atomic_load(&lines)) <= ROUNDS) {
        struct archive_snapshot *snapshot;
        struct lgz_error own = {0};
        char number[20];
        ck_assert_int_eq(archive_snapshot_open(&snapshot, directory, &own), LGZ_OK);
        struct buf out = {0};
        struct restore_result result = {0};
        int code = archive_restore(snapshot, "/log/1", 1, append_to_buf, &out, &result, &own);
        snprintf(number, sizeof(number), "line %d\n", before);
        buf_push(&out, '\0');
        ck_assert_msg(before == 0 || (code == LGZ_OK && strstr((char *)out.data, number) &&
                                      strncmp((char *)out.data, "line 1\n", 7) == 0),
                      "%d: %s: %s", before, own.message, (char *)out.data);
        restore_result_clear(&result);
        buf_free(&out);
        archive_snapshot_close(snapshot);
    }
    pthread_join(thread, NULL);
    char line[40];
    struct buf all = {0};
    for (int i = 1; i <= ROUNDS; i++) {
        snprintf(line, sizeof(line), "line %d\n", i);
        buf_append_string(&all, line);
    }
    buf_push(&all, '\0');
    assert_restores("/log/1", (char *)all.data);
    buf_free(&all);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, days_become_segments);
    tcase_add_test(tests, weeks_and_none);
    tcase_add_test(tests, no_larger_than_wanted);
    tcase_add_test(tests, gaps);
    tcase_add_test(tests, classes_are_parted);
    tcase_add_test(tests, what_lacks_a_damaged_part_stays);
    tcase_add_test(tests, one_segment_is_parted);
    tcase_add_test(tests, order_is_restored);
    tcase_add_test(tests, overlaps_are_stored_once);
    tcase_add_test(tests, damaged_ones_stay);
    tcase_add_test(tests, footers_have_the_last_word);
    tcase_add_test(tests, room_is_checked_first);
    tcase_add_test(tests, dry_runs_and_deadlines);
    tcase_add_test(tests, stopped_anywhere);
    tcase_add_test(tests, time_is_up_anywhere);
    tcase_add_test(tests, readers_miss_nothing);
}

int main(void)
{
    return run_suite("merge", add_tests, 60);
}
