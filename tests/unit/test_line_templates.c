/*
 * test_line_templates.c - which template a line has: what blocks say is what their counts say, it
 * matches the lines, and the same is found in the text alone.
 */
#include "line/lines.h"
#include "log_generator.h"
#include "segment/line_templates.h"
#include "segment_fixture.h"

/* A segment of the text; it's nowhere but open. */
static struct segment *make_segment(struct span text, size_t block_size)
{
    struct lgz_options options;
    struct buf packed = {0};
    lgz_options_default(&options);
    options.block_size = block_size;
    compress_text(&options, text, &packed);
    struct segment *s = open_packed(buf_span(&packed));
    buf_free(&packed);
    return s;
}

/* Each line matches its template, and how many there are of each is what is wanted. */
static void check(const struct line_templates *t, struct span raw, const uint64_t *wanted)
{
    struct lines lines = {0};
    uint64_t *counts = calloc(t->set.list.len, sizeof(*counts));
    struct slot_value *values = calloc(template_set_most_slots(&t->set), sizeof(*values));
    ck_assert(counts && values && lines_split(&lines, raw.data, raw.len));
    ck_assert_uint_eq(t->lines, lines.list.len);
    for (size_t i = 0; i < t->lines; i++) {
        const struct span line = lines_get(&lines, raw.data, i);
        const struct template *template = &t->set.list.data[t->of_line[i]];
        size_t alone = 0;
        counts[t->of_line[i]]++;
        ck_assert(template_match(template, line.data, line.len, values));
        if (i % 16 == 0)
            ck_assert_int_eq(line_templates_match(t, line, &alone, &err), 1);
        ck_assert(template_match(&t->set.list.data[alone], line.data, line.len, values) || i % 16);
    }
    for (size_t i = 0; wanted && i < t->set.list.len; i++)
        ck_assert_uint_eq(counts[i], wanted[i]);
    lines_free(&lines);
    free(counts);
    free(values);
}

START_TEST(test_generated)
{
    struct buf text = {0};
    generate_log((uint64_t)_i, 120000, &text);
    for (size_t block_size = 0; block_size <= 20000; block_size += 20000) {
        struct segment *s = make_segment(buf_span(&text), block_size);
        struct known_templates *known = known_new();
        for (size_t i = 0; i < segment_block_count(s); i++) {
            struct line_templates stored = {0}, found = {0};
            struct buf raw = {0};
            const struct block_info *block = segment_block(s, i);
            ck_ok(segment_read_block(s, i, &raw, &err));
            ck_ok(segment_line_templates(s, i, &stored, &err));
            ck_ok(line_templates_find(&found, buf_span(&raw), known, &err));
            check(&found, buf_span(&raw), NULL);
            if (!block->plain)
                check(&stored, buf_span(&raw), block->template_counts);
            /* What a writer finds from the same start. */
            for (size_t k = 0; k < stored.lines; k++)
                ck_assert_uint_eq(stored.names[stored.of_line[k]].id,
                                  found.names[found.of_line[k]].id);
            line_templates_clear(&stored);
            line_templates_clear(&found);
            buf_free(&raw);
        }
        known_free(known);
        segment_close(s);
    }
    buf_free(&text);
}
END_TEST

/* A line by itself has the template that says the most of it; what a segment knows is remembered.
 */
START_TEST(test_alone)
{
    struct buf text = {0};
    struct line_templates found = {0};
    struct known_templates *known = known_new();
    size_t number;
    for (int i = 0; i < 300; i++)
        buf_printf(&text, i % 3 ? "gate %d opened by user %d\n" : "gate %d closed at %d\n", i,
                   i * 7);
    struct segment *s = make_segment(buf_span(&text), 0);
    ck_ok(segment_recall(s, 1, known, &err));
    ck_assert_uint_eq(known_count(known), 0);
    ck_ok(segment_recall(s, UINT64_MAX, known, &err));
    ck_assert_uint_ge(known_count(known), 2);
    const struct span line = span_of("gate 9999 closed at 12");
    ck_ok(line_templates_find(&found,
                              span_of("gate 1 closed at 2\ngate 3 closed at 4\n"
                                      "gate 5 closed at 6\ngate 7 closed at 8\n"),
                              known, &err));
    ck_assert_uint_eq(found.lines, 4);
    const struct span name = found.names[found.of_line[0]].text;
    ck_assert_uint_eq(name.len, strlen("gate <*> closed at <*>"));
    ck_assert_mem_eq(name.data, "gate <*> closed at <*>", name.len);
    ck_assert_int_eq(line_templates_match(&found, line, &number, &err), 1);
    ck_assert_uint_eq(number, found.of_line[0]);
    line_templates_clear(&found);
    segment_close(s);
    known_free(known);
    buf_free(&text);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_generated, 0, 6);
    tcase_add_test(tc, test_alone);
}

int main(void)
{
    return run_suite("line_templates", add_tests, 60);
}
