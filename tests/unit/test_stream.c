/*
 * test_stream.c - segments through a pipe: what is whole is given out at once, what doesn't belong
 * together is refused, and a story names the place.
 */
#include "engine_fixture.h"
#include "segment/index.h"
#include "segment/stream.h"

static void put_segment(const char *text, size_t block_size, struct buf *packed)
{
    struct lgz_options options;
    lgz_options_default(&options);
    options.block_size = block_size;
    compress_text(&options, span_of(text), packed);
}

static int feed(const struct buf *packed, struct buf *out)
{
    return decompress_text(buf_span(packed), SIZE_MAX, out);
}

/* Each block comes out as soon as its last byte is in. */
START_TEST(test_at_once)
{
    struct buf text = {0}, packed = {0}, out = {0};
    struct segment_stream *s;
    for (int i = 0; i < 500; i++)
        buf_printf(&text, "line %d of the text, %x\n", i, i * 40503);
    buf_push(&text, '\0');
    put_segment((const char *)text.data, 4096, &packed);
    ck_ok(segment_stream_new(&s, "pipe", 1, write_to_buf, &out, &err));
    struct reader r = reader_of(packed.data, packed.len);
    reader_bytes(&r, SEGMENT_HEADER_LEN);
    size_t blocks = 0;
    const uint8_t *fed = packed.data;
    for (uint8_t tag = reader_u8(&r); tag != SEGMENT_FOOTER; tag = reader_u8(&r)) {
        reader_bytes(&r, reader_varint(&r));
        size_t before = out.len;
        ck_ok(segment_stream_feed(s, fed, (size_t)(r.at - 1 - fed), &err));
        ck_assert_uint_eq(out.len, before);
        ck_ok(segment_stream_feed(s, r.at - 1, 1, &err));
        ck_assert_uint_gt(out.len, before);
        fed = r.at;
        blocks++;
    }
    ck_assert_uint_gt(blocks, 2);
    ck_assert_uint_eq(out.len, text.len - 1);
    ck_assert_int_eq(segment_stream_end(s, &err), LGZ_ERR_CORRUPT);
    ck_ok(segment_stream_feed(s, fed, (size_t)(packed.data + packed.len - fed), &err));
    ck_ok(segment_stream_end(s, &err));
    segment_stream_free(s);
    segment_stream_free(NULL);
    buf_free(&text);
    buf_free(&packed);
    buf_free(&out);
}
END_TEST

/* The end of one segment behind the blocks of another: each part is sound, the whole isn't. */
START_TEST(test_mixed_segments)
{
    struct buf one = {0}, two = {0}, both = {0}, out = {0};
    put_segment("first text\n", 0, &one);
    put_segment("another text, which is longer\n", 0, &two);
    ck_ok(feed(&one, &out));
    struct reader r = reader_of(two.data, two.len);
    reader_bytes(&r, SEGMENT_HEADER_LEN + 1);
    reader_bytes(&r, reader_varint(&r));
    struct span footer = {r.at, reader_left(&r)};
    r = reader_of(one.data, one.len);
    reader_bytes(&r, SEGMENT_HEADER_LEN + 1);
    reader_bytes(&r, reader_varint(&r));
    buf_append(&both, one.data, (size_t)(r.at - one.data));
    buf_append(&both, footer.data, footer.len);
    ck_assert_int_eq(feed(&both, &out), LGZ_ERR_CORRUPT);
    ck_assert_str_eq(err.message, "test: footer doesn't fit the blocks");
    /* A footer without its block. */
    buf_clear(&both);
    buf_append(&both, one.data, SEGMENT_HEADER_LEN);
    buf_append(&both, footer.data, footer.len);
    ck_assert_int_eq(feed(&both, &out), LGZ_ERR_CORRUPT);
    buf_free(&one);
    buf_free(&two);
    buf_free(&both);
    buf_free(&out);
}
END_TEST

START_TEST(test_garbage)
{
    struct buf packed = {0}, out = {0};
    put_segment("text\n", 0, &packed);
    size_t whole = packed.len;
    for (size_t extra = 1; extra < 30; extra++) {
        buf_push(&packed, 'x');
        ck_assert_int_eq(feed(&packed, &out), LGZ_ERR_CORRUPT);
        ck_assert_ptr_nonnull(strstr(err.message, "trailing garbage at offset"));
    }
    packed.len = whole;
    packed.data[SEGMENT_HEADER_LEN] = 9;
    ck_assert_int_eq(feed(&packed, &out), LGZ_ERR_CORRUPT);
    ck_assert_str_eq(err.message, "test: damaged block header at offset 8");
    packed.len = 0;
    ck_assert_int_eq(feed(&packed, &out), LGZ_ERR_FORMAT);
    buf_free(&packed);
    buf_free(&out);
}
END_TEST

/* Feed a stream with threads in pieces. @return the code; `out` and `err` are what comes of it */
static int feed_threads(unsigned threads, const struct buf *packed, size_t piece, struct buf *out)
{
    struct segment_stream *s;
    int code = LGZ_OK;
    buf_clear(out);
    err = (struct lgz_error){0};
    ck_ok(segment_stream_new(&s, "pipe", threads, write_to_buf, out, &err));
    for (size_t at = 0; at < packed->len && code == LGZ_OK; at += piece) {
        size_t left = packed->len - at;
        code = segment_stream_feed(s, packed->data + at, left < piece ? left : piece, &err);
    }
    if (code == LGZ_OK)
        code = segment_stream_end(s, &err);
    segment_stream_free(s);
    return code;
}

/* Threads change nothing: neither what comes out, nor what is said of damage, wherever that is. */
START_TEST(test_threads)
{
    struct buf text = {0}, packed = {0}, alone = {0}, out = {0};
    size_t refused = 0;
    for (int i = 0; i < 1500; i++)
        buf_printf(&text, "line %d of the text, %x\n", i, i * 40503);
    buf_push(&text, '\0');
    put_segment((const char *)text.data, 4096, &packed);
    put_segment("the next segment\n", 0, &packed);
    for (size_t place = SEGMENT_HEADER_LEN; place < packed.len; place += 1 + packed.len / 40) {
        packed.data[place] ^= 0x40;
        int code = feed_threads(1, &packed, packed.len, &alone);
        char *said = strdup(err.message);
        refused += code != LGZ_OK;
        for (unsigned threads = 1; threads <= 5; threads += 2) {
            ck_assert_int_eq(feed_threads(threads, &packed, 1 + place, &out), code);
            ck_assert_str_eq(err.message, said);
            ck_assert_uint_eq(out.len, alone.len);
            ck_assert(out.len == 0 || memcmp(out.data, alone.data, out.len) == 0);
        }
        free(said);
        packed.data[place] ^= 0x40;
    }
    ck_assert_uint_gt(refused, 20);
    ck_ok(feed_threads(5, &packed, packed.len, &out));
    ck_assert_uint_gt(out.len, text.len);
    buf_free(&text);
    buf_free(&packed);
    buf_free(&alone);
    buf_free(&out);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_at_once);
    tcase_add_test(tc, test_mixed_segments);
    tcase_add_test(tc, test_garbage);
    tcase_add_test(tc, test_threads);
}

int main(void)
{
    return run_suite("stream", add_tests, 30);
}
