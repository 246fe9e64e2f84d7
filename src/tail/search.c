/*
 * search.c - files that are neither open nor where they were: each is searched for in its
 * directory, by inode, then as a plain copy, then as a compressed one. What is found nowhere is
 * told, with the byte from which it is lost, and let go.
 *
 * A search whose result isn't sure is repeated: soon when a directory was changed at that moment,
 * for a day when something can't be read.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "tail/set.h"

/* How long a file is waited for whose directory is gone, or on another device than it was: a file
 * system may be mounted late. */
#define ABSENT_LINGER (24 * 3600 * NS_PER_SECOND)

enum outcome {
    FOUND,  /* it's open now, or its copy is */
    AGAIN,  /* soon: names changed meanwhile, or another copy is being read */
    ABSENT, /* something isn't there or can't be read that may come back */
    GONE,
};

/* One file's search. */
struct search {
    struct tail *tail;
    struct logfile *file;
    struct dirnames *names; /* of the file's directory; NULL: it can't be read */
    bool unsure;
};

/* Open the file under the name that its inode has now. */
static bool open_inode(struct search *s, const struct dirnames *l)
{
    struct logfile *f = s->file;
    const char *name = dirnames_of_inode(l, f->source.inode);
    struct stat st;
    char *path = name ? dirnames_path(l, name) : NULL;
    s->unsure = s->unsure || (name && !path);
    if (!path)
        return false;
    int fd = logfile_open_path(path, &st);
    bool same = fd >= 0 && st.st_dev == f->source.device && st.st_ino == f->source.inode &&
                (uint64_t)st.st_size >= f->position;
    int matches = same ? logfile_matches(&f->source, fd) : 0;
    if (matches == 1)
        matches = logfile_mark_matches(f->mark, f->position, fd);
    if (matches == 1) {
        set_descriptor(s->tail, f, fd);
        set_say(s->tail, CONFIG_LOG_DEBUG, "%s: found again as %s", f->path, path);
    } else {
        s->unsure = s->unsure || matches < 0 || (fd < 0 && errno != ENOENT);
        if (fd >= 0)
            close(fd);
    }
    free(path);
    return matches == 1;
}

typedef enum locate_result locate_fn(const struct locate_wanted *w, const struct dirnames *l,
                                     struct located *found);

static bool open_copy(struct search *s, const struct dirnames *l, locate_fn *locate)
{
    struct locate_wanted wanted = rotate_wanted(s->tail, s->file);
    struct located found;
    enum locate_result result = locate(&wanted, l, &found);
    s->unsure = s->unsure || result == LOCATE_UNSURE;
    if (result == LOCATE_FOUND)
        rotate_to_copy(s->tail, s->file, &found);
    return result == LOCATE_FOUND;
}

/* It's not here: what does that mean? */
static enum outcome not_here(const struct search *s)
{
    const struct tail *t = s->tail;
    const struct dirnames *l = s->names;
    if (!l || dirnames_device(l) != s->file->source.device || s->unsure)
        return ABSENT;
    if (!dirnames_settled(l) && t->now - s->file->missing_since < TAIL_LINGER)
        return AGAIN;
    return GONE;
}

static enum outcome search_one(struct search *s)
{
    struct logfile *f = s->file;
    if (!s->names)
        return ABSENT;
    if (!set_has_room(s->tail))
        return AGAIN;
    if (!f->lost && open_inode(s, s->names))
        return FOUND;
    if (open_copy(s, s->names, locate_copy))
        return FOUND;
    set_packed_next(s->tail, f, s->tail->unpacking != NULL);
    if (f->packed_next)
        return AGAIN;
    return open_copy(s, s->names, locate_packed) ? FOUND : not_here(s);
}

/* The file and every copy of it is gone. */
static void tell_loss(struct tail *t, const struct logfile *f)
{
    uint64_t size = (uint64_t)f->seen.st_size;
    uint64_t id = f->source.id;
    if (size > f->position)
        set_say(t, CONFIG_LOG_WARNING,
                "%s: source %" PRIu64 ": at least %" PRIu64 " bytes are lost, from byte %" PRIu64
                " on: neither the file nor a copy of it is there any more",
                f->source.name, id, size - f->position, f->position);
    else if (f->seen.st_ino)
        set_say(t, CONFIG_LOG_DEBUG,
                "%s: source %" PRIu64 " is gone; it was read up to byte %" PRIu64
                ", its end when it was seen last",
                f->source.name, id, f->position);
    else
        set_say(t, CONFIG_LOG_WARNING,
                "%s: source %" PRIu64 ": what was written to it from byte %" PRIu64
                " on, if anything, is lost: neither the file nor a copy of it is there any more",
                f->source.name, id, f->position);
}

static void act(struct tail *t, struct logfile *f, enum outcome outcome)
{
    if (outcome == FOUND) {
        set_unseek(t, f);
        set_watch(t, f);
        set_look(t, f);
        return;
    }
    if (!f->missing_since)
        f->missing_since = t->now;
    if (outcome == AGAIN) {
        f->sought = true;
        t->scan_wanted = t->scan_wanted || !f->packed_next;
        return;
    }
    if (outcome == ABSENT) {
        set_at_end(t, f);
        if (t->now - f->missing_since < ABSENT_LINGER)
            return;
    }
    tell_loss(t, f);
    set_drop(t, f);
}

static size_t directory_len(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

static struct dirnames *list_directory_of(const char *path)
{
    char *directory = strndup(path, directory_len(path));
    struct dirnames *l = directory ? dirnames_open(directory) : NULL;
    free(directory);
    return l;
}

/* By directory, so that each is read once; older sources first. */
static int by_directory(const void *a, const void *b)
{
    const struct logfile *x = *(struct logfile *const *)a;
    const struct logfile *y = *(struct logfile *const *)b;
    size_t first = directory_len(x->path);
    size_t second = directory_len(y->path);
    int order = strncmp(x->path, y->path, first < second ? first : second);
    if (order == 0 && first != second)
        return first < second ? -1 : 1;
    return order ? order : (x->source.id > y->source.id) - (x->source.id < y->source.id);
}

static bool same_directory(const char *a, const char *b)
{
    size_t len = directory_len(a);
    return len == directory_len(b) && strncmp(a, b, len) == 0;
}

void search_files(struct tail *t, struct logfile **files, size_t count)
{
    qsort(files, count, sizeof(*files), by_directory);
    for (size_t i = 0; i < count;) {
        /* A copy of the path, for the file may be dropped. */
        char *first = strdup(files[i]->path);
        struct dirnames *names = first ? list_directory_of(first) : NULL;
        if (!first)
            return; /* no memory: the next scan tries again */
        for (; i < count && same_directory(files[i]->path, first); i++) {
            struct search s = {.tail = t, .file = files[i], .names = names};
            act(t, files[i], search_one(&s));
        }
        dirnames_close(names);
        free(first);
    }
}

void search_next_packed(struct tail *t)
{
    for (size_t i = 0; t->packed_next && !t->unpacking && i < t->files.len; i++) {
        struct logfile *f = t->files.data[i];
        if (!f->packed_next)
            continue;
        set_packed_next(t, f, false);
        search_files(t, &f, 1);
        return; /* the list may have changed */
    }
}
