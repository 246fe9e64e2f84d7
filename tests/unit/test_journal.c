/*
 * test_journal.c - what is appended comes back, also when the disk was full in between.
 */
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "archive/journal_format.h"
#include "journal_fixture.h"

START_TEST(all_kinds_come_back)
{
    struct source_position start[] = {{source_of(1), 10, {0}}, {source_of(3), 30, {4, 99}}};
    struct source added = {.id = 9,
                           .name = name_x,
                           .input = input_x,
                           .device = 5,
                           .inode = 6,
                           .fingerprint = 77,
                           .fingerprint_len = 8};
    start[0].next = 0;
    start[0].source.empty_at = -5;
    start[0].source.last_written = -3;
    start[1].source.empty_at = 7; /* it was read since */
    start[1].source.last_written = 1000;
    start[1].source.ended = true;
    struct journal_writer *j;
    ck_assert_int_eq(journal_create(&j, directory, 42, start, 2, &err), LGZ_OK);
    ck_assert_uint_eq(journal_sequence(j), 42);
    put(j, 3, 30, "hello\n");
    ck_assert_int_eq(journal_put_source(j, &added, 5, &err), LGZ_OK);
    ck_assert_int_eq(journal_put_data(j, 9, 5, -1, "x", 1, &err), LGZ_OK);
    ck_assert_int_eq(journal_drop_source(j, 1, &err), LGZ_OK);
    ck_assert_int_eq(journal_sync(j, &err), LGZ_OK);
    ck_assert_uint_eq(journal_data_bytes(j), 7);

    struct journal_reader *r;
    struct journal_record record;
    ck_assert_int_eq(journal_open(&r, journal_path(j), &err), LGZ_OK);
    ck_assert_uint_eq(journal_reader_sequence(r), 42);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(journal_next(r, &record, &err), 1);
        ck_assert_int_eq(record.kind, JOURNAL_SOURCE);
        ck_assert_uint_eq(record.source.id, start[i].source.id);
        ck_assert_str_eq(record.source.name, "/var/log/x");
        ck_assert_uint_eq(record.next, start[i].next);
        ck_assert_uint_eq(record.mark.len, start[i].mark.len);
        ck_assert_uint_eq(record.mark.hash, start[i].mark.hash);
        ck_assert_int_eq(record.source.empty_at, i == 0 ? -5 : 0);
        ck_assert_int_eq(record.source.last_written, start[i].source.last_written);
        ck_assert(record.source.ended == start[i].source.ended);
    }
    ck_assert_int_eq(journal_next(r, &record, &err), 1);
    ck_assert_int_eq(record.kind, JOURNAL_DATA);
    ck_assert_uint_eq(record.source_id, 3);
    ck_assert_uint_eq(record.offset, 30);
    ck_assert_int_eq(record.read_time, 1000);
    ck_assert_uint_eq(record.data.len, 6);
    ck_assert_mem_eq(record.data.data, "hello\n", 6);
    uint64_t again = record.position;
    uint32_t stored = record.stored_len;
    ck_assert_int_eq(journal_next(r, &record, &err), 1);
    ck_assert_int_eq(record.kind, JOURNAL_SOURCE);
    ck_assert_uint_eq(record.source.fingerprint, 77);
    ck_assert_uint_eq(record.source.fingerprint_len, 8);
    ck_assert_uint_eq(record.next, 5);
    ck_assert_int_eq(journal_next(r, &record, &err), 1);
    ck_assert_int_eq(record.read_time, -1);
    ck_assert_int_eq(journal_next(r, &record, &err), 1);
    ck_assert_int_eq(record.kind, JOURNAL_DROP);
    ck_assert_uint_eq(record.source_id, 1);
    ck_assert_int_eq(journal_next(r, &record, &err), 0);
    bool torn = true;
    ck_assert_uint_eq(journal_reader_end(r, &torn), journal_bytes(j));
    ck_assert(!torn);

    ck_assert_int_eq(journal_read_at(r, again, stored, &record, &err), LGZ_OK);
    ck_assert_mem_eq(record.data.data, "hello\n", 6);
    ck_assert_int_eq(journal_read_at(r, again + 1, stored, &record, &err), LGZ_ERR_CORRUPT);
    ck_assert_int_eq(journal_read_at(r, again, stored + 1, &record, &err), LGZ_ERR_CORRUPT);
    ck_assert_int_eq(journal_read_at(r, UINT64_MAX, stored, &record, &err), LGZ_ERR_CORRUPT);
    journal_rewind(r);
    ck_assert_int_eq(journal_next(r, &record, &err), 1);
    ck_assert_uint_eq(record.source.id, 1);
    journal_reader_close(r);
    journal_close(j);
}
END_TEST

START_TEST(reader_follows_a_growing_journal)
{
    struct journal_writer *j = create(1);
    struct journal_reader *r;
    struct journal_record record;
    ck_assert_int_eq(journal_open(&r, journal_path(j), &err), LGZ_OK);
    ck_assert_int_eq(journal_next(r, &record, &err), 1);
    for (uint64_t i = 0; i < 100; i++) {
        ck_assert_int_eq(journal_next(r, &record, &err), 0);
        put(j, 1, i, "z");
        ck_assert_int_eq(journal_next(r, &record, &err), 1);
        ck_assert_uint_eq(record.offset, i);
    }
    journal_reader_close(r);
    journal_close(j);
}
END_TEST

START_TEST(number_must_be_new_and_fit)
{
    struct journal_writer *j = create(5), *other;
    ck_assert_int_eq(journal_create(&other, directory, 5, NULL, 0, &err), LGZ_ERR_ARGUMENT);
    ck_assert_int_eq(journal_create(&other, directory, 0, NULL, 0, &err), LGZ_ERR_ARGUMENT);
    ck_assert_int_eq(journal_create(&other, directory, UINT64_C(1000000000000), NULL, 0, &err),
                     LGZ_ERR_ARGUMENT);
    ck_assert_ptr_null(other);
    put_numbered(j, 0, 3); /* the first one wasn't disturbed */
    ck_assert_uint_eq(count_numbered(journal_path(j), NULL), 3);
    journal_close(j);
}
END_TEST

START_TEST(large_data)
{
    size_t len = JOURNAL_DATA_MAX;
    uint8_t *data = malloc(len + 1);
    ck_assert_ptr_nonnull(data);
    uint64_t state = 1;
    for (size_t i = 0; i <= len; i++) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        data[i] = i < len / 2 ? 'a' : (uint8_t)(state >> 56);
    }
    struct journal_writer *j = create(1);
    ck_assert_int_eq(journal_put_data(j, 1, 0, 0, data, len + 1, &err), LGZ_ERR_LIMIT);
    uint64_t before = journal_bytes(j);
    ck_assert_int_eq(journal_put_data(j, 1, 0, 0, data, 0, &err), LGZ_OK);
    ck_assert_uint_eq(journal_bytes(j), before);
    ck_assert_int_eq(journal_put_data(j, 1, 0, 0, data, len, &err), LGZ_OK);
    ck_assert_uint_lt(journal_bytes(j) - before, len); /* its first half is compressible */
    before = journal_bytes(j);
    ck_assert_int_eq(journal_put_data(j, 1, len, 0, data + len / 2, len / 2, &err), LGZ_OK);
    ck_assert_uint_ge(journal_bytes(j) - before, len / 2); /* and its second isn't */
    ck_assert_int_eq(journal_put_data(j, 1, UINT64_MAX, 0, data, 2, &err), LGZ_ERR_ARGUMENT);

    struct journal_reader *r;
    struct journal_record record;
    ck_assert_int_eq(journal_open(&r, journal_path(j), &err), LGZ_OK);
    ck_assert_int_eq(journal_next(r, &record, &err), 1);
    ck_assert_int_eq(journal_next(r, &record, &err), 1);
    ck_assert_uint_eq(record.data.len, len);
    ck_assert_mem_eq(record.data.data, data, len);
    ck_assert_int_eq(journal_next(r, &record, &err), 1);
    ck_assert_uint_eq(record.data.len, len / 2);
    ck_assert_mem_eq(record.data.data, data + len / 2, len / 2);
    ck_assert_int_eq(journal_next(r, &record, &err), 0);
    /* Compressed or not, skimming tells its length, and where it is to be read. */
    journal_rewind(r);
    ck_assert_int_eq(journal_skim(r, &record, &err), 1);
    ck_assert_str_eq(record.source.name, name_x);
    const size_t lens[] = {len, len / 2};
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(journal_skim(r, &record, &err), 1);
        ck_assert_ptr_null(record.data.data);
        ck_assert_uint_eq(record.data.len, lens[i]);
        ck_assert_int_eq(journal_read_at(r, record.position, record.stored_len, &record, &err),
                         LGZ_OK);
        ck_assert_uint_eq(record.data.len, lens[i]);
        ck_assert_mem_eq(record.data.data, data + len - lens[i], lens[i]);
    }
    ck_assert_int_eq(journal_skim(r, &record, &err), 0);
    journal_reader_close(r);
    journal_close(j);
    free(data);
}
END_TEST

START_TEST(unknown_sources_and_long_names_are_refused)
{
    struct journal_writer *j = create(1);
    uint64_t before = journal_bytes(j);
    ck_assert_int_eq(journal_put_data(j, 2, 0, 0, "x", 1, &err), LGZ_ERR_ARGUMENT);
    ck_assert_int_eq(journal_drop_source(j, 2, &err), LGZ_ERR_ARGUMENT);
    struct source bad = source_of(0);
    ck_assert_int_eq(journal_put_source(j, &bad, 0, &err), LGZ_ERR_ARGUMENT);
    bad = source_of(2);
    bad.name = malloc(JOURNAL_NAME_MAX + 2);
    ck_assert_ptr_nonnull(bad.name);
    memset(bad.name, 'n', JOURNAL_NAME_MAX + 1);
    bad.name[JOURNAL_NAME_MAX + 1] = '\0';
    ck_assert_int_eq(journal_put_source(j, &bad, 0, &err), LGZ_ERR_LIMIT);
    ck_assert_int_eq(journal_put_data(j, 2, 0, 0, "x", 1, &err), LGZ_ERR_ARGUMENT);
    ck_assert_uint_eq(journal_bytes(j), before);
    bad.name[JOURNAL_NAME_MAX] = '\0'; /* the longest that is allowed */
    ck_assert_int_eq(journal_put_source(j, &bad, 0, &err), LGZ_OK);
    put(j, 2, 0, "x");
    ck_assert_int_eq(journal_drop_source(j, 2, &err), LGZ_OK);
    ck_assert_int_eq(journal_put_data(j, 2, 1, 0, "x", 1, &err), LGZ_ERR_ARGUMENT);
    free(bad.name);
    journal_close(j);
}
END_TEST

static void limit_file_size(rlim_t size)
{
    /* No assertion while it is low: Check itself writes a file. */
    struct rlimit limit = {size, RLIM_INFINITY};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        abort();
}

/* The disk fills up at every byte of a record: all of it is taken back, and later it goes on. */
START_TEST(full_disk_leaves_a_whole_journal)
{
    signal(SIGXFSZ, SIG_IGN);
    struct journal_writer *j = create(1);
    put_numbered(j, 0, 3);
    uint64_t whole = journal_bytes(j);
    struct source added = source_of(2);
    for (rlim_t room = 0; room < 26; room++) {
        bool torn;
        limit_file_size(whole + room);
        int data = journal_put_data(j, 1, 27, 0, "record 3\n", 9, &err);
        int source = journal_put_source(j, &added, 0, &err);
        limit_file_size(RLIM_INFINITY);
        ck_assert_int_eq(data, LGZ_ERR_IO);
        ck_assert_int_eq(source, LGZ_ERR_IO);
        ck_assert_uint_eq(journal_bytes(j), whole);
        ck_assert_uint_eq(count_numbered(journal_path(j), &torn), 3);
        ck_assert(!torn);
    }
    ck_assert_int_eq(journal_put_data(j, 2, 0, 0, "x", 1, &err), LGZ_ERR_ARGUMENT);
    put_numbered(j, 3, 4);
    ck_assert_int_eq(journal_sync(j, &err), LGZ_OK);
    ck_assert_uint_eq(journal_data_bytes(j), 36);
    ck_assert_uint_eq(count_numbered(journal_path(j), NULL), 4);
    journal_close(j);
}
END_TEST

START_TEST(full_disk_creates_nothing)
{
    signal(SIGXFSZ, SIG_IGN);
    struct journal_writer *j;
    struct source_position start = {source_of(1), 0, {0}};
    limit_file_size(50);
    int code = journal_create(&j, directory, 1, &start, 1, &err);
    limit_file_size(RLIM_INFINITY);
    ck_assert_int_eq(code, LGZ_ERR_IO);
    ck_assert_int_eq(rmdir(directory), 0); /* nothing is left in it */
    ck_assert_int_eq(mkdir(directory, 0700), 0);
    journal_close(create(1));
}
END_TEST

START_TEST(many_sources)
{
    enum { COUNT = 3000 };
    struct source_position *start = calloc(COUNT, sizeof(*start));
    ck_assert_ptr_nonnull(start);
    for (size_t i = 0; i < COUNT; i++)
        start[i] = (struct source_position){source_of(COUNT - i), i, {0}}; /* in falling order */
    struct journal_writer *j;
    ck_assert_int_eq(journal_create(&j, directory, 1, start, COUNT, &err), LGZ_OK);
    for (uint64_t id = 1; id <= COUNT; id += 7)
        put(j, id, 0, "data");
    for (uint64_t id = 1; id <= COUNT; id += 2)
        ck_assert_int_eq(journal_drop_source(j, id, &err), LGZ_OK);
    for (uint64_t id = 1; id <= COUNT; id++)
        ck_assert_int_eq(journal_put_data(j, id, 4, 0, "x", 1, &err),
                         id % 2 ? LGZ_ERR_ARGUMENT : LGZ_OK);
    journal_close(j);
    free(start);
}
END_TEST

/* One record of each input: rules come back, and a later record replaces or ends them. */
START_TEST(inputs_come_back)
{
    static char start[] = "^\\d", format[] = "(?<a>x)", name[] = "app", none[] = "";
    const struct rules rules = {start, format}, ended = {none, none};
    struct inputs known = {0};
    struct journal_writer *j;
    struct journal_reader *r;
    struct journal_record record;
    struct source_position position = {source_of(1), 0, {0}};
    const struct journal_checkpoint checkpoint = {&position, 1, &known};
    ck_assert_int_eq(inputs_put(&known, name, &rules, &err), LGZ_OK);
    ck_assert_int_eq(journal_begin(&j, directory, 1, &checkpoint, &err), LGZ_OK);
    put(j, 1, 0, "a");
    ck_assert_int_eq(journal_put_input(j, name, &ended, &err), LGZ_OK);
    ck_assert_int_eq(journal_open(&r, journal_path(j), &err), LGZ_OK);
    ck_assert_int_eq(journal_next(r, &record, &err), 1);
    ck_assert(record.kind == JOURNAL_INPUT && record.source_id == 0);
    ck_assert_str_eq(record.input.input, "app");
    ck_assert(rules_equal(&record.input.rules, &rules));
    ck_assert_int_eq(journal_next(r, &record, &err), 1);
    ck_assert_int_eq(record.kind, JOURNAL_SOURCE);
    ck_assert_int_eq(journal_next(r, &record, &err), 1);
    ck_assert_int_eq(record.kind, JOURNAL_DATA);
    ck_assert_int_eq(journal_next(r, &record, &err), 1);
    ck_assert_int_eq(record.kind, JOURNAL_INPUT);
    ck_assert(rules_empty(&record.input.rules));
    ck_assert_int_eq(journal_next(r, &record, &err), 0);
    journal_reader_close(r);
    inputs_clear(&known);
    char *longer = calloc(1, RULES_TEXT_MAX + 2);
    memset(longer, 'x', RULES_TEXT_MAX + 1);
    const struct rules too_long = {longer, none};
    ck_assert_int_eq(journal_put_input(j, name, &too_long, &err), LGZ_ERR_LIMIT);
    free(longer);
    journal_close(j);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, make_directory, remove_directory);
    tcase_add_test(tests, all_kinds_come_back);
    tcase_add_test(tests, reader_follows_a_growing_journal);
    tcase_add_test(tests, number_must_be_new_and_fit);
    tcase_add_test(tests, large_data);
    tcase_add_test(tests, unknown_sources_and_long_names_are_refused);
    tcase_add_test(tests, full_disk_leaves_a_whole_journal);
    tcase_add_test(tests, full_disk_creates_nothing);
    tcase_add_test(tests, many_sources);
    tcase_add_test(tests, inputs_come_back);
}

int main(void)
{
    return run_suite("journal", add_tests, 60);
}
