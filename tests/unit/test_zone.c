/*
 * test_zone.c - wall clocks and instants, also where clocks are set.
 */
#include <check.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/zone.h"
#include "suite.h"

#define SECONDS(n) ((n)*NS_PER_SECOND)
#define HOUR       SECONDS(3600)
#define MINUTE     SECONDS(60)

static void set_zone(const char *name)
{
    setenv("TZ", name, 1);
    tzset();
}

/* Of a moment of 2026: what its wall clock shows, as a number. */
static int64_t wall_of(int month, int day, int hour, int minute)
{
    struct tm tm = {
        .tm_year = 126, .tm_mon = month - 1, .tm_mday = day, .tm_hour = hour, .tm_min = minute};
    return (int64_t)timegm(&tm) * NS_PER_SECOND;
}

static int64_t instant(int64_t wall)
{
    struct zone zone = {0};
    return zone_instant(&zone, wall);
}

static int64_t shown(int64_t now)
{
    struct zone zone = {0};
    return zone_wall(&zone, now);
}

START_TEST(test_fixed)
{
    static const struct {
        const char *zone;
        int64_t east;
    } cases[] = {{"UTC", 0}, {"XYZ-9", 9}, {"XYZ8", -8}, {"XYZ-14", 14}, {"XYZ12", -12}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct zone zone = {0};
        set_zone(cases[i].zone);
        for (int day = 1; day < 28; day++) {
            int64_t wall = wall_of(5, day, day % 24, 30) + 123;
            ck_assert_int_eq(zone_instant(&zone, wall), wall - cases[i].east * HOUR);
            ck_assert_int_eq(shown(wall - cases[i].east * HOUR), wall);
        }
        ck_assert_int_eq(zone_instant(&zone, -5), -5 - cases[i].east * HOUR);
        ck_assert_int_eq(zone_instant(&zone, INT64_MAX), INT64_MAX);
        ck_assert_int_eq(zone_instant(&zone, INT64_MIN + 1), INT64_MIN + 1);
    }
}
END_TEST

/* Clocks are set at 1:00 UTC, from 2:00 to 3:00 and from 3:00 to 2:00. */
START_TEST(test_clocks_are_set)
{
    set_zone("CET-1CEST,M3.5.0,M10.5.0/3");
    ck_assert_int_eq(instant(wall_of(1, 5, 12, 0)), wall_of(1, 5, 11, 0));
    ck_assert_int_eq(instant(wall_of(7, 5, 12, 0)), wall_of(7, 5, 10, 0));
    /* 29 March */
    ck_assert_int_eq(instant(wall_of(3, 29, 1, 59)), wall_of(3, 29, 0, 59));
    ck_assert_int_eq(instant(wall_of(3, 29, 2, 0)), wall_of(3, 29, 1, 0));
    ck_assert_int_eq(instant(wall_of(3, 29, 2, 30)), wall_of(3, 29, 1, 0));
    ck_assert_int_eq(instant(wall_of(3, 29, 3, 0)), wall_of(3, 29, 1, 0));
    ck_assert_int_eq(instant(wall_of(3, 29, 3, 1)), wall_of(3, 29, 1, 1));
    /* 25 October */
    ck_assert_int_eq(instant(wall_of(10, 25, 1, 59)), wall_of(10, 24, 23, 59));
    ck_assert_int_eq(instant(wall_of(10, 25, 2, 30)), wall_of(10, 25, 0, 30));
    ck_assert_int_eq(instant(wall_of(10, 25, 3, 0)), wall_of(10, 25, 2, 0));
    ck_assert_int_eq(shown(wall_of(10, 25, 0, 30)), wall_of(10, 25, 2, 30));
    ck_assert_int_eq(shown(wall_of(10, 25, 1, 30)), wall_of(10, 25, 2, 30));
}
END_TEST

/* The instants of a year's wall clock times never go back, and the cache changes nothing. */
START_TEST(test_order)
{
    static const char *const zones[] = {"CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT,M3.2.0,M11.1.0",
                                        "LHST-10:30LHDT-11,M10.1.0,M4.1.0", "XYZ-13"};
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        struct zone zone = {0};
        int64_t last = INT64_MIN;
        set_zone(zones[i]);
        for (int64_t wall = wall_of(1, 1, 0, 0); wall < wall_of(12, 31, 0, 0); wall += 7 * MINUTE) {
            int64_t now = zone_instant(&zone, wall);
            ck_assert_int_ge(now, last);
            ck_assert_int_eq(now, instant(wall));
            /* But for hours that are left out, it's what the wall shows. */
            int64_t back = zone_wall(&zone, now);
            ck_assert(back == wall || back - wall <= HOUR);
            if (wall % HOUR < 7 * MINUTE)
                ck_assert_int_eq(back, shown(now));
            last = now;
        }
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, test_fixed);
    tcase_add_test(tc, test_clocks_are_set);
    tcase_add_test(tc, test_order);
}

int main(void)
{
    return run_suite("zone", add_tests, 0);
}
