/*
 * test_record.c - the fields of lines: where they are found, which place counts, and lines that
 * were made to mislead.
 */
#include <check.h>
#include <stdlib.h>

#include "query/json.h"
#include "query/json_find.h"
#include "query/record.h"
#include "suite.h"

struct expected {
    const char *line;
    const char *name;
    const char *value; /* NULL: there is no such field */
};

static struct record *record;

static struct query_line line_of(struct span text)
{
    return (struct query_line){.source = "/var/log/app.log",
                               .input = "app",
                               .time = INT64_C(1767225600500000000),
                               .time_digits = 1,
                               .text = text};
}

/* A field's value as a new string with "?" before what isn't text; NULL if there is none. */
static char *value_of(struct span text, struct dialect *dialect, const char *name)
{
    struct lgz_error err = {0};
    struct query_line line = line_of(text);
    struct field_value value;
    size_t index;
    line.dialect = dialect;
    ck_assert_int_eq(record_want(record, name, &index, &err), LGZ_OK);
    record_start(record, &line);
    int found = record_get(record, index, &value, &err);
    ck_assert_msg(found >= 0, "%s", err.message);
    if (!found)
        return NULL;
    char *copy =
        calloc(1, value.text.len + 1); /* not strndup(3), which sanitizers want a string for */
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, value.text.data, value.text.len);
    ck_assert_uint_eq(strlen(copy), value.text.len);
    return copy;
}

static void expect(const struct expected *e, size_t count)
{
    struct lgz_error err = {0};
    ck_assert_int_eq(record_new(&record, &err), LGZ_OK);
    for (size_t i = 0; i < count; i++) {
        char *got = value_of(json_span(e[i].line), NULL, e[i].name);
        ck_assert_msg((!got && !e[i].value) || (got && e[i].value && strcmp(got, e[i].value) == 0),
                      "%s in %s: %s, not %s", e[i].name, e[i].line, got ? got : "nothing",
                      e[i].value ? e[i].value : "nothing");
        free(got);
    }
    record_free(record);
}

#define EXPECT(list) expect(list, sizeof(list) / sizeof((list)[0]))

START_TEST(test_json)
{
    static const struct expected list[] = {
        {"{\"status\":500}", "status", "500"},
        {" \t{ \"a\" : \"x\" , \"status\" : -1.5e3 }", "status", "-1.5e3"},
        {"{\"a\":{\"b\":{\"c\":true}},\"d\":null}", "a.b.c", "true"},
        {"{\"a\":{\"b\":{\"c\":true}},\"d\":null}", "a.b", "{\"c\":true}"},
        {"{\"a\":{\"b\":{\"c\":true}},\"d\":null}", "d", "null"},
        {"{\"a\":{\"b\":1}}", "b", NULL},
        {"{\"a\":{\"x\":1},\"a.b\":2}", "a.b", "2"},
        {"{\"a\":{\"b\":1},\"a.b\":2}", "a.b", "1"},
        {"{\"a\":{\"b.c\":7}}", "a.b.c", "7"},
        {"{\"a.b\":{\"c\":8}}", "a.b.c", "8"},
        {"{\"a\":[10,[20,21],{\"x\":30}]}", "a.0", "10"},
        {"{\"a\":[10,[20,21],{\"x\":30}]}", "a.1.1", "21"},
        {"{\"a\":[10,[20,21],{\"x\":30}]}", "a.2.x", "30"},
        {"{\"a\":[10]}", "a.1", NULL},
        {"{\"a\":[10]}", "a.00", NULL},
        {"{\"a\":[10]}", "a.", NULL},
        {"{\"a\":[]}", "a", "[]"},
        {"{\"a\":{},\"b\":[],\"c\":3}", "c", "3"},
        {"{\"x\":1,\"x\":2}", "x", "1"},
        {"{\"a\":\"x\\\"y\\\\\",\"b\":1}", "a", "x\"y\\"},
        {"{\"a\":\"x\\\"y\\\\\",\"b\":1}", "b", "1"},
        {"{\"a\":\"\\/\\b\\f\\n\\r\\t\\u00e9\\u20AC\"}", "a", "/\b\f\n\r\t\xc3\xa9\xe2\x82\xac"},
        {"{\"a\":\"\\ud83d\\ude00\\ud83d.\\ude00\"}", "a",
         "\xf0\x9f\x98\x80\xef\xbf\xbd.\xef\xbf\xbd"},
        {"{\"a\":\"\\uZZZZ\\q\"}", "a", "\xef\xbf\xbdZZZZ\xef\xbf\xbd"},
        {"{\"st\\u0061tus\":5}", "status", "5"},
        {"{\"s\\u0074atus.x\":5}", "status", NULL},
        {"{\"a\":\"status\",\"b\":\"{\\\"status\\\":1}\"}", "status", NULL},
        {"{\"a\":{\"status\":1},\"status\":2}", "status", "2"},
        {"{\"\":1}", "x", NULL},
        {"{\"a\":\"\"}", "a", ""},
        {"{}", "a", NULL},
    };
    EXPECT(list);
}
END_TEST

/* What is before the place where it breaks is found; then pairs are looked for. */
START_TEST(test_broken_json)
{
    static const struct expected list[] = {
        {"{\"a\":1,\"b\":\"cut", "a", "1"},
        {"{\"a\":1,\"b\":\"cut", "b", NULL},
        {"{\"a\":1,\"b\":12", "b", NULL},
        {"{\"a\":1,\"b\":[1,2", "b", NULL},
        {"{\"a\":1,\"b\":[1,2", "b.0", "1"},
        {"{\"a\" 1} b=2", "b", "2"},
        {"{a=1, b=2}", "a", "1"},
        {"{a=1, b=2}", "b", "2"},
        {"{\"a\":nope,\"b\":1}", "b", NULL},
        {"{\"a\":1]", "b", NULL},
        {"{\"a\":1 \"b\":2}", "b", NULL},
        {"{\"m\":\" b=2\"}", "b", NULL},
        {"{", "a", NULL},
        {"{\"", "a", NULL},
        {"{\"a\"", "a", NULL},
        {"{\"a\":", "a", NULL},
        {"{\"a\\\"", "a", NULL},
        {"[{\"a\":1}]", "a", NULL},
    };
    EXPECT(list);
}
END_TEST

START_TEST(test_pairs)
{
    static const struct expected list[] = {
        {"level=info msg=\"hello \\\"you\\\"\" took=12ms", "msg", "hello \"you\""},
        {"level=info msg=\"hello\" took=12ms", "took", "12ms"},
        {"level=info msg=\"a status=1\" status=2", "status", "2"},
        {"msg='it is' x=1", "msg", "it is"},
        {"msg=\"cut x=1", "x", "1"},
        {"msg=\"cut x=1", "msg", "\"cut"},
        {"acquire lock=233570404, flags=0x1, ws=null, uid=10037", "flags", "0x1"},
        {"acquire lock=233570404, flags=0x1, ws=, uid=10037", "ws", ""},
        {"opened (uid=0)", "uid", "0"},
        {"v=[1, 2, 3] x=4", "v", "[1, 2, 3]"},
        {"v=[1, 2 x=4", "v", "[1"},
        {"v=[1, 2 x=4", "x", "4"},
        {"v=f(a)b, x", "v", "f(a)b"},
        {"a==b", "a", "=b"},
        {"== x=1", "x", "1"},
        {"GET /?a=1&status=500", "status", NULL},
        {"xstatus=1 status=2", "status", "2"},
        {"http.status=404 user-agent=x", "http.status", "404"},
        {"http.status=404 user-agent=x", "user-agent", "x"},
        {"x=1 x=2", "x", "1"},
        {"x=\"a\\nb\\\\\\\"\\d\"", "x", "a\nb\\\"\\d"},
        {"nothing", "x", NULL},
        {"x", "x", NULL},
        {"", "x", NULL},
    };
    EXPECT(list);
}
END_TEST

START_TEST(test_headers)
{
    static const struct expected list[] = {
        {"<165>1 2003-10-11T22:14:15.003Z my.host evnt 77 ID47 [ex@1 a=\"1]\\\"]\"][b] the text",
         "host", "my.host"},
        {"<165>1 2003-10-11T22:14:15.003Z my.host evnt 77 ID47 [ex@1 a=\"1]\\\"]\"][b] the text",
         "message", "the text"},
        {"<165>1 2003-10-11T22:14:15.003Z - evnt 77 ID47 - \xef\xbb\xbfx", "message", "x"},
        {"<165>1 2003-10-11T22:14:15.003Z - evnt 77 ID47 - x", "host", NULL},
        {"<165>1 2003-10-11T22:14:15.003Z - evnt 77 ID47 - x", "program", "evnt"},
        {"<165>1 2003-10-11T22:14:15.003Z - evnt 77 ID47 - x", "pid", "77"},
        {"<165>1 2003-10-11T22:14:15.003Z - evnt 77 ID47 - x", "level", "notice"},
        {"<34>Oct 11 22:14:15 mymachine su: 'su root' failed", "level", "crit"},
        {"<34>Oct 11 22:14:15 mymachine su: 'su root' failed", "program", "su"},
        {"<34>Oct 11 22:14:15 mymachine su: 'su root' failed", "message", "'su root' failed"},
        {"Oct 11 22:14:15 h1 sshd[24200]: Invalid user: x", "host", "h1"},
        {"Oct 11 22:14:15 h1 sshd[24200]: Invalid user: x", "program", "sshd"},
        {"Oct 11 22:14:15 h1 sshd[24200]: Invalid user: x", "pid", "24200"},
        {"Oct 11 22:14:15 h1 sshd[24200]: Invalid user: x", "message", "Invalid user: x"},
        {"Oct 11 22:14:15 h1 sshd[24200]: Invalid user: x", "level", NULL},
        {"2026-01-31T12:00:00.123456+02:00 h1 cron[7]: (root) CMD", "program", "cron"},
        {"2015-10-18 18:01:47,978 INFO [main] org.a.App: Created x", "level", "INFO"},
        {"2015-10-18 18:01:47,978 INFO [main] org.a.App: Created x", "program", "org.a.App"},
        {"2015-10-18 18:01:47,978 INFO [main] org.a.App: Created x", "message", "Created x"},
        {"2015-10-18 18:01:47,978 INFO [main] org.a.App: Created x", "host", NULL},
        {"[2016-12-20 00:04:03,231] TRACE [Controller 0]: checking it", "level", "TRACE"},
        {"[2016-12-20 00:04:03,231] TRACE [Controller 0]: checking it", "message", "checking it"},
        {"2015-07-29 17:41:44,747 - WARN  [Q[myid=1]/0:0:F@774] - Timed out", "level", "WARN"},
        {"2015-07-29 17:41:44,747 - WARN  [Q[myid=1]/0:0:F@774] - Timed out", "message",
         "Timed out"},
        {"03-17 16:13:38.819  1702  8671 D PowerManager: acquire lock", "pid", "1702"},
        {"03-17 16:13:38.819  1702  8671 D PowerManager: acquire lock", "level", "D"},
        {"03-17 16:13:38.819  1702  8671 D PowerManager: acquire lock", "program", "PowerManager"},
        {"[Wed Oct 11 14:32:52.123 2000] [core:error] [pid 35708:tid 4] no file", "level", "error"},
        {"[Wed Oct 11 14:32:52.123 2000] [core:error] [pid 35708:tid 4] no file", "pid", "35708"},
        {"[Wed Oct 11 14:32:52.123 2000] [core:error] [pid 35708:tid 4] no file", "program",
         "core"},
        {"2020/01/02 03:04:05 [error] 1234#5678: *1 open() failed", "pid", "1234"},
        {"2020/01/02 03:04:05 [error] 1234#5678: *1 open() failed", "message", "*1 open() failed"},
        {"2020-01-02 03:04:05,123 - my.app - ERROR - it broke", "program", "my.app"},
        {"2020-01-02 03:04:05,123 - my.app - ERROR - it broke", "level", "ERROR"},
        {"2020-01-02 03:04:05,123 - my.app - ERROR - it broke", "message", "it broke"},
        {"2020-01-02 03:04:05.123  INFO 12345 --- [main] c.e.MyApp : Started", "pid", "12345"},
        {"2020-01-02 03:04:05.123  INFO 12345 --- [main] c.e.MyApp : Started", "program",
         "c.e.MyApp"},
        {"2020-01-02 03:04:05.123  INFO 12345 --- [main] c.e.MyApp : Started", "message",
         "Started"},
        {"2020-01-02 03:04:05 INFO 200 requests served", "message", "200 requests served"},
        {"2020-01-02 03:04:05 INFO 200 requests served", "pid", NULL},
        {"2020-01-02 03:04:05 hello world", "message", NULL},
        {"Oct 11 22:14:15 h1 app: end\r", "message", "end"},
        {"hello ERROR world", "level", NULL},
        {"<34>", "level", NULL},
        {"<999>Oct 11 22:14:15 h su: x", "level", NULL},
        {"Jan  2 03:04:05 h app[1]: {\"a\":{\"b\":1},\"level\":\"high\"}", "a.b", "1"},
        {"Jan  2 03:04:05 h app[1]: {\"a\":{\"b\":1},\"level\":\"high\"}", "level", "high"},
        {"Jan  2 03:04:05 h app[1]: @cee: {\"a\":1}", "a", "1"},
        {"Jan  2 03:04:05 h app[1]: level=warn x", "level", "warn"},
    };
    EXPECT(list);
}
END_TEST

START_TEST(test_outside)
{
    static const struct expected list[] = {
        {"x", "source", "/var/log/app.log"},     {"x", "input", "app"},
        {"x", "time", "2026-01-01T00:00:00.5Z"}, {"{\"time\":1,\"source\":\"s\"}", "time", "1"},
        {"input=mine", "input", "mine"},
    };
    EXPECT(list);
}
END_TEST

START_TEST(test_format)
{
    struct lgz_error err = {0};
    struct dialect dialect = {0};
    char *got;
    ck_assert_int_eq(fields_compile(&dialect.format, "^(?<who>\\w+) (?<status>\\d+)?", &err),
                     LGZ_OK);
    ck_assert_int_eq(record_new(&record, &err), LGZ_OK);
    got = value_of(json_span("joe 7 who=jim status=8"), &dialect, "who");
    ck_assert_str_eq(got, "joe");
    free(got);
    got = value_of(json_span("joe x status=8"), &dialect, "status");
    ck_assert_str_eq(got, "8");
    free(got);
    ck_assert_int_eq(record_refused(record)->code, LGZ_OK);
    record_free(record);
    fields_free(dialect.format);

    ck_assert_int_eq(fields_compile(&dialect.format, "(?<a>(x+x+)+y)", &err), LGZ_OK);
    ck_assert_int_eq(record_new(&record, &err), LGZ_OK);
    got =
        value_of(json_span("a=1 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx y"), &dialect, "a");
    ck_assert_str_eq(got, "1");
    free(got);
    ck_assert_int_eq(record_refused(record)->code, LGZ_ERR_LIMIT);
    ck_assert(dialect.refused);
    record_free(record);
    fields_free(dialect.format);
}
END_TEST

START_TEST(test_names)
{
    struct lgz_error err = {0};
    size_t a, b, again;
    char name[RECORD_NAME_MAX + 2];
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    ck_assert_int_eq(record_new(&record, &err), LGZ_OK);
    ck_assert_int_eq(record_want(record, "a", &a, &err), LGZ_OK);
    ck_assert_int_eq(record_want(record, "b", &b, &err), LGZ_OK);
    ck_assert_int_eq(record_want(record, "a", &again, &err), LGZ_OK);
    ck_assert_int_eq(record_want(record, "", &again, &err), LGZ_ERR_ARGUMENT);
    ck_assert_int_eq(record_want(record, name, &again, &err), LGZ_ERR_ARGUMENT);
    ck_assert_int_eq(record_want(record, name + 1, &again, &err), LGZ_OK);
    ck_assert_uint_eq(a, 0);
    ck_assert_uint_eq(b, 1);
    ck_assert_uint_eq(record_count(record), 3);
    ck_assert_str_eq(record_name(record, 1), "b");
    ck_assert_int_eq(record_origin("time"), RECORD_TIME);
    ck_assert_int_eq(record_origin("times"), RECORD_TEXT);
    ck_assert_int_eq(record_origin("level"), RECORD_LEVEL);
    ck_assert_int_eq(record_origin("message"), RECORD_HEADER);
    record_free(record);
}
END_TEST

/* Long and deep lines take time in proportion to their length: seconds would be a failure. */
START_TEST(test_hostile)
{
    enum { SIZE = 1 << 18 };
    static const char *const heads[] = {
        "{\"x\":\"", "{\"x\":[", "{\"x\":{\"x\":", "x=[",     "{", "=", "x=\"", "<1", "[",
        "{\"",       "\\",       "2020-01-02 [[",  "a.a.a.a="};
    static const char *const fills[] = {"\\", "[", "{\"x\":", "=",   "x=[",         "\"",
                                        " ",  "a", "x=\"\\",  "[[]", "{\"x.x.x\":{"};
    static const char *const names[] = {"x", "x.x.x.x.x.x.x.x.x.x", "x.0.0.0.0", "level",
                                        "message"};
    struct lgz_error err = {0};
    ck_assert_int_eq(record_new(&record, &err), LGZ_OK);
    for (size_t h = 0; h < sizeof(heads) / sizeof(heads[0]); h++) {
        for (size_t f = 0; f < sizeof(fills) / sizeof(fills[0]); f++) {
            struct buf text = {0};
            buf_append_string(&text, heads[h]);
            while (text.len < SIZE)
                buf_append_string(&text, fills[f]);
            for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++)
                free(value_of(buf_span(&text), NULL, names[n]));
            buf_free(&text);
        }
    }
    record_free(record);
}
END_TEST

/* Behind a value of 2 MB, and that value. */
START_TEST(test_long)
{
    enum { SIZE = 2 << 20 };
    struct lgz_error err = {0};
    struct buf text = {0};
    char *got;
    buf_append_string(&text, "{\"a\":\"\\n");
    while (text.len < SIZE)
        buf_append_string(&text, "x\\\"{[");
    buf_append_string(&text, "\",\"b\":1}");
    ck_assert_int_eq(record_new(&record, &err), LGZ_OK);
    got = value_of(buf_span(&text), NULL, "a");
    ck_assert_uint_gt(strlen(got), SIZE / 5 * 4 - 10);
    ck_assert(memcmp(got, "\nx\"{[x\"", 7) == 0);
    free(got);
    got = value_of(buf_span(&text), NULL, "b");
    ck_assert_str_eq(got, "1");
    free(got);
    buf_free(&text);
    record_free(record);
}
END_TEST

START_TEST(test_binary)
{
    static const char text[] = "{\"a\\u0000\":\"\0\1\",\"b\":\"\\u0000\"} x=\0y";
    struct lgz_error err = {0};
    struct query_line line = line_of((struct span){(const uint8_t *)text, sizeof(text) - 1});
    struct field_value value;
    size_t b;
    ck_assert_int_eq(record_new(&record, &err), LGZ_OK);
    ck_assert_int_eq(record_want(record, "b", &b, &err), LGZ_OK);
    record_start(record, &line);
    ck_assert_int_eq(record_get(record, b, &value, &err), 1);
    ck_assert_uint_eq(value.text.len, 1);
    ck_assert_uint_eq(value.text.data[0], 0);
    record_free(record);
}
END_TEST

/* All members of an object, in their order. */
START_TEST(test_walk)
{
    struct json_walk walk;
    struct json_value name, value;
    char *seen = NULL;
    struct buf out = {0};
    ck_assert(json_walk_start(&walk, json_span(" {\"a\":1, \"b\\n\":\"x\\ty\",\"c\":{\"d\":[]}}")));
    while (json_walk_next(&walk, &name, &value) == JSON_FOUND)
        buf_printf(&out, "%.*s%s=%.*s%s;", (int)name.text.len, (const char *)name.text.data,
                   name.escaped ? "!" : "", (int)value.text.len, (const char *)value.text.data,
                   value.escaped ? "!" : "");
    buf_push(&out, '\0');
    seen = (char *)out.data;
    ck_assert_str_eq(seen, "a=1;b\\n!=x\\ty!;c={\"d\":[]};");
    buf_free(&out);
    ck_assert(json_walk_start(&walk, json_span("{}")));
    ck_assert_int_eq(json_walk_next(&walk, &name, &value), JSON_ABSENT);
    ck_assert(json_walk_start(&walk, json_span("{\"a\":1{\"b\":2}}")));
    ck_assert_int_eq(json_walk_next(&walk, &name, &value), JSON_FOUND);
    ck_assert_int_eq(json_walk_next(&walk, &name, &value), JSON_INVALID);
    ck_assert(!json_walk_start(&walk, json_span("[]")));
}
END_TEST

/* record_field_fn */
static int note_field(void *context, struct span name, const struct field_value *value,
                      struct lgz_error *err)
{
    (void)err;
    buf_printf(context, "%.*s=%.*s(%d);", (int)name.len, (const char *)name.data,
               (int)value->text.len, (const char *)value->text.data, value->kind);
    return LGZ_OK;
}

static void expect_all(struct span text, struct dialect *dialect, const char *wanted)
{
    struct lgz_error err = {0};
    struct buf out = {0};
    struct query_line line = line_of(text);
    line.dialect = dialect;
    record_start(record, &line);
    ck_assert_int_eq(record_all(record, note_field, &out, &err), LGZ_OK);
    buf_push(&out, '\0');
    ck_assert_str_eq((char *)out.data, wanted);
    buf_free(&out);
}

/* Each name once, and that from the first place which has it. */
START_TEST(test_all)
{
    struct lgz_error err = {0};
    struct dialect dialect = {0};
    struct buf many = {0};
    ck_assert_int_eq(record_new(&record, &err), LGZ_OK);
    ck_assert_int_eq(fields_compile(&dialect.format, "^(?<b>\\w+)(?<a>x)? ", &err), LGZ_OK);
    expect_all(json_span("{\"a\":1,\"b\\n\":\"x\\ty\",\"c\":{\"d\":[]},\"a\":2,\"t\":true}"), NULL,
               "a=1(1);b\n=x\ty(0);c={\"d\":[]}(3);t=true(2);");
    expect_all(json_span("{\"a\":1,\"b\":2"), NULL, "a=1(1);");
    expect_all(json_span("joe a=1 b=2 c=\"\\\"\" c=4"), &dialect, "b=joe(0);a=1(0);c=\"(0);");
    expect_all(json_span("Oct 11 22:14:15 h1 sshd[242]: pid=7 ok"), NULL,
               "pid=7(0);host=h1(0);program=sshd(0);message=pid=7 ok(0);");
    expect_all(json_span("nothing"), NULL, "");
    expect_all(json_span("e=\"\" f="), NULL, "e=(0);f=(0);");
    for (unsigned i = 0; i < 2 * RECORD_ALL_MAX; i++)
        buf_printf(&many, "n%u=1 ", i);
    struct query_line line = line_of(buf_span(&many));
    struct buf out = {0};
    record_start(record, &line);
    ck_assert_int_eq(record_all(record, note_field, &out, &err), LGZ_OK);
    size_t count = 0;
    for (size_t i = 0; i < out.len; i++)
        count += out.data[i] == ';';
    ck_assert_uint_eq(count, RECORD_ALL_MAX);
    buf_free(&out);
    buf_free(&many);
    fields_free(dialect.format);
    record_free(record);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_json);
    tcase_add_test(tc, test_broken_json);
    tcase_add_test(tc, test_pairs);
    tcase_add_test(tc, test_headers);
    tcase_add_test(tc, test_outside);
    tcase_add_test(tc, test_format);
    tcase_add_test(tc, test_names);
    tcase_add_test(tc, test_hostile);
    tcase_add_test(tc, test_long);
    tcase_add_test(tc, test_binary);
    tcase_add_test(tc, test_walk);
    tcase_add_test(tc, test_all);
}

int main(void)
{
    return run_suite("record", add_tests, 0);
}
