/*
 * rotate.c - a file that was truncated, written anew, or whose inode now belongs to another file.
 * The old source ends, after what its copy still has (copytruncate makes one, and compression);
 * a new source begins at offset 0 of what is there now.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "tail/copies.h"
#include "tail/generations.h"
#include "tail/set.h"

/* The table also has files that are gone; the inode may be another file's by now. */
static bool is_followed(const void *context, uint64_t device, uint64_t inode)
{
    const struct tail *t = context;
    const struct logfile *f = idmap_get(&t->by_inode, device, inode);
    return f && (f->generation == t->generation || (f->fd >= 0 && !f->copy));
}

struct locate_wanted rotate_wanted(const struct tail *t, const struct logfile *f)
{
    return (struct locate_wanted){.path = f->path,
                                  .source = &f->source,
                                  .position = f->position,
                                  .mark = f->mark,
                                  .written = f->seen.st_mtim.tv_sec,
                                  .followed = is_followed,
                                  .context = t,
                                  .tried = f->tried};
}

void rotate_to_copy(struct tail *t, struct logfile *f, struct located *found)
{
    if (!found->unpack && copies_are_wanted(t, f, found->path)) {
        f->lost = !copies_adopt(t, f, found->path, found->fd, &found->st);
        t->scan_wanted = true;
        free(found->path);
        return;
    }
    set_forget_inode(t, f); /* the file is gone, so its inode may be used again at any time */
    set_descriptor(t, f, found->fd);
    set_unseek(t, f);
    f->unpack = found->unpack;
    if (f->unpack)
        t->unpacking = f;
    f->copy = true;
    f->lost = false;
    f->seen = found->st;
    f->packed_size = found->st.st_size;
    if (f->unpack)
        f->seen.st_size = (off_t)f->position; /* how long it is is known at its end only */
    set_queue(t, f);
    if (!f->failing)
        set_say(t, CONFIG_LOG_INFO, "%s: reading there what %s had left", found->path,
                f->source.name);
    free(found->path);
}

void rotate_leave_copy(struct tail *t, struct logfile *f)
{
    set_at_end(t, f);
    set_close_copy(t, f);
    f->seen = (struct stat){0};
    f->lost = true;
    f->generation = 0;
}

void rotate_from_copy(struct tail *t, struct logfile *f, const char *why)
{
    bool marked = f->marked;
    bool known = f->tried.cut.st_ino == f->seen.st_ino;
    bool waits = false;
    f->seen.st_size = f->packed_size;
    if (f->unpack)
        waits = locate_give_up(&f->tried, &f->seen, unpack_cut(f->unpack));
    if (why && !waits)
        set_say(t, CONFIG_LOG_WARNING, "%s; another copy of %s is looked for", why, f->source.name);
    else if (why && !known)
        set_say(t, CONFIG_LOG_INFO, "%s; waiting for it to become whole", why);
    rotate_leave_copy(t, f);
    t->scan_wanted = t->scan_wanted || !waits; /* or the next rescan */
    if (marked && !waits)
        set_mark(t, f, UINT64_MAX);
}

/* Let `fresh` have the descriptor, the watch and the place in the tables of `f`. */
static bool take_over(struct tail *t, struct logfile *f, struct logfile *fresh)
{
    if (!set_add(t, fresh))
        return false;
    fresh->fd = f->fd;
    f->fd = -1;
    fresh->generation = f->generation;
    if (f->watch >= 0 && idmap_put(&t->by_watch, (uint64_t)f->watch, 0, fresh)) {
        fresh->watch = f->watch;
        f->watch = -1;
    }
    return true;
}

/* Look for the copy under the most likely name. @return is it there? */
static bool find_likely_copy(struct tail *t, struct logfile *f)
{
    struct locate_wanted wanted = rotate_wanted(t, f);
    struct located found;
    char *likely;
    if (asprintf(&likely, "%s.1", f->path) < 0)
        return false;
    bool there = locate_at(&wanted, likely, &found) == LOCATE_FOUND;
    if (there)
        rotate_to_copy(t, f, &found);
    free(likely);
    return there;
}

/* What has the inode of `f` now; it counts as empty only if that is seen. */
static struct stat state_now(const struct logfile *f)
{
    struct stat st = {.st_size = 1};
    if (f->fd < 0 || fstat(f->fd, &st) != 0)
        st.st_size = 1;
    return (struct stat){
        .st_dev = f->source.device, .st_ino = f->source.inode, .st_size = st.st_size};
}

/* Has the inode of `f`, which was deleted, gone to the copy of another file? Then that has it now.
 */
static bool gave_way(struct tail *t, struct logfile *f)
{
    struct stat st;
    if (f->fd < 0 || fstat(f->fd, &st) != 0 || copies_find(t, f->path, f->fd, &st) != COPIES_FOUND)
        return false;
    if (f->watch >= 0 && idmap_get(&t->by_watch, (uint64_t)f->watch, 0) != f)
        f->watch = -1; /* a watch is the inode's, so it has that, too */
    set_unwatch(t, f);
    set_descriptor(t, f, -1);
    return true;
}

/* What `f` had left is elsewhere: in `copy`, or where the next scan finds it. */
static void go_elsewhere(struct tail *t, struct logfile *f, struct located *copy)
{
    set_at_end(t, f);
    if (f->before) {
        /* Not truncated: another file has its inode now. It was, and its copies are, elsewhere. */
        free(f->path);
        f->path = f->before;
        f->before = NULL;
    }
    if (copy) {
        rotate_to_copy(t, f, copy);
    } else if (!find_likely_copy(t, f)) {
        /* The next scan searches, for all such files with one look at their directory. */
        f->lost = true;
        f->generation = 0;
        t->scan_wanted = true;
    }
}

struct logfile *rotate_newest(struct tail *t, const char *name)
{
    struct logfile *f = set_newest(t, name);
    struct stat st;
    if (!f || f->fd < 0 || f->copy || f->lost || fstat(f->fd, &st) != 0 ||
        logfile_is_in(f, f->fd, &st) != 0)
        return f;
    rotate_replaced(t, f);
    return set_newest(t, name);
}

/* As rotate_replaced(); what `f` had left is in `copy`, unless that is NULL. */
static void replace(struct tail *t, struct logfile *f, struct located *copy)
{
    bool marked = f->marked;
    if (f->position == 0 && !f->told && !f->source.fingerprint_len) {
        /* Nothing is known of what it held: it's as good as new. */
        f->seen = (struct stat){0};
        set_at_end(t, f);
        t->scan_wanted = true;
        return;
    }
    struct stat st = state_now(f);
    /* It seemed to have grown: that may have been seen of what is there now. */
    if ((uint64_t)f->seen.st_size > f->position)
        f->seen = (struct stat){0};
    if (!copy && gave_way(t, f)) {
        go_elsewhere(t, f, NULL);
        if (marked)
            set_mark(t, f, UINT64_MAX);
        return;
    }
    struct logfile *before = set_newest(t, f->path);
    if (before != f) /* its inode is used again */
        before = rotate_newest(t, f->path);
    if (before)
        generations_expect(t, before);
    struct logfile *fresh = logfile_new(t->next_id, f->path, f->source.input, &st);
    if (!fresh || !take_over(t, f, fresh)) {
        set_failed(t, f, ENOMEM);
        return;
    }
    t->next_id++;
    fresh->restate = true; /* though it's empty: a restart finds what follows it by its inode */
    set_say(t, CONFIG_LOG_INFO, "%s: truncated or written anew, reading from its start", f->path);
    go_elsewhere(t, f, copy);
    if (marked)
        set_mark(t, f, UINT64_MAX);
    set_look(t, fresh);
    if (marked && fresh->queued)
        set_mark(t, fresh, (uint64_t)fresh->seen.st_size);
}

void rotate_replaced(struct tail *t, struct logfile *f)
{
    replace(t, f, NULL);
}

void rotate_copied(struct tail *t, struct logfile *f, struct located *copy)
{
    replace(t, f, copy);
}
