/*
 * test_events.c - which lines are one event, fields of a format, rules that can't be used, and
 * places where a match could be.
 */
#include "query/events.h"

#include <stdio.h>

#include "query/dialect.h"
#include "query/fields.h"
#include "suite.h"

static struct span span_of(const char *text)
{
    return (struct span){(const uint8_t *)text, strlen(text)};
}

static struct pattern *compile(const char *text, bool multiline)
{
    struct pattern_options options = {.multiline = multiline};
    struct pattern *p = NULL;
    ck_assert_int_eq(pattern_compile(&p, &text, 1, &options, NULL), LGZ_OK);
    return p;
}

/* The event of a line, whole; as "begin-end lines", with "+" if more may come, "?" if unknown. */
static const char *event_of(struct pattern *start, struct span lines, size_t floor, size_t at)
{
    static char out[80];
    struct event e;
    int stop = EVENT_NEXT;
    ck_assert_int_eq(events_of_line(start, lines, floor, at, &e, NULL), LGZ_OK);
    size_t behind = e.end;
    if (e.open)
        stop = events_extend(start, lines, &e, &behind, NULL);
    ck_assert(!e.open || behind == e.end);
    snprintf(out, sizeof(out), "%zu-%zu %zu%s%s", e.begin, e.end, e.lines,
             stop == EVENT_CUT ? "+" : "", e.unknown ? "?" : "");
    return out;
}

START_TEST(lines_of_events)
{
    struct pattern *start = compile("^>", false);
    struct span lines = span_of("a\n>b\nc\n\n>d\ne");
    ck_assert_str_eq(event_of(start, lines, 0, 0), "0-2 1?");
    ck_assert_str_eq(event_of(start, lines, 0, 2), "2-8 3");
    ck_assert_str_eq(event_of(start, lines, 0, 5), "2-8 3");
    ck_assert_str_eq(event_of(start, lines, 0, 7), "2-8 3");
    ck_assert_str_eq(event_of(start, lines, 5, 7), "7-8 1?");
    ck_assert_str_eq(event_of(start, lines, 5, 5), "5-7 1?");
    ck_assert_str_eq(event_of(start, lines, 0, 8), "8-12 2+");
    ck_assert_str_eq(event_of(start, lines, 0, 11), "8-12 2+");
    pattern_free(start);
    start = compile("", false);
    ck_assert_str_eq(event_of(start, lines, 0, 5), "5-7 1");
    pattern_free(start);
}
END_TEST

/* Lines behind the limit are events by themselves. */
START_TEST(limits)
{
    struct pattern *start = compile("^>", false);
    struct buf text = {0};
    char expected[40];
    buf_append_string(&text, ">\n");
    for (size_t i = 1; i < EVENT_LINES_MAX + 5; i++)
        buf_append_string(&text, "x\n");
    struct span lines = buf_span(&text);
    snprintf(expected, sizeof(expected), "0-%d %d", 2 * EVENT_LINES_MAX, EVENT_LINES_MAX);
    ck_assert_str_eq(event_of(start, lines, 0, 0), expected);
    ck_assert_str_eq(event_of(start, lines, 0, 2 * (EVENT_LINES_MAX - 1)), expected);
    snprintf(expected, sizeof(expected), "%d-%d 1", 2 * EVENT_LINES_MAX, 2 * EVENT_LINES_MAX + 2);
    ck_assert_str_eq(event_of(start, lines, 0, 2 * (size_t)EVENT_LINES_MAX), expected);
    buf_clear(&text);
    buf_append_string(&text, ">\n");
    for (size_t i = 2; i < EVENT_BYTES_MAX - 1; i++)
        buf_push(&text, 'x');
    buf_append_string(&text, "\nz\n");
    lines = buf_span(&text);
    snprintf(expected, sizeof(expected), "0-%d 2", EVENT_BYTES_MAX);
    ck_assert_str_eq(event_of(start, lines, 0, 0), expected);
    ck_assert_str_eq(event_of(start, lines, 0, 2), expected);
    snprintf(expected, sizeof(expected), "%d-%d 1", EVENT_BYTES_MAX, EVENT_BYTES_MAX + 2);
    ck_assert_str_eq(event_of(start, lines, 0, EVENT_BYTES_MAX), expected);
    text.data[1] = '>'; /* a first line may be longer, and then is alone */
    buf_append_string(&text, "z\n");
    lines = buf_span(&text);
    ck_assert_str_eq(event_of(start, lines, 0, EVENT_BYTES_MAX), expected);
    buf_free(&text);
    pattern_free(start);
}
END_TEST

START_TEST(too_much_work)
{
    struct pattern *start = compile("^(a+)+$", false);
    struct lgz_error err = {0};
    struct event e = {.lines = 1, .open = true};
    size_t at = 0;
    struct span line = span_of("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab");
    ck_assert_int_eq(events_of_line(start, line, 0, 0, &e, &err), LGZ_ERR_LIMIT);
    ck_assert_int_eq(events_extend(start, line, &e, &at, &err), LGZ_ERR_LIMIT);
    pattern_free(start);
}
END_TEST

START_TEST(candidates)
{
    static const char *const texts[] = {"no", "a[0-9]"};
    struct pattern_options options = {.multiline = true};
    struct pattern *p;
    size_t at;
    struct span lines = span_of("1\n2\nxa5\nno\na6\n");
    ck_assert_int_eq(pattern_compile(&p, texts, 2, &options, NULL), LGZ_OK);
    pattern_start(p, lines);
    ck_assert_int_eq(pattern_candidate(p, 0, &at, NULL), 1);
    ck_assert_uint_eq(at, 5);
    ck_assert_int_eq(pattern_candidate(p, 5, &at, NULL), 1);
    ck_assert_uint_eq(at, 5);
    ck_assert_int_eq(pattern_candidate(p, 6, &at, NULL), 1);
    ck_assert_uint_eq(at, 8);
    ck_assert_int_eq(pattern_candidate(p, 9, &at, NULL), 1);
    ck_assert_uint_eq(at, 11);
    ck_assert_int_eq(pattern_candidate(p, 12, &at, NULL), 0);
    pattern_free(p);
    p = compile("[0-9]", true);
    pattern_start(p, lines);
    ck_assert_int_eq(pattern_candidate(p, 3, &at, NULL), 1);
    ck_assert_uint_eq(at, 3); /* nothing is known of it */
    pattern_free(p);
}
END_TEST

static bool has_value(const struct fields *f, const struct span *values, const char *name,
                      const char *value)
{
    size_t at = fields_find(f, name);
    ck_assert_uint_ne(at, SIZE_MAX);
    return value ? values[at].data && values[at].len == strlen(value) &&
                       memcmp(values[at].data, value, values[at].len) == 0
                 : !values[at].data;
}

START_TEST(fields_of_lines)
{
    struct fields *f;
    struct span values[3];
    struct lgz_error err = {0};
    ck_assert_int_eq(fields_compile(&f, "^(?<level>[A-Z]+) (?:(?<n>\\d+) )?(?<message>.*)$", &err),
                     LGZ_OK);
    ck_assert_uint_eq(fields_count(f), 3);
    ck_assert_str_eq(fields_name(f, 0), "level");
    ck_assert_uint_eq(fields_find(f, "other"), SIZE_MAX);
    ck_assert_int_eq(fields_extract(f, span_of("INFO 42 hello\n\tat x"), values, &err), 1);
    ck_assert(has_value(f, values, "level", "INFO"));
    ck_assert(has_value(f, values, "n", "42"));
    ck_assert(has_value(f, values, "message", "hello"));
    ck_assert_int_eq(fields_extract(f, span_of("INFO \n"), values, &err), 1);
    ck_assert(has_value(f, values, "n", NULL));
    ck_assert(has_value(f, values, "message", ""));
    ck_assert_int_eq(fields_extract(f, span_of("nothing"), values, &err), 0);
    ck_assert_int_eq(fields_extract(f, span_of(""), values, &err), 0);
    fields_free(f);
    ck_assert_int_eq(fields_compile(&f, "(?<a>", &err), LGZ_ERR_ARGUMENT);
    ck_assert_ptr_null(f);
}
END_TEST

static void count_report(void *context, const struct lgz_error *reason)
{
    int *count = context;
    ck_assert_ptr_nonnull(strstr(reason->message, "at character 2"));
    ++*count;
}

/* Expressions of a file may be none: each is told once. */
START_TEST(dialects_of_files)
{
    static char bad[] = "(", good[] = "^x", none[] = "", format[] = "(?<a>x)";
    struct dialects list = {0};
    struct dialect *d, *again;
    int reports = 0;
    struct rules rules = {bad, bad}, fine = {good, format}, empty = {none, none};
    for (int twice = 0; twice < 2; twice++) {
        ck_assert_int_eq(dialects_get(&list, &rules, count_report, &reports, &d, NULL), LGZ_OK);
        ck_assert_ptr_nonnull(d);
        ck_assert(!d->start && !d->format);
        ck_assert_int_eq(reports, 2);
    }
    ck_assert_int_eq(dialects_get(&list, &fine, count_report, &reports, &d, NULL), LGZ_OK);
    ck_assert(d->start && d->format);
    ck_assert_int_eq(dialects_get(&list, &fine, count_report, &reports, &again, NULL), LGZ_OK);
    ck_assert_ptr_eq(d, again);
    ck_assert_int_eq(dialects_get(&list, &empty, count_report, &reports, &d, NULL), LGZ_OK);
    ck_assert_ptr_null(d);
    ck_assert_int_eq(dialects_get(&list, NULL, count_report, &reports, &d, NULL), LGZ_OK);
    ck_assert_ptr_null(d);
    ck_assert_int_eq(reports, 2);
    dialects_clear(&list);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, lines_of_events);
    tcase_add_test(tc, limits);
    tcase_add_test(tc, too_much_work);
    tcase_add_test(tc, candidates);
    tcase_add_test(tc, fields_of_lines);
    tcase_add_test(tc, dialects_of_files);
}

int main(void)
{
    return run_suite("events", add_tests, 60);
}
