/*
 * test_pieces.c - frames in pieces come back whole and in parts; what isn't one, or is damaged, is
 * told from them.
 */
#include "column/pieces.h"

#include "column/zstd_frame.h"
#include "engine_fixture.h"

enum { MOST = 5 * PIECE };

static uint8_t plain[MOST];
static uint8_t out[MOST];

static void make_plain(uint64_t *state)
{
    for (size_t i = 0; i < MOST; i++)
        plain[i] = (uint8_t)random_below(state, 10);
}

static struct buf compress(size_t len)
{
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    struct buf frame = {0};
    ck_ok(pieces_compress(zstd, plain, len, &frame, &err));
    ZSTD_freeCCtx(zstd);
    return frame;
}

START_TEST(test_round_trip)
{
    uint64_t state = random_seed();
    static const size_t lens[] = {1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, MOST - 7, MOST};
    make_plain(&state);
    for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
        struct buf frame = compress(lens[i]);
        struct pieces p = {0};
        uint64_t ready = 0;
        /* Who doesn't know of pieces decodes them all the same. */
        ck_ok(frame_unpack(buf_span(&frame), out, lens[i], &err));
        ck_assert_int_eq(memcmp(out, plain, lens[i]), 0);
        memset(out, 0xff, sizeof(out));
        ck_assert(pieces_find(&p, buf_span(&frame), lens[i]));
        ck_assert_uint_eq(p.list.len, (lens[i] + PIECE - 1) / PIECE);
        ck_ok(pieces_reach(&p, out, 0, lens[i], &ready, &err));
        ck_assert_uint_eq(ready, lens[i]);
        ck_assert_int_eq(memcmp(out, plain, lens[i]), 0);
        pieces_clear(&p);
        buf_free(&frame);
    }
}
END_TEST

/* Only what is wanted is decoded, in any order. */
START_TEST(test_parts)
{
    uint64_t state = random_seed();
    make_plain(&state);
    struct buf frame = compress(MOST);
    for (int round = 0; round < 20; round++) {
        struct pieces p = {0};
        bool done[MOST / PIECE] = {false};
        ck_assert(pieces_find(&p, buf_span(&frame), MOST));
        memset(out, 0xff, sizeof(out));
        for (int i = 0; i < 4; i++) {
            const size_t from = random_below(&state, MOST + 1);
            const size_t until = from + random_below(&state, MOST - from + 1);
            uint64_t ready = from;
            ck_ok(pieces_reach(&p, out, from, until, &ready, &err));
            ck_assert_uint_ge(ready, until);
            for (size_t k = from / PIECE; k * PIECE < until; k++)
                done[k] = true;
        }
        for (size_t k = 0; k < MOST / PIECE; k++)
            ck_assert_int_eq(memcmp(out + k * PIECE, plain + k * PIECE, PIECE) == 0, done[k]);
        pieces_clear(&p);
    }
    buf_free(&frame);
}
END_TEST

static void require_none(struct span frame, uint64_t len)
{
    struct pieces p = {0};
    ck_assert(pieces_find(&p, frame, len));
    ck_assert_uint_eq(p.list.len, 0);
}

START_TEST(test_others)
{
    const struct frame_options options = {.zstd_level = 3};
    uint64_t state = random_seed();
    make_plain(&state);
    struct buf frame = compress(MOST);
    struct buf whole = {0};
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    ck_ok(frame_compress(zstd, &options, plain, MOST, &whole, &err));
    require_none(buf_span(&whole), MOST); /* nothing says how long it is */
    require_none((struct span){0}, MOST);
    require_none(buf_span(&frame), MOST - 1);
    require_none(buf_span(&frame), MOST + 1);
    require_none((struct span){frame.data, frame.len - 1}, MOST);
    require_none((struct span){frame.data + 1, frame.len - 1}, MOST);
    buf_push(&frame, 0);
    require_none(buf_span(&frame), MOST);
    ZSTD_freeCCtx(zstd);
    buf_free(&whole);
    buf_free(&frame);
}
END_TEST

/*
 * Damage gives an error where it's met, or other bytes: never more than there is room for. zstd may
 * take any bits for symbols, but not for the tree of their codes, which stands among the first
 * bytes of a piece.
 */
START_TEST(test_damage)
{
    enum { EARLY = 32 };
    uint64_t state = random_seed();
    make_plain(&state);
    struct buf frame = compress(MOST);
    struct pieces whole = {0};
    unsigned bad = 0;
    ck_assert(pieces_find(&whole, buf_span(&frame), MOST));
    for (int round = 0; round < 300; round++) {
        struct pieces p = {0};
        uint64_t ready;
        const struct span one = whole.list.data[random_below(&state, whole.list.len)].stored;
        const size_t at =
            (size_t)(one.data - frame.data) + random_below(&state, round % 2 ? EARLY : one.len);
        const uint8_t bit = (uint8_t)(1 << random_below(&state, 8));
        frame.data[at] ^= bit;
        ck_assert(pieces_find(&p, buf_span(&frame), MOST));
        if (p.list.len)
            bad += pieces_reach(&p, out, 0, MOST, &ready, &err) == LGZ_ERR_CORRUPT;
        pieces_clear(&p);
        frame.data[at] ^= bit;
    }
    ck_assert_uint_gt(bad, 0);
    pieces_clear(&whole);
    buf_free(&frame);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_round_trip);
    tcase_add_test(tc, test_parts);
    tcase_add_test(tc, test_others);
    tcase_add_test(tc, test_damage);
}

int main(void)
{
    return run_suite("pieces", add_tests, 60);
}
