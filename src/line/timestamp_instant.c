/*
 * timestamp_instant.c - what a stamp means: zones, instants, and which stamp
 * dates a line.
 */
#include <string.h>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/floor.h"
#include "line/timestamp.h"
#include "line/timestamp_civil.h"
#include "line/timestamp_table.h"

enum {
    DAY = CIVIL_DAY_SECONDS,
    ZONE_MAX = 14 * 3600, /* Kiribati's */
    FIRST_WINDOW = 256,   /* how far into a line timestamp_first() looks for the
                             start of a stamp */
};

/* What a format holds. */
enum { HAS_YEAR = 1, HAS_MONTH = 2, HAS_TIME = 4, HAS_EPOCH = 8 };

static unsigned contents_of(unsigned format)
{
    unsigned has = 0;
    if (format >= timestamp_format_count)
        return 0;
    for (const struct timestamp_op *op = timestamp_formats[format].ops; op->code != OP_END; op++) {
        switch (op->code) {
        case OP_DATE:
            has |= HAS_YEAR | HAS_MONTH;
            break;
        case OP_YEAR:
        case OP_YEAR_SHORT:
            has |= HAS_YEAR;
            break;
        case OP_MONTH_NAME:
            has |= HAS_MONTH;
            break;
        case OP_TIME:
            has |= HAS_TIME;
            break;
        case OP_PADDED:
        case OP_SPACED:
        case OP_UNPADDED:
            has |= op->arg == FIELD_MONTH || op->arg == FIELD_DAY ? HAS_MONTH : HAS_TIME;
            break;
        case OP_EPOCH:
            has |= HAS_EPOCH | HAS_YEAR;
            break;
        default:
            break;
        }
    }
    return has;
}

bool timestamp_has_year(unsigned format)
{
    return contents_of(format) & HAS_YEAR;
}

/* Zones. */

static bool is_digit_at(const uint8_t *text, size_t size, size_t i)
{
    return i < size && ascii_is_digit(text[i]);
}

static bool is_word_at(const uint8_t *text, size_t size, size_t i)
{
    if (i >= size)
        return false;
    return ascii_is_alnum(text[i]) || text[i] == '_';
}

static bool is_pair_at(const uint8_t *text, size_t size, size_t i)
{
    return is_digit_at(text, size, i) && is_digit_at(text, size, i + 1);
}

static int pair_at(const uint8_t *text, size_t i)
{
    return (text[i] - '0') * 10 + (text[i + 1] - '0');
}

int timestamp_zone(const uint8_t *text, size_t size)
{
    if (size > 0 && text[0] == 'Z')
        return is_word_at(text, size, 1) ? TIMESTAMP_NO_ZONE : 0;
    size_t at = size > 0 && text[0] == ' ';
    if (size < at + 3 || (text[at] != '+' && text[at] != '-') || !is_pair_at(text, size, at + 1))
        return TIMESTAMP_NO_ZONE;
    int sign = text[at] == '-' ? -1 : 1;
    int hours = pair_at(text, at + 1);
    int minutes = 0;
    at += 3;
    size_t colon = at < size && text[at] == ':';
    if (is_pair_at(text, size, at + colon)) {
        minutes = pair_at(text, at + colon);
        at += colon + 2;
    }
    /* "-10.5" and "-12:30:00" are other things than zones. */
    bool goes_on =
        is_word_at(text, size, at) ||
        (at < size && (text[at] == '.' || text[at] == ':') && is_digit_at(text, size, at + 1));
    int zone = hours * 3600 + minutes * 60;
    return goes_on || minutes > 59 || zone > ZONE_MAX ? TIMESTAMP_NO_ZONE : sign * zone;
}

/* Instants. */

/* Years before 1678 and behind 2262 don't fit: the nearest instant that does stands for them.
   INT64_MIN itself means "no time" to others. */
static const int64_t EARLIEST = INT64_MIN + 1;

/* The stamp's number in nanoseconds; the nearest there is if that is too large. */
static int64_t to_nanoseconds(int64_t value, unsigned digits)
{
    int64_t unit = 1;
    int64_t result;
    for (unsigned i = digits; i < 9; i++)
        unit *= 10;
    if (__builtin_mul_overflow(value, unit, &result))
        return value < 0 ? EARLIEST : INT64_MAX;
    return result;
}

static int64_t add_clamped(int64_t a, int64_t b)
{
    int64_t result;
    if (__builtin_add_overflow(a, b, &result))
        return b < 0 ? EARLIEST : INT64_MAX;
    return result;
}

/*
 * Move an instant of the year 2000 into the last year that doesn't put it more
 * than a day after `reference`. 29 February waits for a leap year.
 */
static int64_t infer_year(int64_t instant, int64_t zone, int64_t reference)
{
    int64_t day_ns = DAY * NS_PER_SECOND;
    int64_t local = add_clamped(instant, zone);
    int32_t day = (int32_t)floor_div(local, day_ns);
    struct civil_date date = civil_from_days(day);
    int64_t latest = add_clamped(reference, day_ns);
    int year = civil_from_days((int32_t)floor_div(latest, day_ns)).year + 1;
    for (int tries = 0; tries < 12; tries++, year--) {
        if (date.day > civil_month_days(year, date.month))
            continue;
        int64_t shift = civil_to_days(year, date.month, date.day) - day;
        int64_t moved = shift * DAY;
        if (__builtin_mul_overflow(moved, NS_PER_SECOND, &moved) ||
            __builtin_add_overflow(moved, instant, &moved))
            continue;
        if (moved <= latest)
            return moved;
    }
    return instant;
}

/* Move a time of day to the day that brings it nearest to `reference`. */
static int64_t infer_day(int64_t instant, int64_t reference)
{
    int64_t day_ns = DAY * NS_PER_SECOND;
    int64_t latest = add_clamped(reference, day_ns / 2);
    /* How long before `latest` it was this time of day. */
    int64_t ago = floor_mod(floor_mod(latest, day_ns) - floor_mod(instant, day_ns), day_ns);
    return add_clamped(latest, -ago);
}

int64_t timestamp_instant(const struct timestamp *stamp, int zone, int64_t reference)
{
    unsigned has = contents_of(stamp->format);
    int64_t east = zone == TIMESTAMP_NO_ZONE || (has & HAS_EPOCH) ? 0 : zone * NS_PER_SECOND;
    int64_t instant = add_clamped(to_nanoseconds(stamp->value, stamp->digits), -east);
    if (has & HAS_YEAR)
        return instant;
    return has & HAS_MONTH ? infer_year(instant, east, reference) : infer_day(instant, reference);
}

/* The stamp that dates a line. */

enum rank { RANK_NONE, RANK_TIME, RANK_NUMBER, RANK_DATE, RANK_FULL };

static enum rank rank_of(unsigned format, bool at_start)
{
    unsigned has = contents_of(format);
    if (has & HAS_EPOCH)
        return at_start ? RANK_FULL : RANK_NUMBER;
    if (!(has & HAS_MONTH))
        return RANK_TIME;
    return has & HAS_TIME ? RANK_FULL : RANK_DATE;
}

bool timestamp_dates_line(unsigned format)
{
    return rank_of(format, true) == RANK_FULL;
}

/* klog and glog put the severity right before the date: "I0609
 * 06:07:04.123456". */
static bool is_severity(const uint8_t *line, size_t size)
{
    return size > 5 && line[5] == ' ' && is_digit_at(line, size, 1) &&
           (line[0] == 'I' || line[0] == 'W' || line[0] == 'E' || line[0] == 'F');
}

bool timestamp_first(const uint8_t *line, size_t size, struct timestamp_found *found)
{
    enum rank best = RANK_NONE;
    size_t end = size < FIRST_WINDOW ? size : FIRST_WINDOW;
    bool in_token = false;
    bool at_start = true;
    for (size_t i = is_severity(line, size); i < end && best < RANK_FULL; i++) {
        bool starts = !in_token && timestamp_may_start(line[i]);
        in_token = ascii_is_alnum(line[i]);
        struct timestamp stamp;
        if (starts && timestamp_parse(line + i, size - i, &stamp)) {
            enum rank rank = rank_of(stamp.format, at_start);
            if (rank > best) {
                best = rank;
                found->stamp = stamp;
                found->at = i;
            }
            i += stamp.len - 1u; /* what is inside a stamp isn't another one */
        }
        at_start = at_start && !in_token;
    }
    if (best == RANK_NONE)
        return false;
    size_t behind = found->at + found->stamp.len;
    found->zone = timestamp_zone(line + behind, size - behind);
    return true;
}

bool timestamp_format_is_local(unsigned format)
{
    return !(contents_of(format) & HAS_EPOCH) && !strstr(timestamp_format_name(format), "UTC");
}

bool timestamp_names_utc(const uint8_t *line, size_t size, const struct timestamp_found *found)
{
    enum { NAME_LEN = 4 };
    size_t behind = found->at + found->stamp.len;
    if (size - behind < NAME_LEN || is_word_at(line, size, behind + NAME_LEN))
        return false;
    return memcmp(line + behind, " UTC", NAME_LEN) == 0 ||
           memcmp(line + behind, " GMT", NAME_LEN) == 0;
}

bool timestamp_is_local(const uint8_t *line, size_t size, const struct timestamp_found *found)
{
    return found->zone == TIMESTAMP_NO_ZONE && timestamp_format_is_local(found->stamp.format) &&
           !timestamp_names_utc(line, size, found);
}
