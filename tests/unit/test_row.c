/*
 * test_row.c - fields as output: nothing in a value can be taken for what stands between values.
 */
#include <check.h>
#include <stdlib.h>

#include "query/json.h"
#include "query/row.h"
#include "suite.h"

typedef int put_fn(struct row *row, const struct query_line *line, struct buf *out,
                   struct lgz_error *err);

static struct row *new_row(const char *const *names, size_t count)
{
    struct lgz_error err = {0};
    struct row *row;
    ck_assert_int_eq(row_new(&row, names, count, &err), LGZ_OK);
    return row;
}

static void expect(struct row *row, put_fn *put, struct span text, const char *wanted)
{
    struct lgz_error err = {0};
    struct buf out = {0};
    const struct query_line line = {
        .source = "a,b", .time = INT64_C(1767225600500000000), .time_digits = 1, .text = text};
    ck_assert_int_eq(put(row, &line, &out, &err), LGZ_OK);
    buf_push(&out, '\0');
    ck_assert_str_eq((char *)out.data, wanted);
    buf_free(&out);
}

START_TEST(test_tabs)
{
    static const char *const names[] = {"a", "b", "time", "a"};
    struct row *row = new_row(names, 4);
    expect(row, row_tabs, json_span("a=1 b=2"), "1\t2\t2026-01-01T00:00:00.5Z\t1");
    expect(row, row_tabs, json_span("{\"a\":\"x\\ty\\nz\\\\\"}"),
           "x\\ty\\nz\\\\\t\t2026-01-01T00:00:00.5Z\tx\\ty\\nz\\\\");
    expect(row, row_tabs, json_span("{\"a\":[1,2]}"), "[1,2]\t\t2026-01-01T00:00:00.5Z\t[1,2]");
    row_free(row);
}
END_TEST

START_TEST(test_commas)
{
    static const char *const names[] = {"a", "b,c", "d"};
    struct buf head = {0};
    struct row *row = new_row(names, 3);
    row_comma_names(row, &head);
    buf_push(&head, '\0');
    ck_assert_str_eq((char *)head.data, "a,\"b,c\",d\n");
    expect(row, row_commas, json_span("{\"a\":\"x\\ny\",\"b,c\":\"say \\\"hi\\\"\",\"d\":\"1,2\"}"),
           "\"x\ny\",\"say \"\"hi\"\"\",\"1,2\"\n");
    expect(row, row_commas, json_span("{\"a\":\" x\\t\",\"d\":\"\\r\"}"), " x\t,,\"\r\"\n");
    row_free(row);
    row = new_row(NULL, 0);
    buf_clear(&head);
    row_comma_names(row, &head);
    buf_push(&head, '\0');
    ck_assert_str_eq((char *)head.data, "time,source,line\n");
    expect(row, row_commas, json_span("it \"is\""),
           "2026-01-01T00:00:00.5Z,\"a,b\",\"it \"\"is\"\"\"\n");
    row_free(row);
    buf_free(&head);
}
END_TEST

START_TEST(test_json)
{
    static const char *const names[] = {"b", "a.x"};
    static const char bytes[] = "a=\"\xff\" b=\"\xc3\xa9\"";
    struct row *row = new_row(NULL, 0);
    expect(row, row_json, json_span("{\"a\":{\"x\":[1, 2]},\"n\":1.50,\"t\":true,\"s\":\"1\"}"),
           ",\"fields\":{\"a\":{\"x\":[1, 2]},\"n\":1.50,\"t\":true,\"s\":\"1\"}");
    /* What isn't JSON doesn't become so. */
    expect(row, row_json, json_span("{\"a\":{\"x\":[1 2}},\"n\":01,\"m\":-}"),
           ",\"fields\":{\"a\":\"{\\\"x\\\":[1 2}}\",\"n\":\"01\",\"m\":\"-\"}");
    expect(row, row_json, json_span("{\"a\":{\n\"x\":1}}"), ",\"fields\":{\"a\":{ \"x\":1}}");
    expect(row, row_json, json_span("a=1"), ",\"fields\":{\"a\":\"1\"}");
    expect(row, row_json, json_span("nothing"), "");
    expect(row, row_json, (struct span){(const uint8_t *)bytes, sizeof(bytes) - 1},
           ",\"fields\":{\"a_base64\":\"/w==\",\"b\":\"\xc3\xa9\"}");
    row_free(row);
    row = new_row(names, 2);
    expect(row, row_json, json_span("{\"a\":{\"x\":[1]},\"b\":2}"),
           ",\"fields\":{\"b\":2,\"a.x\":[1]}");
    expect(row, row_json, json_span("{\"c\":1}"), "");
    row_free(row);
}
END_TEST

START_TEST(test_unknown)
{
    static const char *const names[] = {"a", "b", "c"};
    static const char *const wrong[] = {"a", ""};
    struct lgz_error err = {0};
    struct dialect dialect = {0};
    struct buf out = {0};
    struct query_line line = {.source = "s", .text = json_span("b=1")};
    struct row *row = new_row(names, 3);
    ck_assert_str_eq(row_unknown(row), "a");
    ck_assert_int_eq(row_tabs(row, &line, &out, &err), LGZ_OK);
    line.text = json_span("a=1");
    ck_assert_int_eq(row_tabs(row, &line, &out, &err), LGZ_OK);
    ck_assert_str_eq(row_unknown(row), "c");
    /* A format that could have had it is no slip. */
    ck_assert_int_eq(fields_compile(&dialect.format, "(?<c>never)", &err), LGZ_OK);
    line.dialect = &dialect;
    ck_assert_int_eq(row_tabs(row, &line, &out, &err), LGZ_OK);
    ck_assert_ptr_null(row_unknown(row));
    ck_assert_int_eq(row_refused(row)->code, LGZ_OK);
    row_free(row);
    fields_free(dialect.format);
    buf_free(&out);
    ck_assert_int_eq(row_new(&row, wrong, 2, &err), LGZ_ERR_ARGUMENT);
    ck_assert_ptr_null(row);
    ck_assert(row_needs_time(NULL, 0, true));
    ck_assert(!row_needs_time(NULL, 0, false));
    ck_assert(!row_needs_time(names, 3, true));
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_tabs);
    tcase_add_test(tc, test_commas);
    tcase_add_test(tc, test_json);
    tcase_add_test(tc, test_unknown);
}

int main(void)
{
    return run_suite("row", add_tests, 0);
}
