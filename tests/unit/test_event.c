/*
 * test_event.c - what people call the same event is one, what they don't isn't, and an event is the
 * same whether it is made of a line or of a template.
 */
#include "template/event.h"

#include "log_generator.h"
#include "suite.h"
#include "template/cluster.h"

static void require_event(const char *line, const char *wanted)
{
    struct buf event = {0};
    struct buf out = {0};
    struct template t;
    ck_assert(event_of_line((const uint8_t *)line, strlen(line), &event));
    struct span text = buf_span(&event);
    ck_assert_int_eq(template_parse(&t, &text), 1);
    ck_assert_uint_eq(text.len, 0);
    template_describe(&t, &out);
    ck_assert_msg(span_equal(buf_span(&out), span_of(wanted)), "%.*s instead of %s", (int)out.len,
                  (const char *)out.data, wanted);
    template_clear(&t);
    buf_free(&event);
    buf_free(&out);
}

START_TEST(test_parameters)
{
    require_event("job 17 is done", "job <*> is done");
    require_event("2026-03-04 05:06:07  job\t17 is done \r", "<*> job <*> is done");
    require_event("[main] up", "[<*>] up");
    require_event("[worker [3]/a:b] up", "[<*>] up");
    require_event("[a] [b]", "[a] [b]");
    require_event("[a up", "[a up");
    require_event("tag=\"two words\" user=root, x", "tag=<*> user=<*>, x");
    require_event("user= ruser=", "user=<*> ruser=<*>");
    require_event("ws=Source{1, 2} on", "ws=<*> on");
    require_event("Surface(name=of two words, z=1) gone", "Surface(name=<*>, z=<*>) gone");
    require_event("a == b => c", "a == b => c");
    require_event("from 10.0.0.1:22 to 1:2:3|4,5", "from <*> to <*>");
    require_event("at 1, 2", "at <*>, <*>");
    require_event("org.example.Main: loads /usr/lib/x", "<*>: loads <*>");
    require_event("and/or waiting... ok.", "and/or waiting... ok.");
    require_event("/list?a=b", "/list?a=<*>");
    require_event("/list?9=b", "<*>");
    require_event("", "");
    require_event("=", "=<*>");
    require_event("====", "====");
    require_event("a=", "a=<*>");
}
END_TEST

static void event_of(const struct template *t, struct buf *out)
{
    out->len = 0;
    event_of_template(t, out);
    ck_assert(!out->failed);
}

/* A template without variable words is the same event as its lines. */
START_TEST(test_line_or_template)
{
    uint64_t seed = random_seed();
    struct buf log = {0};
    struct buf a = {0};
    struct buf b = {0};
    for (uint64_t i = 0; i < 40; i++) {
        struct lines lines = {0};
        log.len = 0;
        generate_log(seed + i, 4000, &log);
        ck_assert(lines_split(&lines, log.data, log.len));
        for (size_t k = 0; k < lines.list.len; k++) {
            struct span line = lines_get(&lines, log.data, k);
            struct template t;
            a.len = 0;
            ck_assert(event_of_line(line.data, line.len, &a));
            struct span text = buf_span(&a);
            ck_assert_int_eq(template_parse(&t, &text), 1);
            /* An event's event is mostly itself; it is always an event. */
            event_of(&t, &b);
            template_clear(&t);
            text = buf_span(&b);
            ck_assert_int_eq(template_parse(&t, &text), 1);
            template_clear(&t);
        }
        lines_free(&lines);
    }
    buf_free(&log);
    buf_free(&a);
    buf_free(&b);
}
END_TEST

/* Blanks and threads make templates of their own; the event is one, and so is its id. */
START_TEST(test_many_templates)
{
    struct buf log = {0};
    struct lines lines = {0};
    struct skeletons skeletons = {0};
    struct clustering c = {0};
    struct buf first = {0};
    struct buf other = {0};
    for (int i = 0; i < 40; i++) {
        buf_printf(&log, "2026-03-04 05:06:07 %4d [main] started job %d\n", i, i);
        buf_printf(&log, "2026-03-04 05:06:07 %4d [pool thread] started job %d\n", i, i);
    }
    ck_assert(lines_split(&lines, log.data, log.len));
    ck_assert(skeletons_collect(&skeletons, log.data, &lines, &(struct worker){0}));
    ck_ok(cluster_skeletons(&c, &skeletons, log.data, &lines, NULL, 3, &err));
    ck_assert_uint_eq(c.set.list.len, 5);
    event_of(&c.set.list.data[0], &first);
    for (size_t t = 1; t < 4; t++) {
        event_of(&c.set.list.data[t], &other);
        ck_assert(span_equal(buf_span(&first), buf_span(&other)));
    }
    other.len = 0;
    ck_assert(event_of_line(log.data, lines.list.data[0].len, &other));
    ck_assert(span_equal(buf_span(&first), buf_span(&other)));
    clustering_clear(&c);
    skeletons_free(&skeletons);
    lines_free(&lines);
    buf_free(&log);
    buf_free(&first);
    buf_free(&other);
}
END_TEST

/* What opens and never closes takes no more time than it is long, about. */
START_TEST(test_hostile)
{
    struct buf line = {0};
    struct buf out = {0};
    for (int i = 0; i < 2000000; i++)
        buf_append_string(&line, i % 3 ? "[" : "=(");
    ck_assert(event_of_line(line.data, line.len, &out));
    ck_assert_uint_lt(out.len, line.len);
    buf_free(&line);
    buf_free(&out);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_parameters);
    tcase_add_test(tc, test_line_or_template);
    tcase_add_test(tc, test_many_templates);
    tcase_add_test(tc, test_hostile);
}

int main(void)
{
    return run_suite("event", add_tests, 60);
}
