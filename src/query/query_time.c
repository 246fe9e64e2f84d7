/*
 * query_time.c - a small recursive-descent parser for moments. Every number is range-checked, and
 * a date must exist in the calendar.
 */
#include "query/query_time.h"

#include <ctype.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/zone.h"

#define NS_PER_DAY (INT64_C(86400) * NS_PER_SECOND)

static void skip_blanks(const char **at)
{
    while (**at == ' ' || **at == '\t')
        ++*at;
}

/* A number of `min` to `max` digits, no more following. */
static bool take_digits(const char **at, size_t min, size_t max, int64_t *value)
{
    size_t len = strspn(*at, "0123456789");
    if (len < min || len > max)
        return false;
    *value = 0;
    for (size_t i = 0; i < len; i++)
        *value = *value * 10 + (*(*at)++ - '0');
    return true;
}

static bool take_char(const char **at, char c)
{
    if (**at != c)
        return false;
    ++*at;
    return true;
}

/* ".5": a fraction of a second, as nanoseconds; nothing is a fraction, too. */
static bool take_fraction(const char **at, int64_t *ns)
{
    *ns = 0;
    if (!take_char(at, '.'))
        return true;
    size_t digits = 0;
    int64_t unit = NS_PER_SECOND;
    for (; isdigit((unsigned char)**at); ++*at, digits++) {
        unit /= 10;
        *ns += unit * (**at - '0');
    }
    return digits >= 1 && digits <= 9;
}

/* "HH:MM[:SS[.f]]", as nanoseconds since midnight. */
static bool take_clock(const char **at, int64_t *ns)
{
    int64_t hour, minute, second = 0, fraction = 0;
    if (!take_digits(at, 1, 2, &hour) || !take_char(at, ':') || !take_digits(at, 2, 2, &minute))
        return false;
    if (take_char(at, ':') && (!take_digits(at, 2, 2, &second) || !take_fraction(at, &fraction)))
        return false;
    *ns = ((hour * 60 + minute) * 60 + second) * NS_PER_SECOND + fraction;
    return hour <= 23 && minute <= 59 && second <= 60;
}

/* "Z", "UTC", "+02", "+0200", "+02:00": what is to be subtracted. Nothing: the host's zone. */
static bool take_zone(const char **at, int64_t *ns, bool *local)
{
    *ns = 0;
    skip_blanks(at);
    *local = **at == '\0';
    if (strncasecmp(*at, "utc", 3) == 0) {
        *at += 3;
        return true;
    }
    if (take_char(at, 'Z') || take_char(at, 'z') || **at == '\0')
        return true;
    char sign = *(*at)++;
    int64_t hours, minutes = 0;
    if (sign != '+' && sign != '-')
        return false;
    size_t len = strspn(*at, "0123456789");
    if (len == 4) {
        if (!take_digits(at, 4, 4, &hours))
            return false;
        minutes = hours % 100;
        hours /= 100;
    } else {
        if (!take_digits(at, 2, 2, &hours))
            return false;
        if (take_char(at, ':') && !take_digits(at, 2, 2, &minutes))
            return false;
    }
    *ns = (hours * 60 + minutes) * 60 * NS_PER_SECOND * (sign == '-' ? -1 : 1);
    return hours <= 23 && minutes <= 59;
}

/* "YYYY-MM-DD", as the nanoseconds of its midnight. */
static bool take_date(const char **at, int64_t *ns)
{
    int64_t year, month, day;
    if (!take_digits(at, 4, 4, &year) || !take_char(at, '-') || !take_digits(at, 1, 2, &month) ||
        !take_char(at, '-') || !take_digits(at, 1, 2, &day))
        return false;
    if (year < 1970 || year > 2261 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    struct tm tm = {
        .tm_year = (int)year - 1900, .tm_mon = (int)month - 1, .tm_mday = (int)day, .tm_isdst = 0};
    *ns = (int64_t)timegm(&tm) * NS_PER_SECOND;
    /* timegm() turns February 30 into March 1 or 2. */
    return tm.tm_mday == (int)day;
}

/* A day of the week by its name or the first three letters of it; -1 if there is none. */
static int take_weekday(const char **at)
{
    static const char *const names[] = {"sunday",   "monday", "tuesday", "wednesday",
                                        "thursday", "friday", "saturday"};
    enum { SHORT = 3 };
    size_t len = 0;
    while (isalpha((unsigned char)(*at)[len]))
        len++;
    for (int i = 0; i < 7; i++) {
        if ((len != SHORT && len != strlen(names[i])) || strncasecmp(*at, names[i], len) != 0)
            continue;
        *at += len;
        skip_blanks(at);
        return i;
    }
    return -1;
}

/* The day of the week of a midnight on the wall; 1970 began on a Thursday. */
static int weekday_of(int64_t midnight)
{
    return (int)((midnight / NS_PER_DAY + 4) % 7);
}

/* A date, a clock or both, and a zone; or the last day of the week that has that name. All as the
   wall clock shows them, until the zone is known. */
static bool parse_absolute(const char *at, int64_t midnight, int64_t *ns)
{
    int64_t day = midnight, clock = 0, zone;
    bool local;
    int weekday = take_weekday(&at);
    if (weekday >= 0 && *at == '\0')
        day -= (weekday_of(midnight) - weekday + 7) % 7 * NS_PER_DAY;
    else if (strspn(at, "0123456789") == 4) {
        if (!take_date(&at, &day))
            return false;
        if (weekday >= 0 && weekday_of(day) != weekday)
            return false;
        bool joined = take_char(&at, 'T');
        skip_blanks(&at);
        if ((joined || isdigit((unsigned char)*at)) && !take_clock(&at, &clock))
            return false;
    } else if (weekday >= 0 || !take_clock(&at, &clock)) {
        return false;
    }
    if (!take_zone(&at, &zone, &local) || *at || __builtin_add_overflow(day, clock - zone, ns))
        return false;
    if (local)
        *ns = zone_instant(&(struct zone){0}, *ns);
    return true;
}

/* "@1767225600.5". */
static bool parse_epoch(const char *at, int64_t *ns)
{
    int64_t seconds, fraction;
    if (!take_digits(&at, 1, 10, &seconds) || !take_fraction(&at, &fraction) || *at)
        return false;
    return !__builtin_mul_overflow(seconds, NS_PER_SECOND, ns) &&
           !__builtin_add_overflow(*ns, fraction, ns);
}

/* The nanoseconds of a unit's name, or 0. One letter alone is a matter of case: "M" is a month. */
static int64_t unit_of(const char *name, size_t len)
{
    static const struct {
        const char *names; /* each between spaces */
        int64_t ns;
    } units[] = {
        {" us usec usecs microsecond microseconds ", 1000},
        {" ms msec msecs millisecond milliseconds ", 1000000},
        {" s sec secs second seconds ", NS_PER_SECOND},
        {" m min mins minute minutes ", 60 * NS_PER_SECOND},
        {" h hr hrs hour hours ", 3600 * NS_PER_SECOND},
        {" d day days ", NS_PER_DAY},
        {" w week weeks ", 7 * NS_PER_DAY},
        {" M month months ", 2629800 * NS_PER_SECOND},
        {" y year years ", 31557600 * NS_PER_SECOND},
    };
    char wanted[16];
    if (len == 0 || len > sizeof(wanted) - 3)
        return 0;
    wanted[0] = ' ';
    for (size_t i = 0; i < len; i++)
        wanted[i + 1] = (char)(len == 1 ? name[i] : tolower((unsigned char)name[i]));
    wanted[len + 1] = ' ';
    wanted[len + 2] = '\0';
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strstr(units[i].names, wanted))
            return units[i].ns;
    return 0;
}

/* ".5" of a unit; nothing is a part, too. */
static bool take_part(const char **at, int64_t unit, int64_t *part)
{
    *part = 0;
    if (!take_char(at, '.'))
        return true;
    size_t digits = 0;
    for (; isdigit((unsigned char)**at); ++*at, digits++) {
        unit /= 10;
        *part += unit * (**at - '0');
    }
    return digits >= 1;
}

/* "1h 30min", as nanoseconds; `at` ends behind it. */
static bool take_span(const char **at, int64_t *ns)
{
    *ns = 0;
    while (isdigit((unsigned char)**at)) {
        int64_t count, part, fraction;
        if (!take_digits(at, 1, 12, &count))
            return false;
        const char *dot = *at;
        const char *name = dot + (*dot == '.' ? 1 + strspn(dot + 1, "0123456789") : 0);
        skip_blanks(&name);
        size_t len = 0;
        while (isalpha((unsigned char)name[len]))
            len++;
        int64_t unit = unit_of(name, len);
        if (unit == 0 || !take_part(&dot, unit, &fraction) ||
            __builtin_mul_overflow(count, unit, &part) ||
            __builtin_add_overflow(part, fraction, &part) || __builtin_add_overflow(*ns, part, ns))
            return false;
        *at = name + len;
        skip_blanks(at);
    }
    return true;
}

/* "-15min", "+1day" or "2 hours ago". */
static bool parse_relative(const char *at, int64_t now, int64_t *ns)
{
    int64_t span;
    char sign = *at == '-' || *at == '+' ? *at++ : '\0';
    skip_blanks(&at);
    if (!isdigit((unsigned char)*at) || !take_span(&at, &span))
        return false;
    bool ago = strcasecmp(at, "ago") == 0;
    if (!ago && (*at || sign == '\0'))
        return false;
    if (ago && sign)
        return false;
    if (sign == '+')
        return !__builtin_add_overflow(now, span, ns);
    return !__builtin_sub_overflow(now, span, ns);
}

/* "today" and its like. */
static bool parse_word(const char *text, int64_t now, int64_t midnight, int64_t *ns)
{
    int64_t days;
    if (strcasecmp(text, "now") == 0) {
        *ns = now;
        return true;
    }
    if (strcasecmp(text, "today") == 0)
        days = 0;
    else if (strcasecmp(text, "yesterday") == 0)
        days = -1;
    else if (strcasecmp(text, "tomorrow") == 0)
        days = 1;
    else
        return false;
    *ns = zone_instant(&(struct zone){0}, midnight + days * NS_PER_DAY);
    return true;
}

int query_time_parse(const char *text, int64_t now, int64_t *ns, struct lgz_error *err)
{
    const char *at = text;
    int64_t midnight = zone_wall(&(struct zone){0}, now); /* on the wall */
    midnight -= midnight % NS_PER_DAY;
    skip_blanks(&at);
    bool good = parse_word(at, now, midnight, ns) ||
                (*at == '@' ? parse_epoch(at + 1, ns) : parse_absolute(at, midnight, ns)) ||
                parse_relative(at, now, ns);
    if (!good || *ns < 0)
        return error_set(err, LGZ_ERR_ARGUMENT, "'%s' is not a time that logzip knows", text);
    return LGZ_OK;
}

void query_time_print(struct buf *out, int64_t ns, unsigned digits)
{
    int64_t seconds = ns / NS_PER_SECOND;
    int64_t fraction = ns % NS_PER_SECOND;
    if (fraction < 0) {
        fraction += NS_PER_SECOND;
        seconds--;
    }
    time_t when = (time_t)seconds;
    struct tm tm = {0};
    if (!gmtime_r(&when, &tm))
        tm = (struct tm){.tm_mday = 1, .tm_year = 70};
    buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
               tm.tm_hour, tm.tm_min, tm.tm_sec);
    if (digits > 0 && digits <= 9) {
        char text[10];
        for (size_t i = 9; i > 0; i--) {
            text[i - 1] = (char)('0' + fraction % 10);
            fraction /= 10;
        }
        text[9] = '\0';
        buf_printf(out, ".%.*s", (int)digits, text);
    }
    buf_push(out, 'Z');
}

void query_time_member(struct buf *out, const char *name, int64_t ns)
{
    buf_printf(out, ",\"%s\":\"", name);
    query_time_print(out, ns, ns % NS_PER_SECOND ? 9 : 0);
    buf_push(out, '"');
}
