/*
 * test_ahead.c - blocks that threads decode and match are those that one thread decodes; what is
 * found is what the pattern finds; what isn't wanted any more is given up.
 */
#include "query/ahead.h"
#include "segment_fixture.h"

enum { LINES = 60000 };

static struct segment *segment;
static struct pattern *pattern;

static void setup(void)
{
    struct lgz_options options;
    struct buf text = {0}, packed = {0};
    const char *expression = "value [0-9]*7$";
    const struct pattern_options plain = {0};
    for (unsigned i = 0; i < LINES; i++)
        buf_printf(&text, "2026-01-01 %02u:%02u:%02u line %u value %u\n", i / 3600 % 24,
                   i / 60 % 60, i % 60, i, i * 2654435761U);
    lgz_options_default(&options);
    options.level = LGZ_LEVEL_FAST;
    options.block_size = 1;
    compress_text(&options, buf_span(&text), &packed);
    make_path();
    put_file(buf_span(&packed));
    ck_ok(segment_open(&segment, path, &err));
    ck_assert_uint_gt(segment_block_count(segment), 10);
    ck_ok(pattern_compile(&pattern, &expression, 1, &plain, &err));
    buf_free(&text);
    buf_free(&packed);
}

static void teardown(void)
{
    segment_close(segment);
    pattern_free(pattern);
    remove_path();
}

static bool always(void *context, size_t block)
{
    (void)context;
    (void)block;
    return true;
}

static bool even(void *context, size_t block)
{
    (void)context;
    return block % 2 == 0;
}

static bool matched(void *context, const struct segment *s, const struct extent *extent)
{
    (void)context;
    (void)s;
    (void)extent;
    return true;
}

static void check_raw(size_t block, const struct ahead_block *taken)
{
    struct buf raw = {0};
    ck_ok(segment_read_block(segment, block, &raw, &err));
    ck_assert_uint_eq(taken->raw.len, raw.len);
    ck_assert_mem_eq(taken->raw.data, raw.data, raw.len);
    buf_free(&raw);
}

/* Of a block with one extent: compare with the pattern's own walk. */
static void check_found(const struct ahead_block *taken)
{
    size_t start, end, found_start, found_end, at = 0;
    struct found_lines *found = taken->found;
    size_t unknown = found_unknown(found, taken->raw);
    const uint8_t *newline = memchr(taken->raw.data, '\n', taken->raw.len);
    ck_assert_uint_eq(unknown, (size_t)(newline - taken->raw.data) + 1);
    const struct span lines = {taken->raw.data + unknown, taken->raw.len - unknown};
    ck_assert_uint_eq(found_unknown(found, lines), 0);
    pattern_start(pattern, lines);
    while (pattern_next(pattern, at, &start, &end, &err)) {
        ck_assert_int_eq(found_next(found, lines, at, &found_start, &found_end, &err), 1);
        ck_assert_uint_eq(found_start, start);
        ck_assert_uint_eq(found_end, end);
        at = end + 1;
    }
    ck_assert_uint_gt(at, 0);
    ck_assert_int_eq(found_next(found, lines, at, &found_start, &found_end, &err), 0);
}

START_TEST(test_all_blocks)
{
    struct ahead *a;
    const unsigned threads = (unsigned)_i % 4 + 1;
    const bool gently = _i < 4;
    ck_ok(ahead_new(&a, threads, gently, pattern, NULL, &err));
    size_t with_lines = 0;
    for (int round = 0; round < 2; round++) {
        ahead_begin(a, segment, &(struct ahead_plan){.likely = always, .matched = matched});
        for (size_t i = 0; i < segment_block_count(segment); i++) {
            struct ahead_block taken;
            ck_ok(ahead_take(a, i, &taken, &err));
            check_raw(i, &taken);
            if (taken.found)
                check_found(&taken);
            with_lines += taken.found != NULL;
        }
        ahead_end(a);
    }
    /* Alone nothing is done ahead; else all but the first, and at the very start the second, too,
       if that's gently done. */
    const size_t before = gently ? 3 : 2;
    ck_assert_uint_eq(with_lines, threads > 1 ? 2 * segment_block_count(segment) - before : 0);
    ahead_free(a);
}
END_TEST

START_TEST(test_some_blocks)
{
    struct ahead *a;
    struct ahead_block taken;
    ck_ok(ahead_new(&a, 4, true, pattern, NULL, &err));
    ahead_begin(a, segment, &(struct ahead_plan){.likely = even, .matched = NULL});
    for (size_t i = 0; i < segment_block_count(segment); i += 1 + i % 3) {
        ck_ok(ahead_take(a, i, &taken, &err)); /* some were not likely, some likely ones are left */
        check_raw(i, &taken);
        ck_assert_ptr_null(taken.found);
    }
    ahead_end(a);
    ahead_begin(a, segment, &(struct ahead_plan){.likely = always, .matched = matched});
    ck_ok(ahead_take(a, 1, &taken, &err));
    ck_ok(ahead_take(a, 3, &taken, &err));
    ahead_free(a); /* in the midst of work */
    ahead_free(NULL);
}
END_TEST

/* ahead_follow_fn */
static const struct segment *same_again(void *context, struct ahead_plan *plan)
{
    struct segment **again = context;
    ck_assert_ptr_null(*again); /* asked once */
    ck_ok(segment_open(again, path, &err));
    *plan = (struct ahead_plan){.likely = always, .matched = matched};
    return *again;
}

/* The first blocks of a segment that follows are under way before its turn. */
START_TEST(test_follow)
{
    struct ahead *a;
    struct ahead_block taken;
    struct segment *again = NULL;
    const struct ahead_plan plan = {.likely = always, .follow = same_again, .context = &again};
    ck_ok(ahead_new(&a, 3, true, pattern, NULL, &err));
    ahead_begin(a, segment, &plan);
    for (size_t i = 0; i < segment_block_count(segment); i++) {
        ck_ok(ahead_take(a, i, &taken, &err));
        check_raw(i, &taken);
        ck_assert_ptr_null(taken.found);
    }
    ahead_end(a);
    ck_assert_ptr_nonnull(again);
    ahead_begin(a, again, &plan);
    for (size_t i = 0; i < segment_block_count(again) / 2; i++) {
        ck_ok(ahead_take(a, i, &taken, &err));
        check_raw(i, &taken);
        check_found(&taken);
    }
    ahead_leave(a); /* in the midst */
    segment_close(again);
    again = NULL;
    ahead_begin(a, segment, &plan);
    for (size_t i = 0; i < segment_block_count(segment); i++)
        ck_ok(ahead_take(a, i, &taken, &err));
    ahead_leave(a); /* nothing of the one that follows was taken */
    ck_assert_ptr_nonnull(again);
    segment_close(again);
    ahead_free(a);
}
END_TEST

enum { SEGMENTS = 2 * AHEAD_SEGMENTS };

/* Segments with one block each that is likely, at most; those that are open. */
struct chain {
    struct segment *open[SEGMENTS];
    struct link {
        struct chain *chain;
        size_t number;
    } links[SEGMENTS];
    size_t asked; /* so many were opened */
    unsigned step;
};

/* ahead_likely_fn: block 3 of each `step`th segment. */
static bool is_rare(void *context, size_t block)
{
    const struct link *link = context;
    return block == 3 && link->number % link->chain->step == 0;
}

/* ahead_follow_fn */
static const struct segment *next_of_chain(void *context, struct ahead_plan *plan)
{
    struct link *link = context;
    struct chain *chain = link->chain;
    ck_assert_uint_eq(link->number + 1, chain->asked); /* each asked once, in their order */
    if (chain->asked == SEGMENTS)
        return NULL;
    ck_ok(segment_open(&chain->open[chain->asked], path, &err));
    *plan = (struct ahead_plan){
        .likely = is_rare, .follow = next_of_chain, .context = &chain->links[chain->asked]};
    return chain->open[chain->asked++];
}

/* How many are open? */
static size_t count_open(const struct chain *chain)
{
    size_t count = 0;
    for (size_t i = 0; i < SEGMENTS; i++)
        count += chain->open[i] != NULL;
    return count;
}

/* Segments are taken one after the other, whatever was opened before its turn; in the midst, those
   that follow are given up. */
START_TEST(test_follow_several)
{
    struct ahead *a;
    struct ahead_block taken;
    static struct chain chain;
    chain = (struct chain){.step = (unsigned)_i % 5 + 1};
    for (size_t i = 0; i < SEGMENTS; i++)
        chain.links[i] = (struct link){&chain, i};
    const unsigned threads = (unsigned)_i / 5 * 2 + 1;
    const bool gently = _i % 2;
    ck_ok(ahead_new(&a, threads, gently, pattern, NULL, &err));
    size_t most = 0;
    for (size_t i = 0; i < SEGMENTS; i++) {
        const struct ahead_plan plan = {
            .likely = is_rare, .follow = next_of_chain, .context = &chain.links[i]};
        const bool left = i == SEGMENTS / 2;
        for (size_t k = i; left && k < chain.asked; k++) {
            ahead_leave(a);
            segment_close(chain.open[k]);
            chain.open[k] = NULL;
        }
        if (!chain.open[i]) {
            ck_ok(segment_open(&chain.open[i], path, &err));
            chain.asked = i + 1;
        }
        ahead_begin(a, chain.open[i], &plan);
        if (is_rare(&chain.links[i], 3)) {
            ck_ok(ahead_take(a, 3, &taken, &err));
            check_raw(3, &taken);
        }
        most = count_open(&chain) > most ? count_open(&chain) : most;
        ck_assert_uint_le(count_open(&chain), AHEAD_SEGMENTS);
        ahead_end(a);
        segment_close(chain.open[i]);
        chain.open[i] = NULL;
    }
    /* With one thread nothing is opened before its turn. */
    if (threads == 1)
        ck_assert_uint_eq(most, 1);
    else
        ck_assert_uint_gt(most, chain.step);
    ahead_free(a);
}
END_TEST

START_TEST(test_damage)
{
    struct ahead *a;
    struct ahead_block taken;
    const size_t bad = 5;
    FILE *f = fopen(path, "r+b");
    ck_assert_ptr_nonnull(f);
    const struct block_info *block = segment_block(segment, bad);
    ck_assert_int_eq(fseek(f, (long)(block->file_offset + block->stored_len / 2), SEEK_SET), 0);
    ck_assert_uint_eq(fwrite("damaged", 1, 7, f), 7);
    ck_assert_int_eq(fclose(f), 0);
    ck_ok(ahead_new(&a, 3, true, pattern, NULL, &err));
    ahead_begin(a, segment, &(struct ahead_plan){.likely = always, .matched = matched});
    for (size_t i = 0; i < segment_block_count(segment); i++) {
        int code = ahead_take(a, i, &taken, &err);
        ck_assert_int_eq(code, i == bad ? LGZ_ERR_CORRUPT : LGZ_OK);
        if (code == LGZ_OK)
            check_raw(i, &taken);
    }
    ck_assert_ptr_nonnull(strstr(err.message, "block 5"));
    ahead_end(a);
    ahead_free(a);
}
END_TEST

START_TEST(test_refused_line)
{
    struct found_lines found = {0};
    struct pattern *slow;
    const char *expression = "^(x+x+)+[yz]";
    const struct pattern_options plain = {0};
    size_t start, end;
    bool stop = false;
    const struct span text =
        span_of("first\nxxy\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\nxxy\n");
    ck_ok(pattern_compile(&slow, &expression, 1, &plain, &err));
    ck_ok(found_fill(&found, slow, text, &stop, &err));
    const struct span lines = {text.data + 6, text.len - 6};
    ck_assert_int_eq(found_next(&found, lines, 0, &start, &end, &err), 1);
    ck_assert_uint_eq(end, 3);
    ck_assert_int_eq(found_next(&found, lines, 4, &start, &end, &err), LGZ_ERR_LIMIT);
    ck_assert_uint_eq(found_unknown(&found, text), 6);
    /* A piece of one line, or of none that is whole, tells nothing. */
    ck_ok(found_fill(&found, slow, span_of("xxy"), &stop, &err));
    ck_assert_uint_eq(found_unknown(&found, text), text.len);
    found_free(&found);
    pattern_free(slow);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, test_all_blocks, 0, 8);
    tcase_add_test(tc, test_some_blocks);
    tcase_add_test(tc, test_follow);
    tcase_add_loop_test(tc, test_follow_several, 0, 10);
    tcase_add_test(tc, test_damage);
    tcase_add_test(tc, test_refused_line);
}

int main(void)
{
    return run_suite("ahead", add_tests, 60);
}
