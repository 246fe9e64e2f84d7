/*
 * test_number.c - columns of numbers come back as they were, whatever the numbers are; damage is
 * noticed.
 */
#include "column_fixture.h"

/* The range that is told has all values, that which is seen is theirs. */
static void require_range(struct number_column *c, const uint64_t *values, size_t count)
{
    const struct number_range told = number_range(c);
    struct number_range true_range = {UINT64_MAX, 0};
    for (size_t i = 0; i < count; i++) {
        true_range.least = values[i] < true_range.least ? values[i] : true_range.least;
        true_range.greatest = values[i] > true_range.greatest ? values[i] : true_range.greatest;
    }
    struct number_range ranges[2];
    const unsigned many = number_ranges(c, ranges);
    for (size_t i = 0; i < count; i++) {
        bool within = false;
        for (unsigned k = 0; k < many; k++)
            within |= values[i] >= ranges[k].least && values[i] <= ranges[k].greatest;
        ck_assert(within);
    }
    if (!count)
        return;
    ck_assert_uint_le(told.least, true_range.least);
    ck_assert_uint_ge(told.greatest, true_range.greatest);
    if (!number_stored(c))
        return;
    const struct number_range seen = number_range_seen(c);
    ck_assert_uint_eq(seen.least, true_range.least);
    ck_assert_uint_eq(seen.greatest, true_range.greatest);
}

/* Encode, decode, compare. @return bytes of the head, all told */
static size_t require_round_trip(const uint64_t *values, size_t count, enum lgz_level level)
{
    struct column_context ctx;
    struct encoded e = {0};
    struct packed_column packed;
    struct number_column c;
    uint64_t value;
    ck_ok(column_context_init(&ctx, level, &err));
    number_encode(&e, &ctx, values, count, STREAM_NUMBER);
    pack_column(&ctx, &e, &packed);
    struct stream_reader *streams = new_streams();
    struct reader head = reader_of(e.head.data, e.head.len);
    ck_assert(number_parse(&c, &head, streams, STREAM_NUMBER));
    ck_assert_uint_eq(reader_left(&head), 0);
    place_streams(streams, &packed);
    ck_ok(number_open(&c, streams, &err));
    /* One by one and several at once, mixed. */
    for (size_t i = 0; i < count;) {
        uint64_t some[9];
        size_t got = i % 5 ? number_fill(&c, some, 9) : number_next(&c, some);
        ck_assert_uint_gt(got, 0);
        for (size_t k = 0; k < got && i < count; k++, i++)
            ck_assert_uint_eq(some[k], values[i]);
    }
    if (number_stored(&c)) {
        ck_assert_uint_ge(number_stored(&c), count);
        ck_assert(!number_next(&c, &value));
    }
    number_clear(&c);
    /* And with some left out. */
    stream_reader_again(streams);
    head = reader_of(e.head.data, e.head.len);
    ck_assert(number_parse(&c, &head, streams, STREAM_NUMBER));
    ck_ok(number_open(&c, streams, &err));
    for (size_t i = 0, left_out = 0; i < count; i++, left_out = i * 7 % (i % 10 ? 4 : 90)) {
        left_out = left_out < count - i ? left_out : count - i - 1;
        i += left_out;
        if (i % 3 == 0)
            ck_assert(number_skip(&c, left_out));
        else if (i % 3 == 1)
            number_pass_many(&c, left_out);
        else
            for (; left_out; left_out--)
                number_pass(&c);
        ck_assert(i % 2 ? number_next(&c, &value) : number_fill(&c, &value, 1) == 1);
        ck_assert_uint_eq(value, values[i]);
    }
    number_clear(&c);
    stream_reader_again(streams);
    head = reader_of(e.head.data, e.head.len);
    ck_assert(number_parse(&c, &head, streams, STREAM_NUMBER));
    struct number_column opened = c;
    ck_ok(number_open(&opened, streams, &err));
    require_range(&opened, values, count);
    size_t size = e.head.len + packed.frames.len;
    number_clear(&c);
    stream_reader_free(streams);
    free_packed(&packed);
    encoded_clear(&e);
    column_context_clear(&ctx);
    return size;
}

static void try_all_levels(const uint64_t *values, size_t count, size_t most)
{
    for (int level = LGZ_LEVEL_FAST; level <= LGZ_LEVEL_BEST; level++)
        ck_assert_uint_le(require_round_trip(values, count, (enum lgz_level)level), most);
}

START_TEST(test_shapes)
{
    enum { COUNT = 3000 };
    static uint64_t v[COUNT];
    uint64_t state = 1;
    try_all_levels(NULL, 0, 8);
    for (int i = 0; i < COUNT; i++)
        v[i] = UINT64_MAX;
    try_all_levels(v, COUNT, 12);
    for (uint64_t i = 0; i < COUNT; i++)
        v[i] = UINT64_MAX - 1000 + i * 7; /* wraps */
    try_all_levels(v, COUNT, 24);
    for (uint64_t i = 0; i < COUNT; i++)
        v[i] = i * i * 3 + i;
    try_all_levels(v, COUNT, 64);
    for (uint64_t i = 0; i < COUNT; i++)
        v[i] = random_below(&state, 256) + 70000;
    try_all_levels(v, COUNT, COUNT + 60);
    for (uint64_t i = 0; i < COUNT; i++)
        v[i] = i % 2 ? (uint64_t)INT64_MAX : (uint64_t)INT64_MIN;
    try_all_levels(v, COUNT, 200);
    /* Out of order within each thousand: to the one before, it would take a bit more. */
    for (uint64_t i = 0; i < COUNT; i++)
        v[i] = i / 1000 * 64 - 100 + random_below(&state, 64);
    try_all_levels(v, COUNT, COUNT * 6 / 8 + 180);
}
END_TEST

/* What is known before the stream is. */
START_TEST(test_range)
{
    enum { COUNT = 200 };
    uint64_t v[COUNT];
    uint64_t state = 1;
    struct column_context ctx;
    struct number_column c;
    ck_ok(column_context_init(&ctx, LGZ_LEVEL_DEFAULT, &err));
    for (unsigned i = 0; i < COUNT; i++)
        v[i] = 5000 + random_below(&state, 251);
    struct encoded e = {0};
    struct stream_reader *streams = new_streams();
    number_encode(&e, &ctx, v, COUNT, STREAM_NUMBER);
    struct reader head = reader_of(e.head.data, e.head.len);
    ck_assert(number_parse(&c, &head, streams, STREAM_NUMBER));
    const struct number_range range = number_range(&c);
    ck_assert_uint_le(range.greatest, 5000 + 256 * COUNT);
    ck_assert_uint_ge(range.greatest, 5200);
    stream_reader_free(streams);
    encoded_clear(&e);
    column_context_clear(&ctx);
}
END_TEST

START_TEST(test_random)
{
    uint64_t state = random_seed();
    for (int i = 0; i < 600; i++) {
        uint64_t v[400];
        size_t count = 1 + random_below(&state, 400);
        unsigned shift = (unsigned)random_below(&state, 64);
        uint64_t last = random_next(&state);
        bool walk = random_percent(&state, 50);
        for (size_t k = 0; k < count; k++)
            v[k] = last = (random_next(&state) >> shift) + (walk ? last : 0);
        require_round_trip(v, count, (enum lgz_level)(LGZ_LEVEL_FAST + i % 3));
    }
}
END_TEST

START_TEST(test_damaged_heads)
{
    static const struct span bad[] = {
        {(const uint8_t *)"", 0},
        {(const uint8_t *)"\x00", 1},         /* no base */
        {(const uint8_t *)"\x40\x01\x01", 3}, /* no such transform */
        {(const uint8_t *)"\x0a\x01\x01", 3}, /* no such layout */
        {(const uint8_t *)"\x01\x01", 2},     /* no length */
        {(const uint8_t *)"\x20\x01", 2},     /* no step */
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        struct number_column c;
        struct stream_reader *streams = new_streams();
        struct reader head = reader_of(bad[i].data, bad[i].len);
        ck_assert_msg(!number_parse(&c, &head, streams, STREAM_NUMBER), "head %zu", i);
        stream_reader_free(streams);
    }
}
END_TEST

/* A stream of 5 bytes isn't a whole number of 2-byte numbers, nor of varints. */
START_TEST(test_damaged_stream)
{
    static const uint8_t layouts[] = {2, 9};
    struct column_context ctx;
    ck_ok(column_context_init(&ctx, LGZ_LEVEL_FAST, &err));
    for (size_t i = 0; i < 2; i++) {
        struct encoded e = {0};
        struct buf bytes = {0};
        struct packed_column packed;
        struct number_column c;
        buf_append(&bytes, "abcd\xff", 5);
        buf_push(&e.head, layouts[i]);
        buf_push(&e.head, 0);
        encoded_add_stream(&e, &ctx, STREAM_NUMBER, 0, &bytes);
        pack_column(&ctx, &e, &packed);
        struct stream_reader *streams = new_streams();
        struct reader head = reader_of(e.head.data, e.head.len);
        ck_assert(number_parse(&c, &head, streams, STREAM_NUMBER));
        place_streams(streams, &packed);
        ck_assert_int_eq(number_open(&c, streams, &err), LGZ_ERR_CORRUPT);
        number_clear(&c);
        stream_reader_free(streams);
        free_packed(&packed);
        encoded_clear(&e);
    }
    column_context_clear(&ctx);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_shapes);
    tcase_add_test(tc, test_range);
    tcase_add_test(tc, test_random);
    tcase_add_test(tc, test_damaged_heads);
    tcase_add_test(tc, test_damaged_stream);
}

int main(void)
{
    return run_suite("number", add_tests, 60);
}
