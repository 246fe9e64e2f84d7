/*
 * test_threads.c - the bytes of a segment are the same for every number of threads: of one block
 * and of many, at all levels.
 */
#include "log_generator.h"

enum { LOGS = 2, LOG_BYTES = 300000, SMALL_BLOCK = 30000 };

static const unsigned thread_counts[] = {1, 2, 3, 4, 8};

static void compress(const struct lgz_options *options, const struct buf *text, struct buf *out)
{
    struct lgz_compressor *c;
    ck_ok(lgz_compressor_new(&c, options, write_to_buf, out, &err));
    ck_ok(lgz_compressor_write(c, text->data, text->len, &err));
    ck_ok(lgz_compressor_finish(c, &err));
    lgz_compressor_free(c);
}

static void require_same(const struct buf *text, enum lgz_level level, size_t block_size)
{
    struct lgz_options options;
    struct buf first = {0};
    lgz_options_default(&options);
    options.level = level;
    options.block_size = block_size;
    for (size_t i = 0; i < sizeof(thread_counts) / sizeof(*thread_counts); i++) {
        struct buf packed = {0};
        options.threads = thread_counts[i];
        compress(&options, text, options.threads == 1 ? &first : &packed);
        if (options.threads > 1)
            ck_assert_msg(span_equal(buf_span(&packed), buf_span(&first)),
                          "level %d, blocks of %zu bytes: %u threads write other bytes", (int)level,
                          block_size, options.threads);
        buf_free(&packed);
    }
    buf_free(&first);
}

START_TEST(test_generated)
{
    uint64_t seed = random_seed();
    for (uint64_t i = 0; i < LOGS; i++) {
        struct buf text = {0};
        generate_log(seed + i, LOG_BYTES, &text);
        require_same(&text, (enum lgz_level)(LGZ_LEVEL_FAST + _i), 0);
        require_same(&text, (enum lgz_level)(LGZ_LEVEL_FAST + _i), SMALL_BLOCK);
        buf_free(&text);
    }
}
END_TEST

/* Few templates, many lines: long columns, with relations between them. */
START_TEST(test_long_columns)
{
    struct buf text = {0};
    uint64_t state = random_seed();
    for (int i = 0; i < 20000; i++) {
        uint64_t user = random_below(&state, 500);
        uint64_t id = random_below(&state, 1 << 20);
        buf_printf(&text, "2026-03-04 05:%02d:%02d u%llu from 10.0.%llu.%llu opened blk_%llx %u\n",
                   i / 60 % 60, i % 60, (unsigned long long)user, (unsigned long long)user % 7,
                   (unsigned long long)user % 251, (unsigned long long)id, i * 3);
        if (id % 3 == 0)
            buf_printf(&text, "closed /srv/blk_%llx of u%llu after %llu ms\n",
                       (unsigned long long)id, (unsigned long long)user,
                       (unsigned long long)random_below(&state, 3000));
    }
    require_same(&text, (enum lgz_level)(LGZ_LEVEL_FAST + _i), 0);
    buf_free(&text);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_generated, 0, 3);
    tcase_add_loop_test(tc, test_long_columns, 0, 3);
}

int main(void)
{
    return run_suite("threads", add_tests, 300);
}
