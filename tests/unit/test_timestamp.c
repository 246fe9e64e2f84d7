/*
 * test_timestamp.c - stamps of real logs with their values, and that parsing and printing are exact
 * inverses of each other whatever the input. The printer is checked against strftime().
 *
 * Random tests print their seed; LOGZIP_TEST_SEED repeats a run.
 */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "line/timestamp.h"
#include "suite.h"

#define YMD "%Y-%m-%d"

static uint64_t seed;
static uint64_t state;

static uint64_t next_random(void)
{
    state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t x = state;
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static uint64_t below(uint64_t limit)
{
    return next_random() % limit;
}

/* A stamp, '|', and what follows it on the line; the format, the civil time and the fraction. */
static const struct {
    const char *text;
    const char *format;
    const char *civil;
    const char *fraction;
} examples[] = {
    {"2015-10-18T18:01:47|", YMD "T%H:%M:%S[.%f]", "2015-10-18 18:01:47", ""},
    {"2023-08-15T05:33:54.101|Z\",", YMD "T%H:%M:%S[.%f]", "2023-08-15 05:33:54", "101"},
    {"2019-11-04T00:00:00.657|+08:00 9", YMD "T%H:%M:%S[.%f]", "2019-11-04 00:00:00", "657"},
    {"2018-03-24T17:15:20.8|Z", YMD "T%H:%M:%S[.%f]", "2018-03-24 17:15:20", "8"},
    {"2018-03-24T17:15:20.123456789|Z", YMD "T%H:%M:%S[.%f]", "2018-03-24 17:15:20", "123456789"},
    {"2018-03-24T17:15:20|.1234567890Z", YMD "T%H:%M:%S[.%f]", "2018-03-24 17:15:20", ""},
    {"2015-10-18 18:01:47|. Bye", YMD " %H:%M:%S[.%f]", "2015-10-18 18:01:47", ""},
    {"2015-10-18T18:01:47,978|]", YMD "T%H:%M:%S,%f", "2015-10-18 18:01:47", "978"},
    {"2015-10-18 18:01:47,978| INFO", YMD " %H:%M:%S,%f", "2015-10-18 18:01:47", "978"},
    {"2016-09-28 04:30:30|, Info  CBS", YMD " %H:%M:%S[.%f]", "2016-09-28 04:30:30", ""},
    {"2017-05-16 00:00:00.008| 25746", YMD " %H:%M:%S[.%f]", "2017-05-16 00:00:00", "008"},
    {"2017-05-16 00:00:00:008| x", YMD " %H:%M:%S:%L", "2017-05-16 00:00:00", "008"},
    {"2018-01-12\t08:53:12.188370|]", YMD "\t%H:%M:%S[.%f]", "2018-01-12 08:53:12", "188370"},
    {"2017-05-16_13:53:08| 2017", YMD "_%H:%M:%S[.%f]", "2017-05-16 13:53:08", ""},
    {"2005-06-03-15.42.50.363779| R", YMD "-%H.%M.%S[.%f]", "2005-06-03 15:42:50", "363779"},
    {"2017-05-16_13-53-08|.log", YMD "_%H-%M-%S", "2017-05-16 13:53:08", ""},
    {"2015-10-18|, x", YMD, "2015-10-18 00:00:00", ""},
    {"2015-10-18| 18:01:60 x", YMD, "2015-10-18 00:00:00", ""},
    {"2015-10-18 18:01| x", YMD " %H:%M", "2015-10-18 18:01:00", ""},
    {"2015-10-18T18:01|Z", YMD "T%H:%M", "2015-10-18 18:01:00", ""},
    {"2018-01-12  8:53:12| 140", YMD " %k:%M:%S", "2018-01-12 08:53:12", ""},
    {"2005-Jun-09 06:07:04.5| x", "%Y-%b-%d %H:%M:%S[.%f]", "2005-06-09 06:07:04", "5"},
    {"2015/10/18 18:01:47| [error]", "%Y/%m/%d %H:%M:%S[.%f]", "2015-10-18 18:01:47", ""},
    {"2015/10/18 18:01:47.978000|,  0]", "%Y/%m/%d %H:%M:%S[.%f]", "2015-10-18 18:01:47", "978000"},
    {"2015/10/18-18:01:47.978000| 7f", "%Y/%m/%d-%H:%M:%S[.%f]", "2015-10-18 18:01:47", "978000"},
    {"2015/10/18 18:01:47,978| x", "%Y/%m/%d %H:%M:%S,%f", "2015-10-18 18:01:47", "978"},
    {"2015/10/18|", "%Y/%m/%d", "2015-10-18 00:00:00", ""},
    {"2005/6/9 6:07:04| x", "%Y/%-m/%-d %-H:%M:%S", "2005-06-09 06:07:04", ""},
    {"2005.06.03| R02-M1", "%Y.%m.%d", "2005-06-03 00:00:00", ""},
    {"2005.06.03 06:07:04.123456| [", "%Y.%m.%d %H:%M:%S[.%f]", "2005-06-03 06:07:04", "123456"},
    {"2005:06:09-06:07:04| utm", "%Y:%m:%d-%H:%M:%S", "2005-06-09 06:07:04", ""},
    {"2005 Jun 09 06:07:04| x", "%Y %b %d %H:%M:%S[.%f]", "2005-06-09 06:07:04", ""},
    {"2005 Jun  9 06:07:04| x", "%Y %b %e %H:%M:%S[.%f]", "2005-06-09 06:07:04", ""},
    {"20171223-22:15:29:606|Step", "%Y%m%d-%-H:%-M:%-S:%-L", "2017-12-23 22:15:29", "606"},
    {"20171224-0:55:32:22|Step", "%Y%m%d-%-H:%-M:%-S:%-L", "2017-12-24 00:55:32", "022"},
    {"20171224-0:5:3:0|Step", "%Y%m%d-%-H:%-M:%-S:%-L", "2017-12-24 00:05:03", "000"},
    {"20171223-02:05:09:006|Step", "%Y%m%d-%H:%M:%S:%L", "2017-12-23 02:05:09", "006"},
    {"20171223-22:15:29.606|\tStep", "%Y%m%d-%H:%M:%S[.%f]", "2017-12-23 22:15:29", "606"},
    {"20171223T221529|Z", "%Y%m%dT%H%M%S[.%f]", "2017-12-23 22:15:29", ""},
    {"20171223 22:15:29| x", "%Y%m%d %H:%M:%S[.%f]", "2017-12-23 22:15:29", ""},
    {"20171223221529| x", "%Y%m%d%H%M%S[.%f]", "2017-12-23 22:15:29", ""},
    {"20171223221529|Z", "%Y%m%d%H%M%S[.%f]", "2017-12-23 22:15:29", ""},
    {"20171223221529123|", "%Y%m%d%H%M%S%L", "2017-12-23 22:15:29", "123"},
    {"081109 203530| 147", "%y%m%d %H%M%S", "2008-11-09 20:35:30", ""},
    {"691231 203530| 147", "%y%m%d %H%M%S", "1969-12-31 20:35:30", ""},
    {"681231 203530| 147", "%y%m%d %H%M%S", "2068-12-31 20:35:30", ""},
    {"070101  9:05:06| InnoDB", "%y%m%d %k:%M:%S", "2007-01-01 09:05:06", ""},
    {"070101 19:05:06| InnoDB", "%y%m%d %H:%M:%S", "2007-01-01 19:05:06", ""},
    {"0609 06:07:04.123456|    1 x", "%m%d %H:%M:%S[.%f]", "2000-06-09 06:07:04", "123456"},
    {"1117838570| 2005", "%s", "2005-06-03 22:42:50", ""},
    {"1446249499.322|:412", "%s.%f", "2015-10-30 23:58:19", "322"},
    {"1446249499322|,", "%s%3N", "2015-10-30 23:58:19", "322"},
    {"1446249499322123|,", "%s%6N", "2015-10-30 23:58:19", "322123"},
    {"1446249499322123456|,", "%s%9N", "2015-10-30 23:58:19", "322123456"},
    {"06/09/2005 06:07:04| x", "%m/%d/%Y %H:%M:%S[.%f]", "2005-06-09 06:07:04", ""},
    {"23/09/2005 06:07:04| x", "%d/%m/%Y %H:%M:%S[.%f]", "2005-09-23 06:07:04", ""},
    {"06/09/2005-06:07:04.123456|  [**]", "%m/%d/%Y-%H:%M:%S[.%f]", "2005-06-09 06:07:04",
     "123456"},
    {"06/09-06:07:04.123456|  [**]", "%m/%d-%H:%M:%S[.%f]", "2000-06-09 06:07:04", "123456"},
    {"6/9/2005 6:07:04 AM| x", "%-m/%-d/%Y %-I:%M:%S %p", "2005-06-09 06:07:04", ""},
    {"06/09/2005 12:07:04 AM| x", "%m/%d/%Y %I:%M:%S %p", "2005-06-09 00:07:04", ""},
    {"06/09/2005 12:07:04 PM| x", "%m/%d/%Y %I:%M:%S %p", "2005-06-09 12:07:04", ""},
    {"12/9/2005, 6:07:04 PM|     LOG", "%-m/%-d/%Y, %-I:%M:%S %p", "2005-12-09 18:07:04", ""},
    {"6/9/05 6:07:04:123| EDT]", "%-m/%-d/%y %-H:%M:%S:%L", "2005-06-09 06:07:04", "123"},
    {"06/09 06:07:04| x", "%m/%d %H:%M:%S[.%f]", "2000-06-09 06:07:04", ""},
    {"17/06/09 20:10:40| INFO", "%y/%m/%d %H:%M:%S[.%f]", "2017-06-09 20:10:40", ""},
    {"06/09/05,06:07:04|,", "%m/%d/%y,%H:%M:%S", "2005-06-09 06:07:04", ""},
    {"17/May/2015:10:05:03| +0000]", "%d/%b/%Y:%H:%M:%S[.%f]", "2015-05-17 10:05:03", ""},
    {"09/Jun/2005:06:07:04.123|]", "%d/%b/%Y:%H:%M:%S[.%f]", "2005-06-09 06:07:04", "123"},
    {"03-17 16:13:38.811|  1702", "%m-%d %H:%M:%S[.%f]", "2000-03-17 16:13:38", "811"},
    {"02-29 16:13:38.811|  1702", "%m-%d %H:%M:%S[.%f]", "2000-02-29 16:13:38", "811"},
    {"09-06-2005 06:07:04| x", "%d-%m-%Y %H:%M:%S[.%f]", "2005-06-09 06:07:04", ""},
    {"06-23-2005 06:07:04.123| +0000", "%m-%d-%Y %H:%M:%S[.%f]", "2005-06-23 06:07:04", "123"},
    {"09-Jun-2005 06:07:04.123| x", "%d-%b-%Y %H:%M:%S[.%f]", "2005-06-09 06:07:04", "123"},
    {"9-Jun-2005::06:07:04| ===", "%-d-%b-%Y::%H:%M:%S[.%f]", "2005-06-09 06:07:04", ""},
    {"09.06.2005 06:07:04| x", "%d.%m.%Y %H:%M:%S[.%f]", "2005-06-09 06:07:04", ""},
    {"10.30 16:49:06|] chrome.exe", "%m.%d %H:%M:%S[.%f]", "2000-10-30 16:49:06", ""},
    {"09 Jun 2005 06:07:04,123| x", "%d %b %Y %H:%M:%S,%f", "2005-06-09 06:07:04", "123"},
    {"09 Jun 06:07:04.123| *", "%d %b %H:%M:%S[.%f]", "2000-06-09 06:07:04", "123"},
    {"06:07:04| x", "%H:%M:%S[.%f]", "1970-01-01 06:07:04", ""},
    {"06:07:04.123| x", "%H:%M:%S[.%f]", "1970-01-01 06:07:04", "123"},
    {"06:07:04,123| x", "%H:%M:%S,%f", "1970-01-01 06:07:04", "123"},
    {"6:07:04|", "%-H:%M:%S[.%f]", "1970-01-01 06:07:04", ""},
    {"6:07:04 PM|", "%-I:%M:%S %p", "1970-01-01 18:07:04", ""},
    {"Jun  9 06:07:04| host", "%b %e %H:%M:%S[.%f]", "2000-06-09 06:07:04", ""},
    {"Dec 10 06:55:46| LabSZ", "%b %e %H:%M:%S[.%f]", "2000-12-10 06:55:46", ""},
    {"Jun 09 06:07:04| host", "%b %d %H:%M:%S[.%f]", "2000-06-09 06:07:04", ""},
    {"Jun 9 06:07:04| host", "%b %-d %H:%M:%S[.%f]", "2000-06-09 06:07:04", ""},
    {"Jun  9 06:07:04.123| host", "%b %e %H:%M:%S[.%f]", "2000-06-09 06:07:04", "123"},
    {"Jun  9 06:07:04| 2001:db8::1 x", "%b %e %H:%M:%S[.%f]", "2000-06-09 06:07:04", ""},
    {"Jun  9 06:07:04| 192.0.2.1 x", "%b %e %H:%M:%S[.%f]", "2000-06-09 06:07:04", ""},
    {"Jun  9 06:07:04 2005| GMT", "%b %e %H:%M:%S %Y", "2005-06-09 06:07:04", ""},
    {"Jun 09 2005 06:07:04|: %ASA", "%b %d %Y %H:%M:%S[.%f]", "2005-06-09 06:07:04", ""},
    {"Jun 09, 2005 6:07:04 AM| org", "%b %d, %Y %-I:%M:%S %p", "2005-06-09 06:07:04", ""},
    {"Jun 9, 2005 6:07:04 PM| org", "%b %-d, %Y %-I:%M:%S %p", "2005-06-09 18:07:04", ""},
    {"Thu Jun 09 06:07:04 2005|] [", "%a %b %d %H:%M:%S[.%f] %Y", "2005-06-09 06:07:04", ""},
    {"Thu Jun  9 06:07:04 2005|]", "%a %b %e %H:%M:%S[.%f] %Y", "2005-06-09 06:07:04", ""},
    {"Thu Jun 09 06:07:04.123456 2005|]", "%a %b %d %H:%M:%S[.%f] %Y", "2005-06-09 06:07:04",
     "123456"},
    {"Thu Jun  9 06:07:04 UTC 2005|", "%a %b %e %H:%M:%S UTC %Y", "2005-06-09 06:07:04", ""},
    {"Thu, 09 Jun 2005 06:07:04| +0000", "%a, %d %b %Y %H:%M:%S", "2005-06-09 06:07:04", ""},
    {"Thu, 9 Jun 2005 06:07:04| +0000", "%a, %-d %b %Y %H:%M:%S", "2005-06-09 06:07:04", ""},
    {"Thu 2005-06-09 06:07:04| UTC", "%a %Y-%m-%d %H:%M:%S[.%f]", "2005-06-09 06:07:04", ""},
    {"1969-12-31 23:59:59.75| x", YMD " %H:%M:%S[.%f]", "1969-12-31 23:59:59", "75"},
    {"0000-01-01 00:00:00| x", YMD " %H:%M:%S[.%f]", "0000-01-01 00:00:00", ""},
    {"9999-12-31 23:59:59.123456| x", YMD " %H:%M:%S[.%f]", "9999-12-31 23:59:59", "123456"},
    {"2000-02-29 00:00:00| x", YMD " %H:%M:%S[.%f]", "2000-02-29 00:00:00", ""},
};

enum { EXAMPLES = sizeof examples / sizeof examples[0] };

/* Not a stamp at their start at all. */
static const char *const rejects[] = {
    "",
    "2",
    "20",
    "2015",
    "06:07",
    "2015-10-1",
    "2015-10-18T",
    "2015-10-18T25:00:00",
    "2015-13-18",
    "2015-00-18",
    "2015-02-29",
    "1900-02-29",
    "2015-10-00",
    "2015-10-181",
    "2015/10-18",
    "2015-10/18",
    "2015-10-18x",
    "2015-10-18-07x",
    "2005.06.03.1",
    "24:00:00",
    "06:60:00",
    "06:07:60",
    "06:07:04x",
    "06:07:04:0a:0b:0c",
    "06:07:04:ab:cd:ef",
    "06:07:04.1234567890",
    "6:7:04",
    "006:07:04",
    "20171223-22:05:9:606",
    "20171223-22:15:29:6066",
    "20171223-2:15:09:606",
    "20171323-22:15:29:606",
    "999999999",
    "0999999999",
    "4102444800",
    "9999999999",
    "1117838570a",
    "1117838570_1",
    "11178385701",
    "1446249499.1234567890",
    "1446249499.5x",
    "1446249499.5.5",
    "1446249499322.5",
    "1446249499322f",
    "9223372036854775807",
    "20171223221529a",
    "20171223221529_",
    "20171323221529",
    "20171223241529",
    "99991223221529",
    "4444444444444",
    "Jun 31 06:07:04",
    "Jun 00 06:07:04",
    "Jun  0 06:07:04",
    "Jun   06:07:04",
    "jun  9 06:07:04",
    "Jun  9 24:07:04",
    "Jux  9 06:07:04",
    "Fri Jun 09 06:07:04 2005",
    "Thu Jun 09 06:07:04",
    "Thu, 10 Jun 2005 06:07:04",
    "13/13/2005 06:07:04",
    "29/Feb/2015:10:05:03",
    "17/may/2015:10:05:03",
    "17/May/2015",
    "1/2 done",
    "02-30 16:13:38.811",
    "081309 203530",
    "081109 243530",
    "081109 203530a",
    "6/9/2005 24:07:04",
    "6/9/2005 6:60:04 AM",
    "10.250.18.114:43996",
    "127.0.0.1",
    "12345678-1234-1234-1234-123456789012",
    "ERROR foo bar baz",
    "Mono foo bar baz",
    "Sat down and wept",
    "May the force be with you",
};

static size_t print(const struct timestamp *stamp, char out[TIMESTAMP_MAX_LEN + 1])
{
    size_t len = timestamp_print(stamp->format, stamp->digits, stamp->value, (uint8_t *)out);
    ck_assert_uint_le(len, TIMESTAMP_MAX_LEN);
    out[len] = 0;
    return len;
}

static bool parse(const char *text, size_t size, struct timestamp *stamp)
{
    return timestamp_parse((const uint8_t *)text, size, stamp);
}

/* The promise: what is recognized prints back to the same bytes and no digit follows. */
static void check_exact(const char *text, size_t size, const struct timestamp *stamp)
{
    char out[TIMESTAMP_MAX_LEN + 1];
    size_t len = print(stamp, out);
    ck_assert_msg(len == stamp->len && len <= size && memcmp(out, text, len) == 0,
                  "seed %" PRIu64 ": '%.*s' printed as '%s'", seed, (int)size, text, out);
    ck_assert_msg(len == size || text[len] < '0' || text[len] > '9', "seed %" PRIu64 ": '%.*s'",
                  seed, (int)size, text);
    ck_assert(timestamp_may_start((uint8_t)text[0]));
}

static int64_t power10(unsigned digits)
{
    int64_t result = 1;
    while (digits-- > 0)
        result *= 10;
    return result;
}

static int64_t seconds_of(const char *civil)
{
    struct tm tm = {0};
    ck_assert_int_eq(sscanf(civil, "%d-%d-%d %d:%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
                            &tm.tm_hour, &tm.tm_min, &tm.tm_sec),
                     6);
    tm.tm_year -= 1900;
    tm.tm_mon--;
    return timegm(&tm);
}

static int64_t instant_of(const char *civil)
{
    return seconds_of(civil) * NS_PER_SECOND;
}

START_TEST(test_examples)
{
    const char *text = examples[_i].text;
    const char *bar = strchr(text, '|');
    char line[100];
    size_t len = (size_t)(bar - text);
    int size = snprintf(line, sizeof line, "%.*s%s", (int)len, text, bar + 1);
    struct timestamp stamp;
    ck_assert_msg(parse(line, (size_t)size, &stamp), "'%s' isn't recognized", line);
    ck_assert_msg(stamp.len == len, "'%s': %u bytes", line, stamp.len);
    ck_assert_str_eq(timestamp_format_name(stamp.format), examples[_i].format);
    unsigned digits = (unsigned)strlen(examples[_i].fraction);
    ck_assert_uint_eq(stamp.digits, digits);
    ck_assert_int_eq(stamp.value, seconds_of(examples[_i].civil) * power10(digits) +
                                      strtoll(examples[_i].fraction, NULL, 10));
    check_exact(line, (size_t)size, &stamp);
}
END_TEST

/* Whatever is cut off, no byte behind the end is looked at (the sanitizer watches the heap). */
START_TEST(test_cut)
{
    const char *text = examples[_i].text;
    size_t size = (size_t)(strchr(text, '|') - text);
    for (size_t cut = 0; cut <= size; cut++) {
        char *copy = malloc(cut + 1);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy + 1, text, cut);
        struct timestamp stamp;
        bool found = parse(copy + 1, cut, &stamp);
        if (found)
            check_exact(copy + 1, cut, &stamp);
        ck_assert(found || cut < size);
        free(copy);
    }
}
END_TEST

START_TEST(test_rejects)
{
    struct timestamp stamp;
    ck_assert_msg(!parse(rejects[_i], strlen(rejects[_i]), &stamp), "'%s' read as %s", rejects[_i],
                  timestamp_format_name(stamp.format));
}
END_TEST

/* What a format writes, told from its name. */
static bool writes(unsigned format, const char *fields)
{
    const char *name = timestamp_format_name(format);
    for (const char *p = strchr(name, '%'); p; p = strchr(p + 1, '%')) {
        p += p[1] == '-';
        if (strchr(fields, p[1]))
            return true;
    }
    return false;
}

static unsigned random_digits(unsigned format)
{
    const char *name = timestamp_format_name(format);
    const char *number = strchr(name, 'N');
    if (number)
        return (unsigned)(number[-1] - '0');
    if (writes(format, "L"))
        return 3;
    if (strstr(name, "[.%f]"))
        return (unsigned)below(10);
    return writes(format, "f") ? 1 + (unsigned)below(9) : 0;
}

/* A random moment that the format can write. */
static int64_t random_seconds(unsigned format, unsigned digits)
{
    char civil[40];
    int year = 1970 + (int)below(130);
    if (writes(format, "s"))
        return 1000000000 + (int64_t)below(3102444800);
    if (writes(format, "Y") && below(8) == 0)
        year = digits > 7 ? 1678 + (int)below(583) : (int)below(10000);
    if (!writes(format, "Y"))
        year = writes(format, "y") ? 1969 + (int)below(100) : 2000;
    int month = 1 + (int)below(12);
    int day = 1 + (int)below(month == 2 && (year % 4 || (year % 100 == 0 && year % 400)) ? 28
                             : month == 2                                                ? 29
                                                                                         : 30);
    if (!writes(format, "mdb"))
        year = 1970, month = 1, day = 1;
    int hour = writes(format, "HIk") ? (int)below(24) : 0;
    int minute = writes(format, "M") ? (int)below(60) : 0;
    int second = writes(format, "S") ? (int)below(60) : 0;
    snprintf(civil, sizeof civil, "%d-%d-%d %d:%d:%d", year, month, day, hour, minute, second);
    return seconds_of(civil);
}

static int64_t join(int64_t seconds, unsigned digits, int64_t fraction)
{
    return seconds * power10(digits) + fraction;
}

/* The conversion given to strftime() is one of a format's name: no literal. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

/* The stamp's text by libc, from the format's name: an implementation that shares nothing. */
static void render(const char *name, int64_t seconds, unsigned digits, int64_t fraction, char *out,
                   size_t size)
{
    time_t moment = seconds;
    struct tm tm;
    ck_assert_ptr_nonnull(gmtime_r(&moment, &tm));
    size_t len = 0;
    for (const char *p = name; *p; p++) {
        char piece[200] = {*p};
        if (*p == '[' || *p == ']')
            continue;
        if (strncmp(p, ".%f]", 4) == 0 && digits == 0) {
            p += 2;
            continue;
        }
        if (*p == '%') {
            char conversion[4] = {'%', p[1], p[1] == '-' ? p[2] : 0};
            char kind = p[1] == '-' ? p[2] : p[1];
            if (kind == 'f' || kind == 'L')
                snprintf(piece, sizeof piece, "%0*" PRId64, p[1] == '-' ? 1 : (int)digits,
                         fraction);
            else if (kind >= '1' && kind <= '9')
                snprintf(piece, sizeof piece, "%0*" PRId64, (int)digits, fraction), p++;
            else if (kind == 's')
                snprintf(piece, sizeof piece, "%" PRId64, seconds);
            else if (kind == 'Y')
                snprintf(piece, sizeof piece, "%04d", tm.tm_year + 1900);
            else
                ck_assert(strftime(piece, sizeof piece, conversion, &tm) > 0);
            p += p[1] == '-' ? 2 : 1;
        }
        len += (size_t)snprintf(out + len, size - len, "%s", piece);
    }
}

#pragma GCC diagnostic pop

/* A lower format may read what this one writes, if that has one text and the same. */
START_TEST(test_round_trip)
{
    unsigned format = (unsigned)_i;
    bool reached = false;
    ck_assert_str_ne(timestamp_format_name(format), "");
    for (int i = 0; i < 600; i++) {
        unsigned digits = random_digits(format);
        int64_t seconds = random_seconds(format, digits);
        int64_t fraction = (int64_t)below((uint64_t)power10(digits));
        struct timestamp stamp = {.format = (uint8_t)format, .digits = (uint8_t)digits};
        stamp.value = join(seconds, digits, fraction);
        char text[TIMESTAMP_MAX_LEN + 20];
        char want[100];
        render(timestamp_format_name(format), seconds, digits, fraction, want, sizeof want);
        size_t len = print(&stamp, text);
        if (len == 0 && (seconds < 0 || seconds >= 4102444800)) /* some take near years only */
            continue;
        ck_assert_msg(strcmp(text, want) == 0, "seed %" PRIu64 ": %s: '%s', not '%s'", seed,
                      timestamp_format_name(format), text, want);
        strcpy(text + len, below(2) ? " x foo 5" : "\n");
        struct timestamp back;
        ck_assert_msg(parse(text, strlen(text), &back), "seed %" PRIu64 ": '%s'", seed, text);
        check_exact(text, strlen(text), &back);
        ck_assert_msg(back.len == len && back.format <= format, "seed %" PRIu64 ": '%s'", seed,
                      text);
        if (back.format != format)
            continue;
        reached = true;
        ck_assert_uint_eq(back.digits, digits);
        ck_assert_int_eq(back.value, stamp.value);
    }
    ck_assert_msg(reached, "no text is ever read as %s", timestamp_format_name(format));
}
END_TEST

/* A real stamp with some bytes changed, removed or doubled. */
static size_t mutate(char *line, size_t size)
{
    static const char bytes[] = "0123456789 :-/.,TZJunMayThuAPM_x\t";
    const char *text = examples[below(EXAMPLES)].text;
    size_t len = strlen(text);
    memcpy(line, text, len);
    char *bar = memchr(line, '|', len);
    memmove(bar, bar + 1, len - (size_t)(bar - line) - 1);
    len--;
    for (uint64_t n = below(4); n > 0 && len > 1; n--) {
        size_t at = below(len);
        uint64_t what = below(10);
        if (what < 8) {
            line[at] = below(20) ? bytes[below(sizeof bytes - 1)] : (char)below(256);
        } else if (what == 8) {
            memmove(line + at, line + at + 1, --len - at);
        } else if (len < size) {
            memmove(line + at + 1, line + at, len - at);
            len++;
        }
    }
    return len;
}

START_TEST(test_garbage_text)
{
    char line[100];
    unsigned found = 0;
    for (int i = 0; i < 200000; i++) {
        size_t size = mutate(line, sizeof line);
        struct timestamp stamp;
        if (parse(line, size, &stamp)) {
            check_exact(line, size, &stamp);
            found++;
        }
        (void)timestamp_zone((const uint8_t *)line, size);
        struct timestamp_found first;
        if (timestamp_first((const uint8_t *)line, size, &first))
            check_exact(line + first.at, size - first.at, &first.stamp);
    }
    ck_assert_uint_gt(found, 20000);
}
END_TEST

START_TEST(test_garbage_numbers)
{
    for (int i = 0; i < 200000; i++) {
        char out[TIMESTAMP_MAX_LEN + 1];
        unsigned format = (unsigned)below(timestamp_format_count + 3);
        unsigned digits = (unsigned)below(11);
        int64_t value = (int64_t)(next_random() >> below(64));
        if (below(2))
            value = -value;
        size_t len = timestamp_print(format, digits, value, (uint8_t *)out);
        ck_assert_uint_le(len, TIMESTAMP_MAX_LEN);
        ck_assert(len == 0 || (format < timestamp_format_count && digits <= 9));
        struct timestamp back;
        if (len > 0) {
            ck_assert_msg(parse(out, len, &back), "seed %" PRIu64 ": '%.*s'", seed, (int)len, out);
            check_exact(out, len, &back);
        }
        struct timestamp stamp = {(uint8_t)format, (uint8_t)next_random(), 0, value};
        (void)timestamp_instant(&stamp, (int)next_random(), (int64_t)next_random());
    }
    static const int64_t edges[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX};
    for (unsigned format = 0; format <= timestamp_format_count; format++)
        for (unsigned e = 0; e < 7 * 7; e++) {
            uint8_t out[TIMESTAMP_MAX_LEN];
            struct timestamp stamp = {(uint8_t)format, (uint8_t)(e % 11), 0, edges[e % 7]};
            ck_assert_uint_le(timestamp_print(format, e % 11, edges[e % 7], out), sizeof out);
            (void)timestamp_instant(&stamp, TIMESTAMP_NO_ZONE, edges[e / 7]);
            (void)timestamp_instant(&stamp, INT32_MIN, edges[e / 7]);
        }
    ck_assert_uint_eq(timestamp_print(UINT32_MAX, UINT32_MAX, 0, (uint8_t[TIMESTAMP_MAX_LEN]){0}),
                      0);
    ck_assert_str_eq(timestamp_format_name(UINT32_MAX), "");
    ck_assert(!timestamp_has_year(UINT32_MAX));
}
END_TEST

/* What is made of the text before is what is printed anew. */
START_TEST(test_print_next)
{
    static const int64_t steps[] = {0, 1, 999, 1000, 60000, 61001, 3600000, 86400000, 90061007};
    enum { STEPS = sizeof steps / sizeof steps[0] };
    for (unsigned format = 0; format <= timestamp_format_count; format++) {
        struct timestamp_memo memo = {.len = 0};
        for (int i = 0; i < 4000; i++) {
            static int64_t value;
            uint8_t next[TIMESTAMP_MAX_LEN];
            uint8_t anew[TIMESTAMP_MAX_LEN];
            /* Most formats want a date or no date, all want a certain number of digits for long. */
            unsigned digits = (unsigned)(i / 400);
            int64_t scale = 1;
            for (unsigned k = 3; k < digits; k++)
                scale *= 10;
            int64_t step = (int64_t)below(1000) + steps[below(STEPS)];
            if (i % 400 == 0)
                value = i % 800 ? 0 : INT64_C(950000000000) * scale / (digits < 3 ? 1000 : 1);
            else
                value = (int64_t)((uint64_t)value + (uint64_t)((below(4) ? step : -step) * scale /
                                                               (digits < 3 ? 1000 : 1)));
            if (below(500) == 0)
                value = (int64_t)next_random();
            size_t len = timestamp_print_next(&memo, format, digits, value, next);
            ck_assert_uint_eq(len, timestamp_print(format, digits, value, anew));
            ck_assert_msg(memcmp(next, anew, len) == 0, "seed %" PRIu64 ": '%.*s' is '%.*s'", seed,
                          (int)len, anew, (int)len, next);
        }
    }
}
END_TEST

START_TEST(test_zone)
{
    static const struct {
        const char *text;
        int zone;
    } zones[] = {
        {"Z", 0},
        {"Z\",", 0},
        {"+00:00", 0},
        {"+08", 28800},
        {"+0800", 28800},
        {"+08:00 x", 28800},
        {" +0530]", 19800},
        {" -07:00", -25200},
        {" -0700] ", -25200},
        {"-03", -10800},
        {"-03:30", -12600},
        {"+14:00", 50400},
        {"+08,", 28800},
        {"-07:00: x", -25200},
        {"", TIMESTAMP_NO_ZONE},
        {" ", TIMESTAMP_NO_ZONE},
        {"Zone", TIMESTAMP_NO_ZONE},
        {"+", TIMESTAMP_NO_ZONE},
        {"+8", TIMESTAMP_NO_ZONE},
        {"+080", TIMESTAMP_NO_ZONE},
        {"+08000", TIMESTAMP_NO_ZONE},
        {"+08:0", TIMESTAMP_NO_ZONE},
        {"+0860", TIMESTAMP_NO_ZONE},
        {"+1500", TIMESTAMP_NO_ZONE},
        {"  +0800", TIMESTAMP_NO_ZONE},
        {" Z", TIMESTAMP_NO_ZONE},
        {" - INFO", TIMESTAMP_NO_ZONE},
        {"-10.5", TIMESTAMP_NO_ZONE},
        {"+08x", TIMESTAMP_NO_ZONE},
        {"-12:30:00", TIMESTAMP_NO_ZONE},
        {" 0800", TIMESTAMP_NO_ZONE},
    };
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        int zone = timestamp_zone((const uint8_t *)zones[i].text, strlen(zones[i].text));
        ck_assert_msg(zone == zones[i].zone, "'%s': %d", zones[i].text, zone);
    }
}
END_TEST

START_TEST(test_instant)
{
    static const struct {
        const char *text;
        int zone;
        const char *reference;
        const char *instant;
    } cases[] = {
        {"2015-10-18T18:01:47", 0, "2026-01-01 00:00:00", "2015-10-18 18:01:47"},
        {"2015-10-18T18:01:47", 28800, "2026-01-01 00:00:00", "2015-10-18 10:01:47"},
        {"2015-10-18", TIMESTAMP_NO_ZONE, "2026-01-01 00:00:00", "2015-10-18 00:00:00"},
        {"1117838570", -25200, "2026-01-01 00:00:00", "2005-06-03 22:42:50"},
        {"Jun  9 06:07:04", TIMESTAMP_NO_ZONE, "2015-06-09 06:07:05", "2015-06-09 06:07:04"},
        {"Jun  9 06:07:04", -7200, "2015-06-09 06:07:05", "2015-06-09 08:07:04"},
        {"Jun  9 06:07:04", TIMESTAMP_NO_ZONE, "2015-06-08 06:07:04", "2015-06-09 06:07:04"},
        {"Jun  9 06:07:04", TIMESTAMP_NO_ZONE, "2015-06-08 06:07:03", "2014-06-09 06:07:04"},
        {"Jun  9 06:07:04", TIMESTAMP_NO_ZONE, "2016-03-01 00:00:00", "2015-06-09 06:07:04"},
        {"Dec 31 23:59:59", TIMESTAMP_NO_ZONE, "2016-01-01 00:00:01", "2015-12-31 23:59:59"},
        {"Jan  1 00:00:01", TIMESTAMP_NO_ZONE, "2015-12-31 23:59:59", "2016-01-01 00:00:01"},
        {"Jan  1 00:00:01", 3600, "2015-12-31 23:30:00", "2015-12-31 23:00:01"},
        {"Dec 31 23:59:59", -3600, "2016-01-01 00:30:00", "2016-01-01 00:59:59"},
        {"Feb 29 12:00:00", TIMESTAMP_NO_ZONE, "2016-03-01 00:00:00", "2016-02-29 12:00:00"},
        {"Feb 29 12:00:00", TIMESTAMP_NO_ZONE, "2015-03-01 00:00:00", "2012-02-29 12:00:00"},
        {"Feb 29 12:00:00", TIMESTAMP_NO_ZONE, "1903-03-01 00:00:00", "1896-02-29 12:00:00"},
        {"Feb 29 12:00:00", TIMESTAMP_NO_ZONE, "2016-02-28 12:00:00", "2016-02-29 12:00:00"},
        {"06:07:04", TIMESTAMP_NO_ZONE, "2016-02-28 12:00:00", "2016-02-28 06:07:04"},
        {"23:59:59", TIMESTAMP_NO_ZONE, "2016-02-29 00:00:01", "2016-02-28 23:59:59"},
        {"00:00:01", TIMESTAMP_NO_ZONE, "2016-02-28 23:59:59", "2016-02-29 00:00:01"},
        {"00:30:00", 3600, "2016-02-28 23:59:59", "2016-02-28 23:30:00"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct timestamp stamp;
        ck_assert(parse(cases[i].text, strlen(cases[i].text), &stamp));
        int64_t instant = timestamp_instant(&stamp, cases[i].zone, instant_of(cases[i].reference));
        ck_assert_msg(instant == instant_of(cases[i].instant), "%s at %s: %" PRId64, cases[i].text,
                      cases[i].reference, instant / NS_PER_SECOND);
    }
    struct timestamp fine = {0, 6, 0, 1500000};
    ck_assert_int_eq(timestamp_instant(&fine, 1, 0), 500000000);
    struct timestamp far = {0, 0, 0, INT64_C(253402300799)};
    ck_assert_int_eq(timestamp_instant(&far, 0, 0), INT64_MAX);
}
END_TEST

START_TEST(test_has_year)
{
    for (unsigned format = 0; format < timestamp_format_count; format++)
        ck_assert_msg(timestamp_has_year(format) == writes(format, "Yys"), "%s",
                      timestamp_format_name(format));
}
END_TEST

/* The line, what dates it ("" for nothing), and the zone behind that. */
static const struct {
    const char *line;
    const char *stamp;
    int zone;
} lines[] = {
    {"2015-10-18 18:01:47,978 INFO", "2015-10-18 18:01:47,978", TIMESTAMP_NO_ZONE},
    {"<34>Jun  9 06:07:04 host su: x", "Jun  9 06:07:04", TIMESTAMP_NO_ZONE},
    {"<34>1 2005-06-09T06:07:04.5Z host", "2005-06-09T06:07:04.5", 0},
    {"[Thu Jun 09 06:07:04 2005] [x]", "Thu Jun 09 06:07:04 2005", TIMESTAMP_NO_ZONE},
    {"83.149.9.216 - - [17/May/2015:10:05:03 +0200] \"GET", "17/May/2015:10:05:03", 7200},
    {"06:07:04 on 2005-06-09 08:09:10+01", "2005-06-09 08:09:10", 3600},
    {"06:07:04 foo", "06:07:04", TIMESTAMP_NO_ZONE},
    {"uid 1446249499 at 06:07:04", "1446249499", TIMESTAMP_NO_ZONE},
    {"1446249499.322 5 from 2005-06-09 08:09:10", "1446249499.322", TIMESTAMP_NO_ZONE},
    {"[1446249499] SERVICE 2005-06-09 08:09:10", "1446249499", TIMESTAMP_NO_ZONE},
    {"- 1117838570 2005.06.03 R02", "1117838570", TIMESTAMP_NO_ZONE},
    {"id=1117838570 2005.06.03 R02", "2005.06.03", TIMESTAMP_NO_ZONE},
    {"2005.06.03 R02 2005-06-03-15.42.50.363779 R", "2005-06-03-15.42.50.363779",
     TIMESTAMP_NO_ZONE},
    {"{\"ts\":\"2018-03-24T17:15:20.8Z\",\"x\":1}", "2018-03-24T17:15:20.8", 0},
    {"I0609 06:07:04.123456    1 main.go:12] x", "0609 06:07:04.123456", TIMESTAMP_NO_ZONE},
    {"x2015-10-18 18:01", "", 0},
    {"192.168.100.100 GET /index.html 200 5123", "", 0},
    {"", "", 0},
    {"Exception in thread main", "", 0},
};

START_TEST(test_first)
{
    struct timestamp_found found;
    const char *line = lines[_i].line;
    bool any = timestamp_first((const uint8_t *)line, strlen(line), &found);
    ck_assert_msg(any == (lines[_i].stamp[0] != 0), "%s", line);
    if (!any)
        return;
    ck_assert_msg(strlen(lines[_i].stamp) == found.stamp.len &&
                      memcmp(line + found.at, lines[_i].stamp, found.stamp.len) == 0,
                  "%s: '%.*s'", line, found.stamp.len, line + found.at);
    ck_assert_int_eq(found.zone, lines[_i].zone);
}
END_TEST

START_TEST(test_first_window)
{
    char line[400];
    struct timestamp_found found;
    for (size_t at = 250; at < 262; at++) {
        memset(line, '-', sizeof line);
        memcpy(line + at, "2015-10-18 18:01:47", 19);
        bool any = timestamp_first((const uint8_t *)line, sizeof line, &found);
        ck_assert_int_eq(any, at < 256);
        ck_assert(!any || found.at == at);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_examples, 0, EXAMPLES);
    tcase_add_loop_test(tc, test_cut, 0, EXAMPLES);
    tcase_add_loop_test(tc, test_rejects, 0, (int)(sizeof rejects / sizeof rejects[0]));
    tcase_add_loop_test(tc, test_round_trip, 0, (int)timestamp_format_count);
    tcase_add_test(tc, test_garbage_text);
    tcase_add_test(tc, test_garbage_numbers);
    tcase_add_test(tc, test_print_next);
    tcase_add_test(tc, test_zone);
    tcase_add_test(tc, test_instant);
    tcase_add_test(tc, test_has_year);
    tcase_add_loop_test(tc, test_first, 0, (int)(sizeof lines / sizeof lines[0]));
    tcase_add_test(tc, test_first_window);
}

int main(void)
{
    const char *given = getenv("LOGZIP_TEST_SEED");
    seed = given ? strtoull(given, NULL, 10) : (uint64_t)clock_real();
    printf("test_timestamp: LOGZIP_TEST_SEED=%" PRIu64 "\n", seed);
    fflush(stdout);
    state = seed;
    return run_suite("timestamp", add_tests, 120);
}
