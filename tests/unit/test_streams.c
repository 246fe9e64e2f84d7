/*
 * test_streams.c - streams share frames by class or have their own, come back as they were, also
 * in parts, and limits and tables that don't fit are noticed.
 */
#include <sys/resource.h>

#include "column/pieces.h"
#include "column_fixture.h"

static const size_t lengths[] = {0, 1, 50, OWN_FRAME - 1, OWN_FRAME, 1000, 0, 7};

enum { STREAMS = sizeof(lengths) / sizeof(*lengths) };

static void put_streams(struct column_context *ctx, struct encoded *e)
{
    for (size_t i = 0; i < STREAMS; i++) {
        struct buf data = {0};
        for (size_t k = 0; k < lengths[i]; k++)
            buf_push(&data, (uint8_t)(i * 31 + k * k));
        encoded_add_stream(e, ctx, (enum stream_class)(i % 3), 0, &data);
        ck_assert_ptr_null(data.data);
    }
}

static void declare(struct stream_reader *s)
{
    for (size_t i = 0; i < STREAMS; i++)
        ck_assert_int_eq(stream_reader_add(s, (enum stream_class)(i % 3), 0, lengths[i]), (int)i);
}

START_TEST(test_round_trip)
{
    struct column_context ctx;
    struct encoded e = {0};
    struct packed_column packed;
    ck_ok(column_context_init(&ctx, LGZ_LEVEL_FAST, &err));
    put_streams(&ctx, &e);
    pack_column(&ctx, &e, &packed);
    struct stream_reader *s = new_streams();
    declare(s);
    place_streams(s, &packed);
    for (size_t i = STREAMS; i-- > 0;) {
        struct span bytes;
        ck_ok(stream_reader_get(s, (int)i, &bytes, &err));
        ck_assert(span_equal(bytes, buf_span(&e.streams.data[i].data)));
    }
    stream_reader_free(s);
    /* One byte of the frames more or less, and they don't fit. */
    buf_push(&packed.frames, 0);
    for (size_t less = 0; less < 3; less++) {
        s = new_streams();
        declare(s);
        struct span stored = {packed.frames.data + 1, packed.frames.len - 1 - less};
        int code = stream_reader_place(s, stored, &err);
        ck_assert_int_eq(code, less == 1 ? LGZ_OK : LGZ_ERR_CORRUPT);
        stream_reader_free(s);
    }
    free_packed(&packed);
    encoded_clear(&e);
    column_context_clear(&ctx);
}
END_TEST

/* With a budget, the context coder takes what it makes smaller, the head first. */
START_TEST(test_coded)
{
    const struct frame_options options = {.zstd_level = 19};
    const uint64_t budget = 1 << 20;
    struct column_context ctx;
    struct encoded e = {0};
    struct buf head = {0};
    struct buf stored = {0};
    uint8_t *back;
    ck_ok(column_context_init(&ctx, LGZ_LEVEL_DEFAULT, &err));
    for (int i = 0; i < 200; i++)
        buf_printf(&head, "session %d of user u%d opened\n", i, i * i % 37);
    put_streams(&ctx, &e);
    ck_ok(streams_write(&ctx, buf_span(&head), &e, OWN_FRAME, &options, budget, &stored, &err));

    struct coder *coder;
    ck_ok(coder_new(&coder, budget, &err));
    struct reader r = reader_of(stored.data, stored.len);
    struct span frame;
    enum frame_codec codec;
    ck_assert(frame_locate(&r, &r, &frame, &codec));
    ck_assert_int_eq(codec, FRAME_CODED);
    const struct coder_stream whole = {head.len, 0};
    const struct coder_layout layout = {CODER_TEXT, &whole, 1};
    ck_ok(frame_decode(codec, coder, &layout, frame, head.len, &back, &err));
    ck_assert_int_eq(memcmp(back, head.data, head.len), 0);
    free(back);
    ck_assert_int_eq(frame_decode(codec, NULL, &layout, frame, head.len, &back, &err),
                     LGZ_ERR_CORRUPT);
    struct stream_reader *s;
    ck_ok(stream_reader_new(&s, coder, OWN_FRAME, 1 << 20, 1 << 20, &err));
    declare(s);
    ck_ok(stream_reader_place(s, (struct span){r.at, reader_left(&r)}, &err));
    for (size_t i = STREAMS; i-- > 0;) {
        struct span bytes;
        ck_ok(stream_reader_get(s, (int)i, &bytes, &err));
        ck_assert(span_equal(bytes, buf_span(&e.streams.data[i].data)));
    }
    stream_reader_free(s);
    coder_free(coder);
    buf_free(&head);
    buf_free(&stored);
    encoded_clear(&e);
    column_context_clear(&ctx);
}
END_TEST

START_TEST(test_limits)
{
    struct stream_reader *s;
    ck_ok(stream_reader_new(&s, NULL, 10, 100, 50, &err));
    ck_assert_int_eq(stream_reader_add(s, STREAM_TEXT, 0, 60), 0);
    ck_assert_int_eq(stream_reader_add(s, STREAM_TEXT, 0, 41), -1);
    ck_assert_int_eq(stream_reader_add(s, STREAM_TEXT, 0, UINT64_MAX), -1);
    ck_assert_int_eq(stream_reader_add(s, STREAM_TEXT, 0, 40), 1);
    ck_assert(!stream_reader_no_memory(s));
    ck_assert(stream_reader_take_table(s, 30));
    ck_assert(!stream_reader_take_table(s, 21));
    ck_assert(stream_reader_take_table(s, 20));
    stream_reader_free(s);
    stream_reader_free(NULL);
}
END_TEST

/* Of a stream in pieces, some bytes come alone, and all come when they are wanted. */
START_TEST(test_parts)
{
    enum { LONG = 3 * PIECE + 100, SHORT = 2000 };
    const size_t lens[] = {LONG, SHORT};
    struct column_context ctx;
    struct encoded e = {0};
    struct packed_column packed;
    uint64_t state = random_seed();
    ck_ok(column_context_init(&ctx, LGZ_LEVEL_DEFAULT, &err));
    for (int i = 0; i < 2; i++) {
        struct buf data = {0};
        while (data.len < lens[i])
            buf_push(&data, (uint8_t)('a' + random_below(&state, 16)));
        encoded_add_stream(&e, &ctx, STREAM_SYMBOL, 0, &data);
    }
    pack_column(&ctx, &e, &packed);
    struct stream_reader *s = new_streams();
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(stream_reader_add(s, STREAM_SYMBOL, 0, lens[i]), i);
    place_streams(s, &packed);
    const struct span plain = buf_span(&e.streams.data[0].data);
    struct span bytes;
    uint64_t ready;
    ck_ok(stream_reader_get_part(s, 0, 0, 0, &bytes, &ready, &err));
    ck_assert_uint_eq(ready, 0);
    ck_assert_uint_eq(bytes.len, LONG);
    const uint8_t *place = bytes.data;
    ck_ok(stream_reader_get_part(s, 0, PIECE + 5, PIECE + 6, &bytes, &ready, &err));
    ck_assert_uint_eq(ready, 2 * PIECE);
    ck_assert_int_eq(memcmp(bytes.data + PIECE, plain.data + PIECE, PIECE), 0);
    ck_ok(stream_reader_get_part(s, 0, LONG, LONG, &bytes, &ready, &err));
    ck_assert_uint_eq(ready, LONG);
    ck_ok(stream_reader_get(s, 0, &bytes, &err));
    ck_assert_ptr_eq(bytes.data, place);
    ck_assert(span_equal(bytes, plain));
    ck_ok(stream_reader_get_part(s, 1, 7, 8, &bytes, &ready, &err));
    ck_assert_uint_eq(ready, SHORT);
    ck_assert(span_equal(bytes, buf_span(&e.streams.data[1].data)));
    stream_reader_free(s);
    free_packed(&packed);
    encoded_clear(&e);
    column_context_clear(&ctx);
}
END_TEST

/* Where there's no memory for the pieces, or for what they give, none are left half made. */
START_TEST(test_parts_without_memory)
{
    enum { LEN = 64 << 20 };
    const struct rlimit none = {0, RLIM_INFINITY};
    const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    uint8_t *plain = calloc(1, LEN);
    struct buf frame = {0};
    struct buf stored = {0};
    struct stream_reader *s;
    struct span bytes;
    uint64_t ready;
    ck_assert(zstd && plain);
    ck_ok(pieces_compress(zstd, plain, LEN, &frame, &err));
    varint_put(&stored, frame_entry(frame.len, FRAME_ZSTD));
    buf_append(&stored, frame.data, frame.len);
    ck_ok(stream_reader_new(&s, NULL, OWN_FRAME, LEN, LEN, &err));
    ck_assert_int_eq(stream_reader_add(s, STREAM_SYMBOL, 0, LEN), 0);
    ck_ok(stream_reader_place(s, buf_span(&stored), &err));
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &none), 0);
    const int code = stream_reader_get_part(s, 0, 0, 1, &bytes, &ready, &err);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &all), 0);
    ck_assert_int_eq(code, LGZ_ERR_MEMORY);
    ck_ok(stream_reader_get(s, 0, &bytes, &err));
    memset(stored.data, 0xff, stored.len); /* all is decoded: nobody reads it again */
    ck_ok(stream_reader_get(s, 0, &bytes, &err));
    ck_assert(span_equal(bytes, (struct span){plain, LEN}));
    stream_reader_free(s);
    ZSTD_freeCCtx(zstd);
    buf_free(&frame);
    buf_free(&stored);
    free(plain);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_round_trip);
    tcase_add_test(tc, test_coded);
    tcase_add_test(tc, test_limits);
    tcase_add_test(tc, test_parts);
    if (!UNDER_ASAN) /* it takes more addresses than any limit leaves */
        tcase_add_test(tc, test_parts_without_memory);
}

int main(void)
{
    return run_suite("streams", add_tests, 60);
}
