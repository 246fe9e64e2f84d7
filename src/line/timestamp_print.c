/*
 * timestamp_print.c - from a number to the text of a stamp: runs the format's
 * program over the fields of the date. Numbers come from files: whatever no
 * stamp can mean is refused.
 */
#include <string.h>

#include "base/decimal.h"
#include "line/timestamp.h"
#include "line/timestamp_civil.h"
#include "line/timestamp_table.h"

/* The moments of the years 0 to 9999. */
#define SECONDS_MIN INT64_C(-62167219200)
#define SECONDS_END INT64_C(253402300800)

enum {
    DID_YEAR = 1,
    DID_MONTH = 2,
    DID_HOUR = 4,
    DID_MINUTE = 8,
    DID_SECOND = 16,
    DID_FRACTION = 32,
    DID_ALL = 64,
};

struct printer {
    uint8_t *at; /* NULL once something could not be written */
    unsigned did;
    int32_t days;
    int year;
    int v[FIELD_COUNT];
    unsigned digits;
    uint32_t fraction;
    int64_t seconds;
};

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char weekdays[] = "MonTueWedThuFriSatSun";

static const uint8_t did_field[FIELD_COUNT] = {
    [FIELD_MONTH] = DID_MONTH, [FIELD_HOUR] = DID_HOUR,     [FIELD_HOUR12] = DID_HOUR,
    [FIELD_DAY] = DID_MONTH,   [FIELD_MINUTE] = DID_MINUTE, [FIELD_SECOND] = DID_SECOND,
};

static inline void put_name(struct printer *p, const char *name, unsigned did)
{
    for (int i = 0; i < 3; i++)
        *p->at++ = (uint8_t)name[i];
    p->did |= did;
}

static inline void put_padded(struct printer *p, unsigned field)
{
    decimal_put_two(p->at, (unsigned)p->v[field]);
    p->at += 2;
    p->did |= did_field[field];
}

static void put_short(struct printer *p, unsigned field, bool spaced)
{
    if (p->v[field] >= 10) {
        put_padded(p, field);
        return;
    }
    if (spaced)
        *p->at++ = ' ';
    *p->at++ = (uint8_t)('0' + p->v[field]);
    p->did |= did_field[field];
}

static inline void put_year(struct printer *p, bool near)
{
    if (near && (p->year < 1970 || p->year > 2099)) {
        p->at = NULL;
        return;
    }
    decimal_put_two(p->at, (unsigned)p->year / 100);
    decimal_put_two(p->at + 2, (unsigned)p->year % 100);
    p->at += 4;
    p->did |= DID_YEAR;
}

static void put_year_short(struct printer *p)
{
    if (p->year < 1969 || p->year > 2068) {
        p->at = NULL;
        return;
    }
    decimal_put_two(p->at, (unsigned)p->year % 100);
    p->at += 2;
    p->did |= DID_YEAR;
}

static inline void put_date(struct printer *p, uint8_t separator)
{
    put_year(p, false);
    *p->at++ = separator;
    put_padded(p, FIELD_MONTH);
    *p->at++ = separator;
    put_padded(p, FIELD_DAY);
}

static inline void put_time(struct printer *p, uint8_t separator)
{
    put_padded(p, FIELD_HOUR);
    *p->at++ = separator;
    put_padded(p, FIELD_MINUTE);
    *p->at++ = separator;
    put_padded(p, FIELD_SECOND);
}

static inline void put_digits(struct printer *p)
{
    uint32_t rest = p->fraction;
    for (unsigned i = p->digits; i > 0; i--) {
        p->at[i - 1] = (uint8_t)('0' + rest % 10);
        rest /= 10;
    }
    p->at += p->digits;
    p->did |= DID_FRACTION;
}

static inline void put_fraction(struct printer *p, uint8_t point, bool optional)
{
    if (p->digits == 0) {
        p->at = optional ? p->at : NULL;
        return;
    }
    *p->at++ = point;
    put_digits(p);
}

static void put_milli(struct printer *p, bool padded)
{
    if (p->digits != 3) {
        p->at = NULL;
        return;
    }
    if (!padded)
        p->digits = p->fraction >= 100 ? 3 : p->fraction >= 10 ? 2 : 1;
    put_digits(p);
}

static void put_epoch(struct printer *p, unsigned digits)
{
    if (p->seconds < TIMESTAMP_EPOCH_MIN || p->seconds >= TIMESTAMP_EPOCH_END ||
        (digits > 10 && p->digits != digits - 10)) {
        p->at = NULL;
        return;
    }
    uint32_t rest = (uint32_t)p->seconds;
    for (unsigned i = 10; i > 0; i--) {
        p->at[i - 1] = (uint8_t)('0' + rest % 10);
        rest /= 10;
    }
    p->at += 10;
    p->did |= DID_ALL;
    if (digits > 10)
        put_digits(p);
}

static inline void put_op(struct timestamp_op op, struct printer *p)
{
    switch (op.code) {
    case OP_LITERAL:
        *p->at++ = op.arg;
        break;
    case OP_DATE:
        put_date(p, op.arg);
        break;
    case OP_TIME:
        put_time(p, op.arg);
        break;
    case OP_YEAR:
        put_year(p, op.arg);
        break;
    case OP_YEAR_SHORT:
        put_year_short(p);
        break;
    case OP_MONTH_NAME:
        put_name(p, months + 3 * (p->v[FIELD_MONTH] - 1), DID_MONTH);
        break;
    case OP_WEEKDAY:
        put_name(p, weekdays + 3 * civil_weekday(p->days), 0);
        break;
    case OP_PADDED:
        put_padded(p, op.arg);
        break;
    case OP_SPACED:
    case OP_UNPADDED:
        put_short(p, op.arg, op.code == OP_SPACED);
        break;
    case OP_HALF:
        *p->at++ = p->v[FIELD_HOUR] < 12 ? 'A' : 'P';
        *p->at++ = 'M';
        break;
    case OP_FRACTION:
    case OP_FRACTION_IF:
        put_fraction(p, op.arg, op.code == OP_FRACTION_IF);
        break;
    case OP_MILLI:
    case OP_MILLI_SHORT:
        put_milli(p, op.code == OP_MILLI);
        break;
    default:
        put_epoch(p, op.arg);
        break;
    }
}

static const uint32_t powers[] = {1,      10,      100,      1000,      10000,
                                  100000, 1000000, 10000000, 100000000, 1000000000};

/* Divide by 10^digits; a constant divisor where it is usual costs less. */
static inline uint64_t divide(uint64_t value, unsigned digits)
{
    switch (digits) {
    case 0:
        return value;
    case 3:
        return value / 1000;
    case 6:
        return value / 1000000;
    default:
        return value / powers[digits];
    }
}

/* Split a number into seconds and fraction. */
static void split_value(struct printer *p, unsigned digits, int64_t value)
{
    uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;
    uint64_t whole = divide(size, digits);
    uint32_t rest = (uint32_t)(size - whole * powers[digits]);
    p->seconds = (int64_t)(value < 0 ? 0 - whole : whole);
    if (value < 0 && rest) {
        rest = powers[digits] - rest;
        p->seconds--;
    }
    p->digits = digits;
    p->fraction = rest;
}

/* @return false if the year has more or less than four digits */
static bool split_date(struct printer *p)
{
    if (p->seconds < SECONDS_MIN || p->seconds >= SECONDS_END)
        return false;
    uint64_t shifted = (uint64_t)(p->seconds - SECONDS_MIN);
    p->days = (int32_t)(shifted / CIVIL_DAY_SECONDS) + (int32_t)(SECONDS_MIN / CIVIL_DAY_SECONDS);
    unsigned rest = (unsigned)(shifted % CIVIL_DAY_SECONDS);
    struct civil_date date = civil_from_days(p->days);
    p->year = date.year;
    p->v[FIELD_MONTH] = date.month;
    p->v[FIELD_DAY] = date.day;
    int hour = (int)(rest / 3600);
    p->v[FIELD_HOUR] = hour;
    p->v[FIELD_HOUR12] = (hour + 11) % 12 + 1;
    p->v[FIELD_MINUTE] = (int)(rest / 60 % 60);
    p->v[FIELD_SECOND] = (int)(rest % 60);
    return true;
}

/* Is what the format doesn't write what the parser takes for granted? */
static bool is_complete(const struct printer *p, unsigned digits)
{
    unsigned did = p->did;
    if (digits > 0 && !(did & DID_FRACTION))
        return false;
    if (did & DID_ALL)
        return true;
    if (!(did & DID_MONTH) && p->days != 0)
        return false;
    if ((did & DID_MONTH) && !(did & DID_YEAR) && p->year != 2000)
        return false;
    return ((did & DID_HOUR) || p->v[FIELD_HOUR] == 0) &&
           ((did & DID_MINUTE) || p->v[FIELD_MINUTE] == 0) &&
           ((did & DID_SECOND) || p->v[FIELD_SECOND] == 0);
}

/* What a memo must know of a format: where the parts of the time stand. */
enum part { PART_HOUR, PART_MINUTE, PART_SECOND, PART_FRACTION, PARTS };

struct places {
    uint8_t at[PARTS]; /* NOWHERE: not written */
    bool hour_varies;  /* in length, or it isn't written by itself */
    bool epoch;        /* seconds since 1970 stand where the second's place is */
    bool odd;          /* another part does, or there is none of it */
};

enum { NOWHERE = 0xff, EPOCH_DIGITS = 10 };

static void note_part(struct places *places, enum part part, size_t at)
{
    places->odd |= places->at[part] != NOWHERE;
    places->at[part] = (uint8_t)at;
}

static void note_field(struct places *places, struct timestamp_op op, size_t at)
{
    bool padded = op.code == OP_PADDED;
    if (op.arg == FIELD_HOUR && padded)
        note_part(places, PART_HOUR, at);
    else if (op.arg == FIELD_HOUR || op.arg == FIELD_HOUR12)
        places->hour_varies = true;
    else if (op.arg == FIELD_MINUTE && padded)
        note_part(places, PART_MINUTE, at);
    else if (op.arg == FIELD_SECOND && padded)
        note_part(places, PART_SECOND, at);
    else if (op.arg != FIELD_MONTH && op.arg != FIELD_DAY)
        places->odd = true;
}

/* An operation has written from `at` on. */
static inline void note_op(struct places *places, struct timestamp_op op, size_t at, size_t len)
{
    switch (op.code) {
    case OP_TIME:
        note_part(places, PART_HOUR, at);
        note_part(places, PART_MINUTE, at + 3);
        note_part(places, PART_SECOND, at + 6);
        break;
    case OP_PADDED:
    case OP_SPACED:
    case OP_UNPADDED:
        note_field(places, op, at);
        break;
    case OP_HALF:
        places->hour_varies = true;
        break;
    case OP_FRACTION:
    case OP_FRACTION_IF:
        if (len)
            note_part(places, PART_FRACTION, at + 1);
        break;
    case OP_MILLI:
        note_part(places, PART_FRACTION, at);
        break;
    case OP_EPOCH:
        places->epoch = true;
        note_part(places, PART_SECOND, at);
        if (len > EPOCH_DIGITS)
            note_part(places, PART_FRACTION, at + EPOCH_DIGITS);
        break;
    case OP_MILLI_SHORT:
        places->odd = true;
        break;
    default:
        break;
    }
}

/* @return bytes, 0 if no stamp has these values */
static inline size_t print(struct printer *p, unsigned format, unsigned digits, int64_t value,
                           uint8_t *out, struct places *places)
{
    if (format >= timestamp_format_count || digits > 9)
        return 0;
    p->at = out;
    split_value(p, digits, value);
    if (!split_date(p))
        return 0;
    for (const struct timestamp_op *op = timestamp_formats[format].ops; op->code != OP_END; op++) {
        size_t at = (size_t)(p->at - out);
        put_op(*op, p);
        if (!p->at)
            return 0;
        if (places)
            note_op(places, *op, at, (size_t)(p->at - out) - at);
    }
    return is_complete(p, digits) ? (size_t)(p->at - out) : 0;
}

size_t timestamp_print(unsigned format, unsigned digits, int64_t value, uint8_t *out)
{
    struct printer p = {0};
    return print(&p, format, digits, value, out, NULL);
}

/* May the text of another moment be made of this one by changing digits? */
static bool is_steady(const struct places *places, unsigned digits)
{
    bool has_hour = places->hour_varies || places->at[PART_HOUR] != NOWHERE;
    bool has_time = has_hour && places->at[PART_MINUTE] != NOWHERE;
    return !places->odd && (places->epoch ? !has_hour : has_time) &&
           places->at[PART_SECOND] != NOWHERE &&
           (digits == 0 || places->at[PART_FRACTION] != NOWHERE);
}

/* Print, and remember the text and the moments whose texts differ in digits of the time only. */
static size_t print_anew(struct timestamp_memo *m, unsigned format, unsigned digits, int64_t value,
                         uint8_t *out)
{
    struct printer p = {0};
    struct places places = {.at = {NOWHERE, NOWHERE, NOWHERE, NOWHERE}};
    size_t len = print(&p, format, digits, value, out, &places);
    m->len = 0;
    if (len == 0 || !is_steady(&places, digits))
        return len;
    int64_t first = TIMESTAMP_EPOCH_MIN;
    int64_t end = TIMESTAMP_EPOCH_END;
    if (!places.epoch) {
        first = p.seconds - (p.v[FIELD_MINUTE] * 60 + p.v[FIELD_SECOND]);
        end = first + 3600;
    }
    if (places.at[PART_HOUR] != NOWHERE && !places.hour_varies) {
        first -= p.v[FIELD_HOUR] * 3600;
        end = first + CIVIL_DAY_SECONDS;
    }
    if (__builtin_mul_overflow(first, (int64_t)powers[digits], &m->start))
        return len;
    memcpy(m->text, out, len);
    memcpy(m->at, places.at, PARTS);
    if (places.hour_varies)
        m->at[PART_HOUR] = NOWHERE;
    m->format = (uint8_t)format;
    m->digits = (uint8_t)digits;
    m->second = (uint32_t)(p.seconds - first);
    m->span = (uint64_t)(end - first) * powers[digits];
    m->len = (uint8_t)len;
    return len;
}

static void set_second(struct timestamp_memo *m, uint32_t second)
{
    uint8_t *at = m->text + m->at[PART_SECOND];
    m->second = second;
    if (m->at[PART_MINUTE] == NOWHERE) {
        decimal_put_before(at + EPOCH_DIGITS, (uint64_t)TIMESTAMP_EPOCH_MIN + second);
        return;
    }
    if (m->at[PART_HOUR] != NOWHERE)
        decimal_put_two(m->text + m->at[PART_HOUR], second / 3600);
    decimal_put_two(m->text + m->at[PART_MINUTE], second / 60 % 60);
    decimal_put_two(at, second % 60);
}

static void set_fraction(struct timestamp_memo *m, uint32_t fraction)
{
    uint8_t *at = m->text + m->at[PART_FRACTION];
    unsigned left = m->digits;
    for (; left >= 2; left -= 2, fraction /= 100)
        decimal_put_two(at + left - 2, fraction % 100);
    if (left)
        at[0] = (uint8_t)('0' + fraction);
}

size_t timestamp_print_next(struct timestamp_memo *m, unsigned format, unsigned digits,
                            int64_t value, uint8_t *out)
{
    uint64_t moment = (uint64_t)value - (uint64_t)m->start;
    if (!m->len || moment >= m->span || m->format != format || m->digits != digits)
        return print_anew(m, format, digits, value, out);
    uint32_t second = (uint32_t)divide(moment, digits);
    if (second != m->second)
        set_second(m, second);
    if (digits)
        set_fraction(m, (uint32_t)(moment - (uint64_t)second * powers[digits]));
    memcpy(out, m->text, TIMESTAMP_MAX_LEN);
    return m->len;
}
