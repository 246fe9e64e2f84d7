/*
 * log_name.c - finds the mark of a rotation: at the end of a name, or in front of its extension.
 */
#include "import/log_name.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/ascii.h"
#include "base/file.h"
#include "import/unpack.h"

enum {
    NUMBER_DIGITS = 5, /* at most, of a part's number */
    MARK_BYTES = 32,   /* no mark is longer */
};

/* What a mark says. */
struct mark_read {
    enum log_part part;
    uint64_t number;
    uint64_t date;
};

/* Take `digits` digits. */
static bool take(const char **at, const char *end, int digits, uint64_t *value)
{
    const char *p = *at;
    *value = 0;
    if (end - p < digits)
        return false;
    for (int i = 0; i < digits; i++, p++) {
        if (!ascii_is_digit((uint8_t)*p))
            return false;
        *value = *value * 10 + (uint64_t)(*p - '0');
    }
    *at = p;
    return true;
}

static bool take_char(const char **at, const char *end, const char *any)
{
    if (*at == end || !**at || !strchr(any, **at))
        return false;
    (*at)++;
    return true;
}

/* Take one of the parts of a time of day, in order; each may have a separator in front. */
static bool take_clock(const char **at, const char *end, uint64_t *clock)
{
    uint64_t parts[3] = {0};
    const char *p = *at;
    take_char(&p, end, "T-_");
    for (int i = 0; i < 3; i++) {
        const char *before = p;
        if (i)
            take_char(&p, end, ":-");
        if (!take(&p, end, 2, &parts[i])) {
            p = before;
            if (i == 0)
                return false;
            break;
        }
    }
    if (parts[0] > 23 || parts[1] > 59 || parts[2] > 60)
        return false;
    *clock = parts[0] * 10000 + parts[1] * 100 + parts[2];
    *at = p;
    return true;
}

/* "20261123", "2026-11-23", maybe a time of day, maybe ".2". */
static bool read_date(const char *at, const char *end, struct mark_read *mark)
{
    uint64_t year, month, day, clock = 0;
    if (!take(&at, end, 4, &year))
        return false;
    bool dashed = take_char(&at, end, "-");
    if (!take(&at, end, 2, &month) || dashed != take_char(&at, end, "-") ||
        !take(&at, end, 2, &day) || year < 1970 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    mark->part = LOG_PART_DATED;
    const char *behind = at;
    if (!take_clock(&at, end, &clock) || (at != end && *at != '.')) {
        at = behind;
        clock = 0;
    }
    mark->date = ((year * 100 + month) * 100 + day) * 1000000 + clock;
    if (at == end)
        return true;
    return take_char(&at, end, ".") && end - at <= NUMBER_DIGITS &&
           take(&at, end, (int)(end - at), &mark->number);
}

/* "1795392000": ten digits, so from 2001 to 2286. */
static bool read_seconds(const char *at, const char *end, struct mark_read *mark)
{
    uint64_t seconds;
    struct tm tm;
    if (end - at != 10 || !take(&at, end, 10, &seconds) || seconds < 1000000000)
        return false;
    time_t when = (time_t)seconds;
    gmtime_r(&when, &tm); /* can't fail within these years */
    mark->part = LOG_PART_DATED;
    mark->date = ((uint64_t)(tm.tm_year + 1900) * 10000 + (uint64_t)(tm.tm_mon + 1) * 100 +
                  (uint64_t)tm.tm_mday) *
                     1000000 +
                 (uint64_t)tm.tm_hour * 10000 + (uint64_t)tm.tm_min * 100 + (uint64_t)tm.tm_sec;
    return true;
}

/* What stands from `at`, a separator, to `end` is a mark? */
static bool read_mark(const char *at, const char *end, struct mark_read *mark)
{
    const char separator = *at++;
    *mark = (struct mark_read){0};
    if (at == end)
        return false;
    if (end - at == 3 && memcmp(at, "old", 3) == 0 && separator == '.') {
        mark->part = LOG_PART_NUMBERED;
        return true;
    }
    if (read_date(at, end, mark) || read_seconds(at, end, mark))
        return true;
    *mark = (struct mark_read){.part = LOG_PART_NUMBERED};
    return separator == '.' && end - at <= NUMBER_DIGITS &&
           take(&at, end, (int)(end - at), &mark->number);
}

/*
 * The longest mark that ends at `end`, so that "app.log-20261123.2" isn't the second part of a log
 * that has a date in its name.
 */
static const char *find_mark(const char *name, const char *end, struct mark_read *mark)
{
    const char *from = end - name > MARK_BYTES ? end - MARK_BYTES : name + 1;
    for (const char *at = from; at < end; at++) {
        if (!strchr(".-_", *at) || !read_mark(at, end, mark))
            continue;
        /* The last part of an address, "10.0.0.1", is no number of a rotation. */
        if (mark->part == LOG_PART_DATED || !ascii_is_digit((uint8_t)at[-1]))
            return at;
    }
    return NULL;
}

bool log_name_parse(struct log_name *out, const char *path)
{
    const char *own = file_name(path);
    const char *end = own + strlen(own) - unpack_suffix(own);
    struct mark_read mark;
    *out = (struct log_name){.part = LOG_PART_CURRENT};
    const char *dot = memrchr(own, '.', (size_t)(end - own));
    const char *extension = end;
    const char *at = find_mark(own, end, &mark);
    if (!at && dot && (at = find_mark(own, dot, &mark)))
        extension = dot;
    if (!at) {
        at = end;
        mark = (struct mark_read){.part = LOG_PART_CURRENT};
    }
    size_t stem = (size_t)(at - path);
    size_t rest = (size_t)(end - extension);
    out->name = malloc(stem + rest + 1);
    if (!out->name)
        return false;
    memcpy(out->name, path, stem);
    memcpy(out->name + stem, extension, rest);
    out->name[stem + rest] = '\0';
    out->part = mark.part;
    out->number = mark.number;
    out->date = mark.date;
    return true;
}

int log_name_age(const struct log_name *a, const struct log_name *b)
{
    if (a->part == LOG_PART_CURRENT || b->part == LOG_PART_CURRENT)
        return (a->part == LOG_PART_CURRENT) - (b->part == LOG_PART_CURRENT);
    if (a->part != b->part)
        return 0;
    if (a->part == LOG_PART_NUMBERED)
        return (a->number < b->number) - (a->number > b->number);
    if (a->date != b->date)
        return a->date < b->date ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}
