/*
 * test_symbols.c - symbols come back as they were, packed and not, and damage is seen.
 */
#include "column/symbols.h"
#include "column_fixture.h"

enum { MANY = 70000, PACKED = 2 };

/* Take all, a few at a time, and leave some out. */
static void require_taken(struct symbols *s, const uint8_t *bytes, size_t count)
{
    uint64_t state = count;
    size_t step;
    for (size_t at = 0; at < count; at += step) {
        step = 1 + random_below(&state, count - at < 20000 ? count - at : 20000);
        if (random_percent(&state, 30)) {
            ck_assert(symbols_skip(s, 1, step));
            continue;
        }
        const uint8_t *taken = symbols_take(s, step);
        ck_assert_ptr_nonnull(taken);
        ck_assert_int_eq(memcmp(taken, bytes + at, step), 0);
    }
    ck_assert_ptr_null(symbols_take(s, 3));
    ck_assert(!symbols_skip(s, 3, 1));
}

/* Encode, decode, compare. @return the layout */
static uint8_t require_round_trip(const uint8_t *bytes, size_t count)
{
    struct column_context ctx;
    struct encoded e = {0};
    struct packed_column packed;
    struct symbols s;
    ck_ok(column_context_init(&ctx, LGZ_LEVEL_DEFAULT, &err));
    symbols_encode(&e, &ctx, bytes, count);
    pack_column(&ctx, &e, &packed);
    uint8_t layout = e.head.data[0];
    struct stream_reader *streams = new_streams();
    struct reader head = reader_of(e.head.data, e.head.len);
    ck_assert(symbols_parse(&s, &head, streams));
    ck_assert_uint_eq(reader_left(&head), 0);
    place_streams(streams, &packed);
    ck_ok(symbols_open(&s, streams, &err));
    ck_assert_uint_ge((size_t)(s.end - s.at), count);
    ck_assert_uint_le((size_t)(s.end - s.at), count + 2);
    require_taken(&s, bytes, count);
    symbols_clear(&s);
    stream_reader_free(streams);
    free_packed(&packed);
    encoded_clear(&e);
    column_context_clear(&ctx);
    return layout;
}

START_TEST(test_round_trip)
{
    uint64_t state = random_seed();
    uint8_t *bytes = malloc(MANY + 4);
    ck_assert_ptr_nonnull(bytes);
    for (unsigned kinds = 1; kinds <= 62; kinds++) {
        for (size_t i = 0; i < MANY + 4; i++)
            bytes[i] = (uint8_t)('0' + random_below(&state, kinds));
        for (size_t count = MANY; count < MANY + 4; count++)
            ck_assert(kinds != 10 || require_round_trip(bytes, count) == PACKED);
        require_round_trip(bytes, kinds);
    }
    ck_assert_uint_eq(require_round_trip(bytes, 0), 0);
    free(bytes);
}
END_TEST

/* Ten bits that stand for no three symbols. */
START_TEST(test_outside_alphabet)
{
    struct column_context ctx;
    struct encoded e = {0};
    struct packed_column packed;
    struct buf bits = {0};
    struct symbols s;
    buf_append(&e.head, "\x02\x03xyz", 5);
    for (int i = 0; i < 5; i++)
        buf_push(&bits, 0xff);
    ck_ok(column_context_init(&ctx, LGZ_LEVEL_DEFAULT, &err));
    encoded_add_stream(&e, &ctx, STREAM_PACKED, 0, &bits);
    pack_column(&ctx, &e, &packed);
    struct stream_reader *streams = new_streams();
    struct reader head = reader_of(e.head.data, e.head.len);
    ck_assert(symbols_parse(&s, &head, streams));
    place_streams(streams, &packed);
    ck_assert_int_eq(symbols_open(&s, streams, &err), LGZ_ERR_CORRUPT);
    symbols_clear(&s);
    stream_reader_free(streams);
    /* Nor may there be more of them than a block can have: 5 bytes make 12. */
    ck_ok(stream_reader_new(&streams, NULL, OWN_FRAME, 1000, 11, &err));
    head = reader_of(e.head.data, e.head.len);
    ck_assert(symbols_parse(&s, &head, streams));
    place_streams(streams, &packed);
    ck_assert_int_eq(symbols_open(&s, streams, &err), LGZ_ERR_CORRUPT);
    ck_assert_ptr_null(s.unpacked);
    stream_reader_free(streams);
    free_packed(&packed);
    encoded_clear(&e);
    column_context_clear(&ctx);
}
END_TEST

START_TEST(test_damaged_heads)
{
    const struct span bad[] = {
        {(const uint8_t *)"", 0},
        {(const uint8_t *)"\x03", 1},         /* no such layout */
        {(const uint8_t *)"\x01", 1},         /* no length */
        {(const uint8_t *)"\x02\x00\x00", 3}, /* an alphabet of nothing */
        {(const uint8_t *)"\x02\x0b"
                          "0123456789a\x00",
         14}, /* one too large */
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct symbols s;
        struct stream_reader *streams = new_streams();
        struct reader head = reader_of(bad[i].data, bad[i].len);
        ck_assert_msg(!symbols_parse(&s, &head, streams), "head %zu", i);
        stream_reader_free(streams);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_round_trip);
    tcase_add_test(tc, test_outside_alphabet);
    tcase_add_test(tc, test_damaged_heads);
}

int main(void)
{
    return run_suite("symbols", add_tests, 60);
}
