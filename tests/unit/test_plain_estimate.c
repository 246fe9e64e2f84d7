/*
 * test_plain_estimate.c - the estimate is near what zstd makes of the whole, where it may be far
 * below for lines that repeat from afar, and says nothing where it can't know.
 */
#include "log_generator.h"
#include "segment/plain_estimate.h"

static size_t estimate(const struct buf *text)
{
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    size_t result = plain_estimate(zstd, buf_span(text));
    ZSTD_freeCCtx(zstd);
    return result;
}

static size_t compressed(const struct buf *text)
{
    size_t bound = ZSTD_compressBound(text->len);
    void *out = malloc(bound);
    ck_assert_ptr_nonnull(out);
    size_t len = ZSTD_compress(out, bound, text->data, text->len, 1);
    free(out);
    return len;
}

static void put_lines(struct buf *text, uint64_t *state, size_t lines)
{
    for (size_t i = 0; i < lines; i++)
        buf_printf(text, "%zu request %llu from 10.0.%u.%u took %u ms\n", i,
                   (unsigned long long)random_next(state), (unsigned)random_below(state, 256),
                   (unsigned)random_below(state, 256), (unsigned)random_below(state, 1000));
}

START_TEST(test_near)
{
    uint64_t state = random_seed();
    struct buf text = {0};
    put_lines(&text, &state, 60000);
    size_t found = estimate(&text);
    size_t wanted = compressed(&text);
    ck_assert_uint_gt(found, wanted - wanted / 5);
    ck_assert_uint_lt(found, wanted + wanted / 5);
    buf_free(&text);
}
END_TEST

/* Random bytes can't be compressed, with line ends among them or not. */
START_TEST(test_random)
{
    uint64_t state = random_seed();
    struct buf text = {0};
    while (text.len < 2000000)
        buf_push(&text, (uint8_t)random_next(&state));
    ck_assert_uint_gt(estimate(&text), text.len - text.len / 20);
    for (size_t i = 0; i < text.len; i++)
        text.data[i] |= text.data[i] == '\n';
    ck_assert_uint_gt(estimate(&text), text.len - text.len / 20); /* a single line */
    buf_free(&text);
}
END_TEST

/* The same text many times: with lines, and as a single one. */
static void check_far_repeats(bool lines)
{
    uint64_t state = random_seed();
    struct buf text = {0};
    put_lines(&text, &state, 30000);
    size_t once = text.len;
    for (size_t i = 0; i < once && !lines; i++)
        text.data[i] = text.data[i] == '\n' ? ' ' : text.data[i];
    size_t before = estimate(&text);
    for (int i = 0; i < 9; i++) {
        ck_assert(buf_reserve(&text, once));
        buf_append(&text, text.data, once);
    }
    size_t all = estimate(&text);
    ck_assert_uint_gt(all, before / 2);
    ck_assert_uint_lt(all, before * 2);
    buf_free(&text);
}

START_TEST(test_far_repeats)
{
    check_far_repeats(true);
    check_far_repeats(false);
}
END_TEST

/* A higher level makes text smaller, and random bytes not. */
START_TEST(test_gain)
{
    uint64_t state = random_seed();
    struct buf text = {0};
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    put_lines(&text, &state, 1000);
    ck_assert_double_eq(plain_gain(zstd, buf_span(&text), 19), 0);
    put_lines(&text, &state, 50000);
    double gain = plain_gain(zstd, buf_span(&text), 19);
    ck_assert_double_gt(gain, 0.5);
    ck_assert_double_lt(gain, 0.99);
    for (size_t i = 0; i < text.len; i++)
        text.data[i] = (uint8_t)random_next(&state);
    ck_assert_double_gt(plain_gain(zstd, buf_span(&text), 19), 0.99);
    ZSTD_freeCCtx(zstd);
    buf_free(&text);
}
END_TEST

START_TEST(test_small)
{
    uint64_t state = random_seed();
    struct buf text = {0};
    ck_assert_uint_eq(estimate(&text), 0);
    put_lines(&text, &state, 1000);
    ck_assert_uint_eq(estimate(&text), 0);
    buf_free(&text);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_near);
    tcase_add_test(tc, test_random);
    tcase_add_test(tc, test_far_repeats);
    tcase_add_test(tc, test_small);
    tcase_add_test(tc, test_gain);
}

int main(void)
{
    return run_suite("plain_estimate", add_tests, 60);
}
