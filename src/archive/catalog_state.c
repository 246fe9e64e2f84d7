/*
 * catalog_state.c - compares a catalog with a listing, and writes the stamp of that listing.
 */
#include "archive/catalog_state.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "archive/catalog_format.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"

/* Steps of the clock of a file system: the kernel's, or, where times are whole seconds, as much as
   two seconds. */
#define STEP      (20 * (NS_PER_SECOND / 1000))
#define LONG_STEP (3 * NS_PER_SECOND)

struct noting {
    const char *directory;
    char *path;
    int fd;
    struct catalog *catalog;
    struct listing found;
    struct lgz_error *err;
};

static bool is_noted(const struct noting *n)
{
    struct stamp now;
    const struct catalog_state *state = catalog_state(n->catalog);
    return state && stamp_read(&now, n->directory) && stamp_equal(&now, &state->stamp);
}

/* Has the directory stayed as it is for longer than a step, by the clock of its file system? */
static bool is_settled(const struct noting *n, struct stamp *stamp)
{
    struct stat st;
    if (!stamp_read(stamp, n->directory) || futimens(n->fd, NULL) != 0 || fstat(n->fd, &st) != 0)
        return false;
    const int64_t last = stamp->modified > stamp->changed ? stamp->modified : stamp->changed;
    const bool whole_seconds =
        stamp->modified % NS_PER_SECOND == 0 || stamp->changed % NS_PER_SECOND == 0;
    return file_modified(&st) - last > (whole_seconds ? LONG_STEP : STEP);
}

/* Are the catalog's segments those that there are? */
static bool has_all(const struct noting *n)
{
    if (catalog_count(n->catalog) != n->found.segments.len ||
        n->found.journals.len > CATALOG_JOURNALS_MAX)
        return false;
    for (size_t i = 0; i < n->found.segments.len; i++) {
        struct catalog_key key;
        catalog_key_at(n->catalog, i, &key);
        if (key.inode != n->found.segments.data[i].inode ||
            names_compare(&key.name, &n->found.segments.data[i].name) != 0)
            return false;
    }
    return true;
}

static int write_stamp(const struct noting *n, const struct stamp *stamp)
{
    /* What stands in front of it is hashed with it, so that it's this catalog's. */
    uint8_t bytes[8 + CATALOG_STAMP_LEN] = {0};
    uint8_t *s = bytes + 8;
    ssize_t len = file_read_at(n->fd, bytes, 8, CATALOG_HEADER_LEN - 8, n->path, n->err);
    if (len < 0)
        return (int)len;
    le_put(s, stamp->device, 8);
    le_put(s + 8, stamp->inode, 8);
    le_put(s + 16, (uint64_t)stamp->modified, 8);
    le_put(s + 24, (uint64_t)stamp->changed, 8);
    le_put(s + 32, n->found.journals.len, 8);
    for (size_t i = 0; i < n->found.journals.len; i++)
        le_put(s + 40 + i * 8, n->found.journals.data[i].sequence, 8);
    le_put(s + 168, hash_bytes(bytes, 8 + 168), 8);
    if (lseek(n->fd, CATALOG_HEADER_LEN, SEEK_SET) < 0)
        return error_io(n->err, "%s: cannot seek", n->path);
    return file_write(n->fd, s, CATALOG_STAMP_LEN, n->path, n->err);
}

static int note(struct noting *n)
{
    const struct timespec step = {.tv_nsec = STEP + STEP / 2};
    struct stamp stamp;
    bool settled = is_settled(n, &stamp);
    if (!settled) {
        nanosleep(&step, NULL);
        settled = is_settled(n, &stamp);
    }
    if (!settled || listing_open(&n->found, n->directory, NULL) != LGZ_OK ||
        !stamp_equal(&n->found.stamp, &stamp) || !has_all(n))
        return LGZ_OK;
    return write_stamp(n, &stamp);
}

int catalog_note_state(const char *directory, struct lgz_error *err)
{
    struct noting n = {.directory = directory, .fd = -1, .err = err};
    int code = LGZ_OK;
    if (!(n.path = names_file(directory, CATALOG_NAME)))
        return error_memory(err);
    /* What is wrong with it is said by who reads it. */
    if (catalog_open(&n.catalog, directory, NULL) == LGZ_OK && !is_noted(&n) &&
        (n.fd = open(n.path, O_RDWR | O_CLOEXEC)) >= 0)
        code = note(&n);
    if (n.fd >= 0)
        close(n.fd);
    catalog_close(n.catalog);
    listing_clear(&n.found);
    free(n.path);
    return code;
}

static int list_segments(struct listing *out, const struct catalog *c, const char *directory)
{
    struct catalog_key key;
    const size_t count = catalog_count(c);
    bool done = vec_reserve(&out->segments, count);
    for (size_t i = 0; i < count && done; i++) {
        catalog_key_at(c, i, &key);
        const struct listed_segment segment = {names_segment(directory, &key.name), key.name,
                                               key.inode, i + 1};
        done = segment.path && vec_push(&out->segments, segment);
    }
    return done ? LGZ_OK : LGZ_ERR_MEMORY;
}

static int list_journals(struct listing *out, const struct catalog_state *state,
                         const char *directory)
{
    for (size_t i = 0; i < state->journal_count; i++) {
        const struct listed_journal journal = {names_journal(directory, state->journals[i]),
                                               state->journals[i]};
        if (!journal.path || !vec_push(&out->journals, journal)) {
            free(journal.path);
            return LGZ_ERR_MEMORY;
        }
    }
    return LGZ_OK;
}

int catalog_list(struct listing *out, const struct catalog *c, const char *directory,
                 struct lgz_error *err)
{
    const struct catalog_state *state = catalog_state(c);
    *out = (struct listing){.stamp = state->stamp};
    int code = list_segments(out, c, directory);
    if (code == LGZ_OK)
        code = list_journals(out, state, directory);
    if (code == LGZ_OK)
        return LGZ_OK;
    listing_clear(out);
    return error_memory(err);
}
