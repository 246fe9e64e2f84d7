/*
 * timestamp_civil.h - days since 1970-01-01 to year, month and day of the
 * proleptic Gregorian calendar and back, by arithmetic alone (no libc, no
 * tables of years).
 *
 * Both count from a 1 March, so that the leap day is the last of its year, and
 * from the year -400, so that all terms are positive. Good for years -399 to
 * 30,000.
 */
#ifndef LOGZIP_LINE_TIMESTAMP_CIVIL_H
#define LOGZIP_LINE_TIMESTAMP_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

enum {
    CIVIL_SHIFT_YEARS = 400,
    CIVIL_SHIFT_DAYS = 865565, /**< days from 1 March of the year -400 to 1970-01-01 */
    CIVIL_DAY_SECONDS = 86400,
};

struct civil_date {
    int year;
    int month; /**< 1 to 12 */
    int day;   /**< 1 to 31 */
};

static inline bool civil_is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/** Length of a month. `month` is 1 to 12. */
static inline int civil_month_days(int year, int month)
{
    if (month == 2)
        return civil_is_leap(year) ? 29 : 28;
    return 30 + ((month + (month >> 3)) & 1);
}

/** Days since 1970-01-01 of a valid date. */
static inline int32_t civil_to_days(int year, int month, int day)
{
    uint32_t y = (uint32_t)(year + CIVIL_SHIFT_YEARS - (month <= 2));
    uint32_t m = (uint32_t)(month > 2 ? month - 3 : month + 9);
    uint32_t in_year = (153 * m + 2) / 5 + (uint32_t)day - 1;
    return (int32_t)(y * 365 + y / 4 - y / 100 + y / 400 + in_year) - CIVIL_SHIFT_DAYS;
}

/** The date of a day. */
static inline struct civil_date civil_from_days(int32_t days)
{
    uint32_t n = (uint32_t)(days + CIVIL_SHIFT_DAYS);
    uint32_t century = (4 * n + 3) / 146097;
    uint32_t rest = n - 146097 * century / 4;
    uint32_t y = (4 * rest + 3) / 1461;
    uint32_t in_year = rest - 1461 * y / 4;
    uint32_t m = (5 * in_year + 2) / 153;
    uint32_t day = in_year - (153 * m + 2) / 5 + 1;
    int year = (int)(100 * century + y) - CIVIL_SHIFT_YEARS + (m >= 10);
    return (struct civil_date){year, (int)(m < 10 ? m + 3 : m - 9), (int)day};
}

/** Day of the week, Monday is 0. `days` as from civil_to_days(). */
static inline int civil_weekday(int32_t days)
{
    return (int)(((uint32_t)(days + CIVIL_SHIFT_DAYS) + 2) % 7);
}

#endif
