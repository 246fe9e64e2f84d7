/*
 * test_varint.c - numbers come back as they were; a reader never leaves its bytes.
 */
#include "base/varint.h"
#include "engine_fixture.h"

START_TEST(test_round_trip)
{
    uint64_t state = random_seed();
    for (int i = 0; i < 20000; i++) {
        struct buf b = {0};
        uint64_t value = random_next(&state) >> random_below(&state, 64);
        value = i < 64 ? (UINT64_C(1) << i) - 1 : i < 128 ? UINT64_C(1) << (i - 64) : value;
        value = i == 200 ? UINT64_MAX : value;
        varint_put(&b, value);
        ck_assert_uint_eq(varint_size(value), b.len);
        ck_assert_uint_le(b.len, VARINT_MAX);
        struct reader r = reader_of(b.data, b.len);
        ck_assert_uint_eq(reader_varint(&r), value);
        ck_assert(!r.failed && reader_left(&r) == 0);
        /* Cut anywhere, it fails. */
        for (size_t len = 0; len < b.len; len++) {
            r = reader_of(b.data, len);
            ck_assert_uint_eq(reader_varint(&r), 0);
            ck_assert(r.failed && reader_left(&r) == 0);
        }
        ck_assert_int_eq(unzigzag(zigzag((int64_t)value)), (int64_t)value);
        buf_free(&b);
    }
}
END_TEST

START_TEST(test_zigzag)
{
    ck_assert_uint_eq(zigzag(0), 0);
    ck_assert_uint_eq(zigzag(-1), 1);
    ck_assert_uint_eq(zigzag(1), 2);
    ck_assert_uint_eq(zigzag(INT64_MAX), UINT64_MAX - 1);
    ck_assert_uint_eq(zigzag(INT64_MIN), UINT64_MAX);
    ck_assert_int_eq(unzigzag(UINT64_MAX), INT64_MIN);
}
END_TEST

START_TEST(test_too_long)
{
    uint8_t most[10] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1};
    struct reader r = reader_of(most, 10);
    ck_assert_uint_eq(reader_varint(&r), UINT64_MAX);
    ck_assert(!r.failed);
    most[9] = 2;
    r = reader_of(most, 10);
    ck_assert_uint_eq(reader_varint(&r), 0);
    ck_assert(r.failed);
    uint8_t endless[12];
    memset(endless, 0x80, sizeof(endless));
    r = reader_of(endless, sizeof(endless));
    reader_varint(&r);
    ck_assert(r.failed);
}
END_TEST

START_TEST(test_reader)
{
    static const uint8_t bytes[] = {5, 0x34, 0x12, 'a', 'b', 'c', 0x80, 1};
    struct reader r = reader_of(bytes, sizeof(bytes));
    ck_assert_uint_eq(reader_u8(&r), 5);
    ck_assert_uint_eq(reader_le(&r, 2), 0x1234);
    struct span s = reader_bytes(&r, 3);
    ck_assert(span_equal(s, span_of("abc")) && s.data == bytes + 3);
    struct reader again = r;
    ck_assert_uint_eq(reader_varint_max(&again, 128), 128);
    ck_assert_uint_eq(reader_varint_max(&r, 127), 0);
    ck_assert(r.failed && !again.failed);
    r = reader_of(bytes, sizeof(bytes));
    ck_assert_uint_eq(reader_bytes(&r, UINT64_MAX).len, 0);
    ck_assert(r.failed);
    ck_assert_uint_eq(reader_u8(&r), 0);
    ck_assert_uint_eq(reader_le(&r, 4), 0);
    r = reader_of(NULL, 0);
    ck_assert_uint_eq(reader_bytes(&r, 0).len, 0);
    ck_assert(!r.failed);
    reader_u8(&r);
    ck_assert(r.failed);
}
END_TEST

START_TEST(test_fixed_width)
{
    struct buf b = {0};
    buf_put_le(&b, UINT64_C(0x1122334455667788), 8);
    buf_put_le(&b, UINT64_C(0x1122334455667788), 4);
    ck_assert_uint_eq(b.len, 12);
    ck_assert_uint_eq(b.data[0], 0x88);
    ck_assert_uint_eq(le_get(b.data, 8), UINT64_C(0x1122334455667788));
    ck_assert_uint_eq(le_get(b.data + 8, 4), 0x55667788);
    buf_free(&b);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_round_trip);
    tcase_add_test(tc, test_zigzag);
    tcase_add_test(tc, test_too_long);
    tcase_add_test(tc, test_reader);
    tcase_add_test(tc, test_fixed_width);
}

int main(void)
{
    return run_suite("varint", add_tests, 30);
}
