/*
 * test_headers.c - lines that are all different get a template for what they begin with, where that
 * pays, and each line matches the template that it got.
 */
#include "template/headers.h"

#include "log_generator.h"
#include "suite.h"
#include "template/template_set.h"

struct found {
    struct buf log;
    struct lines lines;
    struct skeletons skeletons;
    uint32_t *of_skeleton;
    struct template_set set; /* the first one is "the rest of the line" */
};

static void find(struct found *f)
{
    struct template_list list = {.count = 1};
    ck_assert(!f->log.failed && lines_split(&f->lines, f->log.data, f->log.len));
    ck_assert(skeletons_collect(&f->skeletons, f->log.data, &f->lines, &(struct worker){0}));
    f->of_skeleton = calloc(f->skeletons.list.len + 1, sizeof(*f->of_skeleton));
    ck_assert_ptr_nonnull(f->of_skeleton);
    template_put_rest(&list.text);
    template_put_end(&list.text);
    ck_assert(headers_find(&f->skeletons, f->log.data, &f->lines, 3, f->of_skeleton, &list));
    ck_ok(template_set_parse(&f->set, list.text.data, list.text.len, list.count, &err));
}

static void clear(struct found *f)
{
    template_set_clear(&f->set);
    free(f->of_skeleton);
    skeletons_free(&f->skeletons);
    lines_free(&f->lines);
    buf_free(&f->log);
}

static const struct template *template_of(const struct found *f, size_t line)
{
    return &f->set.list.data[f->of_skeleton[f->skeletons.of_line[line]]];
}

static void require_template(const struct found *f, size_t line, const char *wanted)
{
    struct buf out = {0};
    template_describe(template_of(f, line), &out);
    ck_assert_msg(span_equal(buf_span(&out), span_of(wanted)), "line %zu: %.*s instead of %s", line,
                  (int)out.len, (const char *)out.data, wanted);
    buf_free(&out);
}

/* A message that no other line has. */
static void put_message(struct buf *log, int number)
{
    for (int i = 0; i <= number % 9; i++) {
        put_word((unsigned)(number * 13 + i * 7), log);
        buf_push(log, (uint8_t) " ,;="[(number + i) % 4]);
    }
    buf_push(log, '\n');
}

START_TEST(test_two_headers)
{
    struct found f = {0};
    for (int i = 0; i < 160; i++) {
        if (i % 4 == 3)
            buf_printf(&f.log, "kernel: [%d.%d] ", i * 3, i);
        else
            buf_printf(&f.log, "2026-03-04 05:06:%02d web%d app[%d]: ", i % 60, i % 3, 100 + i);
        put_message(&f.log, i);
    }
    buf_append_string(&f.log, "alone\n\n");
    find(&f);
    require_template(&f, 0, "<time> <*> app[<*><*>");
    require_template(&f, 3, "kernel: [<*><*>");
    require_template(&f, 160, "<*>");
    require_template(&f, 161, "<*>");
    clear(&f);
}
END_TEST

/* Too few lines, or nothing that saves anything. */
START_TEST(test_not_worth_it)
{
    struct found f = {0};
    buf_append_string(&f.log, "2026-03-04 05:06:07 a b\n2026-03-04 05:06:07 c (d)\n");
    for (int i = 0; i < 5; i++)
        put_message(&f.log, i);
    find(&f);
    ck_assert_uint_eq(f.set.list.len, 1);
    clear(&f);
    f = (struct found){0};
    find(&f);
    ck_assert_uint_eq(f.set.list.len, 1);
    clear(&f);
}
END_TEST

/* What is proposed holds: each line with a header matches it. */
START_TEST(test_random)
{
    struct found f = {0};
    struct slot_value values[16];
    generate_log(random_seed() + (uint64_t)_i, 20000, &f.log);
    find(&f);
    for (size_t i = 0; i < f.lines.list.len; i++) {
        const struct line *line = &f.lines.list.data[i];
        /* The others of a skeleton differ in values only. */
        if (f.skeletons.list.data[f.skeletons.of_line[i]].example == i)
            ck_assert(template_match(template_of(&f, i), f.log.data + line->at, line->len, values));
    }
    clear(&f);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_two_headers);
    tcase_add_test(tc, test_not_worth_it);
    tcase_add_loop_test(tc, test_random, 0, 30);
}

int main(void)
{
    return run_suite("headers", add_tests, 0);
}
