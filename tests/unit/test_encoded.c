/*
 * test_encoded.c - heads, streams and costs are put together in order; the cheaper one is kept.
 */
#include "column_fixture.h"

static void add_bytes(struct encoded *e, struct column_context *ctx, const char *text)
{
    struct buf data = {0};
    buf_append_string(&data, text);
    encoded_add_stream(e, ctx, STREAM_TEXT, 0, &data);
}

START_TEST(test_append)
{
    struct column_context ctx;
    struct encoded e = {0}, child = {0};
    ck_ok(column_context_init(&ctx, LGZ_LEVEL_DEFAULT, &err));
    buf_push(&e.head, 'a');
    add_bytes(&e, &ctx, "one");
    buf_push(&child.head, 'b');
    add_bytes(&child, &ctx, "three");
    size_t cost = e.cost + child.cost;
    encoded_append(&e, &child);
    ck_assert_uint_eq(e.cost, cost);
    ck_assert(span_equal(buf_span(&e.head), span_of("a\3b\5")));
    ck_assert_uint_eq(e.streams.len, 2);
    ck_assert(span_equal(buf_span(&e.streams.data[1].data), span_of("three")));
    ck_assert(!child.head.data && !child.streams.data);
    child.head.failed = true;
    encoded_append(&e, &child);
    ck_assert(e.head.failed);
    encoded_clear(&e);
    column_context_clear(&ctx);
}
END_TEST

START_TEST(test_keep_cheaper)
{
    struct encoded best = {.cost = SIZE_MAX}, candidate = {.cost = 10};
    buf_push(&candidate.head, 'x');
    encoded_keep_cheaper(&best, &candidate);
    ck_assert_uint_eq(best.cost, 10);
    ck_assert_int_eq(best.head.data[0], 'x');
    candidate = (struct encoded){.cost = 11};
    buf_push(&candidate.head, 'y');
    encoded_keep_cheaper(&best, &candidate);
    ck_assert_int_eq(best.head.data[0], 'x');
    ck_assert_ptr_null(candidate.head.data);
    /* Memory that ran out in a candidate isn't forgotten with it. */
    candidate = (struct encoded){.cost = 12, .head = {.failed = true}};
    encoded_keep_cheaper(&best, &candidate);
    ck_assert(best.head.failed);
    encoded_clear(&best);
}
END_TEST

START_TEST(test_cost)
{
    struct column_context ctx;
    uint64_t state = 1;
    size_t len = 300000;
    uint8_t *data = malloc(len);
    ck_assert_ptr_nonnull(data);
    for (int level = LGZ_LEVEL_FAST; level <= LGZ_LEVEL_BEST; level++) {
        ck_ok(column_context_init(&ctx, (enum lgz_level)level, &err));
        ck_assert_uint_eq(stream_cost(&ctx, data, 0), 0);
        for (size_t i = 0; i < len; i++)
            data[i] = (uint8_t)random_next(&state);
        size_t noise = stream_cost(&ctx, data, len);
        ck_assert_uint_ge(noise, len - len / 50);
        ck_assert_uint_le(noise, len + len / 50);
        for (size_t i = 0; i < len; i++)
            data[i] &= 3;
        ck_assert_uint_le(stream_cost(&ctx, data, len), len / 4 + len / 25);
        memset(data, 'x', len);
        ck_assert_uint_le(stream_cost(&ctx, data, len), 100);
        column_context_clear(&ctx);
    }
    free(data);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_append);
    tcase_add_test(tc, test_keep_cheaper);
    tcase_add_test(tc, test_cost);
}

int main(void)
{
    return run_suite("encoded", add_tests, 60);
}
