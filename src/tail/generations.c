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
#include "tail/discover.h"
#include "tail/logfile.h"
#include "tail/recognise.h"

enum {
    GENERATIONS_MAX = 1024,
    LOOKS_MAX = 3, /* at names that change, after the first */
};

struct generations {
    VEC(struct rotated) list;
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
static bool is_later(const struct logfile *f, const struct rotated *g, int64_t after)
{
    bool own = g->st.st_ino == f->source.inode && g->st.st_dev == f->source.device;
    return file_modified(&g->st) > after || (own && !g->packed);
}

static void add_candidate(struct generations *g, const struct tail *t, const struct logfile *f,
                          const char *path, uint64_t inode, int64_t after)
{
    struct rotated item = {.path = strdup(path), .packed = unpack_suffix(path) != 0};
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

void generations_expect(struct tail *t, struct logfile *before)
{
    before->gap = true;
    t->scan_wanted = true;
}

/* The names as they are now. @return NULL if they can't be read */
static struct dirnames *open_directory_of(const char *path)
{
    char *directory = strndup(path, (size_t)(file_name(path) - path));
    struct dirnames *names = directory ? dirnames_open(directory) : NULL;
    free(directory);
    return names;
}

/* The id of a source that comes right after `before`. Those that follow it get later ones, as long
 * as nobody was told of them: ids have the order of time. */
static uint64_t id_after(struct tail *t, const struct logfile *before)
{
    uint64_t id = t->next_id++;
    for (struct logfile *f = set_newest(t, before->source.name); f && f != before && !f->told;
         f = f->older) {
        uint64_t earlier = f->source.id;
        f->source.id = id;
        id = earlier;
    }
    return id;
}

/* A file that nobody knows becomes the source after `before`. @return that; NULL: no memory */
static struct logfile *take_up(struct tail *t, struct logfile *before, const struct rotated *g,
                               const struct beginning *b)
{
    /* A compressed file's inode says nothing: it's found by what it holds. 0 would be a stream's.
     */
    struct stat nothing = {.st_dev = g->st.st_dev, .st_ino = (ino_t)-1};
    struct logfile *f =
        logfile_new(0, before->source.name, before->source.input, g->packed ? &nothing : &g->st);
    if (!f)
        return NULL;
    f->source.id = id_after(t, before);
    f->source.fingerprint = hash_bytes(b->bytes, b->len);
    f->source.fingerprint_len = (uint32_t)b->len;
    f->source.last_written = file_modified(&g->st);
    f->restate = true; /* the sink is told before it gets data, so that a restart knows of it */
    f->lost = g->packed;
    f->sought = true;
    if (g->packed)
        f->tried.time = file_modified(&g->st) + 1; /* newer ones begin with the same bytes maybe */
    t->scan_wanted = true;
    if (!set_add(t, f))
        return NULL;
    set_say(t, CONFIG_LOG_INFO, "%s: was %s for a while, unread; reading it as source %" PRIu64,
            g->path, before->source.name, f->source.id);
    return f;
}

/* The file was changed later than the source `known`, and than `before`. Which source is it? If
 * it's none, it becomes one. @return the one behind which later files belong */
static struct logfile *place(struct tail *t, const struct logfile *known, struct logfile *before,
                             const struct rotated *g, int fd)
{
    struct beginning b;
    struct logfile *f = recognise(t, known, g, fd, &b);
    if (!f && b.len)
        f = take_up(t, before, g, &b);
    bool later =
        f && f->source.id > before->source.id && strcmp(f->source.name, before->source.name) == 0;
    return later ? f : before;
}

/* The first behind `before` that was held back, and isn't any more. */
static struct logfile *first_free(const struct logfile *before)
{
    struct logfile *f = before->newer;
    while (f && (!f->held || set_is_held(f)))
        f = f->newer;
    return f;
}

void generations_release(struct tail *t, struct logfile *before)
{
    before->gap = false;
    for (const struct logfile *f = before->newer; f; f = f->newer)
        t->scan_wanted = t->scan_wanted || f->sought; /* search.c has put that off */
    for (struct logfile *f; (f = first_free(before));) {
        f->held = false;
        set_look(t, f);
    }
}

/* Is what was opened what was looked at, and not being written any more by who compresses? */
static bool is_still(const struct rotated *g, const struct stat *opened)
{
    return opened->st_ino == g->st.st_ino &&
           !(g->packed &&
             (file_modified(opened) != file_modified(&g->st) || is_being_packed(g->path)));
}

static int oldest_first(const void *a, const void *b)
{
    const struct rotated *x = a;
    const struct rotated *y = b;
    int64_t first = file_modified(&x->st);
    int64_t second = file_modified(&y->st);
    return (first > second) - (first < second);
}

/* Take up what the names say, the oldest first: each belongs behind the one before it, whether that
 * was known or not. @return false if they aren't true any more: some
 * may be missing. Then nothing is taken up that is seen as soon, but for the `last` time. */
static bool take_all(struct tail *t, struct logfile *before, const struct dirnames *names,
                     int64_t after, bool last)
{
    struct generations g = {0};
    struct logfile *last_known = before;
    gather(&g, t, before, names, after);
    if (g.moved && !last) {
        forget(&g);
        return false;
    }
    if (g.list.len)
        qsort(g.list.data, g.list.len, sizeof(struct rotated), oldest_first);
    for (size_t i = 0; i < g.list.len && i < GENERATIONS_MAX; i++) {
        struct stat opened;
        int fd = logfile_open_path(g.list.data[i].path, &opened);
        if (fd >= 0 && is_still(&g.list.data[i], &opened))
            last_known = place(t, before, last_known, &g.list.data[i], fd);
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
    int64_t after = st.st_ino ? file_modified(&st) : before->source.last_written;
    if (!after)
        return; /* nobody knows when it was written to */
    bool settled = take_all(t, before, names, after, false);
    /* A rotation is under way, or there was one since the names were read. */
    for (int look = LOOKS_MAX; !settled && look-- > 0;) {
        struct dirnames *fresh = dirnames_open(dirnames_directory(names));
        settled = !fresh || take_all(t, before, fresh, after, look == 0);
        dirnames_close(fresh);
    }
}

/* Does the source's own file, whatever its name is by now, begin with the same bytes? Then they're
 * of a copy that was made, but for which it isn't truncated, or of what was compressed of it. */
static bool own_begins_with(const struct logfile *f, const struct beginning *b)
{
    struct stat st;
    uint64_t print = 0;
    int fd = f->fd >= 0 ? f->fd : logfile_open_path(f->path, &st);
    bool begins = fd >= 0 && logfile_print(fd, (uint32_t)b->len, &print) == 1 &&
                  print == hash_bytes(b->bytes, b->len);
    if (fd >= 0 && fd != f->fd)
        close(fd);
    return begins;
}

/* Is `g`, which is open as `fd`, what `f` was filled with? Then it's given to it. */
static bool give_copy(struct tail *t, struct logfile *f, const struct rotated *g, int fd)
{
    struct beginning b;
    struct located copy = {.fd = -1, .st = g->st};
    if (recognise(t, f, g, fd, &b) || !b.len || own_begins_with(f, &b))
        return false;
    if (!g->packed) {
        copy.path = strdup(g->path);
        copy.fd = copy.path ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
        if (copy.fd < 0) {
            free(copy.path);
            return false;
        }
    }
    f->source.fingerprint = hash_bytes(b.bytes, b.len);
    f->source.fingerprint_len = (uint32_t)b.len;
    f->source.empty_at = 0;
    f->restate = true;
    f->seen = (struct stat){0}; /* of what is there now */
    if (g->packed) {
        f->tried.time = file_modified(&g->st) + 1;
        rotate_replaced(t, f);
    } else {
        rotate_copied(t, f, &copy);
    }
    return true;
}

/* Gives `f` the oldest of them, if there is one. */
static bool give_oldest(struct tail *t, struct logfile *f, struct generations *g)
{
    int64_t own = file_modified(&f->seen);
    bool given = false;
    if (g->list.len)
        qsort(g->list.data, g->list.len, sizeof(struct rotated), oldest_first);
    for (size_t i = 0; i < g->list.len && !given; i++) {
        const struct rotated *r = &g->list.data[i];
        struct stat opened;
        if (file_modified(&r->st) > own)
            continue;
        int fd = logfile_open_path(r->path, &opened);
        bool still = fd >= 0 && is_still(r, &opened);
        g->moved = g->moved || !still;
        given = still && give_copy(t, f, r, fd);
        if (fd >= 0)
            close(fd);
    }
    return given;
}

bool generations_seek_copy(struct tail *t, struct logfile *f, int64_t empty_at, int64_t began)
{
    bool given = false;
    bool settled = file_modified(&f->seen) <= empty_at;
    for (int look = LOOKS_MAX; !settled && look >= 0; look--) {
        struct generations g = {0};
        struct dirnames *names = open_directory_of(f->source.name);
        if (names)
            gather(&g, t, f, names, empty_at);
        /* If names have changed, there may be an older one, but for the last look. */
        given = (!g.moved || look == 0) && give_oldest(t, f, &g);
        settled = given || !g.moved;
        if (names && !given && f->seen.st_size == 0)
            f->source.empty_at = began;
        dirnames_close(names);
        forget(&g);
    }
    return given;
}
