/*
 * test_query_time.c - moments as people write them.
 */
#include <check.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "query/query_time.h"
#include "suite.h"

/* 2026-01-15T12:34:56.5Z */
#define NOW (INT64_C(1768480496) * NS_PER_SECOND + 500000000)

#define MIDNIGHT   (INT64_C(1768435200) * NS_PER_SECOND)
#define SECONDS(n) ((n)*NS_PER_SECOND)

START_TEST(test_good)
{
    static const struct {
        const char *text;
        int64_t ns;
    } cases[] = {
        {"now", NOW},
        {"today", MIDNIGHT},
        {"Yesterday", MIDNIGHT - SECONDS(86400)},
        {"tomorrow", MIDNIGHT + SECONDS(86400)},
        {"2026-01-15", MIDNIGHT},
        {"2026-01-15 12:34", MIDNIGHT + SECONDS(45240)},
        {"2026-01-15T12:34:56.5Z", NOW},
        {"2026-01-15 12:34:56.5 UTC", NOW},
        {"2026-01-15 14:34:56.5+02:00", NOW},
        {"2026-01-15 10:34:56.5 -0200", NOW},
        {"2026-01-15T17:34:56.5+05", NOW},
        {"12:34", MIDNIGHT + SECONDS(45240)},
        {"2:04:05", MIDNIGHT + SECONDS(7445)},
        {"@1768480496.5", NOW},
        {"@0", 0},
        {"2 hours ago", NOW - SECONDS(7200)},
        {"1h 30min ago", NOW - SECONDS(5400)},
        {"1 day 2 hours ago", NOW - SECONDS(93600)},
        {"-15min", NOW - SECONDS(900)},
        {"-90s", NOW - SECONDS(90)},
        {"+1day", NOW + SECONDS(86400)},
        {"- 1 week", NOW - SECONDS(604800)},
        {"500ms ago", MIDNIGHT + SECONDS(45296)},
        {"2024-02-29", INT64_C(1709164800) * NS_PER_SECOND},
        {"  today", MIDNIGHT},
        {"Thursday", MIDNIGHT},
        {"wed", MIDNIGHT - SECONDS(86400)},
        {"fri", MIDNIGHT - SECONDS(6 * 86400)},
        {"Thu 2026-01-15", MIDNIGHT},
        {"thursday 2026-01-15 12:34", MIDNIGHT + SECONDS(45240)},
        {"1.5h ago", NOW - SECONDS(5400)},
        {"-0.25s", NOW - SECONDS(1) / 4},
        {"1M ago", NOW - SECONDS(2629800)},
        {"1m ago", NOW - SECONDS(60)},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t ns = -1;
        ck_assert_msg(query_time_parse(cases[i].text, NOW, &ns, NULL) == LGZ_OK, "'%s' is refused",
                      cases[i].text);
        ck_assert_msg(ns == cases[i].ns, "'%s' is %lld", cases[i].text, (long long)ns);
    }
}
END_TEST

START_TEST(test_bad)
{
    static const char *const cases[] = {
        "",
        "soon",
        "Frid",
        "Fri 2026-01-15",
        "Fri 12:30",
        "1.h ago",
        "1H ago",
        "2026-13-01",
        "2026-02-30",
        "2026-1",
        "26-01-01",
        "25:00",
        "12:60",
        "12:3",
        "12:34:61",
        "@",
        "@x",
        "@1.",
        "@99999999999",
        "2 hours",
        "5",
        "-5",
        "-5 parsecs",
        "-2h ago",
        "2 hours ago!",
        "1969-12-31",
        "2262-01-01",
        "2026-01-15 12:34 +25",
        "2026-01-15T",
        "2026-01-15 CET",
        "ago",
        "-",
        "999999999999 years ago",
        "12:34:56.",
        "60 years ago",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t ns;
        struct lgz_error err = {0};
        ck_assert_msg(query_time_parse(cases[i], NOW, &ns, &err) == LGZ_ERR_ARGUMENT,
                      "'%s' is taken", cases[i]);
        ck_assert_ptr_nonnull(strstr(err.message, cases[i]));
    }
}
END_TEST

static void expect_print(int64_t ns, unsigned digits, const char *wanted)
{
    struct buf out = {0};
    query_time_print(&out, ns, digits);
    buf_push(&out, '\0');
    ck_assert_str_eq((const char *)out.data, wanted);
    buf_free(&out);
}

START_TEST(test_print)
{
    expect_print(NOW, 0, "2026-01-15T12:34:56Z");
    expect_print(NOW, 3, "2026-01-15T12:34:56.500Z");
    expect_print(NOW + 1, 9, "2026-01-15T12:34:56.500000001Z");
    expect_print(-1, 9, "1969-12-31T23:59:59.999999999Z");
    expect_print(0, 1, "1970-01-01T00:00:00.0Z");
}
END_TEST

/* Of a host that is two hours before UTC: 14:34:56.5 is on its wall. */
START_TEST(test_local)
{
    static const struct {
        const char *text;
        int64_t ns;
    } cases[] = {
        {"now", NOW},
        {"today", MIDNIGHT - SECONDS(7200)},
        {"yesterday", MIDNIGHT - SECONDS(7200 + 86400)},
        {"2026-01-15 14:34:56.5", NOW},
        {"2026-01-15 12:34:56.5Z", NOW},
        {"14:34:56.5", NOW},
        {"@1768480496.5", NOW},
        {"Thursday", MIDNIGHT - SECONDS(7200)},
        {"-15min", NOW - SECONDS(900)},
    };
    setenv("TZ", "XYZ-2", 1);
    tzset();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t ns = -1;
        ck_assert_int_eq(query_time_parse(cases[i].text, NOW, &ns, NULL), LGZ_OK);
        ck_assert_msg(ns == cases[i].ns, "'%s' is %lld", cases[i].text, (long long)ns);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_good);
    tcase_add_test(tc, test_bad);
    tcase_add_test(tc, test_local);
    tcase_add_test(tc, test_print);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    return run_suite("query_time", add_tests, 0);
}
