/*
 * test_budget.c - a memory limit is kept, on inputs that take the most, and costs no exactness.
 */
#include <stdlib.h>
#include <sys/resource.h>

#include "engine_fixture.h"
#include "segment/budget.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#else
#define SANITIZED 0
#endif

enum { MEGABYTE = 1 << 20 };

static struct budget plan_for(enum lgz_level level, unsigned threads, uint64_t memory,
                              bool background)
{
    struct segment_options options = {
        .level = level, .threads = threads, .memory = memory, .background = background};
    struct budget b;
    ck_ok(budget_plan(&b, &options, &err));
    ck_assert_uint_ge(b.threads, 1);
    ck_assert_uint_le(b.threads, threads);
    ck_assert_uint_ge(b.jobs, b.threads + b.background);
    ck_assert_uint_ge(b.max_lines, 1);
    ck_assert(background || !b.background);
    return b;
}

static struct budget plan(enum lgz_level level, unsigned threads, uint64_t memory)
{
    return plan_for(level, threads, memory, false);
}

START_TEST(test_plan)
{
    for (int i = LGZ_LEVEL_FAST; i <= LGZ_LEVEL_BEST; i++) {
        enum lgz_level level = (enum lgz_level)i;
        struct budget free = plan(level, 8, 0);
        struct budget ample = plan(level, 8, UINT64_C(1) << 40);
        ck_assert_uint_eq(free.threads, 8);
        ck_assert_uint_eq(ample.threads, 8);
        ck_assert_uint_eq(ample.block_size, free.block_size);
        struct budget last = ample;
        /* Lower limits: first fewer threads, then smaller blocks; and the threads asked for never
         * change the blocks. */
        for (uint64_t memory = UINT64_C(1) << 34; memory >= 80 * MEGABYTE; memory -= memory / 8) {
            struct budget b = plan(level, 8, memory);
            ck_assert_uint_le(b.block_size, last.block_size);
            ck_assert(b.block_size == free.block_size || b.threads < 8);
            ck_assert_uint_eq(plan(level, 1, memory).block_size, b.block_size);
            /* Nor does it change them if the caller has something else to do. */
            struct budget beside = plan_for(level, 8, memory, true);
            ck_assert_uint_eq(beside.block_size, b.block_size);
            ck_assert_uint_le(beside.threads, b.threads);
            ck_assert(beside.background || b.threads == 1);
            last = b;
        }
    }
}
END_TEST

START_TEST(test_too_low)
{
    struct segment_options options = {.level = LGZ_LEVEL_DEFAULT, .threads = 1, .memory = 100000};
    struct budget b;
    ck_assert_int_eq(budget_plan(&b, &options, &err), LGZ_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.message, "100000 bytes is too low"));
    options.memory = 20 * MEGABYTE;
    ck_ok(budget_plan(&b, &options, &err));
    options.threads = 0;
    ck_assert_int_eq(budget_plan(&b, &options, &err), LGZ_ERR_ARGUMENT);
}
END_TEST

/* Lines of so many values that each column is nearly as large as what describes it. */
static void put_values(struct buf *text, size_t size, int most)
{
    uint64_t state = 7;
    while (text->len < size) {
        for (uint64_t i = random_below(&state, (uint64_t)most); i > 0; i--) {
            buf_push(text, (uint8_t)('0' + random_below(&state, 10)));
            buf_push(text, ' ');
        }
        buf_push(text, (uint8_t)('0' + random_below(&state, 10)));
        buf_push(text, '\n');
    }
}

/* The limit holds for what compressing takes beside the text that this test holds itself. */
static void require_limit(const struct buf *text, enum lgz_level level, unsigned threads,
                          uint64_t memory)
{
    struct lgz_options options;
    struct lgz_compressor *c;
    struct buf packed = {0}, back = {0};
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    lgz_options_default(&options);
    options.level = level;
    options.threads = threads;
    options.memory = memory;
    ck_ok(lgz_compressor_new(&c, &options, write_to_buf, &packed, &err));
    ck_ok(lgz_compressor_write(c, text->data, text->len, &err));
    ck_ok(lgz_compressor_finish(c, &err));
    lgz_compressor_free(c);
    getrusage(RUSAGE_SELF, &after);
    if (!SANITIZED)
        ck_assert_uint_le((uint64_t)(after.ru_maxrss - before.ru_maxrss) * 1024, memory);
    ck_ok(decompress_text(buf_span(&packed), 65536, &back));
    ck_assert(back.len == text->len && memcmp(back.data, text->data, text->len) == 0);
    buf_free(&packed);
    buf_free(&back);
}

START_TEST(test_limit_kept)
{
    static const int widths[] = {1, 50, 300};
    struct buf text = {0};
    put_values(&text, 3 * MEGABYTE, widths[_i]);
    require_limit(&text, LGZ_LEVEL_DEFAULT, 2, 40 * MEGABYTE);
    buf_free(&text);
}
END_TEST

/* Not the blocks' bytes but their lines fill the memory here. */
START_TEST(test_short_lines)
{
    struct buf text = {0};
    put_values(&text, 24 * MEGABYTE, 1);
    require_limit(&text, LGZ_LEVEL_FAST, 1, 60 * MEGABYTE);
    buf_free(&text);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_plan);
    tcase_add_test(tc, test_too_low);
    tcase_add_loop_test(tc, test_limit_kept, 0, 3);
    tcase_add_test(tc, test_short_lines);
}

int main(void)
{
    return run_suite("budget", add_tests, 120);
}
