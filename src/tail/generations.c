/*
 * generations.c - candidates by name and time of change; each becomes a source that the search then
 * finds, by its inode or, if it's compressed, by its fingerprint.
 */
#include "tail/generations.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "tail/copies.h"
#include "tail/discover.h"
#include "tail/logfile.h"

enum {
    GENERATIONS_MAX = 1024,
    LOOKS_MAX = 3, /* at names that change, after the first */
};

struct generation {
    char *path;
    struct stat st;
    bool packed;
};

struct generations {
    VEC(struct generation) list;
    bool moved; /* names aren't any more those of the files that they were read with */
};

/* Is the file without its suffix there as well? Then it's being compressed. It's asked now, since
 * names that were read a moment ago may be of files that have other names by now. */
static bool is_being_packed(const char *path)
{
    char *plain = strndup(path, strlen(path) - unpack_suffix(path));
    bool there = !plain || access(plain, F_OK) == 0;
    free(plain);
    return there;
}

/* Was it written to later than `after`, when `f` was? What has its inode now came later in any
 * case, if it isn't that itself: a clock's tick of some milliseconds may be the same. */
static bool is_later(const struct logfile *f, const struct generation *g, int64_t after)
{
    bool own = g->st.st_ino == f->source.inode && g->st.st_dev == f->source.device;
    return file_modified(&g->st) > after || (own && !g->packed);
}

static void add_candidate(struct generations *g, const struct tail *t, const struct logfile *f,
                          const char *path, uint64_t inode, int64_t after)
{
    struct generation item = {.path = strdup(path), .packed = unpack_suffix(path) != 0};
    if (!item.path)
        return;
    bool being_packed = item.packed && is_being_packed(path);
    bool there = stat(path, &item.st) == 0;
    g->moved = g->moved || !there || item.st.st_ino != inode;
    if (being_packed || !there || !S_ISREG(item.st.st_mode) || item.st.st_size == 0 ||
        !is_later(f, &item, after) || discover_matches(t->inputs, t->input_count, path) ||
        !vec_push(&g->list, item))
        free(item.path);
}

/* Files with a name that rotation makes of this one's, changed later than `after`. */
static void gather(struct generations *g, const struct tail *t, const struct logfile *f,
                   const struct dirnames *names, int64_t after)
{
    const char *own = file_name(f->source.name);
    const char *name;
    char *stem = locate_stem(own);
    for (size_t i = stem ? dirnames_find(names, stem) : 0;
         stem && (name = dirnames_get(names, i)) && strncmp(name, stem, strlen(stem)) == 0; i++) {
        char *path = locate_is_numbered(own, name) ? dirnames_path(names, name) : NULL;
        if (path)
            add_candidate(g, t, f, path, dirnames_inode(names, i), after);
        free(path);
    }
    free(stem);
}

static void forget(struct generations *g)
{
    for (size_t i = 0; i < g->list.len; i++)
        free(g->list.data[i].path);
    vec_free(&g->list);
}

/* The names in the directory to which the log's input moves rotated files. @return NULL: none */
static struct dirnames *open_olddir(const struct tail *t, const struct logfile *f)
{
    char *path = set_olddir(t, f);
    struct dirnames *names = path ? dirnames_open(path) : NULL;
    free(path);
    return names;
}

void generations_reserve(struct tail *t, struct logfile *before)
{
    struct generations g = {0};
    int64_t after = before->seen.st_ino ? file_modified(&before->seen) : 0;
    before->gap = true;
    const struct dirnames *names = set_names(t, before->source.name);
    if (!names)
        return;
    gather(&g, t, before, names, after);
    struct dirnames *old = open_olddir(t, before);
    if (old)
        gather(&g, t, before, old, after);
    dirnames_close(old);
    before->reserved = t->next_id;
    before->reserved_count = g.list.len < GENERATIONS_MAX ? g.list.len : GENERATIONS_MAX;
    t->next_id += before->reserved_count;
    forget(&g);
}

/* The first bytes of what the file holds. @return how many, or a negative number */
static ssize_t first_bytes(const struct generation *g, int fd, uint8_t *bytes)
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
static bool is_replaced_by(const struct logfile *f, const struct generation *g)
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
static bool is_same(const struct logfile *f, const struct generation *g, int fd,
                    const uint8_t *bytes, size_t len)
{
    const struct source *s = &f->source;
    if (g->packed && is_replaced_by(f, g))
        return begins_with(f, bytes, len);
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
static bool is_being_copied(struct logfile *f, const struct generation *g, int fd,
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

/* Is the compressed file what a source was read from that had a rotated name from the start? An
 * input that matches those as well makes a log of its own of what nobody had seen before. */
static bool is_known_as_rotated(const struct tail *t, const struct logfile *before,
                                const struct generation *g, int fd, const uint8_t *bytes,
                                size_t len)
{
    const char *own = before->source.name;
    size_t directory = (size_t)(file_name(own) - own);
    char *plain = strndup(g->path, strlen(g->path) - unpack_suffix(g->path));
    bool known = false;
    bool wide = g->packed && plain && discover_matches(t->inputs, t->input_count, plain);
    for (size_t i = 0; wide && !known && i < t->files.len; i++) {
        const struct logfile *f = t->files.data[i];
        const char *name = f->source.name;
        known = strncmp(name, own, directory) == 0 && !strchr(name + directory, '/') &&
                strcmp(name, own) != 0 && locate_is_numbered(own + directory, name + directory) &&
                is_same(f, g, fd, bytes, len);
    }
    free(plain);
    return known;
}

/* Is the file a source already, or a copy of one? */
static bool is_known(const struct tail *t, const struct logfile *before, const struct generation *g,
                     int fd, const uint8_t *bytes, size_t len)
{
    /* The inode alone says little: it may have been another file's. */
    const struct logfile *same = idmap_get(&t->by_inode, g->st.st_dev, g->st.st_ino);
    if (!g->packed && same && ((same->fd >= 0 && !same->copy) || is_same(same, g, fd, bytes, len)))
        return true;
    for (struct logfile *f = set_newest(t, before->source.name); f; f = f->older) {
        if (((f != before || !g->packed) && is_same(f, g, fd, bytes, len)) ||
            is_being_copied(f, g, fd, bytes, len))
            return true;
    }
    return is_known_as_rotated(t, before, g, fd, bytes, len);
}

/* The names as they are now. @return NULL if they can't be read */
static struct dirnames *open_directory_of(const char *path)
{
    char *directory = strndup(path, (size_t)(file_name(path) - path));
    struct dirnames *names = directory ? dirnames_open(directory) : NULL;
    free(directory);
    return names;
}

/* An id that was kept free behind `before`, or behind one that followed it, or a new one. */
static uint64_t next_id(struct tail *t, struct logfile *before)
{
    struct logfile *f = before;
    while (f && !f->reserved_count)
        f = f->newer;
    if (!f)
        return t->next_id++;
    f->reserved_count--;
    return f->reserved++;
}

static void take_up(struct tail *t, struct logfile *before, const struct generation *g, int fd)
{
    uint8_t bytes[LOGFILE_PRINT_MAX];
    ssize_t len = first_bytes(g, fd, bytes);
    if (len <= 0 || is_known(t, before, g, fd, bytes, (size_t)len))
        return;
    /* A compressed file's inode says nothing: it's found by what it holds. 0 would be a stream's.
     */
    struct stat nothing = {.st_dev = g->st.st_dev, .st_ino = (ino_t)-1};
    struct logfile *f = logfile_new(next_id(t, before), before->source.name, before->source.input,
                                    g->packed ? &nothing : &g->st);
    if (!f)
        return;
    f->source.fingerprint = hash_bytes(bytes, (size_t)len);
    f->source.fingerprint_len = (uint32_t)len;
    f->restate = true; /* the sink is told before it gets data, so that a restart knows of it */
    f->lost = g->packed;
    f->sought = true;
    if (g->packed)
        f->tried.time = file_modified(&g->st) + 1; /* newer ones begin with the same bytes maybe */
    t->scan_wanted = true;
    if (set_add(t, f))
        set_say(t, CONFIG_LOG_INFO, "%s: was %s for a while, unread; reading it as source %" PRIu64,
                g->path, before->source.name, f->source.id);
}

void generations_release(struct tail *t, struct logfile *before)
{
    before->gap = false;
    before->reserved_count = 0;
    if (before->newer && before->newer->sought) /* search.c has put that off */
        t->scan_wanted = true;
    for (struct logfile *f = before->newer; f; f = f->newer) {
        if (!f->held)
            continue;
        f->held = false;
        set_look(t, f);
        return; /* looking may have changed the list */
    }
}

/* Is what was opened what was looked at, and not being written any more by who compresses? */
static bool is_still(const struct generation *g, const struct stat *opened)
{
    return opened->st_ino == g->st.st_ino &&
           !(g->packed &&
             (file_modified(opened) != file_modified(&g->st) || is_being_packed(g->path)));
}

static int oldest_first(const void *a, const void *b)
{
    const struct generation *x = a;
    const struct generation *y = b;
    int64_t first = file_modified(&x->st);
    int64_t second = file_modified(&y->st);
    return (first > second) - (first < second);
}

/* Take up what the names say, the oldest first. @return false if they aren't true any more: some
 * may be missing. Then nothing is taken up that is seen as soon, but for the `last` time. */
static bool take_all(struct tail *t, struct logfile *before, const struct dirnames *names,
                     int64_t after, bool last)
{
    struct generations g = {0};
    gather(&g, t, before, names, after);
    if (g.moved && !last) {
        forget(&g);
        return false;
    }
    if (g.list.len)
        qsort(g.list.data, g.list.len, sizeof(struct generation), oldest_first);
    for (size_t i = 0; i < g.list.len && i < GENERATIONS_MAX; i++) {
        struct stat opened;
        int fd = logfile_open_path(g.list.data[i].path, &opened);
        if (fd >= 0 && is_still(&g.list.data[i], &opened))
            take_up(t, before, &g.list.data[i], fd);
        else
            g.moved = true;
        if (fd >= 0)
            close(fd);
    }
    bool settled = !g.moved;
    forget(&g);
    return settled;
}

void generations_take(struct tail *t, struct logfile *before, const struct dirnames *names)
{
    struct stat st = before->seen;
    if (before->fd >= 0 && fstat(before->fd, &st) != 0)
        return;
    if (!st.st_ino)
        return; /* nobody knows when it was written to */
    bool settled = take_all(t, before, names, file_modified(&st), false);
    /* A rotation is under way, or there was one since the names were read. */
    for (int look = LOOKS_MAX; !settled && look-- > 0;) {
        struct dirnames *fresh = dirnames_open(dirnames_directory(names));
        settled = !fresh || take_all(t, before, fresh, file_modified(&st), look == 0);
        dirnames_close(fresh);
    }
}

/* Does the source's own file, whatever its name is by now, begin with the `len` bytes? Then they're
 * of a copy that was made, but for which it isn't truncated, or of what was compressed of it. */
static bool own_begins_with(const struct logfile *f, const uint8_t *bytes, size_t len)
{
    struct stat st;
    uint64_t print = 0;
    int fd = f->fd >= 0 ? f->fd : logfile_open_path(f->path, &st);
    bool begins =
        fd >= 0 && logfile_print(fd, (uint32_t)len, &print) == 1 && print == hash_bytes(bytes, len);
    if (fd >= 0 && fd != f->fd)
        close(fd);
    return begins;
}

/* Is `g`, which is open as `fd`, what `f` was filled with? Then it's given to it. */
static bool give_copy(struct tail *t, struct logfile *f, const struct generation *g, int fd)
{
    uint8_t bytes[LOGFILE_PRINT_MAX];
    struct located copy = {.fd = -1, .st = g->st};
    ssize_t len = first_bytes(g, fd, bytes);
    if (len <= 0 || is_known(t, f, g, fd, bytes, (size_t)len) ||
        own_begins_with(f, bytes, (size_t)len))
        return false;
    if (!g->packed) {
        copy.path = strdup(g->path);
        copy.fd = copy.path ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
        if (copy.fd < 0) {
            free(copy.path);
            return false;
        }
    }
    f->source.fingerprint = hash_bytes(bytes, (size_t)len);
    f->source.fingerprint_len = (uint32_t)len;
    f->source.empty_at = 0;
    f->restate = true;
    f->seen = (struct stat){0}; /* of what was there before */
    if (g->packed) {
        f->tried.time = file_modified(&g->st) + 1;
        rotate_replaced(t, f);
    } else {
        rotate_copied(t, f, &copy);
    }
    return true;
}

/* The state of the source's own file. @return false if it isn't there */
static bool state_of_own(const struct logfile *f, struct stat *st)
{
    if (f->fd >= 0)
        return fstat(f->fd, st) == 0;
    return stat(f->path, st) == 0 && st->st_dev == f->source.device &&
           st->st_ino == f->source.inode;
}

bool generations_seek_copy(struct tail *t, struct logfile *f)
{
    struct generations g = {0};
    struct stat own;
    int64_t now = clock_real();
    bool found = false;
    if ((!f->told && !f->restate) || !state_of_own(f, &own) ||
        file_modified(&own) <= f->source.empty_at)
        return false;
    struct dirnames *names = open_directory_of(f->source.name);
    if (names)
        gather(&g, t, f, names, f->source.empty_at);
    if (g.list.len)
        qsort(g.list.data, g.list.len, sizeof(struct generation), oldest_first);
    for (size_t i = 0; i < g.list.len && !found; i++) {
        struct stat opened;
        int fd = file_modified(&g.list.data[i].st) <= file_modified(&own)
                     ? logfile_open_path(g.list.data[i].path, &opened)
                     : -1;
        if (fd < 0)
            continue;
        found = is_still(&g.list.data[i], &opened) && give_copy(t, f, &g.list.data[i], fd);
        close(fd);
    }
    if (names && !found && own.st_size == 0)
        f->source.empty_at = now;
    dirnames_close(names);
    forget(&g);
    return found;
}
