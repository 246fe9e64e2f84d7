/*
 * rotate.c - a file that was truncated, written anew, or whose inode now belongs to another file.
 * The old source ends, after what its copy still has (copytruncate makes one); a new source begins
 * at offset 0 of what is there now.
 */
#include <errno.h>
#include <stdlib.h>

#include "tail/set.h"

int rotate_to_copy(struct tail *t, struct logfile *f, const struct locate_names *names)
{
    char *path;
    int fd = locate_copy(f->path, &f->source, f->position, f->seen.st_mtim.tv_sec, names, &path);
    if (fd < 0)
        return fd == -1 ? 0 : -1;
    set_descriptor(t, f, fd);
    free(f->path);
    f->path = path;
    f->copy = true;
    f->lost = false;
    f->seen = (struct stat){0};
    set_queue(t, f);
    set_say(t, CONFIG_LOG_INFO, "%s: reading there what %s had left", path, f->source.name);
    return 1;
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

void rotate_replaced(struct tail *t, struct logfile *f)
{
    bool marked = f->marked;
    if (f->position == 0 && !f->told) {
        /* Nothing was read of it yet: it's as good as new. */
        f->seen = (struct stat){0};
        set_at_end(t, f);
        t->scan_wanted = true;
        return;
    }
    struct stat inode = {.st_dev = f->source.device, .st_ino = f->source.inode};
    struct logfile *fresh = logfile_new(t->next_id, f->path, f->source.input, &inode);
    if (!fresh || !take_over(t, f, fresh)) {
        set_failed(t, f, ENOMEM);
        return;
    }
    t->next_id++;
    set_say(t, CONFIG_LOG_INFO, "%s: truncated or written anew, reading from its start", f->path);
    set_at_end(t, f);
    if (rotate_to_copy(t, f, NULL) != 1) {
        /* The next scan searches, for all such files with one look at their directory. */
        f->lost = true;
        f->generation = 0;
        t->scan_wanted = true;
    }
    if (marked)
        set_mark(t, f, UINT64_MAX);
    set_look(t, fresh);
    if (marked && fresh->queued)
        set_mark(t, fresh, (uint64_t)fresh->seen.st_size);
}
