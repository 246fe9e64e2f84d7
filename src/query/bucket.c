/*
 * bucket.c - a table of sizes. Months and years by the calendar, all others by division.
 */
#include "query/bucket.h"

#include "base/clock.h"
#include "base/floor.h"
#include "line/timestamp_civil.h"

enum {
    MINUTE = 60,
    HOUR = 60 * MINUTE,
    DAY = 24 * HOUR,
    WEEK = 7 * DAY,
    SHORT_MONTH = 28 * DAY,
    MONDAY = 4 * DAY, /* 1970-01-05 was one */
};

#define SHORT_YEAR ((int64_t)365 * DAY)

const struct bucket_size bucket_sizes[BUCKET_SIZES] = {
    {"second", 1, 0},
    {NULL, 5, 0},
    {NULL, 10, 0},
    {NULL, 30, 0},
    {"minute", MINUTE, 0},
    {NULL, 5 * MINUTE, 0},
    {NULL, 10 * MINUTE, 0},
    {NULL, 30 * MINUTE, 0},
    {"hour", HOUR, 0},
    {NULL, 3 * HOUR, 0},
    {NULL, 6 * HOUR, 0},
    {NULL, 12 * HOUR, 0},
    {"day", DAY, 0},
    {"week", WEEK, 0},
    {"month", SHORT_MONTH, 1},
    {NULL, 3 * SHORT_MONTH, 3},
    {"year", SHORT_YEAR, 12},
    {NULL, 10 * SHORT_YEAR, 120},
    {NULL, 100 * SHORT_YEAR, 1200},
};

const struct bucket_size *bucket_named(const char *name)
{
    for (size_t i = 0; i < BUCKET_SIZES; i++)
        if (bucket_sizes[i].name && strcmp(bucket_sizes[i].name, name) == 0)
            return &bucket_sizes[i];
    return NULL;
}

int64_t bucket_second(int64_t wall)
{
    return floor_div(wall, NS_PER_SECOND);
}

static struct civil_date date_of(int64_t second)
{
    return civil_from_days((int32_t)floor_div(second, DAY));
}

/* The first of a month, counted from the January of the year 0. */
static int64_t month_start(int months)
{
    return (int64_t)civil_to_days(months / 12, months % 12 + 1, 1) * DAY;
}

static int months_of(int64_t second)
{
    const struct civil_date date = date_of(second);
    return date.year * 12 + date.month - 1;
}

int64_t bucket_start(const struct bucket_size *size, int64_t second)
{
    if (size->months)
        return month_start(months_of(second) / size->months * size->months);
    const int64_t shift = size->seconds == WEEK ? MONDAY : 0;
    return floor_to(second - shift, size->seconds) + shift;
}

int64_t bucket_end(const struct bucket_size *size, int64_t start)
{
    return size->months ? month_start(months_of(start) + size->months) : start + size->seconds;
}

size_t bucket_count(const struct bucket_size *size, int64_t first, int64_t last, size_t most)
{
    size_t count = 1;
    for (; count < most && first < last; count++)
        first = bucket_end(size, first);
    return count;
}

void bucket_print(const struct bucket_size *size, int64_t start, struct buf *out)
{
    const struct civil_date date = date_of(start);
    const int second = (int)floor_mod(start, DAY);
    buf_printf(out, "%04d", date.year);
    if (size->months < 12)
        buf_printf(out, "-%02d", date.month);
    if (!size->months)
        buf_printf(out, "-%02d", date.day);
    if (size->seconds < DAY)
        buf_printf(out, " %02d:%02d", second / HOUR, second % HOUR / MINUTE);
    if (size->seconds < MINUTE)
        buf_printf(out, ":%02d", second % MINUTE);
}
