/*
 * test_log_name.c - names that rotation gives are taken apart, others stay whole, and their order
 * is the order in which they were written.
 */
#include <stdlib.h>
#include <string.h>

#include "import/log_name.h"
#include "suite.h"

static const struct {
    const char *path;
    const char *name;
    enum log_part part;
    uint64_t number;
    uint64_t date;
} names[] = {
    {"/var/log/syslog", "/var/log/syslog", LOG_PART_CURRENT, 0, 0},
    {"/var/log/app.log", "/var/log/app.log", LOG_PART_CURRENT, 0, 0},
    {"/var/log/app.log.gz", "/var/log/app.log", LOG_PART_CURRENT, 0, 0},
    {"/var/log/syslog.1", "/var/log/syslog", LOG_PART_NUMBERED, 1, 0},
    {"/var/log/app.log.12.gz", "/var/log/app.log", LOG_PART_NUMBERED, 12, 0},
    {"/var/log/app.log.0", "/var/log/app.log", LOG_PART_NUMBERED, 0, 0},
    {"/var/log/app.log.old", "/var/log/app.log", LOG_PART_NUMBERED, 0, 0},
    {"app.3.log.xz", "app.log", LOG_PART_NUMBERED, 3, 0},
    {"app.log-20261123.bz2", "app.log", LOG_PART_DATED, 0, 20261123000000},
    {"app.log-2026-11-23", "app.log", LOG_PART_DATED, 0, 20261123000000},
    {"app.log.2024-05-01", "app.log", LOG_PART_DATED, 0, 20240501000000},
    {"app.log_20240501", "app.log", LOG_PART_DATED, 0, 20240501000000},
    {"app.log-20240501.2.gz", "app.log", LOG_PART_DATED, 2, 20240501000000},
    {"app.log-2024050113", "app.log", LOG_PART_DATED, 0, 20240501130000},
    {"app.log-20240501-131415", "app.log", LOG_PART_DATED, 0, 20240501131415},
    {"app.log-2024-05-01T13:14:15.zst", "app.log", LOG_PART_DATED, 0, 20240501131415},
    {"app-20240501.log", "app.log", LOG_PART_DATED, 0, 20240501000000},
    {"app-2024-05-01.2.log.gz", "app.log", LOG_PART_DATED, 2, 20240501000000},
    {"app.log-1795392000", "app.log", LOG_PART_DATED, 0, 20261123000000},
    {"/logs.1/app", "/logs.1/app", LOG_PART_CURRENT, 0, 0},
    {"10.0.0.1", "10.0.0.1", LOG_PART_CURRENT, 0, 0},
    {"10.0.0.1.log", "10.0.0.1.log", LOG_PART_CURRENT, 0, 0},
    {"10.0.0.1.log.2", "10.0.0.1.log", LOG_PART_NUMBERED, 2, 0},
    {"postgresql-14", "postgresql-14", LOG_PART_CURRENT, 0, 0},
    {"app.log-20241301", "app.log-20241301", LOG_PART_CURRENT, 0, 0},
    {"app.123456", "app.123456", LOG_PART_CURRENT, 0, 0},
    {"app.log-20240501x", "app.log-20240501x", LOG_PART_CURRENT, 0, 0},
    {".1", ".1", LOG_PART_CURRENT, 0, 0},
    {".gz", ".gz", LOG_PART_CURRENT, 0, 0},
    {"", "", LOG_PART_CURRENT, 0, 0},
    {"-", "-", LOG_PART_CURRENT, 0, 0},
    {"dpkg.log.99999999999999999999999999999999999999",
     "dpkg.log.99999999999999999999999999999999999999", LOG_PART_CURRENT, 0, 0},
};

START_TEST(names_are_taken_apart)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct log_name found;
        ck_assert(log_name_parse(&found, names[i].path));
        ck_assert_msg(strcmp(found.name, names[i].name) == 0 && found.part == names[i].part &&
                          found.number == names[i].number && found.date == names[i].date,
                      "%s: %s, part %d, number %llu, date %llu", names[i].path, found.name,
                      (int)found.part, (unsigned long long)found.number,
                      (unsigned long long)found.date);
        free(found.name);
    }
}
END_TEST

/* Of each list the oldest is first. */
static const char *const orders[][6] = {
    {"a.log.10.gz", "a.log.9", "a.log.1", "a.log.0", "a.log"},
    {"a.log-20231231.gz", "a.log-20240101", "a.log-20240101.1", "a.log-20240101.2",
     "a.log-20240102", "a.log"},
    {"a-20240101-01.log", "a-2024010102.log", "a-20240102.log", "a.log"},
};

START_TEST(names_tell_the_order)
{
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        for (size_t k = 0; k < 6 && orders[i][k]; k++) {
            for (size_t m = 0; m < 6 && orders[i][m]; m++) {
                struct log_name a;
                struct log_name b;
                ck_assert(log_name_parse(&a, orders[i][k]) && log_name_parse(&b, orders[i][m]));
                int age = log_name_age(&a, &b);
                ck_assert_msg((age > 0) - (age < 0) == (k > m) - (k < m), "%s, %s: %d",
                              orders[i][k], orders[i][m], age);
                free(a.name);
                free(b.name);
            }
        }
    }
}
END_TEST

static void add_tests(TCase *tests)
{
    tcase_add_test(tests, names_are_taken_apart);
    tcase_add_test(tests, names_tell_the_order);
}

int main(void)
{
    return run_suite("log_name", add_tests, 10);
}
