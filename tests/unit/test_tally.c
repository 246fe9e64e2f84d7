/*
 * test_tally.c - counts go on when a file is rotated, outlive it for a while, and stay bounded; a
 * block's bytes are shared without a rest.
 */
#include "daemon/tally.h"

#include "daemon/batch.h"
#include "daemon/timing.h"

#include "archive_fixture.h"
#include "suite.h"

static struct tally *tally;

static void set_up(void)
{
    tally = tally_new();
    ck_assert_ptr_nonnull(tally);
}

static void tear_down(void)
{
    tally_free(tally);
}

static struct source named(uint64_t id, char *name)
{
    static char input[] = "in";
    return (struct source){.id = id, .name = name, .input = input};
}

static const struct tally_entry *entry(const char *name)
{
    return tally_find(tally, "in", name);
}

static size_t count(void)
{
    size_t n = 0;
    for (const struct tally_entry *e = tally_first(tally); e; e = tally_next(e))
        n++;
    return n;
}

START_TEST(goes_on_after_rotation)
{
    char name[] = "/log/a";
    struct source first = named(1, name);
    struct source second = named(2, name);
    tally_source(tally, &first, 10);
    tally_source(tally, &first, 10); /* with a longer fingerprint */
    tally_read(tally, 1, 100, 3, 50);
    tally_read(tally, 7, 1000, 30, 60); /* nobody knows it */
    tally_source(tally, &second, 20);
    tally_read(tally, 2, 10, 1, 40);
    ck_assert_uint_eq(count(), 1);
    ck_assert_uint_eq(entry(name)->sources, 2);
    ck_assert_uint_eq(entry(name)->counts.read_bytes, 110);
    ck_assert_uint_eq(entry(name)->counts.read_lines, 4);
    ck_assert_int_eq(entry(name)->counts.last_read, 50);
    tally_end(tally, 1, 30);
    tally_end(tally, 1, 30);
    ck_assert_uint_eq(entry(name)->sources, 1);
    tally_sealed(tally, &first, 100, 9, 40);
    tally_end(tally, 2, 50);
    ck_assert_uint_eq(entry(name)->sources, 0);
    tally_sealed(tally, &second, 10, 1, 60);
    ck_assert_uint_eq(entry(name)->counts.sealed_bytes, 110);
    ck_assert_uint_eq(entry(name)->counts.stored_bytes, 10);
    ck_assert_ptr_null(tally_find(tally, "out", name));
}
END_TEST

START_TEST(goes_to_another_input)
{
    char name[] = "/log/a";
    char other[] = "out";
    struct source source = named(1, name);
    tally_source(tally, &source, 10);
    tally_read(tally, 1, 100, 3, 50);
    source.input = other;
    tally_source(tally, &source, 60);
    tally_read(tally, 1, 10, 1, 70);
    const struct tally_entry *now = tally_find(tally, "out", name);
    ck_assert_ptr_nonnull(now);
    ck_assert_uint_eq(now->sources, 1);
    ck_assert_uint_eq(now->counts.read_bytes, 10);
    ck_assert_uint_eq(entry(name)->sources, 0);
    ck_assert_uint_eq(entry(name)->counts.read_bytes, 100);
    source.input = named(1, name).input; /* and back, when the first one is long past */
    tally_source(tally, &source, 60 + TALLY_KEEP);
    ck_assert_uint_eq(entry(name)->sources, 1);
    ck_assert_uint_eq(tally_find(tally, "out", name)->sources, 0);
}
END_TEST

START_TEST(forgets_what_ended_long_ago)
{
    char a[] = "/log/a";
    char b[] = "/log/b";
    char c[] = "/log/c";
    struct source sources[] = {named(1, a), named(2, b), named(3, c)};
    for (size_t i = 0; i < 3; i++)
        tally_source(tally, &sources[i], 0);
    tally_end(tally, 1, 0);
    tally_end(tally, 2, TALLY_KEEP - 1);
    ck_assert_ptr_nonnull(entry(a));
    tally_source(tally, &sources[1], TALLY_KEEP); /* it's back */
    tally_end(tally, 3, 3 * TALLY_KEEP);
    ck_assert_ptr_null(entry(a));
    ck_assert_ptr_nonnull(entry(b));
    ck_assert_ptr_nonnull(entry(c));
    ck_assert_str_eq(tally_first(tally)->name, b);
}
END_TEST

START_TEST(keeps_few_that_ended)
{
    char name[40];
    for (uint64_t id = 1; id <= 3 * TALLY_ENDED_MAX; id++) {
        snprintf(name, sizeof(name), "/log/%d", (int)id);
        struct source s = named(id, name);
        tally_source(tally, &s, 0);
        tally_read(tally, id, 1, 0, 1);
        tally_end(tally, id, 1);
    }
    ck_assert_uint_eq(count(), TALLY_ENDED_MAX);
    ck_assert_uint_eq(tally_totals(tally)->read_bytes, 3 * TALLY_ENDED_MAX);
    ck_assert_ptr_nonnull(entry(name));
    ck_assert_ptr_null(entry("/log/1"));
}
END_TEST

START_TEST(a_batch_is_counted)
{
    struct batch *b = batch_new(1 << 16);
    struct journal_writer *j;
    char name[] = "/log/a";
    struct source s = named(1, name);
    size_t room;
    make_directory();
    ck_assert(batch_source(b, &s, 0));
    memcpy(batch_reserve(b, &room), "one\ntwo\nth", 10);
    ck_assert(batch_data(b, 1, 0, 10));
    memcpy(batch_reserve(b, &room), "ree\n", 4);
    ck_assert(batch_data(b, 1, 10, 4));
    ck_ok(journal_create(&j, directory, 1, NULL, 0, &err));
    ck_ok(batch_write(b, j, &err));
    batch_tally(b, tally);
    ck_assert_uint_eq(entry(name)->counts.read_bytes, 14);
    ck_assert_uint_eq(entry(name)->counts.read_lines, 3);
    ck_assert_int_gt(entry(name)->counts.last_read, 0);
    batch_clear(b);
    ck_assert(batch_drop(b, 1));
    batch_tally(b, tally);
    ck_assert_uint_eq(entry(name)->sources, 0);
    journal_close(j);
    batch_free(b);
    remove_directory();
}
END_TEST

static struct buf stored;

static int keep(void *context, const void *data, size_t size)
{
    (void)context;
    buf_append(&stored, data, size);
    return stored.failed ? LGZ_ERR_MEMORY : LGZ_OK;
}

START_TEST(shares_have_no_rest)
{
    struct segment_options options = {.level = LGZ_LEVEL_FAST, .threads = 1, .block_size = 1 << 16};
    struct segment_writer *w;
    struct segment *segment;
    struct shares shares = {0};
    char path[100];
    static char text[100003];
    uint64_t blocks = 0;
    uint64_t given = 0;
    make_directory();
    snprintf(path, sizeof(path), "%s/segment", directory);
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i % 50 == 49 ? '\n' : (char)('a' + i * i % 7);
    ck_ok(segment_writer_new(&w, &options, keep, NULL, &err));
    for (uint64_t id = 1; id <= 3; id++) {
        uint32_t number;
        struct source s = source_of(id);
        ck_ok(segment_writer_source(w, &s, &number, &err));
        ck_ok(segment_writer_append(w, number, 0, 1, text, sizeof(text) / (4 - id), &err));
        free(s.name);
    }
    ck_ok(segment_writer_finish(w, &err));
    segment_writer_free(w);
    FILE *f = fopen(path, "w");
    ck_assert(f && fwrite(stored.data, 1, stored.len, f) == stored.len && fclose(f) == 0);
    ck_ok(segment_open(&segment, path, &err));
    for (size_t i = 0; i < segment_block_count(segment); i++)
        blocks += segment_block(segment, i)->stored_len;
    ck_assert_uint_gt(segment_block_count(segment), 1);
    ck_ok(shares_of(&shares, segment, &err));
    ck_assert_uint_eq(shares.list.len, 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(shares.list.data[i].source.id, i + 1);
        ck_assert_uint_eq(shares.list.data[i].raw_bytes, sizeof(text) / (3 - i));
        given += shares.list.data[i].stored_bytes;
    }
    ck_assert_uint_eq(given, blocks);
    shares_clear(&shares);
    segment_close(segment);
    buf_free(&stored);
    remove_directory();
}
END_TEST

START_TEST(timings)
{
    struct timing t = {0};
    timing_add(&t, 1);
    timing_add(&t, NS_PER_SECOND);
    timing_add(&t, NS_PER_SECOND + 1);
    timing_add(&t, 3600 * NS_PER_SECOND);
    ck_assert_uint_eq(t.count, 4);
    ck_assert_int_eq(t.total, 3602 * NS_PER_SECOND + 2);
    ck_assert_int_eq(t.last, 3600 * NS_PER_SECOND);
    ck_assert_uint_eq(t.counts[0], 1);
    ck_assert_uint_eq(t.counts[TIMING_BOUNDS], 1);
    for (size_t i = 0; i < TIMING_BOUNDS; i++) {
        if (timing_bound(i) == 1)
            ck_assert(t.counts[i] == 1 && t.counts[i + 1] == 1);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, goes_on_after_rotation);
    tcase_add_test(tc, goes_to_another_input);
    tcase_add_test(tc, forgets_what_ended_long_ago);
    tcase_add_test(tc, keeps_few_that_ended);
    tcase_add_test(tc, a_batch_is_counted);
    tcase_add_test(tc, shares_have_no_rest);
    tcase_add_test(tc, timings);
}

int main(void)
{
    return run_suite("tally", add_tests, 0);
}
