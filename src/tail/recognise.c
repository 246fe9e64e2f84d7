/*
 * recognise.c - by inode, then by first bytes and mark; then by comparing with what is open.
 */
#include "tail/recognise.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "tail/copies.h"
#include "tail/discover.h"
#include "tail/logfile.h"

/* The first bytes of what the file holds. @return how many, or a negative number */
static ssize_t first_bytes(const struct rotated *g, int fd, uint8_t *bytes)
{
    struct unpack *u;
    if (!g->packed)
        return pread(fd, bytes, LOGFILE_PRINT_MAX, 0);
    if (unpack_open(&u, fd, g->path, NULL) != LGZ_OK)
        return -1;
    ssize_t n = unpack_read(u, bytes, LOGFILE_PRINT_MAX, NULL);
    unpack_close(u);
    return n;
}

/* Is the file that `f` reads open, and deleted, as it is when it was compressed? A compressed file
 * has the time of change that the other had, some in whole seconds; or that from before it was
 * rotated, though its writer went on for a while (logrotate). */
static bool is_replaced_by(const struct logfile *f, const struct rotated *g)
{
    struct stat st;
    return f->fd >= 0 && !f->copy && fstat(f->fd, &st) == 0 && st.st_nlink == 0 &&
           st.st_mtim.tv_sec >= g->st.st_mtim.tv_sec;
}

/* Does the open file begin with these bytes? */
static bool begins_with(const struct logfile *f, const uint8_t *bytes, size_t len)
{
    uint8_t own[LOGFILE_PRINT_MAX];
    return pread(f->fd, own, len, 0) == (ssize_t)len && memcmp(own, bytes, len) == 0;
}

/* The source's own file, or -1: it isn't there, or doesn't begin any more as it did. */
static bool own_is_intact(const struct logfile *f)
{
    struct stat st;
    int fd = f->fd >= 0 ? f->fd : logfile_open_path(f->path, &st);
    bool intact = fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == f->source.device &&
                  st.st_ino == f->source.inode && logfile_matches(&f->source, fd) == 1;
    if (fd >= 0 && fd != f->fd)
        close(fd);
    return intact;
}

/* Does the file hold what `f` was read from? `bytes` are its first ones. */
static bool is_same(const struct logfile *f, const struct rotated *g, int fd, const uint8_t *bytes,
                    size_t len)
{
    const struct source *s = &f->source;
    /* If it doesn't begin so, it may have been truncated since. */
    if (g->packed && is_replaced_by(f, g) && begins_with(f, bytes, len))
        return true;
    if (!s->fingerprint_len || s->fingerprint_len > len ||
        hash_bytes(bytes, s->fingerprint_len) != s->fingerprint)
        return false;
    if (!g->packed && f->position == 0 && !f->lost && own_is_intact(f))
        return false; /* it only begins alike */
    if (!g->packed)
        return logfile_mark_matches(f->mark, f->position, fd) == 1;
    /* Files may begin alike: one that is open, or is sought elsewhere, is another. */
    if (f->fd >= 0 && !f->copy && logfile_matches(s, f->fd) == 1 &&
        logfile_mark_matches(f->mark, f->position, f->fd) == 1)
        return false;
    return !f->tried.time || f->tried.time == file_modified(&g->st) + 1;
}

/* Is the file the beginning of a copy of the source's own, which isn't truncated yet? If nothing is
 * known of that, it may be truncated before it's read; then it's found here by its first bytes. */
static bool is_being_copied(struct logfile *f, const struct rotated *g, int fd,
                            const uint8_t *bytes, size_t len)
{
    struct source *s = &f->source;
    if (g->packed || f->copy || f->lost || f->done || f->parked ||
        !copies_is_equal_so_far(f, fd, &g->st))
        return false;
    if (!s->fingerprint_len) {
        s->fingerprint = hash_bytes(bytes, len);
        s->fingerprint_len = (uint32_t)len;
        s->empty_at = 0;
        f->restate = true;
    }
    return true;
}

/* May the file at `path` have come from a log by rotation, if all are in one directory? Of a log
 * that has a rotated name of another one's itself, or the reverse. */
static bool are_related(const char *log, const char *other, const char *path)
{
    return strcmp(other, log) != 0 &&
           (locate_is_numbered(log, other) || locate_is_numbered(other, path));
}

/* If the log has a rotated name of the other one's itself, is the file that one's to take up? */
static bool is_of_other(const char *log, const char *other, const char *path)
{
    return locate_is_numbered(other, log) && locate_is_numbered(other, path);
}

/* The source of another name whose file is what was compressed here. An input that matches rotated
 * names as well makes a log of its own of what nobody had seen before. */
static struct logfile *with_other_name(const struct tail *t, const char *log,
                                       const struct rotated *g, int fd, const uint8_t *bytes,
                                       size_t len)
{
    size_t directory = (size_t)(file_name(log) - log);
    char *plain = strndup(g->path, strlen(g->path) - unpack_suffix(g->path));
    struct logfile *known = NULL;
    const char *path = file_name(g->path);
    bool wide = g->packed && plain && discover_matches(t->inputs, t->input_count, plain);
    for (size_t i = 0; wide && !known && i < t->files.len; i++) {
        struct logfile *f = t->files.data[i];
        const char *name = f->source.name;
        if (strncmp(name, log, directory) == 0 && !strchr(name + directory, '/') &&
            are_related(log + directory, name + directory, path) &&
            (is_of_other(log + directory, name + directory, path) || is_same(f, g, fd, bytes, len)))
            known = f;
    }
    free(plain);
    return known;
}

/* Was it found to be what was compressed of `f`, and no good? */
static bool was_tried(const struct logfile *f, const struct rotated *g)
{
    return f->tried.time == file_modified(&g->st) && f->tried.inode == g->st.st_ino;
}

/* The source whose file it was by the time at which these first bytes were read. */
static struct logfile *find(const struct tail *t, const struct logfile *before,
                            const struct rotated *g, int fd, const uint8_t *bytes, size_t len)
{
    /* The inode alone says little: it may have been another file's. */
    struct logfile *same = idmap_get(&t->by_inode, g->st.st_dev, g->st.st_ino);
    if (!g->packed && same && ((same->fd >= 0 && !same->copy) || is_same(same, g, fd, bytes, len)))
        return same;
    /* First whether a file is being copied: if it's truncated after that, it isn't intact any more
     * when it's asked for. */
    for (struct logfile *f = set_newest(t, before->source.name); f; f = f->older) {
        if (is_being_copied(f, g, fd, bytes, len) ||
            (f == before && g->packed ? was_tried(f, g) : is_same(f, g, fd, bytes, len)))
            return f;
    }
    return with_other_name(t, before->source.name, g, fd, bytes, len);
}

/* Has a plain file more of a beginning by now? */
static bool has_grown(const struct rotated *g, int fd, const struct beginning *b)
{
    struct stat st;
    return !g->packed && b->len < sizeof(b->bytes) && fstat(fd, &st) == 0 &&
           (uint64_t)st.st_size > b->len;
}

struct logfile *recognise(const struct tail *t, const struct logfile *before,
                          const struct rotated *g, int fd, struct beginning *b)
{
    struct logfile *f;
    do {
        /* A copy may be half made at this moment, and what it's made of truncated at the next. */
        ssize_t len = first_bytes(g, fd, b->bytes);
        b->len = len > 0 ? (size_t)len : 0;
        f = b->len ? find(t, before, g, fd, b->bytes, b->len) : NULL;
    } while (!f && b->len && has_grown(g, fd, b));
    return f;
}
