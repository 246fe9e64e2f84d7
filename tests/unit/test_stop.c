/*
 * test_stop.c - a writer that is stopped at any moment gives up, soon and with all of its memory
 * freed; and so does one that is freed in the midst of its work.
 */
#include <stdatomic.h>

#include "log_generator.h"
#include "segment/writer.h"

enum { POINTS = 16, SMALL_BLOCK = 40000 };

/* Asked as often as parts end; from a number on it says yes. */
struct stopper {
    atomic_size_t asked;
    size_t at;
};

static bool is_stopped(void *context)
{
    struct stopper *s = context;
    return atomic_fetch_add(&s->asked, 1) + 1 >= s->at;
}

/* Long columns with relations between them, and some of all the rest. */
static void make_text(struct buf *text)
{
    uint64_t state = random_seed();
    generate_log(state, 100000, text);
    for (int i = 0; i < 3000; i++) {
        uint64_t user = random_below(&state, 500);
        uint64_t id = random_below(&state, 1 << 20);
        buf_printf(text, "2026-03-04 05:%02d:%02d u%llu from 10.0.%llu.%llu opened blk_%llx %u\n",
                   i / 60 % 60, i % 60, (unsigned long long)user, (unsigned long long)user % 7,
                   (unsigned long long)user % 251, (unsigned long long)id, i * 3);
        if (id % 3 == 0)
            buf_printf(text, "closed /srv/blk_%llx of u%llu after %llu ms\n",
                       (unsigned long long)id, (unsigned long long)user,
                       (unsigned long long)random_below(&state, 3000));
    }
}

struct way {
    enum lgz_level level;
    size_t block_size;
    unsigned threads;
    bool background;
};

static const struct way ways[] = {
    {LGZ_LEVEL_BEST, 0, 1, false},          {LGZ_LEVEL_BEST, 0, 1, true},
    {LGZ_LEVEL_BEST, 0, 3, false},          {LGZ_LEVEL_BEST, SMALL_BLOCK, 3, true},
    {LGZ_LEVEL_DEFAULT, SMALL_BLOCK, 1, 0}, {LGZ_LEVEL_DEFAULT, SMALL_BLOCK, 4, false},
    {LGZ_LEVEL_FAST, SMALL_BLOCK, 2, true}, {LGZ_LEVEL_FAST, 0, 2, false},
};

/* @return what the first call that failed says, or LGZ_OK */
static int write_text(const struct way *way, const struct buf *text, struct stopper *stopper)
{
    struct segment_options options = {.level = way->level,
                                      .block_size = way->block_size,
                                      .threads = way->threads,
                                      .background = way->background,
                                      .filtered = FILTER_SHARE,
                                      .stop = is_stopped,
                                      .stop_context = stopper};
    char name[] = "/log/x", input[] = "in";
    const struct source source = {.id = 1, .name = name, .input = input};
    struct segment_writer *w;
    struct buf out = {0};
    uint32_t index;
    ck_ok(segment_writer_new(&w, &options, write_to_buf, &out, &err));
    ck_ok(segment_writer_source(w, &source, &index, &err));
    int code = segment_writer_append(w, index, 0, 0, text->data, text->len, &err);
    if (code == LGZ_OK)
        code = segment_writer_finish(w, &err);
    segment_writer_free(w);
    buf_free(&out);
    return code;
}

START_TEST(test_stopped)
{
    const struct way *way = &ways[_i];
    struct buf text = {0};
    make_text(&text);
    struct stopper never = {.at = SIZE_MAX};
    ck_ok(write_text(way, &text, &never));
    ck_assert_uint_gt(never.asked, 1);
    for (size_t i = 0; i <= POINTS; i++) {
        struct stopper stopper = {.at = 1 + (never.asked - 1) * i / POINTS};
        ck_assert_int_eq(write_text(way, &text, &stopper), LGZ_ERR_CANCELLED);
        /* What ran then was finished, by each thread and each work that it's a part of. */
        ck_assert_uint_le(stopper.asked, stopper.at + 8 * (size_t)way->threads);
    }
    buf_free(&text);
}
END_TEST

/* Nobody waits for what it does: all is dropped. */
START_TEST(test_freed)
{
    const struct way *way = &ways[_i];
    struct buf text = {0};
    make_text(&text);
    struct segment_options options = {.level = way->level,
                                      .block_size = way->block_size ? way->block_size : text.len,
                                      .threads = way->threads,
                                      .background = way->background};
    char name[] = "/log/x", input[] = "in";
    const struct source source = {.id = 1, .name = name, .input = input};
    struct segment_writer *w;
    struct buf out = {0};
    uint32_t index;
    ck_ok(segment_writer_new(&w, &options, write_to_buf, &out, &err));
    ck_ok(segment_writer_source(w, &source, &index, &err));
    ck_ok(segment_writer_append(w, index, 0, 0, text.data, text.len, &err));
    segment_writer_free(w);
    buf_free(&out);
    buf_free(&text);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_stopped, 0, sizeof(ways) / sizeof(ways[0]));
    tcase_add_loop_test(tc, test_freed, 0, sizeof(ways) / sizeof(ways[0]));
}

int main(void)
{
    return run_suite("stop", add_tests, 300);
}
