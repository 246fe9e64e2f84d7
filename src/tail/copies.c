/*
 * copies.c - which source a new file is a copy of: sources by name, without the digits that
 * rotation adds; then by contents.
 */
#include "tail/copies.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "tail/discover.h"

/* A file that is equal to one that isn't truncated is no copy for copytruncate, when this long has
 * passed since its last change. */
#define TRUNCATION_WAIT (60 * NS_PER_SECOND)

bool copies_are_wanted(const struct tail *t, const struct logfile *f, const char *path)
{
    return locate_is_numbered(file_name(f->path), file_name(path)) &&
           discover_matches(t->inputs, t->input_count, path);
}

bool copies_adopt(struct tail *t, struct logfile *f, const char *path, int fd,
                  const struct stat *st)
{
    char *copy = strdup(path);
    if (!copy || !idmap_put(&t->by_inode, st->st_dev, st->st_ino, f)) {
        free(copy);
        close(fd);
        return false;
    }
    if (idmap_get(&t->by_inode, f->source.device, f->source.inode) == f)
        idmap_remove(&t->by_inode, f->source.device, f->source.inode);
    set_unwatch(t, f);
    set_descriptor(t, f, fd);
    set_unseek(t, f);
    set_say(t, CONFIG_LOG_INFO, "%s: it's the copy of %s, which goes on there from byte %llu", path,
            f->path, (unsigned long long)f->position);
    free(f->before);
    f->before = NULL;
    free(f->path);
    f->path = copy;
    f->source.device = st->st_dev;
    f->source.inode = st->st_ino;
    f->seen = *st;
    f->lost = false;
    f->restate = true;
    t->scan_wanted = true; /* which tells the sink */
    set_watch(t, f);
    set_queue(t, f);
    return true;
}

/* What is known of a source's own file. */
enum own_file {
    OWN_INTACT,    /* or it can't be told */
    OWN_TRUNCATED, /* it has the inode, but not what was read */
    OWN_GONE,
};

/* The source's own file, to be closed. @return -1 with errno; ENOENT: another one is there */
static int open_own(const struct logfile *f, struct stat *st)
{
    int fd = f->fd >= 0 ? fcntl(f->fd, F_DUPFD_CLOEXEC, 0) : logfile_open_path(f->path, st);
    bool same = fd >= 0 && fstat(fd, st) == 0 && st->st_dev == f->source.device &&
                st->st_ino == f->source.inode;
    if (fd < 0 || same)
        return fd;
    close(fd);
    errno = ENOENT;
    return -1;
}

static enum own_file look_at_own(const struct logfile *f)
{
    struct stat st;
    if (f->lost)
        return OWN_GONE;
    int fd = open_own(f, &st);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == EINVAL ? OWN_GONE : OWN_INTACT;
    int matches = logfile_is_in(f, fd, &st);
    close(fd);
    return matches ? OWN_INTACT : OWN_TRUNCATED;
}

/* Do two files have the same `len` bytes, at most LOGFILE_PRINT_MAX, at an offset? */
static bool same_bytes(int a, int b, uint64_t offset, size_t len)
{
    uint8_t x[LOGFILE_PRINT_MAX];
    uint8_t y[LOGFILE_PRINT_MAX];
    return file_read_at(a, x, len, offset, "", NULL) == (ssize_t)len &&
           file_read_at(b, y, len, offset, "", NULL) == (ssize_t)len && memcmp(x, y, len) == 0;
}

bool copies_is_equal_so_far(const struct logfile *f, int fd, const struct stat *st)
{
    struct stat own_st;
    uint64_t size = (uint64_t)st->st_size;
    size_t len = size < LOGFILE_PRINT_MAX ? (size_t)size : LOGFILE_PRINT_MAX;
    int own = open_own(f, &own_st);
    bool equal = own >= 0 && st->st_size <= own_st.st_size && same_bytes(own, fd, 0, len) &&
                 same_bytes(own, fd, size - len, len);
    if (own >= 0)
        close(own);
    return equal;
}

/* Let the source have the file, which has what was read of it, and maybe more. */
static enum copies_result give(struct tail *t, struct logfile *f, const char *path, int fd,
                               const struct stat *st)
{
    enum own_file own = look_at_own(f);
    if (own == OWN_INTACT)
        return COPIES_LATER;
    if (own == OWN_TRUNCATED)
        rotate_replaced(t, f); /* which may find the file itself */
    if (idmap_get(&t->by_inode, st->st_dev, st->st_ino) == f)
        return COPIES_FOUND;
    if (own == OWN_TRUNCATED && !f->lost)
        return COPIES_LATER; /* memory is out, or it found another copy */
    int own_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return own_fd >= 0 && copies_adopt(t, f, path, own_fd, st) ? COPIES_FOUND : COPIES_LATER;
}

/* Is it the copy of one of the sources that are called `name`? */
static enum copies_result find_among(struct tail *t, const char *name, const char *path, int fd,
                                     const struct stat *st)
{
    struct logfile *newest = set_newest(t, name);
    enum copies_result result = COPIES_NONE;
    for (struct logfile *f = newest; f && result != COPIES_FOUND; f = f->older) {
        if (f->done || f->parked || f->copy)
            continue;
        if (f->source.fingerprint_len && f->position && logfile_is_in(f, fd, st) == 1)
            result = give(t, f, path, fd, st);
        else if (f == newest && copies_is_equal_so_far(f, fd, st))
            result = COPIES_LATER;
    }
    return result;
}

static bool is_fresh(const struct stat *st)
{
    int64_t changed = (int64_t)st->st_ctim.tv_sec * NS_PER_SECOND + st->st_ctim.tv_nsec;
    return llabs(clock_real() - changed) < TRUNCATION_WAIT;
}

/* The same with the `len` first bytes of the path, and `extension`, as the sources' name. */
static enum copies_result find_named(struct tail *t, const char *path, size_t len,
                                     const char *extension, int fd, const struct stat *st)
{
    char *own;
    if (asprintf(&own, "%.*s%s", (int)len, path, extension) < 0)
        return COPIES_LATER;
    enum copies_result result = COPIES_NONE;
    if (locate_is_numbered(file_name(own), file_name(path)))
        result = find_among(t, own, path, fd, st);
    free(own);
    return result;
}

enum copies_result copies_find(struct tail *t, const char *path, int fd, const struct stat *st)
{
    const char *name = file_name(path);
    const char *extension = strrchr(name, '.');
    bool later = false;
    /* app.log.1 and app.log-20261123 are copies of app.log, and so is app-20261123.log. */
    for (size_t i = strlen(path); i-- > (size_t)(name - path) + 1;) {
        if (!strchr(".-_", path[i]))
            continue;
        enum copies_result result = find_named(t, path, i, "", fd, st);
        later = later || result == COPIES_LATER;
        if (result != COPIES_FOUND && extension > path + i) {
            result = find_named(t, path, i, extension, fd, st);
            later = later || result == COPIES_LATER;
        }
        if (result == COPIES_FOUND)
            return result;
    }
    return later && is_fresh(st) ? COPIES_LATER : COPIES_NONE;
}
