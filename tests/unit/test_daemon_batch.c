/*
 * test_daemon_batch.c - batch, ledger and journal together: what is acknowledged is what the
 * journal has, and room is bounded.
 */
#include "daemon/batch.h"
#include "suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char directory[] = "/tmp/test_batch.XXXXXX";
static char name[] = "/var/log/x";
static char in_name[] = "in";

static struct source source_of(uint64_t id)
{
    return (struct source){.id = id, .name = name, .input = in_name, .inode = id};
}

static void add(struct batch *b, uint64_t id, uint64_t offset, const char *text)
{
    size_t room;
    char *at = batch_reserve(b, &room);
    ck_assert_ptr_nonnull(at);
    ck_assert_uint_ge(room, strlen(text));
    memcpy(at, text, strlen(text));
    ck_assert(batch_data(b, id, offset, strlen(text)));
}

START_TEST(written_and_acknowledged)
{
    struct lgz_error err = {0};
    struct batch *b = batch_new(1 << 20);
    struct ledger *l = ledger_new();
    struct journal_writer *j;
    struct source one = source_of(1);
    struct source two = source_of(2);
    uint64_t next;
    ck_assert(batch_empty(b) && batch_since(b) == 0);
    ck_assert(batch_source(b, &one, 0));
    add(b, 1, 0, "hello ");
    ck_assert(batch_source(b, &two, 100));
    add(b, 1, 6, "world\n");
    add(b, 2, 100, "x");
    ck_assert_uint_eq(batch_bytes(b), 13);
    ck_assert_int_gt(batch_since(b), 0);
    ck_assert_msg(journal_create(&j, directory, 1, NULL, 0, &err) == LGZ_OK, "%s", err.message);
    ck_assert(!ledger_position(l, 1, &next));
    ck_assert_msg(batch_write(b, j, &err) == LGZ_OK, "%s", err.message);
    ck_assert_uint_eq(journal_data_bytes(j), 13);
    ck_assert_int_eq(batch_acknowledge(b, l, &err), LGZ_OK);
    ck_assert(ledger_position(l, 1, &next) && next == 12);
    ck_assert(ledger_position(l, 2, &next) && next == 101);
    /* The same batch again, as after a failure: positions don't go back. */
    ck_assert_int_eq(batch_acknowledge(b, l, &err), LGZ_OK);
    ck_assert(ledger_position(l, 1, &next) && next == 12);
    batch_clear(b);
    ck_assert(batch_empty(b) && batch_bytes(b) == 0);
    ck_assert(batch_drop(b, 2));
    ck_assert_int_eq(batch_write(b, j, &err), LGZ_OK);
    ck_assert_int_eq(batch_acknowledge(b, l, &err), LGZ_OK);
    ck_assert(!ledger_position(l, 2, &next));
    ck_assert_uint_eq(ledger_count(l), 1);
    journal_close(j);
    batch_free(b);
    ledger_free(l);
}
END_TEST

START_TEST(bounded)
{
    struct batch *b = batch_new(100000);
    size_t total = 0;
    size_t room;
    while (batch_reserve(b, &room)) {
        ck_assert_uint_le(total + room, 100000);
        memset(batch_reserve(b, &room), 'x', room);
        ck_assert(batch_data(b, 1, total, room));
        total += room;
    }
    ck_assert_uint_le(total, 100000);
    ck_assert_uint_ge(total, 90000);
    batch_clear(b);
    ck_assert_ptr_nonnull(batch_reserve(b, &room));
    batch_free(b);
}
END_TEST

/* Records of a byte take more than a byte, and sources more than nothing. */
START_TEST(records_count)
{
    struct batch *b = batch_new(100000);
    struct source source = source_of(1);
    size_t records = 0;
    size_t room;
    uint8_t *at;
    while ((at = batch_reserve(b, &room))) {
        *at = 'x';
        ck_assert(batch_data(b, ++records, 0, 1));
        ck_assert_uint_le(records, 100000 / 40);
    }
    ck_assert_uint_ge(records, 500);
    ck_assert(!batch_source(b, &source, 0));
    batch_clear(b);
    for (records = 0; batch_source(b, &source, 0); records++)
        ck_assert_uint_le(records, 100000 / 40);
    ck_assert_uint_ge(records, 300);
    batch_free(b);
    /* A name that is longer than all: the first record always has room. */
    b = batch_new(10);
    ck_assert(batch_source(b, &source, 0));
    ck_assert(!batch_source(b, &source, 0));
    batch_free(b);
}
END_TEST

/* How many data records the journal gets of reads of `len` bytes, `count` of them. */
static size_t records_of(size_t len, size_t count)
{
    struct lgz_error err = {0};
    struct batch *b = batch_new(8 << 20);
    struct source source = source_of(1);
    struct journal_writer *j;
    struct journal_reader *r;
    struct journal_record record;
    static uint64_t sequence = 100;
    uint64_t offset = 0;
    size_t records = 0;
    ck_assert(batch_source(b, &source, 0));
    for (size_t i = 0; i < count; i++) {
        size_t done = 0;
        while (done < len) {
            size_t room;
            uint8_t *at = batch_reserve(b, &room);
            ck_assert_ptr_nonnull(at);
            room = room < len - done ? room : len - done;
            memset(at, 'a' + (int)(i % 26), room);
            ck_assert(batch_data(b, 1, offset, room));
            offset += room;
            done += room;
        }
    }
    ck_assert_int_eq(journal_create(&j, directory, ++sequence, NULL, 0, &err), LGZ_OK);
    ck_assert_int_eq(batch_write(b, j, &err), LGZ_OK);
    ck_assert_int_eq(journal_open(&r, journal_path(j), &err), LGZ_OK);
    offset = 0;
    while (journal_next(r, &record, &err) == 1) {
        if (record.kind != JOURNAL_DATA)
            continue;
        ck_assert_uint_eq(record.offset, offset);
        size_t wrong = 0;
        for (size_t i = 0; i < record.data.len; i++)
            wrong += record.data.data[i] != 'a' + (offset + i) / len % 26;
        ck_assert_uint_eq(wrong, 0);
        offset += record.data.len;
        records++;
    }
    ck_assert_uint_eq(offset, len * count);
    journal_reader_close(r);
    journal_close(j);
    batch_free(b);
    return records;
}

START_TEST(what_continues_is_one_record)
{
    ck_assert_uint_eq(records_of(7, 1000), 1);
    ck_assert_uint_le(records_of(1 << 18, 16), 7); /* of at most a MiB */
    ck_assert_uint_ge(records_of(1 << 18, 16), 4);
}
END_TEST

/* The journal's records as text: "S1 D1+0:abc X1 I" for a source, data at an offset, a drop, an
 * input. */
static void describe(const char *path, char *text, size_t size)
{
    struct lgz_error err = {0};
    struct journal_reader *r;
    struct journal_record record;
    size_t len = 0;
    ck_assert_int_eq(journal_open(&r, path, &err), LGZ_OK);
    text[0] = '\0';
    while (journal_next(r, &record, &err) == 1) {
        if (record.kind == JOURNAL_DATA)
            len += (size_t)snprintf(text + len, size - len, "D%d+%d:%.*s ", (int)record.source_id,
                                    (int)record.offset, (int)record.data.len,
                                    (const char *)record.data.data);
        else
            len += (size_t)snprintf(text + len, size - len,
                                    record.kind == JOURNAL_SOURCE ? "S%d "
                                    : record.kind == JOURNAL_DROP ? "X%d "
                                                                  : "I%d ",
                                    (int)record.source_id);
        ck_assert_uint_lt(len, size);
    }
    journal_reader_close(r);
}

/* Lines of several files that come in turn are joined, but never across what is said between. */
START_TEST(turns_are_joined)
{
    struct lgz_error err = {0};
    struct batch *b = batch_new(1 << 20);
    struct ledger *l = ledger_new();
    struct source one = source_of(1), two = source_of(2);
    struct journal_writer *j;
    char text[300];
    uint64_t next;
    ck_assert(batch_source(b, &one, 0) && batch_source(b, &two, 0));
    add(b, 1, 0, "a");
    add(b, 2, 0, "A");
    add(b, 1, 1, "b");
    add(b, 2, 1, "B");
    add(b, 1, 2, "c");
    add(b, 2, 9, "C"); /* doesn't continue it */
    add(b, 1, 3, "d");
    ck_assert(batch_source(b, &two, 10)); /* its fingerprint is longer now, say */
    add(b, 2, 10, "D");
    add(b, 1, 4, "e");
    add(b, 2, 11, "E");
    ck_assert(batch_input(b, in_name, &(struct rules){.multiline_start = name, .format = in_name}));
    add(b, 1, 5, "f");
    ck_assert(batch_drop(b, 2));
    add(b, 1, 6, "g");
    ck_assert_int_eq(journal_create(&j, directory, 50, NULL, 0, &err), LGZ_OK);
    for (int round = 0; round < 2; round++) /* the second one as after a failure */
        ck_assert_int_eq(batch_write(b, j, &err), LGZ_OK);
    describe(journal_path(j), text, sizeof(text));
    static const char written[] =
        "S1 S2 D1+0:abcde D2+0:AB D2+9:C S2 D2+10:DE I0 D1+5:f X2 D1+6:g ";
    ck_assert_uint_eq(strlen(text), 2 * strlen(written));
    ck_assert_int_eq(strncmp(text, written, strlen(written)), 0);
    ck_assert_str_eq(text + strlen(written), written);
    ck_assert_int_eq(batch_acknowledge(b, l, &err), LGZ_OK);
    ck_assert(ledger_position(l, 1, &next) && next == 7);
    ck_assert(!ledger_position(l, 2, &next));
    journal_close(j);
    batch_free(b);
    ledger_free(l);
}
END_TEST

/* Any turns of any lengths: all bytes are there, each source's in their order. */
START_TEST(joined_turns_are_whole)
{
    enum { SOURCES = 7, TURNS = 4000, LONGEST = 3000 };
    struct lgz_error err = {0};
    struct batch *b = batch_new(16 << 20);
    struct journal_writer *j;
    struct journal_reader *r;
    struct journal_record record;
    uint64_t ends[SOURCES + 1] = {0}, seen[SOURCES + 1] = {0};
    uint64_t state = 9;
    size_t records = 0;
    for (uint64_t id = 1; id <= SOURCES; id++) {
        struct source s = source_of(id);
        ck_assert(batch_source(b, &s, 0));
    }
    for (int i = 0; i < TURNS; i++) {
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407U;
        uint64_t id = 1 + (state >> 33) % SOURCES;
        size_t len = 1 + (state >> 40) % ((state >> 60) ? 60 : LONGEST);
        size_t room;
        uint8_t *at = batch_reserve(b, &room);
        ck_assert(at && room >= len);
        for (size_t k = 0; k < len; k++)
            at[k] = (uint8_t)((ends[id] + k) * id);
        ck_assert(batch_data(b, id, ends[id], len));
        ends[id] += len;
    }
    ck_assert_int_eq(journal_create(&j, directory, 51, NULL, 0, &err), LGZ_OK);
    ck_assert_int_eq(batch_write(b, j, &err), LGZ_OK);
    ck_assert_int_eq(journal_open(&r, journal_path(j), &err), LGZ_OK);
    while (journal_next(r, &record, &err) == 1) {
        if (record.kind != JOURNAL_DATA)
            continue;
        uint64_t id = record.source_id;
        ck_assert_uint_eq(record.offset, seen[id]);
        for (size_t k = 0; k < record.data.len; k++)
            ck_assert(record.data.data[k] == (uint8_t)((seen[id] + k) * id));
        seen[id] += record.data.len;
        records++;
    }
    ck_assert_mem_eq(seen, ends, sizeof(ends));
    ck_assert_uint_lt(records, TURNS / 20);
    journal_reader_close(r);
    journal_close(j);
    batch_free(b);
}
END_TEST

START_TEST(snapshot_in_order)
{
    struct ledger *l = ledger_new();
    struct ledger_snapshot copy;
    for (uint64_t id = 300; id > 0; id--) {
        struct source s = source_of(id);
        ck_assert_int_eq(ledger_put(l, &s, id * 10, NULL), LGZ_OK);
    }
    ledger_drop(l, 150);
    ledger_drop(l, 999);
    ledger_advance(l, 1, 5, mark_of("abc", 3));
    ledger_advance(l, 2, 25, mark_of("abc", 3));
    ledger_advance(l, 999, 5, (struct mark){0});
    ck_assert_int_eq(ledger_snapshot(l, &copy, NULL), LGZ_OK);
    ck_assert_uint_eq(copy.count, 299);
    for (size_t i = 1; i < copy.count; i++)
        ck_assert_uint_lt(copy.positions[i - 1].source.id, copy.positions[i].source.id);
    ck_assert_uint_eq(copy.positions[0].next, 10);
    ck_assert_uint_eq(copy.positions[0].mark.len, 0); /* it doesn't go back */
    ck_assert_uint_eq(copy.positions[1].next, 25);
    ck_assert_uint_eq(copy.positions[1].mark.len, 3);
    ck_assert_uint_eq(copy.positions[1].mark.hash, hash_bytes("abc", 3));
    ck_assert_str_eq(copy.positions[298].source.name, name);
    ledger_snapshot_clear(&copy);
    ledger_free(l);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, written_and_acknowledged);
    tcase_add_test(tc, bounded);
    tcase_add_test(tc, records_count);
    tcase_add_test(tc, what_continues_is_one_record);
    tcase_add_test(tc, turns_are_joined);
    tcase_add_test(tc, joined_turns_are_whole);
    tcase_add_test(tc, snapshot_in_order);
}

int main(void)
{
    char command[100];
    if (!mkdtemp(directory))
        return 1;
    int failed = run_suite("batch", add_tests, 0);
    snprintf(command, sizeof(command), "rm -rf %s", directory);
    return system(command) != 0 || failed != 0;
}
