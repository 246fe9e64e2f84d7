/*
 * snapshot.c - a reader's view: journals first, segments second, so that a line that is sealed in
 * between is seen in both places rather than in none; then the doubled journals are dropped.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/catalog.h"
#include "archive/catalog_state.h"
#include "archive/listing.h"
#include "base/file.h"

enum { LOOKS_MAX = 20 }; /* at once, while segments go between listing and opening them */

/* A journal that vanishes between listing and opening has been sealed: its segment is there. */
static int open_journals(struct archive_snapshot *s, const struct listing *found,
                         struct lgz_error *err)
{
    s->journals = calloc(found->journals.len ? found->journals.len : 1, sizeof(*s->journals));
    if (!s->journals)
        return error_memory(err);
    for (size_t i = 0; i < found->journals.len; i++) {
        struct journal_reader *reader;
        int code = journal_open(&reader, found->journals.data[i].path, err);
        if (code == LGZ_ERR_IO && errno == ENOENT) {
            error_forget(err);
            continue;
        }
        if (code != LGZ_OK)
            return code;
        s->journals[s->journal_count++] = reader;
    }
    return LGZ_OK;
}

/* Move the segments of `found` into the snapshot. */
static int take_segments(struct archive_snapshot *s, struct listing *found, struct lgz_error *err)
{
    s->segments = calloc(found->segments.len ? found->segments.len : 1, sizeof(*s->segments));
    if (!s->segments)
        return error_memory(err);
    s->segment_count = found->segments.len;
    for (size_t i = 0; i < s->segment_count; i++) {
        struct listed_segment *from = &found->segments.data[i];
        s->segments[i] = (struct archive_segment){.path = from->path,
                                                  .first_journal = from->name.first,
                                                  .last_journal = from->name.last,
                                                  .inode = from->inode,
                                                  .fd = -1,
                                                  .mark = from->entry};
        from->path = NULL;
    }
    return LGZ_OK;
}

/* How many descriptors may a snapshot take? */
static size_t room_for_descriptors(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? (size_t)limit.rlim_cur / 2 : 0;
}

static void clear_segment(struct archive_segment *segment)
{
    if (segment->fd >= 0)
        close(segment->fd);
    free(segment->path);
}

static void clear_segments(struct archive_snapshot *s)
{
    for (size_t i = 0; i < s->segment_count; i++)
        clear_segment(&s->segments[i]);
    free(s->segments);
    s->segments = NULL;
    s->segment_count = 0;
}

/* Which segments are to be held; no function: all. */
struct needs {
    const struct catalog *catalog; /* NULL: none */
    archive_needed_fn *needed;
    void *context;
};

static bool is_needed(struct archive_snapshot *s, const struct needs *needs, size_t index)
{
    return index < s->segment_count &&
           (!needs->needed || needs->needed(needs->context, &s->segments[index]));
}

/*
 * Hold the segments that are needed, and those next to them, where lines of these may begin and
 * end; as far as there is room.
 *
 * @return whether one has gone since it was listed
 */
static bool hold_segments(struct archive_snapshot *s, const struct needs *needs)
{
    size_t room = room_for_descriptors();
    bool missed = false, before = false, now = is_needed(s, needs, 0);
    for (size_t i = 0; i < s->segment_count; i++) {
        const bool after = is_needed(s, needs, i + 1);
        if ((before || now || after) && room) {
            room--;
            s->segments[i].fd = open(s->segments[i].path, O_RDONLY | O_CLOEXEC);
            missed |= s->segments[i].fd < 0 && errno == ENOENT;
        }
        before = now;
        now = after;
    }
    return missed;
}

static void drop_covered(struct archive_snapshot *s, const struct listing *found)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->journal_count; i++) {
        if (listing_covers(found, journal_reader_sequence(s->journals[i])))
            journal_reader_close(s->journals[i]);
        else
            s->journals[kept++] = s->journals[i];
    }
    s->journal_count = kept;
}

/*
 * List the segments and hold them. Where one has gone in between it has expired, or was merged into
 * another one: then the list is of no use.
 */
static int look_at_segments(struct archive_snapshot *s, const char *directory,
                            struct listing *found, const struct needs *needs, struct lgz_error *err)
{
    bool missed = true;
    int code = LGZ_OK;
    for (int i = 0; code == LGZ_OK && missed && i < LOOKS_MAX; i++) {
        clear_segments(s);
        if (i || !listing_is_current(found, directory)) {
            listing_clear(found);
            code = listing_open(found, directory, err);
        }
        if (code == LGZ_OK) {
            drop_covered(s, found);
            code = take_segments(s, found, err);
        }
        missed = code == LGZ_OK && hold_segments(s, needs);
    }
    return code;
}

/* By the catalog, if that knows the directory as it is now. */
static int list_archive(struct listing *out, const char *directory, const struct catalog *catalog,
                        struct lgz_error *err)
{
    const struct catalog_state *state = catalog ? catalog_state(catalog) : NULL;
    struct stamp now;
    if (state && stamp_read(&now, directory) && stamp_equal(&now, &state->stamp))
        return catalog_list(out, catalog, directory, err);
    return listing_open(out, directory, err);
}

static int open_snapshot(struct archive_snapshot **out, const char *directory,
                         const struct needs *needs, struct lgz_error *err)
{
    struct listing found = {0};
    *out = NULL;
    struct archive_snapshot *s = calloc(1, sizeof(*s));
    if (!s)
        return error_memory(err);
    int code = list_archive(&found, directory, needs->catalog, err);
    if (code == LGZ_OK)
        code = open_journals(s, &found, err);
    if (code == LGZ_OK)
        code = look_at_segments(s, directory, &found, needs, err);
    listing_clear(&found);
    if (code != LGZ_OK)
        archive_snapshot_close(s);
    else
        *out = s;
    return code;
}

int archive_snapshot_open(struct archive_snapshot **out, const char *directory,
                          struct lgz_error *err)
{
    return open_snapshot(out, directory, &(struct needs){0}, err);
}

/* A directory that holds nothing of an archive is one only if somebody locked it once. */
static bool was_locked(const char *directory)
{
    struct buf lock = {0};
    buf_printf(&lock, "%s/lock", directory);
    buf_push(&lock, '\0');
    bool was = !lock.failed && access((const char *)lock.data, F_OK) == 0;
    buf_free(&lock);
    return was;
}

int archive_snapshot_find(struct archive_snapshot **out, const char *directory,
                          struct lgz_error *err)
{
    return archive_snapshot_find_needed(out, directory, NULL, NULL, NULL, err);
}

int archive_snapshot_find_needed(struct archive_snapshot **out, const char *directory,
                                 const struct catalog *catalog, archive_needed_fn *needed,
                                 void *context, struct lgz_error *err)
{
    int code = open_snapshot(out, directory, &(struct needs){catalog, needed, context}, err);
    if (code != LGZ_OK || (*out)->segment_count || (*out)->journal_count || was_locked(directory))
        return code;
    archive_snapshot_close(*out);
    *out = NULL;
    return error_set(err, LGZ_ERR_NOT_FOUND, "%s: is a directory, but not an archive", directory);
}

void archive_snapshot_close(struct archive_snapshot *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->journal_count; i++)
        journal_reader_close(s->journals[i]);
    clear_segments(s);
    free(s->journals);
    free(s);
}

/* Is there another segment now that has what this one had? */
static bool was_merged(const struct archive_segment *s)
{
    struct listing found = {0};
    char *directory = strndup(s->path, (size_t)(file_name(s->path) - s->path));
    const bool merged = directory && s->first_journal &&
                        listing_open(&found, *directory ? directory : ".", NULL) == LGZ_OK &&
                        listing_covers(&found, s->first_journal);
    listing_clear(&found);
    free(directory);
    return merged;
}

static int open_unheld(struct segment **out, const struct archive_segment *s, struct lgz_error *err)
{
    errno = 0;
    int code = segment_open(out, s->path, err);
    if (code != LGZ_ERR_IO || errno != ENOENT)
        return code;
    if (was_merged(s))
        return error_set(err, LGZ_ERR_BUSY,
                         "%s: was merged meanwhile, and more segments can't be held open", s->path);
    errno = ENOENT;
    return code;
}

int archive_segment_open(struct segment **out, const struct archive_segment *s,
                         struct lgz_error *err)
{
    if (s->fd < 0)
        return open_unheld(out, s, err);
    int fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return error_io(err, "%s: cannot open", s->path);
    return segment_open_fd(out, fd, s->path, err);
}
