/*
 * test_times.c - the time range of a block is the same whether the stamps that were found in its
 * lines are used or searched for again.
 */
#include "log_generator.h"
#include "segment/runs.h"
#include "segment/times.h"

/* Lines that start with stamps of all formats, some behind what may stand in front of one. */
static void put_stamped(struct buf *text, uint64_t *state)
{
    static const char *const fronts[] = {"",   "",   "",  "[",    "(\"", "I",
                                         "a ", "7 ", "-", "[x] ", "<>"};
    static const char *const backs[] = {" up", "Z x",        " +0100 y",
                                        "",    "] 12:00:00", ",000 2001-02-03"};
    for (int i = 0; i < 200; i++) {
        uint8_t stamp[TIMESTAMP_MAX_LEN];
        unsigned format = (unsigned)random_below(state, timestamp_format_count);
        int64_t value = 1000000000 + (int64_t)random_below(state, 2000000000);
        size_t len = 0;
        for (unsigned digits = 0; digits < 10 && !len;
             digits++, value = (int64_t)((uint64_t)value * 10))
            len = timestamp_print(format, digits, value, stamp);
        buf_append_string(text, fronts[random_below(state, sizeof(fronts) / sizeof(*fronts))]);
        buf_append(text, stamp, len);
        buf_append_string(text, backs[random_below(state, sizeof(backs) / sizeof(*backs))]);
        buf_push(text, '\n');
    }
}

/* Pieces of a few sources: some go on where the one before ended, whatever line that cuts. */
static size_t cut(struct extent *extents, size_t most, size_t len, uint64_t *state)
{
    size_t count = 0;
    uint64_t offset = 0;
    for (size_t left = len; left && count < most; count++) {
        size_t take = count + 1 == most ? left : 1 + random_below(state, left);
        offset += random_percent(state, 50) ? 0 : 1000;
        extents[count] =
            (struct extent){.source = (uint32_t)random_below(state, 2),
                            .offset = offset,
                            .length = take,
                            .read_time = (int64_t)random_below(state, 1u << 31) * NS_PER_SECOND};
        offset += take;
        left -= take;
    }
    return count;
}

static void require_same_times(const struct buf *text, uint64_t *state)
{
    struct extent extents[6];
    struct lines lines = {0};
    struct skeletons skeletons = {0};
    struct block_summary with = {0};
    struct block_summary without = {0};
    size_t count = cut(extents, 1 + random_below(state, 6), text->len, state);
    struct block_input input = {
        .raw = text->data, .len = text->len, .extents = extents, .extent_count = count};
    ck_assert(lines_split(&lines, text->data, text->len));
    ck_assert(skeletons_collect(&skeletons, text->data, &lines, &(struct worker){0}));
    block_times(&input, &lines, &skeletons, &with);
    block_times(&input, NULL, NULL, &without);
    ck_assert_uint_eq(with.lines, without.lines);
    ck_assert_int_eq(with.time_min, without.time_min);
    ck_assert_int_eq(with.time_max, without.time_max);
    ck_assert_uint_eq(with.clocks, without.clocks);
    skeletons_free(&skeletons);
    lines_free(&lines);
}

/* What is said of the kinds of stamps, and of the runs of lines. */
START_TEST(test_clocks_and_runs)
{
    static const struct {
        const char *text;
        unsigned clocks;
    } cases[] = {
        {"no stamp\n", 0},
        {"2026-01-05 10:00:00 x\n", CLOCKS_LOCAL},
        {"2026-01-05 10:00:00Z x\n2026-01-05 10:00:00 UTC y\n", CLOCKS_ZONED},
        {"1767225600 x\nMon Jan  5 10:00:00 UTC 2026 y\n", CLOCKS_ZONED},
        {"Jan  5 10:00:00 x\n2026-01-05T10:00:00+02:00 y\n", CLOCKS_LOCAL | CLOCKS_ZONED},
        {"Mon, 05 Jan 2026 10:00:00 GMT\n05/Jan/2026:10:00:00 GMTX\n", CLOCKS_LOCAL | CLOCKS_ZONED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct extent extent = {.length = strlen(cases[i].text)};
        struct block_input input = {.raw = (const uint8_t *)cases[i].text,
                                    .len = extent.length,
                                    .extents = &extent,
                                    .extent_count = 1};
        struct block_summary found = {0};
        block_times(&input, NULL, NULL, &found);
        ck_assert_msg(found.clocks == cases[i].clocks, "%s: %u", cases[i].text, found.clocks);
    }
    /* Of source 0 "a\nb", and then with a hole before it "c"; of source 1 "\n\n"; of source 0
       "d\n", which goes on where it was, but is a run of its own. */
    const char *text = "a\nbc\n\nd\n";
    const struct extent extents[] = {
        {0, 0, 1, 0}, {0, 1, 2, 0}, {0, 7, 1, 0}, {1, 0, 2, 0}, {0, 8, 2, 0}};
    const struct block_input input = {
        .raw = (const uint8_t *)text, .len = strlen(text), .extents = extents, .extent_count = 5};
    struct block_summary found = {0};
    block_times(&input, NULL, NULL, &found);
    ck_assert(runs_count(&input, &found));
    ck_assert_uint_eq(found.lines, 6);
    ck_assert_uint_eq(found.runs.len, 4);
    static const struct block_run wanted[] = {{1, true}, {0, true}, {2, false}, {1, false}};
    for (size_t i = 0; i < 4; i++) {
        ck_assert_uint_eq(found.runs.data[i].newlines, wanted[i].newlines);
        ck_assert_int_eq(found.runs.data[i].cut, wanted[i].cut);
    }
    block_summary_clear(&found);
}
END_TEST

START_TEST(test_stamped)
{
    uint64_t state = random_seed();
    for (int i = 0; i < 300; i++) {
        struct buf text = {0};
        put_stamped(&text, &state);
        require_same_times(&text, &state);
        /* Single lines: nothing hides behind the earliest and the latest. */
        for (size_t at = 0; at < text.len && i < 60;) {
            struct buf line = {0};
            const uint8_t *end = memchr(text.data + at, '\n', text.len - at);
            size_t len = (size_t)(end + 1 - text.data) - at;
            buf_append(&line, text.data + at, len);
            require_same_times(&line, &state);
            buf_free(&line);
            at += len;
        }
        buf_free(&text);
    }
}
END_TEST

START_TEST(test_generated)
{
    uint64_t state = random_seed();
    for (int i = 0; i < 100; i++) {
        struct buf text = {0};
        generate_log(random_next(&state), 1 + random_below(&state, 5000), &text);
        if (text.len)
            require_same_times(&text, &state);
        buf_free(&text);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_clocks_and_runs);
    tcase_add_test(tc, test_stamped);
    tcase_add_test(tc, test_generated);
}

int main(void)
{
    return run_suite("times", add_tests, 60);
}
