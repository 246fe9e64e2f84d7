/*
 * test_coder.c - the context coder gives back what it took, whatever the bytes are and however they
 * are cut into streams; it gains where there is something to gain; damage is an error, or other
 * bytes, within the budget.
 */
#include "column/coder.h"

#include "engine_fixture.h"

enum { BUDGET = 1 << 22, MOST = 20000, MAX_STREAMS = 40 };

enum data { RANDOM, SKEWED, RANKS, NUMBERS, TEXT, SAME, BYTE, EMPTY, KINDS };

struct sample {
    struct buf bytes;
    struct coder_stream streams[MAX_STREAMS];
    struct coder_layout layout;
};

static void put_bytes(enum data kind, uint64_t *state, struct buf *out)
{
    size_t len = kind == EMPTY ? 0 : kind == BYTE ? 1 : 1000 + random_below(state, 3000);
    while (out->len < len) {
        uint64_t r = random_next(state);
        if (kind == TEXT)
            buf_printf(out, "/var/lib/app%u/data-%03u.db\n", (unsigned)(r % 5),
                       (unsigned)(r >> 8) % 200);
        else if (kind == RANKS)
            buf_push(out, r % 8 ? 0 : (uint8_t)(r >> 8) % 6);
        else if (kind == NUMBERS)
            buf_push(out, (uint8_t)(out->len * 3 / 2 + r % 3));
        else
            buf_push(out, kind == RANDOM   ? (uint8_t)r
                          : kind == SKEWED ? (uint8_t)((r & r >> 8) & 15)
                                           : 'x');
    }
}

/* Bytes of a kind, cut into streams, some of them empty, some in planes. */
static void make_sample(struct sample *s, enum data kind, enum coder_model model, uint64_t *state)
{
    *s = (struct sample){.layout = {model, s->streams, 0}};
    put_bytes(kind, state, &s->bytes);
    ck_assert_uint_le(s->bytes.len, MOST);
    size_t left = s->bytes.len;
    while (left && s->layout.count < MAX_STREAMS) {
        struct coder_stream *stream = &s->streams[s->layout.count++];
        unsigned width = (unsigned)random_below(state, 9);
        size_t rows = random_below(state, 2) ? 50 : random_below(state, 900);
        size_t len = rows * (width ? width : 1);
        if (s->layout.count == MAX_STREAMS || len > left)
            len = left;
        *stream = (struct coder_stream){len, width};
        left -= len;
    }
}

static void encode(struct coder *c, const struct sample *s, unsigned table_bits, struct buf *out)
{
    bool within;
    ck_ok(coder_encode(c, &s->layout, table_bits, s->bytes.data, out, &within, &err));
    ck_assert(within);
}

static int decode(struct coder *c, const struct sample *s, struct span frame, bool *same)
{
    uint8_t *out = calloc(1, MOST + 1);
    ck_assert_ptr_nonnull(out);
    int code = coder_decode(c, &s->layout, frame, out, &err);
    *same = memcmp(out, s->bytes.data ? s->bytes.data : out, s->bytes.len) == 0;
    ck_assert_uint_eq(out[s->bytes.len], 0);
    free(out);
    return code;
}

static struct coder *new_coder(void)
{
    struct coder *c;
    ck_ok(coder_new(&c, BUDGET, &err));
    return c;
}

START_TEST(test_round_trip)
{
    uint64_t state = random_seed() + (uint64_t)_i;
    for (int round = 0; round < 5; round++) {
        for (int model = CODER_TEXT; model <= CODER_NUMBERS; model++) {
            struct coder *out = new_coder();
            struct coder *in = new_coder();
            struct sample s;
            struct buf frame = {0};
            bool same;
            make_sample(&s, (enum data)_i, (enum coder_model)model, &state);
            encode(out, &s, coder_table_bits(s.bytes.len), &frame);
            ck_ok(decode(in, &s, buf_span(&frame), &same));
            ck_assert(same);
            ck_assert_uint_eq(coder_left(in), coder_left(out));
            if (model == CODER_NUMBERS)
                ck_assert_uint_eq(coder_steps(&s.layout, s.bytes.data) +
                                      (1U << coder_table_bits(s.bytes.len)) / 64,
                                  BUDGET - coder_left(out));
            coder_free(out);
            coder_free(in);
            buf_free(&frame);
            buf_free(&s.bytes);
        }
    }
}
END_TEST

/* Texts go on with what was learned, over other frames: what comes again costs little. */
START_TEST(test_goes_on)
{
    uint64_t state = 3;
    struct coder *out = new_coder();
    struct coder *in = new_coder();
    struct sample text, numbers;
    struct buf frames[4] = {{0}};
    bool same;
    make_sample(&text, TEXT, CODER_TEXT, &state);
    make_sample(&numbers, RANKS, CODER_NUMBERS, &state);
    encode(out, &text, 12, &frames[0]);
    encode(out, &numbers, 10, &frames[1]);
    encode(out, &text, 0, &frames[2]);
    encode(out, &text, 12, &frames[3]);
    ck_assert_uint_lt(frames[2].len * 4, frames[0].len);
    ck_assert(span_equal(buf_span(&frames[0]), buf_span(&frames[3])));
    ck_assert_uint_lt(frames[1].len * 4, numbers.bytes.len);
    /* There is nothing yet to go on with. */
    ck_assert_int_eq(decode(in, &text, buf_span(&frames[2]), &same), LGZ_ERR_CORRUPT);
    for (int i = 0; i < 4; i++) {
        ck_ok(decode(in, i == 1 ? &numbers : &text, buf_span(&frames[i]), &same));
        ck_assert(same);
        buf_free(&frames[i]);
    }
    coder_free(out);
    coder_free(in);
    coder_free(NULL);
    buf_free(&text.bytes);
    buf_free(&numbers.bytes);
}
END_TEST

/* Neither an encoder nor a decoder takes more steps than it was given. */
START_TEST(test_limit)
{
    for (int model = CODER_TEXT; model <= CODER_NUMBERS; model++) {
        uint64_t state = 4;
        struct sample s;
        struct coder *c;
        struct buf frame = {0};
        bool within, same;
        make_sample(&s, TEXT, (enum coder_model)model, &state);
        ck_ok(coder_new(&c, 1000, &err));
        ck_ok(coder_encode(c, &s.layout, 10, s.bytes.data, &frame, &within, &err));
        ck_assert(!within);
        coder_free(c);
        c = new_coder();
        buf_clear(&frame);
        encode(c, &s, 10, &frame);
        coder_free(c);
        ck_ok(coder_new(&c, 1000, &err));
        ck_assert(!coder_may_hold(c, buf_span(&frame), 334));
        ck_assert(coder_may_hold(c, buf_span(&frame), 333));
        ck_assert_int_eq(decode(c, &s, buf_span(&frame), &same), LGZ_ERR_CORRUPT);
        coder_free(c);
        /* Large tables count, too. */
        ck_ok(coder_new(&c, 4096 + 33, &err));
        ck_ok(coder_encode(c, &(struct coder_layout){(enum coder_model)model, s.layout.streams, 0},
                           CODER_MAX_BITS, s.bytes.data, &frame, &within, &err));
        ck_assert(within);
        ck_assert_uint_eq(coder_left(c), 33);
        coder_free(c);
        buf_free(&frame);
        buf_free(&s.bytes);
    }
    ck_assert_uint_eq(coder_table_bits(0), 8);
    ck_assert_uint_eq(coder_table_bits(SIZE_MAX), CODER_MAX_BITS);
}
END_TEST

/* Zeros take three steps each, and hardly any code: that the last ones weren't decoded is not to be
 * seen from the code. */
START_TEST(test_last_steps)
{
    uint8_t zeros[500] = {0};
    const unsigned table = (1 << 10) / 64;
    const struct coder_stream stream = {sizeof(zeros), 1};
    const struct coder_layout layout = {CODER_NUMBERS, &stream, 1};
    struct buf frame = {0};
    bool within;
    struct coder *c = new_coder();
    ck_ok(coder_encode(c, &layout, 10, zeros, &frame, &within, &err));
    coder_free(c);
    for (unsigned spare = 20; spare < 40; spare++) {
        ck_ok(coder_new(&c, sizeof(zeros) * 3 + table + spare, &err));
        int code = coder_decode(c, &layout, buf_span(&frame), zeros, &err);
        ck_assert_int_eq(code, spare < 33 ? LGZ_ERR_CORRUPT : LGZ_OK);
        coder_free(c);
    }
    buf_free(&frame);
}
END_TEST

/* Many rows: a plane gets a tree of its own where its bytes are few or skewed. */
START_TEST(test_trees)
{
    static const unsigned distinct[] = {1, 2, 15, 17, 256};
    uint64_t state = random_seed() + (uint64_t)_i;
    const struct coder_stream streams[] = {{MOST / 2, 1}, {MOST / 2, 2}};
    struct sample s = {.layout = {CODER_NUMBERS, s.streams, 2}};
    struct buf frame = {0};
    bool same;
    memcpy(s.streams, streams, sizeof(streams));
    while (s.bytes.len < MOST) {
        uint64_t few = random_below(&state, 1 + random_below(&state, distinct[_i]));
        buf_push(&s.bytes, (uint8_t)(7 + few * 37));
    }
    struct coder *c = new_coder();
    encode(c, &s, 12, &frame);
    uint64_t steps = BUDGET - coder_left(c) - (1 << 12) / 64;
    ck_assert_uint_eq(steps, coder_steps(&s.layout, s.bytes.data));
    ck_assert_uint_lt(steps, (uint64_t)MOST * (_i < 3 ? 7 : 16));
    coder_free(c);
    c = new_coder();
    ck_ok(decode(c, &s, buf_span(&frame), &same));
    ck_assert(same);
    coder_free(c);
    /* Trees that nobody would make. */
    for (int round = 0; round < 300; round++) {
        for (size_t i = 1; i < 40 && i < frame.len; i++)
            frame.data[i] = (uint8_t)random_next(&state);
        c = new_coder();
        int code = decode(c, &s, buf_span(&frame), &same);
        ck_assert(code == LGZ_OK || code == LGZ_ERR_CORRUPT);
        coder_free(c);
    }
    buf_free(&frame);
    buf_free(&s.bytes);
}
END_TEST

START_TEST(test_damage)
{
    uint64_t state = random_seed() + (uint64_t)_i;
    struct sample s;
    struct buf frame = {0};
    struct coder *c = new_coder();
    bool same;
    make_sample(&s, _i ? TEXT : NUMBERS, _i ? CODER_TEXT : CODER_NUMBERS, &state);
    encode(c, &s, 10, &frame);
    coder_free(c);
    for (int round = 0; round < 300; round++) {
        struct buf bad = {0};
        buf_append(&bad, frame.data, frame.len);
        if (round % 3 == 0)
            bad.len = random_below(&state, bad.len);
        else if (round % 3 == 1)
            buf_push(&bad, (uint8_t)random_next(&state));
        else
            bad.data[random_below(&state, bad.len)] ^= (uint8_t)(1 << random_below(&state, 8));
        c = new_coder();
        int code = decode(c, &s, buf_span(&bad), &same);
        ck_assert(code == LGZ_OK || code == LGZ_ERR_CORRUPT);
        coder_free(c);
        buf_free(&bad);
    }
    buf_free(&frame);
    buf_free(&s.bytes);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_round_trip, 0, KINDS);
    tcase_add_test(tc, test_goes_on);
    tcase_add_test(tc, test_limit);
    tcase_add_test(tc, test_last_steps);
    tcase_add_loop_test(tc, test_trees, 0, 5);
    tcase_add_loop_test(tc, test_damage, 0, 2);
}

int main(void)
{
    return run_suite("coder", add_tests, 60);
}
