/*
 * test_quantity.c - numbers with units: what they are worth, and what is none.
 */
#include <check.h>
#include <stdlib.h>

#include "query/json.h"
#include "query/quantity.h"
#include "suite.h"

static struct quantity parse(const char *text)
{
    struct quantity q;
    ck_assert_msg(quantity_parse(json_span(text), &q), "'%s' isn't a number", text);
    return q;
}

/* Texts of the same value. */
START_TEST(test_equal)
{
    static const char *const pairs[][2] = {
        {"0", "-0"},
        {"500", "500.0"},
        {"500", "5e2"},
        {"500", "0500"},
        {"500", "+500"},
        {"500", "5.00E+2"},
        {"0.1", "1e-1"},
        {"0.1", "0.100000000000000000000000000"},
        {".25", "0.25"},
        {"12ms", "0.012s"},
        {"12 ms", "12000us"},
        {"12ms", "12000\xc2\xb5s"},
        {"12ms", "12000\xce\xbcs"},
        {"1.5s", "1500000000ns"},
        {"1h30m", "90min"},
        {"-1m30s", "-90s"},
        {"1d", "24h"},
        {"3KB", "3000B"},
        {"3kB", "3KB"},
        {"1.5MiB", "1536KiB"},
        {"1GB", "1e9B"},
        {"2TiB", "2048GiB"},
        {"1PB", "1000TB"},
        {"95%", "95.0 %"},
        {"18446744073709551615", "18446744073709551615.0"},
        {"123456789012345678901234567890", "123456789012345678901234567890"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct quantity a = parse(pairs[i][0]), b = parse(pairs[i][1]);
        ck_assert_msg(a.value >= b.value && a.value <= b.value && a.unit == b.unit, "%s is not %s",
                      pairs[i][0], pairs[i][1]);
    }
}
END_TEST

/* In ascending order, all of one kind. */
START_TEST(test_order)
{
    static const char *const plain[] = {"-1e30",
                                        "-5.5",
                                        "-5",
                                        "0",
                                        "1e-300",
                                        "0.1",
                                        "0.2",
                                        "9007199254740992",
                                        "9007199254740993",
                                        "18446744073709551614",
                                        "18446744073709551615",
                                        "1e5000",
                                        NULL};
    static const char *const times[] = {"-1h", "1ns",  "1us", "1ms",         "1s", "59s",
                                        "1m",  "1m1s", "1h",  "23h59m59.9s", "1d", NULL};
    static const char *const sizes[] = {"1B", "1kB", "1KiB", "1MB", "1MiB", "1GB", "1GiB", NULL};
    const char *const *const lists[] = {plain, times, sizes};
    for (size_t l = 0; l < 3; l++) {
        for (size_t i = 1; lists[l][i]; i++) {
            struct quantity a = parse(lists[l][i - 1]), b = parse(lists[l][i]);
            ck_assert_msg(a.value < b.value && a.unit == b.unit, "%s is not below %s",
                          lists[l][i - 1], lists[l][i]);
        }
    }
}
END_TEST

START_TEST(test_none)
{
    static const char *const texts[] = {"",      "-",     ".",      "1.",  "1.2.3",      "10.0.0.1",
                                        "0x10",  "1e",    "1e+",    "inf", "nan",        "1 2",
                                        "1  ms", "12msx", "1KB2KB", "1s1", "1KiBs",      "1iB",
                                        "kB",    "1,234", " 1",     "1 ",  "1\n",        "--1",
                                        "1%1s",  "12mss", "1m-1s",  "1s%", "2026-01-01", "1e5e5"};
    struct quantity q;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        ck_assert_msg(!quantity_parse(json_span(texts[i]), &q), "'%s' is a number", texts[i]);
}
END_TEST

/* Digits without end take no longer than reading them. */
START_TEST(test_long)
{
    static const char *const fills[] = {"9", "0", ".0", "e9", "1s"};
    for (size_t i = 0; i < sizeof(fills) / sizeof(fills[0]); i++) {
        struct buf text = {0};
        struct quantity q;
        buf_append_string(&text, "0.0");
        while (text.len < 1 << 20)
            buf_append_string(&text, fills[i]);
        bool number = quantity_parse(buf_span(&text), &q);
        ck_assert_int_eq(number, i < 2);
        buf_free(&text);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_equal);
    tcase_add_test(tc, test_order);
    tcase_add_test(tc, test_none);
    tcase_add_test(tc, test_long);
}

int main(void)
{
    return run_suite("quantity", add_tests, 0);
}
