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
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "tail/generations.h"
#include "tail/set.h"

/* How long a file is waited for whose directory is gone, or on another device than it was: a file
 * system may be mounted late. */
#define ABSENT_LINGER (24 * 3600 * NS_PER_SECOND)

enum outcome {
    FOUND,  /* it's open now, or its copy is */
    AGAIN,  /* soon: names changed meanwhile, or another copy is being read */
    HELD,   /* when the file before it is found */
    ABSENT, /* something isn't there or can't be read that may come back */
    GONE,
};

enum { OWN, OLD, LINKED, PLACES };

/* A directory that is searched at the moment. */
struct place {
    char *path;
    struct dirnames *names; /* NULL: it isn't there, or can't be read */
    bool unreadable;
};

/* The file's own, the olddir of its input, and the one that a symbolic link at the file's path
 * leads to now, if it is one. */
struct places {
    struct place at[PLACES];
};

/* One file's search. */
struct search {
    struct tail *tail;
    struct logfile *file;
    const struct places *places;
    bool unsure;
};

/* May a file of that name be the one that has the inode? Of a file that was empty only the inode is
 * known, and that may be another's by now: a newer source's, or a compressed file's. */
static bool may_have_inode(const struct search *s, const char *name)
{
    const struct source *known = &s->file->source;
    return known->fingerprint_len ||
           (idmap_get(&s->tail->by_inode, known->device, known->inode) == s->file &&
            (!unpack_suffix(name) || unpack_suffix(known->name)));
}

/* Open the file under the name that its inode has now. */
static bool open_inode(struct search *s, const struct dirnames *l)
{
    struct logfile *f = s->file;
    const char *name = dirnames_of_inode(l, f->source.inode);
    struct stat st;
    if (name && !may_have_inode(s, name))
        return false;
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

static bool open_copy_in(struct search *s, const struct dirnames *l, locate_fn *locate)
{
    struct locate_wanted wanted = rotate_wanted(s->tail, s->file);
    struct located found;
    enum locate_result result = locate(&wanted, l, &found);
    s->unsure = s->unsure || result == LOCATE_UNSURE;
    if (result == LOCATE_FOUND)
        rotate_to_copy(s->tail, s->file, &found);
    return result == LOCATE_FOUND;
}

static bool open_copy(struct search *s, locate_fn *locate)
{
    bool opened = false;
    for (size_t i = 0; i < PLACES && !opened; i++) {
        const struct dirnames *names = s->places->at[i].names;
        opened = names && open_copy_in(s, names, locate);
    }
    return opened;
}

static bool open_itself(struct search *s)
{
    bool opened = false;
    for (size_t i = 0; i < PLACES && !opened && !s->file->lost; i++) {
        const struct dirnames *names = s->places->at[i].names;
        opened = names && open_inode(s, names);
    }
    return opened;
}

/* It's nowhere: what does that mean? */
static enum outcome not_here(const struct search *s)
{
    const struct tail *t = s->tail;
    uint64_t device = s->file->source.device;
    bool settled = true;
    if ((device && dirnames_device(s->places->at[OWN].names) != device) || s->unsure)
        return ABSENT;
    for (size_t i = 0; i < PLACES; i++) {
        if (s->places->at[i].unreadable)
            return ABSENT;
        if (s->places->at[i].names)
            settled = settled && dirnames_settled(s->places->at[i].names);
    }
    return !settled && t->now - s->file->missing_since < TAIL_LINGER ? AGAIN : GONE;
}

/* Was a compressed copy left just now, since it couldn't be read? To begin again costs much. */
static bool is_pausing(const struct search *s)
{
    const struct logfile *f = s->file;
    return f->failing && f->lost && f->end_since && s->tail->now - f->end_since < TAIL_LINGER;
}

static enum outcome search_one(struct search *s)
{
    struct logfile *f = s->file;
    if (!s->places->at[OWN].names)
        return ABSENT;
    if (!set_has_room(s->tail))
        return AGAIN;
    if (open_itself(s) || open_copy(s, locate_copy))
        return FOUND;
    if (set_is_held(f)) /* it would not be read, and keep those from being read that hold it */
        return HELD;
    if (is_pausing(s))
        return ABSENT;
    set_packed_next(s->tail, f, s->tail->unpacking != NULL);
    if (f->packed_next)
        return AGAIN;
    return open_copy(s, locate_packed) ? FOUND : not_here(s);
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

static void take_generations(struct tail *t, struct logfile *before, const struct places *places)
{
    for (size_t i = 0; i < PLACES; i++) {
        if (places->at[i].names)
            generations_take(t, before, places->at[i].names);
    }
}

static void act(struct tail *t, struct logfile *f, enum outcome outcome,
                const struct places *places)
{
    /* What came after a file may be there when that isn't any more. */
    if (outcome == FOUND || (outcome == GONE && (f->gap || !f->newer)))
        take_generations(t, f, places);
    /* What was no good to read isn't later than it: a restart doesn't try that again. */
    if (outcome == GONE && f->tried.time > f->source.last_written)
        f->source.last_written = f->tried.time;
    if (outcome == FOUND) {
        generations_release(t, f);
        set_unseek(t, f);
        set_watch(t, f);
        set_look(t, f);
        return;
    }
    if (outcome == AGAIN || outcome == HELD) {
        f->sought = true;
        t->scan_wanted = t->scan_wanted || (outcome == AGAIN && !f->packed_next);
        return;
    }
    generations_release(t, f);
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
    return (size_t)(file_name(path) - path);
}

static void leave(struct place *p)
{
    dirnames_close(p->names);
    free(p->path);
    *p = (struct place){0};
}

/* Go to a directory, if that isn't where the search is. Takes `path`; NULL: there is none. */
static void enter(struct place *p, char *path)
{
    if (path && p->path && strcmp(path, p->path) == 0) {
        free(path);
        return;
    }
    leave(p);
    p->path = path;
    p->names = path ? dirnames_open(path) : NULL;
    p->unreadable = path && !p->names && errno != ENOENT && errno != ENOTDIR;
}

static char *linked_path_of(const struct logfile *f)
{
    struct stat st;
    char *path = lstat(f->path, &st) == 0 && S_ISLNK(st.st_mode) ? realpath(f->path, NULL) : NULL;
    if (path)
        path[directory_len(path)] = '\0';
    return path;
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
    struct places places = {0};
    qsort(files, count, sizeof(*files), by_directory);
    for (size_t i = 0; i < count;) {
        /* A copy of the path, for the file may be dropped. */
        char *first = strdup(files[i]->path);
        if (!first)
            break; /* no memory: the next scan tries again */
        enter(&places.at[OWN], strndup(first, directory_len(first)));
        for (; i < count && same_directory(files[i]->path, first); i++) {
            struct search s = {.tail = t, .file = files[i], .places = &places};
            enter(&places.at[OLD], set_olddir(t, files[i]));
            enter(&places.at[LINKED], linked_path_of(files[i]));
            if (!files[i]->missing_since)
                files[i]->missing_since = t->now;
            act(t, files[i], search_one(&s), &places);
        }
        free(first);
    }
    for (size_t i = 0; i < PLACES; i++)
        leave(&places.at[i]);
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
