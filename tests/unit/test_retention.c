/*
 * test_retention.c - the oldest segments go, by age and by size, and nothing else does.
 */
#include "archive/retention.h"
#include "archive_fixture.h"
#include "suite.h"

#define DAY   (86400 * NS_PER_SECOND)
#define START (1700000000 * NS_PER_SECOND)

/* Segments 1 to `count`, each with two records: one at its day, one `span` later. */
static void make_segments(uint64_t count, int64_t span)
{
    for (uint64_t i = 0; i < count; i++) {
        struct journal_writer *j = create_journal(i + 1, 1, i * 10);
        put_at(j, 1, i * 10, START + (int64_t)i * DAY, "first");
        put_at(j, 1, i * 10 + 5, START + (int64_t)i * DAY + span, "later");
        journal_close(j);
        if (i)
            free(seal(i, i));
    }
    journal_close(create_journal(count + 1, 1, count * 10));
    free(seal(count, count));
}

static size_t segments_left(uint64_t *bytes)
{
    struct listing found;
    size_t count;
    *bytes = 0;
    ck_ok(listing_open(&found, directory, &err));
    for (size_t i = 0; i < found.segments.len; i++) {
        struct stat st;
        ck_assert_int_eq(stat(found.segments.data[i].path, &st), 0);
        *bytes += (uint64_t)st.st_size;
    }
    count = found.segments.len;
    ck_assert_uint_eq(found.journals.len, 1);
    listing_clear(&found);
    return count;
}

static void apply(struct retention_policy policy, int64_t now, bool dry_run, size_t removed,
                  enum retention_reason reason)
{
    struct retention_result result;
    uint64_t before, after;
    size_t count = segments_left(&before);
    ck_ok(retention_apply(directory, &policy, now, dry_run, &result, &err));
    ck_assert_uint_eq(result.count, removed);
    ck_assert_uint_eq(result.kept, count - removed);
    ck_assert_uint_eq(segments_left(&after), dry_run ? count : count - removed);
    ck_assert_uint_eq(before - after, dry_run ? 0 : result.bytes);
    ck_assert_uint_eq(result.kept_bytes, before - result.bytes);
    for (size_t i = 0; i < result.count; i++) {
        ck_assert_int_eq(result.items[i].reason, reason);
        ck_assert_int_eq(access(result.items[i].path, F_OK), dry_run ? 0 : -1);
        if (i)
            ck_assert_int_lt(strcmp(result.items[i - 1].path, result.items[i].path), 0);
    }
    retention_result_clear(&result);
}

START_TEST(without_limits_nothing_goes)
{
    make_segments(3, 0);
    apply((struct retention_policy){0}, INT64_MAX, false, 0, RETENTION_AGE);
}
END_TEST

START_TEST(age_is_that_of_the_newest_byte)
{
    make_segments(5, DAY / 2);
    struct retention_policy policy = {.max_age_ns = 10 * DAY};
    /* Segment 1 was read on day 0 and day 0.5, segment 2 on day 1 and day 1.5. */
    apply(policy, START + 10 * DAY + DAY / 4, false, 0, RETENTION_AGE);
    apply(policy, START + 10 * DAY + DAY / 2, false, 0, RETENTION_AGE);
    apply(policy, START + 10 * DAY + DAY / 2 + 1, true, 1, RETENTION_AGE);
    apply(policy, START + 10 * DAY + DAY / 2 + 1, false, 1, RETENTION_AGE);
    apply(policy, START + 13 * DAY, false, 2, RETENTION_AGE);
    apply(policy, START + 100 * DAY, false, 2, RETENTION_AGE);
}
END_TEST

START_TEST(an_old_segment_behind_a_young_one_stays)
{
    struct journal_writer *j = create_journal(1, 1, 0);
    put_at(j, 1, 0, START + 50 * DAY, "young");
    journal_close(j);
    j = create_journal(2, 1, 5);
    put_at(j, 1, 5, START, "the clock went back");
    journal_close(j);
    journal_close(create_journal(3, 1, 24));
    free(seal(1, 1));
    free(seal(2, 2));
    apply((struct retention_policy){.max_age_ns = DAY}, START + 50 * DAY, false, 0, RETENTION_AGE);
}
END_TEST

START_TEST(size_removes_just_enough)
{
    uint64_t bytes;
    make_segments(4, 0);
    ck_assert_uint_eq(segments_left(&bytes), 4);
    apply((struct retention_policy){.max_bytes = bytes}, START, false, 0, RETENTION_SIZE);
    apply((struct retention_policy){.max_bytes = bytes - 1}, START, true, 1, RETENTION_SIZE);
    apply((struct retention_policy){.max_bytes = bytes - 1}, START, false, 1, RETENTION_SIZE);
    apply((struct retention_policy){.max_bytes = 1}, START, false, 3, RETENTION_SIZE);
    apply((struct retention_policy){.max_bytes = 1}, START, false, 0, RETENTION_SIZE);
}
END_TEST

START_TEST(what_is_left_restores)
{
    struct buf out = {0};
    struct restore_result result;
    make_segments(3, 0);
    apply((struct retention_policy){.max_age_ns = DAY}, START + 2 * DAY + 1, false, 2,
          RETENTION_AGE);
    ck_ok(try_restore("/log/1", &out, &result));
    ck_assert_uint_eq(out.len, 10);
    ck_assert_uint_eq(result.note_count, 1);
    ck_assert_uint_eq(result.notes[0].first_offset, 20);
    restore_result_clear(&result);
    buf_free(&out);
}
END_TEST

START_TEST(damaged_segments_expire_by_their_name)
{
    make_file("000000000001-000000000001-20200101T000000Z.logz", "not a segment");
    journal_close(create_journal(2, 1, 0));
    apply((struct retention_policy){.max_age_ns = DAY}, START, false, 1, RETENTION_AGE);
}
END_TEST

START_TEST(bad_arguments)
{
    struct retention_result result;
    struct retention_policy policy = {.max_age_ns = -1};
    ck_assert_int_eq(retention_apply(directory, &policy, 0, false, &result, &err),
                     LGZ_ERR_ARGUMENT);
    retention_result_clear(&result);
    policy.max_age_ns = INT64_MAX;
    ck_assert_int_eq(retention_apply("/nonexistent", &policy, 0, false, &result, &err),
                     LGZ_ERR_NOT_FOUND);
    retention_result_clear(&result);
    make_file("000000000001-000000000001-20200101T000000Z.logz", "x");
    ck_ok(retention_apply(directory, &policy, INT64_MIN, false, &result, &err));
    ck_assert_uint_eq(result.count, 0);
    retention_result_clear(&result);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, make_directory, remove_directory);
    tcase_add_test(tests, without_limits_nothing_goes);
    tcase_add_test(tests, age_is_that_of_the_newest_byte);
    tcase_add_test(tests, an_old_segment_behind_a_young_one_stays);
    tcase_add_test(tests, size_removes_just_enough);
    tcase_add_test(tests, what_is_left_restores);
    tcase_add_test(tests, damaged_segments_expire_by_their_name);
    tcase_add_test(tests, bad_arguments);
}

int main(void)
{
    return run_suite("retention", add_tests, 60);
}
