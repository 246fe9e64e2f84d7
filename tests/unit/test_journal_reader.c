/*
 * test_journal_reader.c - nothing comes out of a journal that wasn't put in: torn tails, flipped
 * bits, records in the wrong place, forged ones.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "archive/journal_format.h"
#include "journal_fixture.h"

START_TEST(torn_at_every_byte)
{
    struct journal_writer *j = create(1);
    put_numbered(j, 0, 4);
    uint64_t whole = journal_bytes(j);
    put_numbered(j, 4, 5);
    uint64_t end = journal_bytes(j);
    char *path = strdup(journal_path(j));
    ck_assert_ptr_nonnull(path);
    journal_close(j);
    for (uint64_t size = end - 1; size >= whole; size--) {
        bool torn;
        uint64_t cut = 99;
        ck_assert_int_eq(truncate(path, (off_t)size), 0);
        ck_assert_uint_eq(count_numbered(path, &torn), 4);
        ck_assert_int_eq(torn, size > whole);
        ck_assert_int_eq(journal_reopen(&j, path, &cut, &err), LGZ_OK);
        ck_assert_uint_eq(cut, size - whole);
        ck_assert_uint_eq(journal_bytes(j), whole);
        ck_assert_uint_eq(journal_data_bytes(j), 36);
        put_numbered(j, 4, 5);
        ck_assert_int_eq(journal_sync(j, &err), LGZ_OK);
        journal_close(j);
        ck_assert_uint_eq(count_numbered(path, &torn), 5);
        ck_assert(!torn);
    }
    free(path);
}
END_TEST

START_TEST(garbage_and_zeros_behind_the_end)
{
    struct journal_writer *j = create(1);
    put_numbered(j, 0, 2);
    uint64_t end = journal_bytes(j);
    char *path = strdup(journal_path(j));
    journal_close(j);
    ck_assert_int_eq(truncate(path, (off_t)end + 5000), 0);
    bool torn;
    uint64_t cut;
    ck_assert_uint_eq(count_numbered(path, &torn), 2);
    ck_assert(torn);
    ck_assert_int_eq(journal_reopen(&j, path, &cut, &err), LGZ_OK);
    ck_assert_uint_eq(cut, 5000);
    ck_assert_uint_eq(journal_sequence(j), 1);
    put_numbered(j, 2, 3);
    ck_assert_int_eq(journal_put_data(j, 2, 0, 0, "x", 1, &err), LGZ_ERR_ARGUMENT);
    journal_close(j);
    ck_assert_uint_eq(count_numbered(path, &torn), 3);
    free(path);
}
END_TEST

/* What comes out of a damaged journal must be a prefix of what went in. */
START_TEST(flipped_bits_never_give_wrong_data)
{
    struct journal_writer *j = create(1);
    put_numbered(j, 0, 5);
    char *path = strdup(journal_path(j));
    size_t size = (size_t)journal_bytes(j);
    journal_close(j);
    int fd = open(path, O_RDWR);
    ck_assert_int_ge(fd, 0);
    for (size_t at = 0; at < size; at++) {
        for (int bit = 0; bit < 8; bit++) {
            uint8_t byte, bent;
            ck_assert_int_eq(pread(fd, &byte, 1, (off_t)at), 1);
            bent = (uint8_t)(byte ^ (1 << bit));
            ck_assert_int_eq(pwrite(fd, &bent, 1, (off_t)at), 1);
            size_t count = count_numbered(path, NULL);
            /* A data record is 14 + 4 + 9 bytes: those before the damage are there. */
            size_t records_behind = (size - at + 26) / 27;
            ck_assert_uint_eq(count, records_behind >= 5 ? 0 : 5 - records_behind);
            ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)at), 1);
        }
    }
    close(fd);
    ck_assert_uint_eq(count_numbered(path, NULL), 5);
    free(path);
}
END_TEST

/* A journal's start is published whole, so what is wrong in it is damage: whatever follows it
 * counts as a record, a position with a mark, too. */
START_TEST(damage_before_positions_is_no_torn_tail)
{
    struct journal_writer *j;
    struct journal_reader *r;
    struct journal_record record;
    struct source_position start[2];
    for (uint64_t i = 0; i < 2; i++)
        start[i] = (struct source_position){source_of(i + 1), 5, mark_of("five\n", 5)};
    ck_assert_int_eq(journal_create(&j, directory, 1, start, 2, &err), LGZ_OK);
    int fd = open(journal_path(j), O_WRONLY);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, "?", 1, 60), 1); /* in the first record */
    close(fd);
    ck_assert_int_eq(journal_open(&r, journal_path(j), &err), LGZ_OK);
    ck_assert_int_eq(journal_next(r, &record, &err), 0);
    ck_assert_int_eq(journal_goes_on(r, &err), 1);
    journal_reader_close(r);
    journal_close(j);
}
END_TEST

/* A record is valid at its own place in its own journal only. */
START_TEST(records_elsewhere_do_not_pass)
{
    struct journal_writer *a = create(1), *b = create(2);
    ck_assert_uint_eq(journal_bytes(a), journal_bytes(b));
    uint64_t at = journal_bytes(a);
    put_numbered(a, 0, 1);
    size_t len = (size_t)(journal_bytes(a) - at);
    uint8_t raw[64];
    ck_assert_uint_le(len, sizeof(raw));
    int from = open(journal_path(a), O_RDWR), to = open(journal_path(b), O_RDWR);
    ck_assert_int_eq(pread(from, raw, len, (off_t)at), (ssize_t)len);
    ck_assert_int_eq(pwrite(to, raw, len, (off_t)at), (ssize_t)len);
    bool torn;
    ck_assert_uint_eq(count_numbered(journal_path(b), &torn), 0);
    ck_assert(torn);
    ck_assert_int_eq(pwrite(from, raw, len, (off_t)(at + len)), (ssize_t)len);
    ck_assert_uint_eq(count_numbered(journal_path(a), &torn), 1);
    ck_assert(torn);
    close(from);
    close(to);
    journal_close(a);
    journal_close(b);
}
END_TEST

/* A length that no journal has must not be believed, nor cost memory. */
START_TEST(huge_length_is_a_torn_tail)
{
    struct journal_writer *j = create(1);
    static const uint8_t head[JOURNAL_HEAD_LEN] = {1, 2,   3,   4,   5,   6, 7,
                                                   8, 255, 255, 255, 255, 2, 0};
    int fd = open(journal_path(j), O_WRONLY | O_APPEND);
    ck_assert_int_eq(write(fd, head, sizeof(head)), (ssize_t)sizeof(head));
    close(fd);
    bool torn;
    ck_assert_uint_eq(count_numbered(journal_path(j), &torn), 0);
    ck_assert(torn);
    journal_close(j);
}
END_TEST

START_TEST(other_files_are_told_apart)
{
    static const struct {
        size_t at;
        uint8_t byte;
        int code;
    } changes[] = {
        {0, 'l', LGZ_ERR_FORMAT}, {7, 'X', LGZ_ERR_FORMAT},  {8, 2, LGZ_ERR_VERSION},
        {12, 1, LGZ_ERR_VERSION}, {16, 99, LGZ_ERR_CORRUPT}, {24, 0xff, LGZ_ERR_CORRUPT},
        {32, 0, LGZ_ERR_CORRUPT},
    };
    uint8_t raw[JOURNAL_HEADER_LEN] = JOURNAL_MAGIC;
    struct journal_reader *r;
    le_put(raw + 8, JOURNAL_VERSION, 4);
    le_put(raw + 16, 7, 8);
    le_put(raw + 32, hash_bytes(raw, 32), 8);
    for (size_t i = 0; i <= sizeof(changes) / sizeof(changes[0]); i++) {
        uint8_t bent[JOURNAL_HEADER_LEN];
        int code = LGZ_OK;
        memcpy(bent, raw, sizeof(bent));
        if (i < sizeof(changes) / sizeof(changes[0])) {
            bent[changes[i].at] =
                (uint8_t)(bent[changes[i].at] == changes[i].byte ? 0x55 : changes[i].byte);
            code = changes[i].code;
        }
        int fd = memfd_create("journal", MFD_CLOEXEC);
        ck_assert_int_eq(write(fd, bent, sizeof(bent)), (ssize_t)sizeof(bent));
        ck_assert_int_eq(journal_open_fd(&r, fd, "the name", &err), code);
        if (code != LGZ_OK)
            ck_assert_ptr_nonnull(strstr(err.message, "the name"));
        journal_reader_close(r);
    }
    for (size_t len = 0; len < sizeof(raw); len++) {
        int fd = memfd_create("journal", MFD_CLOEXEC);
        ck_assert_int_eq(write(fd, raw, len), (ssize_t)len);
        ck_assert_int_eq(journal_open_fd(&r, fd, "x", &err), LGZ_ERR_CORRUPT);
    }
    ck_assert_int_eq(journal_open(&r, "/nonexistent/journal", &err), LGZ_ERR_IO);
}
END_TEST

/* With a valid checksum and a wrong content, the writer was wrong or somebody forged it. */
START_TEST(forged_records_are_damage)
{
    static const struct {
        uint8_t kind, flags, len, payload[8];
    } forged[] = {
        {0, 0, 1, {1}},                          /* no such kind */
        {9, 0, 1, {1}},                          /* no such kind */
        {JOURNAL_DATA, 0, 0, {0}},               /* nothing */
        {JOURNAL_DATA, 0, 3, {1, 0, 0}},         /* no bytes */
        {JOURNAL_DATA, 2, 4, {1, 0, 0, 'x'}},    /* unknown flag */
        {JOURNAL_DATA, 0, 4, {0, 0, 0, 'x'}},    /* source 0 */
        {JOURNAL_DATA, 1, 5, {1, 0, 0, 9, 'x'}}, /* not zstd */
        {JOURNAL_DATA, 1, 4, {1, 0, 0, 0}},      /* decodes to nothing */
        {JOURNAL_DROP, 0, 2, {1, 0}},            /* trailing byte */
        {JOURNAL_DROP, 1, 1, {1}},               /* unknown flag */
        {JOURNAL_DROP, 0, 1, {0}},               /* source 0 */
        {JOURNAL_SOURCE, 0, 4, {1, 0, 0}},       /* `next` missing is next = 0: see below */
        {JOURNAL_SOURCE, 0, 3, {1, 0, 0}},       /* `next` missing */
        {JOURNAL_SOURCE, 0, 5, {1, 0, 0, 0, 0}}, /* trailing byte */
        {JOURNAL_SOURCE, 0, 4, {1, 8, 0, 0}},    /* unknown flag of a source */
    };
    for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
        uint8_t raw[JOURNAL_HEADER_LEN + JOURNAL_HEAD_LEN + 8] = JOURNAL_MAGIC;
        uint8_t *head = raw + JOURNAL_HEADER_LEN;
        size_t len = JOURNAL_HEAD_LEN + forged[i].len;
        le_put(raw + 8, JOURNAL_VERSION, 4);
        le_put(raw + 16, 7, 8);
        le_put(raw + 32, hash_bytes(raw, 32), 8);
        le_put(head + 8, forged[i].len, 4);
        head[12] = forged[i].kind;
        head[13] = forged[i].flags;
        memcpy(head + JOURNAL_HEAD_LEN, forged[i].payload, 8);
        le_put(head,
               journal_checksum(le_get(raw + 32, 8), JOURNAL_HEADER_LEN,
                                head + JOURNAL_CHECKSUM_LEN, len - JOURNAL_CHECKSUM_LEN),
               8);
        int fd = memfd_create("journal", MFD_CLOEXEC);
        ck_assert_int_gt(write(fd, raw, JOURNAL_HEADER_LEN + len), 0);
        struct journal_reader *r;
        struct journal_record record;
        ck_assert_int_eq(journal_open_fd(&r, fd, "x", &err), LGZ_OK);
        int expected = i == 11 ? 1 : LGZ_ERR_CORRUPT;
        ck_assert_msg(journal_next(r, &record, &err) == expected, "forged record %zu", i);
        journal_rewind(r);
        expected = i == 6 ? 1 : expected; /* skimming doesn't look into the bytes */
        ck_assert_msg(journal_skim(r, &record, &err) == expected, "forged record %zu", i);
        journal_reader_close(r);
    }
}
END_TEST

/* A journal that a logzip before rules of inputs wrote: input "old", source "/srv/log/a". */
static const uint8_t version_1[] = {
    0x4c, 0x4f, 0x47, 0x5a, 0x49, 0x50, 0x4a, 0x0a, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x69, 0xfa, 0x02, 0xdd, 0x96, 0x9a,
    0xea, 0x18, 0x74, 0x14, 0x2f, 0x2d, 0x7a, 0x5a, 0xcf, 0x6d, 0xaa, 0x60, 0x2e, 0x0f, 0x09,
    0x6f, 0x2e, 0x0a, 0x21, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x07, 0x0a, 0x2f, 0x73, 0x72,
    0x76, 0x2f, 0x6c, 0x6f, 0x67, 0x2f, 0x61, 0x03, 0x6f, 0x6c, 0x64, 0x80, 0xfc, 0x03, 0x9d,
    0xc8, 0x41, 0x12, 0xee, 0x82, 0x3e, 0x10, 0x63, 0xce, 0xe3, 0x2f, 0x00, 0x7d, 0xc1, 0x52,
    0xb4, 0x9d, 0xd6, 0x6e, 0x0b, 0x1d, 0x00, 0x00, 0x00, 0x02, 0x00, 0x01, 0x00, 0xbe, 0xf5,
    0xd5, 0xd9, 0xdb, 0xa5, 0xcd, 0xea, 0x31, 0x66, 0x69, 0x72, 0x73, 0x74, 0x20, 0x6c, 0x69,
    0x6e, 0x65, 0x0a, 0x73, 0x65, 0x63, 0x6f, 0x6e, 0x64, 0x0a};

START_TEST(version_1_is_read)
{
    static const char text[] = "first line\nsecond\n";
    static char none[] = "";
    const struct rules empty = {none, none};
    struct journal_reader *r;
    struct journal_writer *j;
    struct journal_record record;
    char path[100];
    uint64_t cut;
    snprintf(path, sizeof(path), "%s/journal-000000000001.lzj", directory);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(version_1, 1, sizeof(version_1), f), sizeof(version_1));
    ck_assert_int_eq(fclose(f), 0);
    ck_assert_int_eq(journal_open(&r, path, &err), LGZ_OK);
    ck_assert_int_eq(journal_next(r, &record, &err), 1);
    ck_assert_int_eq(record.kind, JOURNAL_SOURCE);
    ck_assert_str_eq(record.source.name, "/srv/log/a");
    ck_assert_str_eq(record.source.input, "old");
    ck_assert_int_eq(journal_next(r, &record, &err), 1);
    ck_assert_int_eq(record.kind, JOURNAL_DATA);
    ck_assert_uint_eq(record.data.len, strlen(text));
    ck_assert_mem_eq(record.data.data, text, strlen(text));
    ck_assert_int_eq(journal_next(r, &record, &err), 0);
    journal_reader_close(r);
    /* It stays one of its version: it can't have what that doesn't know. */
    ck_assert_int_eq(journal_reopen(&j, path, &cut, &err), LGZ_OK);
    ck_assert_uint_eq(cut, 0);
    ck_assert_int_eq(journal_put_input(j, input_x, &empty, &err), LGZ_ERR_VERSION);
    put(j, 1, strlen(text), "third\n");
    journal_close(j);
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_checked_fixture(tests, make_directory, remove_directory);
    tcase_add_test(tests, torn_at_every_byte);
    tcase_add_test(tests, garbage_and_zeros_behind_the_end);
    tcase_add_test(tests, flipped_bits_never_give_wrong_data);
    tcase_add_test(tests, damage_before_positions_is_no_torn_tail);
    tcase_add_test(tests, records_elsewhere_do_not_pass);
    tcase_add_test(tests, huge_length_is_a_torn_tail);
    tcase_add_test(tests, other_files_are_told_apart);
    tcase_add_test(tests, forged_records_are_damage);
    tcase_add_test(tests, version_1_is_read);
}

int main(void)
{
    return run_suite("journal_reader", add_tests, 60);
}
