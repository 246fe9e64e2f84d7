/*
 * listing.c - readdir(3), sorting, and telling the segments that count from the stale ones.
 *
 * readdir() isn't atomic: a file that is made while the directory is read may be missed, and one
 * that is removed after that may be missed, too. If the second was removed since the first has its
 * contents, neither is seen. So the directory's time of change is compared before and after. It
 * goes in steps of the kernel's clock, so it says nothing before the step in which it changed last
 * is over.
 */
#include "archive/listing.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"

enum {
    TRIES_MAX = 20,       /* of a directory that changes all the time */
    TRY_PAUSE = 10000000, /* nanoseconds: a step of the kernel's clock, or more than that */
};

/* The name of a segment that was set aside. */
static bool parse_damaged(const char *name, struct segment_name *segment)
{
    char original[80];
    size_t len = strlen(name), end = sizeof(NAMES_DAMAGED) - 1;
    if (len <= end || len - end >= sizeof(original) || strcmp(name + len - end, NAMES_DAMAGED) != 0)
        return false;
    memcpy(original, name, len - end);
    original[len - end] = '\0';
    return names_parse_segment(original, segment);
}

static int add_entry(struct listing *l, const char *directory, const struct dirent *entry,
                     struct lgz_error *err)
{
    const char *name = entry->d_name;
    struct listed_journal journal = {0};
    struct listed_segment segment = {.inode = entry->d_ino};
    const bool is_segment = names_parse_segment(name, &segment.name);
    const bool is_journal = !is_segment && names_parse_journal(name, &journal.sequence);
    const bool is_damaged = !is_segment && parse_damaged(name, &segment.name);
    if (!is_segment && !is_journal && !is_damaged && !file_is_draft_name(name))
        return LGZ_OK;
    char *path = names_file(directory, name);
    journal.path = segment.path = path;
    if (path && (is_segment   ? vec_push(&l->segments, segment)
                 : is_journal ? vec_push(&l->journals, journal)
                 : is_damaged ? vec_push(&l->damaged, segment)
                              : vec_push(&l->drafts, path)))
        return LGZ_OK;
    free(path);
    return error_memory(err);
}

static int by_sequence(const void *a, const void *b)
{
    const struct listed_journal *x = a, *y = b;
    return (x->sequence > y->sequence) - (x->sequence < y->sequence);
}

/* Of those with the same first journal, the widest first; parts of a segment are neighbours. */
static int by_range(const void *a, const void *b)
{
    const struct listed_segment *x = a, *y = b;
    return names_compare(&x->name, &y->name);
}

/* Which segments count. */

/* Segments of one range, next to each other in the list, that are or were parts of one. */
struct group {
    size_t from;
    size_t to; /* behind the last */
    uint64_t first;
    uint64_t last;
    uint64_t reach; /* the last journal of this one and those before it in the list */
    bool complete;
};

static bool same_group(const struct segment_name *a, const struct segment_name *b)
{
    return a->first == b->first && a->last == b->last && a->import == b->import &&
           a->parts == b->parts;
}

static struct group group_at(const struct listing *l, size_t from)
{
    const struct listed_segment *list = l->segments.data;
    const struct segment_name *name = &list[from].name;
    struct group g = {.from = from, .to = from, .first = name->first, .last = name->last};
    unsigned different = 0;
    while (g.to < l->segments.len && same_group(name, &list[g.to].name)) {
        different += g.to == from || list[g.to].name.part != list[g.to - 1].name.part;
        g.to++;
    }
    g.complete = different == name->parts;
    return g;
}

/*
 * Of the complete groups, those that none before them contains: a wider one comes first, and of two
 * with the same range the one of more parts.
 */
static void mark_complete(const struct group *groups, size_t count, bool *counts)
{
    uint64_t last = 0;
    for (size_t i = 0; i < count; i++) {
        const struct group *g = &groups[i];
        counts[i] = g->complete && (g->first == 0 || g->last > last);
        if (counts[i] && g->last > last)
            last = g->last;
    }
}

/* Does another group that counts have one of the journals of this one? */
static bool is_shared(const struct group *groups, size_t count, const bool *counts, size_t index)
{
    const struct group *g = &groups[index];
    for (size_t i = index + 1; i < count && groups[i].first <= g->last; i++)
        if (counts[i])
            return true;
    for (size_t i = index; i > 0 && groups[i - 1].reach >= g->first; i--)
        if (counts[i - 1] && groups[i - 1].last >= g->first)
            return true;
    return false;
}

/*
 * Of the groups that aren't complete, those that share no journal with another one that counts. A
 * narrower one goes first: a wider one would have been made of it.
 */
static void mark_incomplete(const struct group *groups, size_t count, bool *counts)
{
    for (size_t i = count; i-- > 0;)
        if (!groups[i].complete)
            counts[i] = !is_shared(groups, count, counts, i);
}

static int part_stale(struct listing *l, const struct group *groups, size_t count,
                      const bool *counts, struct lgz_error *err)
{
    size_t kept = 0;
    int code = LGZ_OK;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = groups[i].from; k < groups[i].to; k++) {
            const struct listed_segment segment = l->segments.data[k];
            if (counts[i] || code != LGZ_OK) {
                l->segments.data[kept++] = segment;
            } else if (!vec_push(&l->stale, segment)) {
                code = error_memory(err);
                l->segments.data[kept++] = segment;
            }
        }
    }
    l->segments.len = kept;
    return code;
}

/* Move what doesn't count from `segments` to `stale`. */
static int sort_out(struct listing *l, struct lgz_error *err)
{
    const size_t len = l->segments.len;
    struct group *groups = calloc(len + 1, sizeof(*groups));
    bool *counts = calloc(len + 1, sizeof(*counts));
    size_t count = 0;
    int code = LGZ_OK;
    if (!groups || !counts)
        code = error_memory(err);
    for (size_t i = 0; code == LGZ_OK && i < len; i = groups[count++].to) {
        struct group *g = &groups[count];
        const uint64_t before = count ? g[-1].reach : 0;
        *g = group_at(l, i);
        g->reach = g->last > before ? g->last : before;
    }
    if (code == LGZ_OK) {
        mark_complete(groups, count, counts);
        mark_incomplete(groups, count, counts);
        code = part_stale(l, groups, count, counts, err);
    }
    free(groups);
    free(counts);
    return code;
}

/* Reading the directory. */

static int read_once(struct listing *out, const char *directory, struct lgz_error *err)
{
    int code = LGZ_OK;
    struct dirent *entry = NULL;
    DIR *dir = opendir(directory);
    if (!dir && (errno == ENOENT || errno == ENOTDIR))
        return error_set(err, LGZ_ERR_NOT_FOUND, "%s: no such directory", directory);
    if (!dir)
        return error_io(err, "%s: cannot open directory", directory);
    while (code == LGZ_OK && (errno = 0, entry = readdir(dir)))
        code = add_entry(out, directory, entry, err);
    if (code == LGZ_OK && errno != 0)
        code = error_io(err, "%s: cannot read directory", directory);
    closedir(dir);
    return code;
}

/*
 * Read the directory, and find out whether it stayed as it was. A change is seen if the clock of
 * its times has gone on since the last one: the clock says so, or, where that one is behind (it was
 * set back, or the directory is another host's), that nothing has changed for a pause.
 *
 * @param last  what the directory was a pause ago, all zero if nobody has looked; and is now
 */
static int read_quiet(struct listing *out, const char *directory, struct stamp *last, bool *quiet,
                      struct lgz_error *err)
{
    struct stamp before, after;
    const int64_t now = stamp_now();
    bool known = stamp_read(&before, directory);
    int code = read_once(out, directory, err);
    known = stamp_read(&after, directory) && known;
    *quiet = known && stamp_equal(&before, &after) &&
             (stamp_is_past(&before, now) || stamp_equal(last, &before));
    *last = after;
    return code;
}

int listing_open(struct listing *out, const char *directory, struct lgz_error *err)
{
    const struct timespec pause = {.tv_nsec = TRY_PAUSE};
    struct stamp last = {0};
    bool quiet = false;
    int code = LGZ_OK;
    *out = (struct listing){0};
    for (int i = 0; code == LGZ_OK && !quiet && i < TRIES_MAX; i++) {
        if (i) {
            listing_clear(out);
            nanosleep(&pause, NULL);
        }
        code = read_quiet(out, directory, &last, &quiet, err);
    }
    if (quiet)
        out->stamp = last;
    if (code == LGZ_OK && out->segments.len) {
        qsort(out->segments.data, out->segments.len, sizeof(*out->segments.data), by_range);
        code = sort_out(out, err);
    }
    if (code != LGZ_OK)
        listing_clear(out);
    if (out->damaged.len)
        qsort(out->damaged.data, out->damaged.len, sizeof(*out->damaged.data), by_range);
    if (out->journals.len)
        qsort(out->journals.data, out->journals.len, sizeof(*out->journals.data), by_sequence);
    return code;
}

void listing_clear(struct listing *l)
{
    for (size_t i = 0; i < l->journals.len; i++)
        free(l->journals.data[i].path);
    for (size_t i = 0; i < l->segments.len; i++)
        free(l->segments.data[i].path);
    for (size_t i = 0; i < l->stale.len; i++)
        free(l->stale.data[i].path);
    for (size_t i = 0; i < l->damaged.len; i++)
        free(l->damaged.data[i].path);
    for (size_t i = 0; i < l->drafts.len; i++)
        free(l->drafts.data[i]);
    vec_free(&l->journals);
    vec_free(&l->segments);
    vec_free(&l->stale);
    vec_free(&l->damaged);
    vec_free(&l->drafts);
}

bool listing_is_current(const struct listing *l, const char *directory)
{
    struct stamp now;
    return l->stamp.inode && stamp_read(&now, directory) && stamp_equal(&l->stamp, &now);
}

bool listing_covers(const struct listing *l, uint64_t sequence)
{
    for (size_t i = 0; i < l->segments.len; i++)
        if (l->segments.data[i].name.first <= sequence && sequence <= l->segments.data[i].name.last)
            return true;
    return false;
}

bool listing_has_damaged(const struct listing *l, uint64_t first, uint64_t last)
{
    for (size_t i = 0; i < l->damaged.len; i++)
        if (l->damaged.data[i].name.last >= first && l->damaged.data[i].name.first <= last)
            return true;
    return false;
}

bool listing_has_journals(const struct listing *l, uint64_t first, uint64_t last)
{
    for (size_t i = 0; i < l->journals.len; i++)
        if (l->journals.data[i].sequence >= first && l->journals.data[i].sequence <= last)
            return true;
    return false;
}

bool listing_has_loose(const struct listing *l, uint64_t first, uint64_t last)
{
    return listing_has_journals(l, first, last) || listing_has_damaged(l, first, last);
}
