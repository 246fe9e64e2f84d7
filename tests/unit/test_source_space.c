/*
 * test_source_space.c - of a block with several sources, each takes what its lines cost; together
 * they take all of it, however lines are cut.
 */
#include <string.h>

#include "log_generator.h"
#include "query/source_space.h"
#include "query/space.h"
#include "segment/writer.h"
#include "segment_fixture.h"

enum { SOURCES = 3, PIECE = 5000 };

static uint64_t state;

/* A segment of texts that were read by turns; nothing but open. @param cut  also within lines */
static struct segment *make_segment(const struct buf texts[SOURCES], bool cut, size_t block_size)
{
    static char *names[SOURCES] = {(char *)"a", (char *)"b", (char *)"c"};
    struct segment_options options = {
        .level = LGZ_LEVEL_DEFAULT, .threads = 1, .block_size = block_size};
    struct buf stored = {0};
    struct segment_writer *w;
    size_t at[SOURCES] = {0}, left = 1;
    ck_ok(segment_writer_new(&w, &options, write_to_buf, &stored, &err));
    for (uint32_t i = 0, number; i < SOURCES; i++) {
        struct source source = {.id = i + 1, .name = names[i], .input = (char *)""};
        ck_ok(segment_writer_source(w, &source, &number, &err));
        ck_assert_uint_eq(number, i);
    }
    while (left) {
        left = 0;
        for (uint32_t i = 0; i < SOURCES; i++) {
            const struct buf *text = &texts[i];
            size_t end = at[i] + PIECE < text->len ? at[i] + PIECE : text->len;
            while (!cut && end < text->len && text->data[end - 1] != '\n')
                end++;
            if (end > at[i])
                ck_ok(segment_writer_append(w, i, at[i], 1, text->data + at[i], end - at[i], &err));
            at[i] = end;
            left += text->len - end;
        }
    }
    ck_ok(segment_writer_finish(w, &err));
    segment_writer_free(w);
    struct segment *s = open_packed(buf_span(&stored));
    buf_free(&stored);
    return s;
}

/* What each source takes of all blocks: together, each of them once. @return the bytes of all */
static uint64_t take(const struct segment *s, uint64_t taken[SOURCES])
{
    struct shares shares = {0};
    uint64_t blocks = 0;
    ck_ok(shares_of_raw(&shares, s, &err));
    ck_assert_uint_eq(shares.list.len, SOURCES);
    for (size_t i = 0; i < segment_block_count(s); i++) {
        struct block_space parts = {0};
        uint64_t sum = 0;
        ck_ok(segment_block_space(s, i, &parts, &err));
        ck_ok(source_space_add(&shares, s, i, &parts, &err));
        blocks += segment_block(s, i)->stored_len;
        for (size_t k = 0; k < SOURCES; k++)
            sum += shares.list.data[k].stored_bytes;
        ck_assert_uint_eq(sum, blocks);
        block_space_clear(&parts);
    }
    for (size_t k = 0; k < SOURCES; k++)
        taken[k] = shares.list.data[k].stored_bytes;
    shares_clear(&shares);
    return blocks;
}

/* So many lines of each source that values have frames of their own. */
static void put_lines(struct buf texts[SOURCES], const char *first, const char *second)
{
    for (size_t i = 0; i < 20000; i++) {
        buf_printf(&texts[0], "%s%016llx%s%llu\n", first, (unsigned long long)random_next(&state),
                   second, (unsigned long long)random_next(&state));
        buf_append_string(&texts[1], "nothing has happened since the last time\n");
        buf_append_string(&texts[2], i % 2 ? "door is open, come in\n" : "door is shut, go away\n");
    }
}

/* The lines of the first source cost something, and those of the two others next to nothing. */
static void require_costly(const char *first, const char *second)
{
    for (unsigned cut = 0; cut < 2; cut++) {
        struct buf texts[SOURCES] = {0};
        uint64_t taken[SOURCES];
        state = 88172645463325252U + cut;
        put_lines(texts, first, second);
        struct segment *s = make_segment(texts, cut, 8 << 20);
        ck_assert_uint_eq(segment_block_count(s), 1);
        ck_assert(!segment_block(s, 0)->plain);
        const uint64_t all = take(s, taken);
        ck_assert_uint_gt(taken[0], all - all / 20);
        segment_close(s);
        for (size_t i = 0; i < SOURCES; i++)
            buf_free(&texts[i]);
    }
}

START_TEST(test_costly)
{
    /* Values of a template, and lines that have none; the second ones without any blank. */
    require_costly("request ", " took ");
    require_costly("", "");
}
END_TEST

/* Lines of one kind in two sources: who has twice as many takes twice as much. */
START_TEST(test_in_proportion)
{
    struct buf texts[SOURCES] = {0};
    uint64_t taken[SOURCES];
    state = 88172645463325252U;
    for (size_t i = 0; i < 6000; i++)
        buf_printf(&texts[i % 3 == 0], "request %016llx is done\n",
                   (unsigned long long)random_next(&state));
    buf_append_string(&texts[2], "that's all\n");
    struct segment *s = make_segment(texts, false, 1 << 20);
    ck_assert_uint_eq(segment_block_count(s), 1);
    const uint64_t all = take(s, taken);
    ck_assert_uint_gt(taken[0], all * 65 / 100);
    ck_assert_uint_lt(taken[0], all * 68 / 100);
    ck_assert_uint_gt(taken[1], all * 32 / 100);
    segment_close(s);
    for (size_t i = 0; i < SOURCES; i++)
        buf_free(&texts[i]);
}
END_TEST

/* Lines that are nothing but a value count by their bytes. */
START_TEST(test_by_length)
{
    struct buf texts[SOURCES] = {0};
    uint64_t taken[SOURCES];
    state = 88172645463325252U;
    for (size_t i = 0; i < 6000; i++) {
        for (size_t k = 0; k < 9; k++)
            buf_printf(&texts[0], "%016llx", (unsigned long long)random_next(&state));
        buf_push(&texts[0], '\n');
        buf_printf(&texts[1], "%016llx\n", (unsigned long long)random_next(&state));
    }
    buf_append_string(&texts[2], "that's all\n");
    struct segment *s = make_segment(texts, false, 8 << 20);
    ck_assert_uint_eq(segment_block_count(s), 1);
    ck_assert(!segment_block(s, 0)->plain);
    const uint64_t all = take(s, taken);
    ck_assert_uint_gt(taken[0], all * 88 / 100);
    ck_assert_uint_lt(taken[0], all * 91 / 100);
    segment_close(s);
    for (size_t i = 0; i < SOURCES; i++)
        buf_free(&texts[i]);
}
END_TEST

/* Whatever the lines are and wherever they are cut: nothing is lost, nothing counted twice. */
START_TEST(test_sums)
{
    for (size_t block_size = 4096; block_size <= 1 << 20; block_size *= 16)
        for (unsigned cut = 0; cut < 2; cut++) {
            struct buf texts[SOURCES] = {0};
            uint64_t taken[SOURCES];
            state = 88172645463325252U + (uint64_t)_i;
            generate_log((uint64_t)_i, 60000, &texts[0]);
            generate_log((uint64_t)_i + 100, 30000, &texts[1]);
            for (size_t i = 0; i < 40000; i++)
                buf_push(&texts[2], (uint8_t)(random_next(&state) >> 32));
            struct segment *s = make_segment(texts, cut, block_size);
            take(s, taken);
            struct space space;
            ck_ok(space_init(&space, &err));
            ck_ok(space_add(&space, s, &err));
            uint64_t sum = space.index;
            struct span key;
            ck_assert_uint_eq(counts_len(space.sources.stored), SOURCES);
            for (size_t i = 0; i < SOURCES; i++) {
                ck_assert_uint_eq(counts_at(space.sources.stored, i, &key), taken[i]);
                sum += taken[i];
            }
            ck_assert_uint_eq(sum, segment_info(s)->file_bytes);
            space_clear(&space);
            segment_close(s);
            for (size_t i = 0; i < SOURCES; i++)
                buf_free(&texts[i]);
        }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_costly);
    tcase_add_test(tc, test_in_proportion);
    tcase_add_test(tc, test_by_length);
    tcase_add_loop_test(tc, test_sums, 0, 6);
}

int main(void)
{
    return run_suite("source_space", add_tests, 60);
}
