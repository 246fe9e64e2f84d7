/*
 * timestamp_parse.c - from text to a stamp: sorts the text into a family by its
 * first bytes, then runs the programs of the family's formats over it and keeps
 * the longest reading.
 *
 * It promises that what it accepts prints back identically: every operation
 * accepts only the one way in which timestamp_print() writes the field's value.
 */
#include <string.h>

#include "base/ascii.h"
#include "line/timestamp.h"
#include "line/timestamp_civil.h"
#include "line/timestamp_table.h"

enum {
    /* A format never looks further than this: the longest stamp, a digit too many
       and two more. */
    WINDOW = TIMESTAMP_MAX_LEN + 8,
};

/* What a program has read so far; -1 where nothing was written. */
struct fields {
    int year;
    int weekday;
    int half; /* 12 for PM */
    int v[FIELD_COUNT];
    unsigned digits;
    int64_t fraction;
    int64_t epoch;
};

static const struct {
    uint8_t min;
    uint8_t max;
} limits[FIELD_COUNT] = {
    [FIELD_MONTH] = {1, 12},  [FIELD_DAY] = {1, 31},    [FIELD_HOUR] = {0, 23},
    [FIELD_HOUR12] = {1, 12}, [FIELD_MINUTE] = {0, 59}, [FIELD_SECOND] = {0, 59},
};

static const int64_t powers[] = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000,
};

static inline bool is_word(uint8_t c)
{
    return ascii_is_alnum(c) || c == '_';
}

/*
 * Operations. Each gets the place in the text, and returns the place behind
 * what it read, or NULL if the text isn't what it wants. At least WINDOW bytes
 * are there.
 */

/* Two digits, or a number above 99. */
static inline unsigned two_digits(const uint8_t *p)
{
    unsigned high = (unsigned)p[0] - '0';
    unsigned low = (unsigned)p[1] - '0';
    return high <= 9 && low <= 9 ? high * 10 + low : 100;
}

static inline const uint8_t *read_padded(const uint8_t *p, unsigned field, struct fields *f)
{
    unsigned value = two_digits(p);
    if (value < limits[field].min || value > limits[field].max)
        return NULL;
    f->v[field] = (int)value;
    return p + 2;
}

static const uint8_t *read_unpadded(const uint8_t *p, unsigned field, struct fields *f)
{
    if (!ascii_is_digit(p[0]))
        return NULL;
    if (ascii_is_digit(p[1]))
        return p[0] == '0' ? NULL : read_padded(p, field, f);
    unsigned value = (unsigned)p[0] - '0';
    if (value < limits[field].min)
        return NULL;
    f->v[field] = (int)value;
    return p + 1;
}

static const uint8_t *read_spaced(const uint8_t *p, unsigned field, struct fields *f)
{
    if (p[0] != ' ')
        return p[0] == '0' ? NULL : read_padded(p, field, f);
    return ascii_is_digit(p[1]) && !ascii_is_digit(p[2]) ? read_unpadded(p + 1, field, f) : NULL;
}

static inline const uint8_t *read_year(const uint8_t *p, bool near, struct fields *f)
{
    unsigned century = two_digits(p);
    unsigned rest = two_digits(p + 2);
    if (century > 99 || rest > 99)
        return NULL;
    f->year = (int)(century * 100 + rest);
    return !near || (f->year >= 1970 && f->year <= 2099) ? p + 4 : NULL;
}

static const uint8_t *read_year_short(const uint8_t *p, struct fields *f)
{
    unsigned value = two_digits(p);
    if (value > 99)
        return NULL;
    f->year = (int)(value < 69 ? 2000 + value : 1900 + value);
    return p + 2;
}

static inline const uint8_t *read_date(const uint8_t *p, uint8_t separator, struct fields *f)
{
    if (p[4] != separator || p[7] != separator || !read_year(p, false, f) ||
        !read_padded(p + 5, FIELD_MONTH, f) || !read_padded(p + 8, FIELD_DAY, f))
        return NULL;
    return p + 10;
}

static inline const uint8_t *read_time(const uint8_t *p, uint8_t separator, struct fields *f)
{
    if (p[2] != separator || p[5] != separator || !read_padded(p, FIELD_HOUR, f) ||
        !read_padded(p + 3, FIELD_MINUTE, f) || !read_padded(p + 6, FIELD_SECOND, f))
        return NULL;
    return p + 8;
}

static const uint8_t *read_month_name(const uint8_t *p, struct fields *f)
{
    f->v[FIELD_MONTH] = timestamp_month_of(p);
    return f->v[FIELD_MONTH] ? p + 3 : NULL;
}

static const uint8_t *read_weekday(const uint8_t *p, struct fields *f)
{
    f->weekday = timestamp_weekday_of(p);
    return f->weekday >= 0 ? p + 3 : NULL;
}

static const uint8_t *read_half(const uint8_t *p, struct fields *f)
{
    if ((p[0] != 'A' && p[0] != 'P') || p[1] != 'M' || is_word(p[2]))
        return NULL;
    f->half = p[0] == 'P' ? 12 : 0;
    return p + 2;
}

/* The digits of a fraction: from 1 to 9, or with `exact` as many as that. */
static const uint8_t *read_digits(const uint8_t *p, unsigned exact, struct fields *f)
{
    unsigned max = exact ? exact : 9;
    unsigned n = 0;
    int64_t value = 0;
    for (; n < max && ascii_is_digit(p[n]); n++)
        value = value * 10 + (p[n] - '0');
    if (n == 0 || (exact && n < exact) || ascii_is_digit(p[n]))
        return NULL;
    f->digits = n;
    f->fraction = value;
    return p + n;
}

/* A fraction too long for us is left behind as text, as is a point that no
 * digit follows. */
static const uint8_t *read_fraction_if(const uint8_t *p, uint8_t point, struct fields *f)
{
    const uint8_t *end = p[0] == point ? read_digits(p + 1, 0, f) : NULL;
    return end ? end : p;
}

static const uint8_t *read_milli_short(const uint8_t *p, struct fields *f)
{
    const uint8_t *end = read_digits(p, 0, f);
    if (!end || end - p > 3 || (p[0] == '0' && end - p > 1))
        return NULL;
    f->digits = 3;
    return end;
}

static const uint8_t *read_epoch(const uint8_t *p, unsigned digits, struct fields *f)
{
    int64_t seconds = 0;
    for (unsigned i = 0; i < 10; i++) {
        if (!ascii_is_digit(p[i]))
            return NULL;
        seconds = seconds * 10 + (p[i] - '0');
    }
    if (seconds < TIMESTAMP_EPOCH_MIN || seconds >= TIMESTAMP_EPOCH_END)
        return NULL;
    f->epoch = seconds;
    return digits > 10 ? read_digits(p + 10, digits - 10, f) : p + 10;
}

static inline const uint8_t *read_op(struct timestamp_op op, const uint8_t *p, struct fields *f)
{
    switch (op.code) {
    case OP_LITERAL:
        return p[0] == op.arg ? p + 1 : NULL;
    case OP_DATE:
        return read_date(p, op.arg, f);
    case OP_TIME:
        return read_time(p, op.arg, f);
    case OP_YEAR:
        return read_year(p, op.arg, f);
    case OP_YEAR_SHORT:
        return read_year_short(p, f);
    case OP_MONTH_NAME:
        return read_month_name(p, f);
    case OP_WEEKDAY:
        return read_weekday(p, f);
    case OP_PADDED:
        return read_padded(p, op.arg, f);
    case OP_SPACED:
        return read_spaced(p, op.arg, f);
    case OP_UNPADDED:
        return read_unpadded(p, op.arg, f);
    case OP_HALF:
        return read_half(p, f);
    case OP_FRACTION:
        return p[0] == op.arg ? read_digits(p + 1, 0, f) : NULL;
    case OP_FRACTION_IF:
        return read_fraction_if(p, op.arg, f);
    case OP_MILLI:
        return read_digits(p, 3, f);
    case OP_MILLI_SHORT:
        return read_milli_short(p, f);
    case OP_EPOCH:
        return read_epoch(p, op.arg, f);
    default:
        return NULL;
    }
}

/* May a stamp end before `p`? */
static bool may_end(enum timestamp_follow follow, const uint8_t *p)
{
    if (ascii_is_digit(p[0]))
        return false;
    if (follow == FOLLOW_ANY)
        return true;
    if (follow == FOLLOW_NUMBER)
        return !is_word(p[0]) && !(p[0] == '.' && ascii_is_digit(p[1]));
    if (is_word(p[0]))
        return p[0] == 'Z' && !is_word(p[1]);
    if (p[0] == ':')
        return !is_word(p[1]);
    return !(p[0] == '.' || p[0] == '-' || p[0] == '/') || !ascii_is_digit(p[1]);
}

/* Put the fields together. @return false if there is no such date, or the
 * number too large */
static bool value_of(const struct fields *f, int64_t *value)
{
    int64_t seconds = f->epoch;
    if (seconds < 0) {
        int month = f->v[FIELD_MONTH];
        int day = f->v[FIELD_DAY];
        int year = f->year >= 0 ? f->year : month ? 2000 : 1970;
        if (!month)
            month = day = 1;
        if (day > 28 && day > civil_month_days(year, month))
            return false;
        int32_t days = civil_to_days(year, month, day);
        if (f->weekday >= 0 && f->weekday != civil_weekday(days))
            return false;
        int hour = f->v[FIELD_HOUR];
        if (f->v[FIELD_HOUR12])
            hour = f->v[FIELD_HOUR12] % 12 + f->half;
        seconds = (int64_t)days * CIVIL_DAY_SECONDS + hour * 3600 + f->v[FIELD_MINUTE] * 60 +
                  f->v[FIELD_SECOND];
    }
    return !__builtin_mul_overflow(seconds, powers[f->digits], value) &&
           !__builtin_add_overflow(*value, f->fraction, value);
}

/* Run one format. @return length of the stamp, 0 if the text is none of this
 * format */
static size_t read_format(const struct timestamp_format *format, const uint8_t *text,
                          struct timestamp *stamp)
{
    struct fields f = {.year = -1, .weekday = -1, .epoch = -1};
    const uint8_t *p = text;
    for (const struct timestamp_op *op = format->ops; op->code != OP_END; op++) {
        p = read_op(*op, p, &f);
        if (!p)
            return 0;
    }
    if (!may_end(format->follow, p) || !value_of(&f, &stamp->value))
        return 0;
    stamp->digits = (uint8_t)f.digits;
    stamp->len = (uint8_t)(p - text);
    return stamp->len;
}

/* The longest reading by a format of the family. */
static bool read_family(enum timestamp_family family, const uint8_t *text, struct timestamp *stamp)
{
    size_t best = 0;
    for (unsigned word = 0; word < TIMESTAMP_MASK_WORDS; word++) {
        uint64_t mask = timestamp_family_masks[family][word];
        for (; mask; mask &= mask - 1) {
            unsigned index = word * 64 + (unsigned)__builtin_ctzll(mask);
            const struct timestamp_format *format = &timestamp_formats[index];
            struct timestamp reading;
            if ((format->probe_at && text[format->probe_at] != format->probe_byte) ||
                read_format(format, text, &reading) <= best)
                continue;
            best = reading.len;
            *stamp = reading;
            stamp->format = (uint8_t)index;
        }
    }
    return best > 0;
}

bool timestamp_parse(const uint8_t *text, size_t size, struct timestamp *stamp)
{
    enum timestamp_family family = timestamp_family_of(text, size);
    if (family == FAMILY_NONE)
        return false;
    uint8_t window[WINDOW];
    if (size < WINDOW) {
        memset(window, 0, sizeof window);
        text = memcpy(window, text, size);
    }
    for (; family != FAMILY_NONE; family = timestamp_family_wider(family))
        if (read_family(family, text, stamp))
            return true;
    return false;
}
