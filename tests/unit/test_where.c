/*
 * test_where.c - expressions: what they are true of, what is wrong with those that are none, and
 * that the strings a line must hold are in each line of which one is true.
 */
#include <check.h>
#include <stdlib.h>

#include "query/json.h"
#include "query/pattern.h"
#include "query/where.h"
#include "suite.h"

#define NOW INT64_C(1767225600000000000) /* 2026-01-01 00:00:00 */

static struct where *compile(const char *text)
{
    struct lgz_error err = {0};
    struct where *w;
    int code = where_compile(&w, text, NOW, &err);
    ck_assert_msg(code == LGZ_OK, "%s: %s", text, err.message);
    return w;
}

/* A walk over several lines must come to the one that matches. */
static void check_walk(struct where *w, const char *expression, struct span text)
{
    struct buf lines = {0};
    size_t start, end, met = 0;
    for (unsigned i = 0; i < 3; i++) {
        buf_append_string(&lines, "status=1 \"status\" : 1 x\n");
        buf_append(&lines, text.data, text.len);
        buf_push(&lines, '\n');
    }
    where_start(w, buf_span(&lines));
    for (size_t at = 0; where_leads(w) && where_next(w, at, &start, &end); at = end + 1)
        met += end - start == text.len && memcmp(lines.data + start, text.data, text.len) == 0;
    ck_assert_msg(!where_leads(w) || met == 3, "%s: %zu lines", expression, met);
    buf_free(&lines);
}

/* A line that matches must hold what the expression requires. */
static void check_required(struct where *w, const char *expression, struct span text)
{
    struct lgz_error err = {0};
    struct pattern *pattern;
    size_t start, end;
    for (unsigned formatted = 0; formatted < 2; formatted++)
        ck_assert_msg(need_met(where_need(w, formatted), text), "%.*s lacks what %s needs",
                      (int)text.len, (const char *)text.data, expression);
    check_walk(w, expression, text);
    ck_assert_int_eq(where_prefilter(w, &pattern, &err), LGZ_OK);
    ck_assert_int_eq(pattern_find(pattern, text, 0, &start, &end, &err), 1);
    pattern_free(pattern);
}

static void expect(const char *expression, struct span text, bool wanted)
{
    struct lgz_error err = {0};
    struct where *w = compile(expression);
    struct query_line line = {
        .source = "/var/log/app.log", .input = "app", .time = NOW, .time_digits = 3, .text = text};
    int matches = where_matches(w, &line, &err);
    ck_assert_msg(matches == wanted, "%s on %.*s: %d %s", expression, (int)text.len,
                  (const char *)text.data, matches, err.message);
    if (matches)
        check_required(w, expression, text);
    where_free(w);
}

static const char json[] = "{\"status\":503,\"took\":\"12ms\",\"user\":\"joe\",\"ok\":true,"
                           "\"size\":\"3KB\",\"none\":null,\"n\":{\"a\":[1,\"x\"]},\"empty\":\"\","
                           "\"id\":9007199254740993,\"path\":\"\\/a\\/b\",\"e\":\"caf\\u00e9\","
                           "\"quoted\":\"7\",\"esc\":\"\\u0061bcdefgh\"}";

static const char *const truths[] = {
    "status",
    "status=503",
    "status==503",
    "status = 503.0",
    "status >= 500",
    "status>=500 and status<600",
    "status > 502",
    "status <= 503",
    "status < 1e3",
    "status != 500",
    "not status = 500",
    "status = '503'",
    "status < '6'",
    "status in (500, 502, 503)",
    "status in (a, \"503\")",
    "took > 5ms",
    "took < 1s",
    "took = 12000us",
    "took != 12",
    "not took > 5",
    "not took < 5KB",
    "size > 1KB and size <= 3kB",
    "size < 3KiB",
    "user = joe",
    "user == \"joe\"",
    "user = 'joe'",
    "user != jim",
    "user > jim",
    "user ~ '^j.e$'",
    "user ~ oe",
    "user !~ x",
    "user in (jim, joe)",
    "ok = true",
    "none = null",
    "none",
    "n.a.0 = 1",
    "n.a.1 = x",
    "n.a = '[1,\"x\"]'",
    "empty = ''",
    "empty",
    "id = 9007199254740993",
    "id > 9007199254740992",
    "path = /a/b",
    "path ~ '^/a'",
    "path ~ /a/b",
    "e = caf\xc3\xa9",
    "e ~ caf",
    "quoted = 7",
    "quoted < 10",
    "esc = abcdefgh",
    "esc ~ bcdefgh",
    "esc in (xxxxxxxx, abcdefgh)",
    "\"status\" = 503",
    "not missing",
    "not (missing = 1)",
    "not missing != 1",
    "not missing !~ x",
    "missing or status = 503",
    "status = 1 or user = joe and ok",
    "user = joe or status = 1 and missing",
    "not (status = 1) and (user = jim or user = joe)",
    "not not status",
    "source ~ 'app[.]log$'",
    "source = /var/log/app.log",
    "input = app",
    "time = 2026-01-01",
    "time >= yesterday",
    "time < tomorrow",
    "((((status))))",
};

static const char *const untruths[] = {"missing",
                                       "missing = 1",
                                       "missing != 1",
                                       "missing !~ x",
                                       "missing < 1",
                                       "status = 500",
                                       "status > 503",
                                       "status < 503",
                                       "status != 503",
                                       "status >= 503.5",
                                       "status ~ 4",
                                       "status !~ 5",
                                       "status in (1, 2)",
                                       "took > 5",
                                       "took > 5KB",
                                       "user > 5",
                                       "user < 5",
                                       "user = Joe",
                                       "user = jo",
                                       "user ~ '^oe'",
                                       "quoted > '70'",
                                       "ok = 1",
                                       "none > 0",
                                       "none < 0",
                                       "n.a.2",
                                       "n.b",
                                       "a",
                                       "empty != ''",
                                       "id = 9007199254740992",
                                       "not status",
                                       "status and not ok",
                                       "missing or user = jim",
                                       "time > 2026-01-01",
                                       "time < yesterday",
                                       "input = other",
                                       "not (status or missing)"};

START_TEST(test_truth)
{
    for (size_t i = 0; i < sizeof(truths) / sizeof(truths[0]); i++)
        expect(truths[i], json_span(json), true);
    for (size_t i = 0; i < sizeof(untruths) / sizeof(untruths[0]); i++)
        expect(untruths[i], json_span(json), false);
}
END_TEST

START_TEST(test_other_lines)
{
    static const char pairs[] = "level=warn msg=\"it \\\"took\\\" long\" took=1m30s n=7 path=/x/y";
    static const char old[] = "<11>Jan  1 00:00:00 host-1 app[99]: disk full on /dev/sda";
    expect("took > 1m and took < 2m", json_span(pairs), true);
    expect("msg = 'it \"took\" long'", json_span(pairs), true);
    expect("msg ~ 'took.? long'", json_span(pairs), true);
    expect("n = 7 and level = warn", json_span(pairs), true);
    expect("path = /x/y", json_span(pairs), true);
    expect("level = err and pid = 99 and program = app and host = host-1", json_span(old), true);
    expect("message ~ 'disk full'", json_span(old), true);
    expect("message = \"disk full on /dev/sda\"", json_span(old), true);
    expect("level = error", json_span(old), false);
    expect("time", json_span("x"), true);
    expect("level", json_span("x"), false);
    expect("level", json_span(""), false);
}
END_TEST

/* Values that are bytes, not text. */
START_TEST(test_bytes)
{
    static const char line[] = "k=\"a\0b\xff\" {\"status\":1}";
    struct span text = {(const uint8_t *)line, sizeof(line) - 1};
    expect("k ~ '^a\\x00b\\xff$'", text, true);
    expect("k = a", text, false);
    expect("k > a", text, true);
    expect("status", text, false);
}
END_TEST

struct wrong {
    const char *text;
    const char *message;
};

START_TEST(test_errors)
{
    static const struct wrong list[] = {
        {"", "character 1: the name of a field is expected, not the end"},
        {"  ", "character 3: the name of a field is expected, not the end"},
        {"a =", "character 4: a value is expected, not the end"},
        {"a = )", "character 5: a value is expected, not ')'"},
        {"a = = 1", "character 5: a value is expected, not '='"},
        {"a b", "character 3: an operator, 'and', 'or' or the end is expected, not 'b'"},
        {"a = 1 b", "character 7: an operator, 'and', 'or' or the end is expected, not 'b'"},
        {"(a = 1", "character 7: 'and', 'or' or ')' is expected, not the end"},
        {"a = 1)", "character 6: an operator, 'and', 'or' or the end is expected, not ')'"},
        {"a and", "character 6: the name of a field is expected, not the end"},
        {"and a", "character 1: the name of a field is expected, not 'and'"},
        {"not", "character 4: the name of a field is expected, not the end"},
        {"= 1", "character 1: the name of a field is expected, not '='"},
        {"a in 1", "character 6: '(' is expected, not '1'"},
        {"a in ()", "character 7: a value is expected, not ')'"},
        {"a in (1", "character 8: ',' or ')' is expected, not the end"},
        {"a in (1 2)", "character 9: ',' or ')' is expected, not '2'"},
        {"a in (1,)", "character 9: a value is expected, not ')'"},
        {"a = 'x", "character 5: this string has no end"},
        {"a = \"x\\\"", "character 5: this string has no end"},
        {"a ! b", "character 3: neither a name nor an operator"},
        {"a ~ (", "character 5: a regular expression is expected, not '('"},
        {"a ~", "character 4: a regular expression is expected, not the end"},
        {"'' = 1", "character 1: the name of a field is empty"},
    };
    struct where *w;
    for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        struct lgz_error err = {0};
        ck_assert_int_eq(where_compile(&w, list[i].text, NOW, &err), LGZ_ERR_ARGUMENT);
        ck_assert_ptr_null(w);
        ck_assert_str_eq(err.message, list[i].message);
    }
    struct lgz_error err = {0};
    ck_assert_int_eq(where_compile(&w, "a = 1 and b ~ '('", NOW, &err), LGZ_ERR_ARGUMENT);
    ck_assert_msg(strncmp(err.message, "character 15: ", 14) == 0, "%s", err.message);
}
END_TEST

/* Too deep, too long, too much work. */
START_TEST(test_limits)
{
    struct lgz_error err = {0};
    struct where *w;
    struct buf text = {0};
    for (unsigned n = 0; n < 100000; n++)
        buf_append_string(&text, n % 2 ? "not " : "(");
    buf_push(&text, '\0');
    ck_assert_int_eq(where_compile(&w, (char *)text.data, NOW, &err), LGZ_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.message, "nested too deeply"));
    buf_clear(&text);
    buf_append_string(&text, "a");
    for (unsigned n = 0; n < 100000; n++)
        buf_append_string(&text, " or a");
    buf_push(&text, '\0');
    ck_assert_int_eq(where_compile(&w, (char *)text.data, NOW, &err), LGZ_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(err.message, "too long"));
    text.data[1 + 5 * 400] = '\0';
    expect((char *)text.data, json_span("a=1"), true);
    buf_free(&text);

    struct query_line line = {
        .source = "s", .text = json_span("a=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxy!z")};
    w = compile("a ~ '(x+x+)+[yY]z'");
    ck_assert_int_eq(where_matches(w, &line, &err), LGZ_ERR_LIMIT);
    ck_assert_ptr_nonnull(strstr(err.message, "field 'a'"));
    where_free(w);
}
END_TEST

static void write_need(struct buf *out, const struct need *need)
{
    for (size_t i = 0; i < need->clauses.len; i++) {
        const struct need_clause *clause = &need->clauses.data[i];
        buf_append_string(out, i ? " & " : "");
        for (size_t k = 0; k < clause->strings.len; k++) {
            const struct need_string *string = &clause->strings.data[k];
            buf_append_string(out, k ? "|" : "");
            buf_append_string(out, string->folded ? "~" : "");
            buf_append(out, string->bytes.data, string->bytes.len);
        }
    }
}

/* The need of lines without a format, as text: strings with "|" between them, clauses with " & ",
   "~" before a folded one; behind " / " that of lines with one, if it's another. */
static void expect_clauses(const char *expression, const char *wanted)
{
    struct where *w = compile(expression);
    struct buf bare = {0}, formatted = {0};
    write_need(&bare, where_need(w, false));
    write_need(&formatted, where_need(w, true));
    if (!span_equal(buf_span(&bare), buf_span(&formatted)))
        buf_printf(&bare, " / %.*s", (int)formatted.len, (const char *)formatted.data);
    buf_push(&bare, '\0');
    ck_assert_msg(strcmp((char *)bare.data, wanted) == 0, "%s: %s", expression, (char *)bare.data);
    buf_free(&bare);
    buf_free(&formatted);
    where_free(w);
}

START_TEST(test_clauses)
{
    expect_clauses("status >= 500", "status|\\u00 / ");
    expect_clauses("status = 500", "status|\\u00 / ");
    expect_clauses("a.bc.0 = x1", "a|\\u00 & bc|\\u00 & x1|\\u00 / x1|\\u00");
    expect_clauses("user != joe", "user|\\u00 / ");
    expect_clauses("user !~ joe", "user|\\u00 / ");
    expect_clauses("user ~ 'joe+ /long/way'",
                   "user|\\u00 & joe|\\u00 & long|\\u00 / joe|\\u00 & long|\\u00");
    expect_clauses("program ~ '(?i)Ssh|cron'", "~ssh|~cron|\\u00");
    expect_clauses("user in (joe, \"a/bcd\")", "user|\\u00 & joe|bcd|\\u00 / joe|bcd|\\u00");
    expect_clauses("user in (joe, 7)", "user|\\u00 / ");
    expect_clauses("user in (joe, '/')", "user|\\u00 / ");
    expect_clauses("program = sshd", "sshd|\\u00");
    expect_clauses("level = err", "err|<|\\u00");
    expect_clauses("level in (ERROR, FATAL)", "ERROR|FATAL|<|\\u00");
    expect_clauses("level ~ '^warn'", "warn|<|\\u00");
    expect_clauses("level", "");
    expect_clauses("source = x", "");
    expect_clauses("time > 2026-01-01", "");
    expect_clauses("not user = joe", "");
    expect_clauses("program = sshd or program = cron", "sshd|cron|\\u00");
    expect_clauses("program = sshd or level = err", "sshd|err|<|\\u00");
    expect_clauses("program = sshd or input = x", "");
    expect_clauses("(program = sshd or host = h1) and pid", "sshd|h1|\\u00");
    expect_clauses("abc or program = sshd", "abc|sshd|\\u00 / ");
}
END_TEST

/* Lines that a walk comes to, by their numbers. */
static void expect_walk(const char *expression, const char *lines, const char *wanted)
{
    struct where *w = compile(expression);
    struct buf out = {0};
    size_t start, end, number = 0, counted = 0;
    ck_assert(where_leads(w));
    where_start(w, json_span(lines));
    for (size_t at = 0; where_next(w, at, &start, &end); at = end + 1) {
        for (; counted < start; counted++)
            number += lines[counted] == '\n';
        ck_assert(lines[end] == '\n' || lines[end] == '\0');
        buf_printf(&out, "%zu ", number);
    }
    buf_push(&out, '\0');
    ck_assert_str_eq((char *)out.data, wanted);
    buf_free(&out);
    where_free(w);
}

START_TEST(test_walk)
{
    static const char lines[] = "{\"a\":1,\"b\":\"x\"}\n"
                                "{\"a\" : 7}\n"
                                "a=7\n"
                                "nothing\n"
                                "{\"c\":{\"a\":8}}\n"
                                "{\"a\":\"\\t\"}\n"
                                "{\"\\u0061\":1}\n"
                                "{\"a\":[1]}\n"
                                "{\"a\":\n7,\"aa\":5,\"b\":\"y\"}";
    expect_walk("a > 5", lines, "1 2 4 5 6 7 8 ");
    expect_walk("c.a > 5", lines, "1 2 4 5 6 7 8 ");
    expect_walk("a", lines, "0 1 2 4 5 6 7 8 9 ");
    expect_walk("a = 1", lines, "0 2 5 6 7 8 ");
    expect_walk("aa < 6", lines, "6 9 ");
    expect_walk("aa > 6", lines, "6 ");
    expect_walk("b !~ y", lines, "0 6 ");
    expect_walk("a > 5 and aa < 6", lines, "6 9 ");
    expect_walk("aa < 6 or b != y", lines, "0 6 9 ");
    static const char *const none[] = {"level", "not a", "a.0", "a or level", "b = xyz", "\"a/b\""};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        struct where *w = compile(none[i]);
        ck_assert_msg(!where_leads(w), "%s", none[i]);
        where_free(w);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_truth);
    tcase_add_test(tc, test_other_lines);
    tcase_add_test(tc, test_bytes);
    tcase_add_test(tc, test_errors);
    tcase_add_test(tc, test_limits);
    tcase_add_test(tc, test_clauses);
    tcase_add_test(tc, test_walk);
}

int main(void)
{
    setenv("TZ", "UTC", 1); /* as NOW is */
    return run_suite("where", add_tests, 0);
}
