/*
 * names.c - names of fixed width, so that their order as text is the order of their numbers, and a
 * strict parser: what isn't exactly such a name isn't ours.
 */
#include "archive/names.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"

enum { SEQUENCE_DIGITS = 12 };

static char *finish(struct buf *b)
{
    buf_push(b, '\0');
    if (b->failed) {
        buf_free(b);
        return NULL;
    }
    return (char *)b->data;
}

char *names_journal(const char *directory, uint64_t sequence)
{
    struct buf b = {0};
    buf_printf(&b, "%s/journal-%0*" PRIu64 ".lzj", directory, SEQUENCE_DIGITS, sequence);
    return finish(&b);
}

char *names_segment(const char *directory, uint64_t first, uint64_t last, int64_t time)
{
    static const int64_t last_second = INT64_C(253402300799); /* 9999-12-31 23:59:59 */
    int64_t seconds = time < 0 ? 0 : time / NS_PER_SECOND;
    time_t when = (time_t)(seconds > last_second ? last_second : seconds);
    struct tm tm;
    struct buf b = {0};
    gmtime_r(&when, &tm); /* can't fail within these years */
    buf_printf(&b, "%s/%0*" PRIu64 "-%0*" PRIu64 "-%04d%02d%02dT%02d%02d%02dZ.logz", directory,
               SEQUENCE_DIGITS, first, SEQUENCE_DIGITS, last, tm.tm_year + 1900, tm.tm_mon + 1,
               tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
    return finish(&b);
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

static bool take_time(const char **text, int64_t *time)
{
    uint64_t date, clock;
    if (!take_number(text, 8, &date) || !take_text(text, "T") || !take_number(text, 6, &clock) ||
        !take_text(text, "Z"))
        return false;
    struct tm tm = {
        .tm_year = (int)(date / 10000) - 1900,
        .tm_mon = (int)(date / 100 % 100) - 1,
        .tm_mday = (int)(date % 100),
        .tm_hour = (int)(clock / 10000),
        .tm_min = (int)(clock / 100 % 100),
        .tm_sec = (int)(clock % 100),
    };
    int64_t seconds = timegm(&tm);
    return !__builtin_mul_overflow(seconds, NS_PER_SECOND, time);
}

bool names_parse_segment(const char *name, uint64_t *first, uint64_t *last, int64_t *time)
{
    return take_number(&name, SEQUENCE_DIGITS, first) && *first != 0 && take_text(&name, "-") &&
           take_number(&name, SEQUENCE_DIGITS, last) && *last >= *first && take_text(&name, "-") &&
           take_time(&name, time) && take_text(&name, ".logz") && *name == '\0';
}

int names_set_aside(const char *path, struct lgz_error *err)
{
    struct buf name = {0};
    int code = LGZ_OK;
    buf_printf(&name, "%s%s", path, ".damaged");
    buf_push(&name, '\0');
    if (name.failed)
        code = error_memory(err);
    else if (rename(path, (const char *)name.data) != 0)
        code = error_io(err, "%s: cannot rename to %s", path, (const char *)name.data);
    buf_free(&name);
    return code;
}

static int add_entry(struct listing *l, const char *directory, const char *name,
                     struct lgz_error *err)
{
    struct listed_journal journal = {0};
    struct listed_segment segment = {0};
    bool is_journal = names_parse_journal(name, &journal.sequence);
    bool is_segment = names_parse_segment(name, &segment.first, &segment.last, &segment.time);
    bool is_draft = file_is_draft_name(name);
    if (!is_journal && !is_segment && !is_draft)
        return LGZ_OK;
    struct buf path = {0};
    buf_printf(&path, "%s/%s", directory, name);
    char *text = finish(&path);
    if (!text)
        return error_memory(err);
    bool added;
    if (is_journal) {
        journal.path = text;
        added = vec_push(&l->journals, journal);
    } else if (is_segment) {
        segment.path = text;
        added = vec_push(&l->segments, segment);
    } else {
        added = vec_push(&l->drafts, text);
    }
    if (!added) {
        free(text);
        return error_memory(err);
    }
    return LGZ_OK;
}

static int by_sequence(const void *a, const void *b)
{
    const struct listed_journal *x = a, *y = b;
    return (x->sequence > y->sequence) - (x->sequence < y->sequence);
}

static int by_first(const void *a, const void *b)
{
    const struct listed_segment *x = a, *y = b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return strcmp(x->path, y->path);
}

int listing_open(struct listing *out, const char *directory, struct lgz_error *err)
{
    int code = LGZ_OK;
    struct dirent *entry = NULL;
    *out = (struct listing){0};
    DIR *dir = opendir(directory);
    if (!dir && (errno == ENOENT || errno == ENOTDIR))
        return error_set(err, LGZ_ERR_NOT_FOUND, "%s: no such directory", directory);
    if (!dir)
        return error_io(err, "%s: cannot open directory", directory);
    while (code == LGZ_OK && (errno = 0, entry = readdir(dir)))
        code = add_entry(out, directory, entry->d_name, err);
    if (code == LGZ_OK && errno != 0)
        code = error_io(err, "%s: cannot read directory", directory);
    closedir(dir);
    if (code != LGZ_OK) {
        listing_clear(out);
        return code;
    }
    if (out->journals.len)
        qsort(out->journals.data, out->journals.len, sizeof(*out->journals.data), by_sequence);
    if (out->segments.len)
        qsort(out->segments.data, out->segments.len, sizeof(*out->segments.data), by_first);
    return LGZ_OK;
}

void listing_clear(struct listing *l)
{
    for (size_t i = 0; i < l->journals.len; i++)
        free(l->journals.data[i].path);
    for (size_t i = 0; i < l->segments.len; i++)
        free(l->segments.data[i].path);
    for (size_t i = 0; i < l->drafts.len; i++)
        free(l->drafts.data[i]);
    vec_free(&l->journals);
    vec_free(&l->segments);
    vec_free(&l->drafts);
}

bool listing_covers(const struct listing *l, uint64_t sequence)
{
    for (size_t i = 0; i < l->segments.len; i++)
        if (l->segments.data[i].first <= sequence && sequence <= l->segments.data[i].last)
            return true;
    return false;
}
