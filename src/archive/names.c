/*
 * names.c - names of fixed width, so that their order as text is the order of their numbers, and a
 * strict parser: what isn't exactly such a name isn't ours.
 */
#include "archive/names.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "line/timestamp_civil.h"

enum { SEQUENCE_DIGITS = 12, NAME_MAX_LEN = 64 /* of a segment's name, and more */ };

static char *finish(struct buf *b)
{
    buf_push(b, '\0');
    if (b->failed) {
        buf_free(b);
        return NULL;
    }
    return (char *)b->data;
}

char *names_file(const char *directory, const char *name)
{
    const size_t len = strlen(directory), name_len = strlen(name) + 1;
    char *path = malloc(len + 1 + name_len);
    if (!path)
        return NULL;
    memcpy(path, directory, len);
    path[len] = '/';
    memcpy(path + len + 1, name, name_len);
    return path;
}

char *names_journal(const char *directory, uint64_t sequence)
{
    struct buf b = {0};
    buf_printf(&b, "%s/journal-%0*" PRIu64 ".lzj", directory, SEQUENCE_DIGITS, sequence);
    return finish(&b);
}

static char *put_number(char *at, uint64_t value, int digits)
{
    for (int i = digits; i > 0; i--, value /= 10)
        at[i - 1] = (char)('0' + value % 10);
    return at + digits;
}

static char *put_time(char *at, int64_t time)
{
    const int64_t seconds = time < 0 ? 0 : time / NS_PER_SECOND;
    const int64_t clock = seconds % CIVIL_DAY_SECONDS;
    const struct civil_date date = civil_from_days((int32_t)(seconds / CIVIL_DAY_SECONDS));
    at = put_number(at, (uint64_t)date.year, 4);
    at = put_number(at, (uint64_t)date.month, 2);
    at = put_number(at, (uint64_t)date.day, 2);
    *at++ = 'T';
    at = put_number(at, (uint64_t)(clock / 3600), 2);
    at = put_number(at, (uint64_t)(clock / 60 % 60), 2);
    at = put_number(at, (uint64_t)(clock % 60), 2);
    *at++ = 'Z';
    return at;
}

char *names_segment(const char *directory, const struct segment_name *name)
{
    char text[NAME_MAX_LEN];
    char *at = put_number(text, name->first, SEQUENCE_DIGITS);
    *at++ = '-';
    at = put_number(at, name->import ? name->import : name->last, SEQUENCE_DIGITS);
    *at++ = '-';
    at = put_time(at, name->time);
    if (name->parts > 1)
        at += snprintf(at, sizeof("-99of99"), "-%uof%u", name->part, name->parts);
    strcpy(at, NAMES_SEGMENT);
    return names_file(directory, text);
}

bool names_end_in(const char *name, const char *end)
{
    const size_t len = strlen(name);
    return len >= strlen(end) && strcmp(name + len - strlen(end), end) == 0;
}

/* Take `digits` decimal digits (at most 18) from `*text`. */
static bool take_number(const char **text, int digits, uint64_t *value)
{
    *value = 0;
    for (int i = 0; i < digits; i++) {
        char c = **text;
        if (c < '0' || c > '9')
            return false;
        *value = *value * 10 + (uint64_t)(c - '0');
        (*text)++;
    }
    return true;
}

static bool take_text(const char **text, const char *expected)
{
    size_t len = strlen(expected);
    if (strncmp(*text, expected, len) != 0)
        return false;
    *text += len;
    return true;
}

bool names_parse_journal(const char *name, uint64_t *sequence)
{
    return take_text(&name, "journal-") && take_number(&name, SEQUENCE_DIGITS, sequence) &&
           *sequence != 0 && take_text(&name, ".lzj") && *name == '\0';
}

/* A moment that there is, of those that names_segment() writes. By arithmetic alone: an archive may
   have a hundred thousand names. */
static bool take_time(const char **text, int64_t *time)
{
    uint64_t date, clock;
    if (!take_number(text, 8, &date) || !take_text(text, "T") || !take_number(text, 6, &clock) ||
        !take_text(text, "Z"))
        return false;
    const int year = (int)(date / 10000), month = (int)(date / 100 % 100), day = (int)(date % 100);
    const int64_t hour = (int64_t)clock / 10000, minute = (int64_t)clock / 100 % 100;
    const int64_t second = (int64_t)clock % 100;
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > civil_month_days(year, month) ||
        hour > 23 || minute > 59 || second > 59)
        return false;
    const int64_t seconds = civil_to_days(year, month, day) * (int64_t)CIVIL_DAY_SECONDS +
                            hour * 3600 + minute * 60 + second;
    return !__builtin_mul_overflow(seconds, NS_PER_SECOND, time);
}

/* One or two digits, the first of which isn't 0. */
static bool take_part(const char **text, unsigned *value)
{
    uint64_t number;
    const int digits = (*text)[0] && (*text)[1] >= '0' && (*text)[1] <= '9' ? 2 : 1;
    if (**text == '0' || !take_number(text, digits, &number))
        return false;
    *value = (unsigned)number;
    return true;
}

/* "-KofN", or nothing. */
static bool take_parts(const char **text, struct segment_name *name)
{
    name->part = name->parts = 1;
    if (**text != '-')
        return true;
    return take_text(text, "-") && take_part(text, &name->part) && take_text(text, "of") &&
           take_part(text, &name->parts) && name->parts > 1 && name->part <= name->parts;
}

bool names_parse_segment(const char *text, struct segment_name *name)
{
    *name = (struct segment_name){0};
    if (!take_number(&text, SEQUENCE_DIGITS, &name->first) || !take_text(&text, "-") ||
        !take_number(&text, SEQUENCE_DIGITS, &name->last) || !take_text(&text, "-") ||
        !take_time(&text, &name->time) || !take_parts(&text, name) ||
        !take_text(&text, NAMES_SEGMENT) || *text != '\0')
        return false;
    if (name->first)
        return name->last >= name->first;
    name->import = name->last;
    name->last = 0;
    return name->import && name->parts == 1;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

int names_compare(const struct segment_name *a, const struct segment_name *b)
{
    int order = compare_numbers(a->first, b->first);
    if (order == 0)
        order = compare_numbers(b->last, a->last);
    if (order == 0)
        order = compare_numbers(a->import, b->import);
    if (order == 0)
        order = compare_numbers(b->parts, a->parts);
    if (order == 0)
        order = compare_numbers(a->part, b->part);
    return order ? order : (a->time > b->time) - (a->time < b->time);
}

int names_set_aside(const char *path, struct lgz_error *err)
{
    struct buf name = {0};
    int code = LGZ_OK;
    buf_printf(&name, "%s%s", path, NAMES_DAMAGED);
    buf_push(&name, '\0');
    if (name.failed)
        code = error_memory(err);
    else if (rename(path, (const char *)name.data) != 0)
        code = error_io(err, "%s: cannot rename to %s", path, (const char *)name.data);
    buf_free(&name);
    return code;
}
