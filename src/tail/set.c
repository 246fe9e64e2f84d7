/*
 * set.c - the bookkeeping around single files: list, queue, marks, descriptors.
 */
#include "tail/set.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "tail/generations.h"

/* How long the names of a directory may be used, and, if it takes long to read them, how many times
 * that. */
#define NAMES_MOMENT (NS_PER_SECOND / 50)
enum { NAMES_SHARE = 10 };

static uint64_t name_key(const struct logfile *f)
{
    return hash_bytes(f->source.name, strlen(f->source.name));
}

struct logfile *set_newest(const struct tail *t, const char *name)
{
    struct logfile *f = idmap_get(&t->by_source, hash_bytes(name, strlen(name)), 0);
    return f && strcmp(f->source.name, name) == 0 ? f : NULL;
}

/* Enter a source among those of its name, in order of ids. Without memory it stands alone. */
static void link_name(struct tail *t, struct logfile *f)
{
    struct logfile *newer = NULL;
    struct logfile *older = set_newest(t, f->source.name);
    while (older && older->source.id > f->source.id) {
        newer = older;
        older = older->older;
    }
    if (!newer && !idmap_put(&t->by_source, name_key(f), 0, f))
        return;
    f->older = older;
    f->newer = newer;
    if (older)
        older->newer = f;
    if (newer)
        newer->older = f;
}

static void unlink_name(struct tail *t, struct logfile *f)
{
    if (f->older)
        f->older->newer = f->newer;
    if (f->newer)
        f->newer->older = f->older;
    if (idmap_get(&t->by_source, name_key(f), 0) != f)
        return;
    if (!f->older || !idmap_put(&t->by_source, name_key(f), 0, f->older))
        idmap_remove(&t->by_source, name_key(f), 0);
}

const struct dirnames *set_names(struct tail *t, const char *path)
{
    int64_t now = clock_monotonic();
    char *directory = strndup(path, (size_t)(file_name(path) - path));
    if (!directory)
        return NULL;
    if (!t->names || now >= t->names_until ||
        strcmp(dirnames_directory(t->names), directory) != 0) {
        dirnames_close(t->names);
        t->names = dirnames_open(directory);
        int64_t moment = NAMES_SHARE * (clock_monotonic() - now);
        t->names_until = now + (moment > NAMES_MOMENT ? moment : NAMES_MOMENT);
    }
    free(directory);
    return t->names;
}

void set_forget_names(struct tail *t)
{
    t->names_until = 0;
}

static const struct config_input *input_of(const struct tail *t, const struct logfile *f)
{
    for (size_t i = 0; i < t->input_count; i++) {
        if (strcmp(t->inputs[i].name, f->source.input) == 0)
            return &t->inputs[i];
    }
    return NULL;
}

char *set_olddir(const struct tail *t, const struct logfile *f)
{
    const struct config_input *input = input_of(t, f);
    const char *slash = strrchr(f->path, '/');
    char *path = NULL;
    if (!input || !input->olddir)
        return NULL;
    if (input->olddir[0] == '/')
        return strdup(input->olddir);
    if (asprintf(&path, "%.*s%s", (int)(slash ? slash - f->path + 1 : 0), f->path, input->olddir) <
        0)
        return NULL;
    return path;
}

static void keep(struct tail *t, struct logfile *f)
{
    f->done = true;
    TAILQ_INSERT_TAIL(&t->kept, f, next);
    t->kept_count++;
}

bool set_add(struct tail *t, struct logfile *f)
{
    /* Of two sources with one inode, the later is the file that's there now. */
    struct logfile *other = idmap_get(&t->by_inode, f->source.device, f->source.inode);
    bool newest = !f->done && (!other || other->source.id < f->source.id);
    if (!vec_push(&t->files, f))
        goto fail;
    f->index = t->files.len - 1;
    if (newest && !idmap_put(&t->by_inode, f->source.device, f->source.inode, f)) {
        t->files.len--;
        goto fail;
    }
    link_name(t, f);
    if (f->fd >= 0)
        t->open++;
    if (f->done)
        keep(t, f);
    return true;
fail:
    logfile_free(f);
    return false;
}

static void unqueue(struct tail *t, struct logfile *f)
{
    if (f->queued)
        TAILQ_REMOVE(&t->queue, f, next);
    f->queued = false;
}

void set_unwatch(struct tail *t, struct logfile *f)
{
    if (f->watch >= 0) {
        watch_remove(t->watch, f->watch);
        idmap_remove(&t->by_watch, (uint64_t)f->watch, 0);
    }
    f->watch = -1;
}

void set_forget_inode(struct tail *t, struct logfile *f)
{
    set_unwatch(t, f);
    if (idmap_get(&t->by_inode, f->source.device, f->source.inode) == f)
        idmap_remove(&t->by_inode, f->source.device, f->source.inode);
}

void set_remove(struct tail *t, struct logfile *f)
{
    unqueue(t, f);
    if (f->done) {
        TAILQ_REMOVE(&t->kept, f, next);
        t->kept_count--;
    }
    set_unmark(t, f);
    set_unseek(t, f);
    set_close_copy(t, f);
    set_descriptor(t, f, -1);
    set_forget_inode(t, f);
    unlink_name(t, f);
    t->files.data[f->index] = t->files.data[--t->files.len];
    t->files.data[f->index]->index = f->index;
    logfile_free(f);
}

/* Was nothing read of it yet, since it was empty? */
static bool is_empty(const struct logfile *f)
{
    return f->position == 0 && f->source.empty_at;
}

/* Must it be known that the file was read? */
static bool is_needed(const struct logfile *f)
{
    bool needed = f->older != NULL || f->gap || (f->newer && f->newer->position == 0);
    for (const struct logfile *n = f->newer; n && !needed; n = n->newer)
        needed = n->lost || n->sought;
    return needed;
}

/* Would it be of use to know of it, though nothing else of its name is known? */
static bool is_useful(const struct tail *t, const struct logfile *f)
{
    return !f->newer && !f->parked && f->source.ended &&
           (!f->end_since || t->now - f->end_since < TAIL_KEEP);
}

/* Remember when the file was written to last, as far as that was seen. */
static void note_time(struct logfile *f)
{
    int64_t time = f->seen.st_ino ? file_modified(&f->seen) : 0;
    if (time > f->source.last_written)
        f->source.last_written = time;
}

/* What is later than a file that is forgotten must be later than the next one's time, too, if that
 * is all that's known of it: or the file could be taken for one that nobody has seen. */
static bool leave_time(struct tail *t, const struct logfile *f)
{
    struct logfile *n = f->newer;
    if (n && n->source.last_written < f->source.last_written) {
        n->source.last_written = f->source.last_written;
        n->restate = true;
    }
    return !n || !n->told || !n->restate || set_tell(t, n);
}

/* Close the file, for good. If it's known when it was written to last, a restart knows it, too. */
static void let_go(struct tail *t, struct logfile *f)
{
    set_at_end(t, f);
    set_unseek(t, f);
    set_close_copy(t, f);
    set_descriptor(t, f, -1);
    set_forget_inode(t, f);
    f->lost = false;
    f->end_since = t->now;
    note_time(f);
    if (f->source.last_written && !f->parked) {
        f->source.ended = true;
        f->restate = f->told ? !set_tell(t, f) : f->restate;
    }
    keep(t, f);
}

static bool drop_done(struct tail *t, struct logfile *f)
{
    if (!leave_time(t, f) || (f->told && !t->sink.drop(t->sink.context, f->source.id)))
        return false;
    set_remove(t, f);
    return true;
}

bool set_drop(struct tail *t, struct logfile *f)
{
    if (!f->done)
        let_go(t, f);
    if (!f->end_since)
        f->end_since = t->now; /* it's known from before a restart */
    return !is_needed(f) && !is_useful(t, f) && drop_done(t, f);
}

void set_limit_kept(struct tail *t)
{
    struct logfile *next;
    for (struct logfile *f = TAILQ_FIRST(&t->kept); f && t->kept_count > TAIL_KEEP_MAX; f = next) {
        next = TAILQ_NEXT(f, next);
        if (!is_needed(f) && !drop_done(t, f))
            return;
    }
}

bool set_is_held(const struct logfile *f)
{
    bool held = false;
    for (const struct logfile *o = f->older; o && !held; o = o->older)
        held = o->gap;
    return held;
}

void set_queue(struct tail *t, struct logfile *f)
{
    f->end_since = 0;
    f->held = set_is_held(f);
    if (f->queued || f->held)
        return;
    TAILQ_INSERT_TAIL(&t->queue, f, next);
    f->queued = true;
}

void set_at_end(struct tail *t, struct logfile *f)
{
    unqueue(t, f);
    set_unmark(t, f);
    if (!f->end_since)
        f->end_since = t->now;
}

void set_mark(struct tail *t, struct logfile *f, uint64_t target)
{
    if (!f->marked)
        t->marked++;
    f->marked = true;
    f->target = target;
}

void set_unmark(struct tail *t, struct logfile *f)
{
    if (f->marked)
        t->marked--;
    f->marked = false;
}

void set_watch(struct tail *t, struct logfile *f)
{
    if (f->watch >= 0 || f->fd < 0)
        return;
    f->watch = watch_file(t->watch, f->fd, f->path);
    if (f->watch >= 0 && !idmap_put(&t->by_watch, (uint64_t)f->watch, 0, f)) {
        watch_remove(t->watch, f->watch);
        f->watch = -1;
    }
}

void set_descriptor(struct tail *t, struct logfile *f, int fd)
{
    if (f->fd >= 0) {
        close(f->fd);
        t->open--;
    }
    f->fd = fd;
    if (fd >= 0)
        t->open++;
}

void set_packed_next(struct tail *t, struct logfile *f, bool waits)
{
    if (f->packed_next != waits)
        t->packed_next += waits ? 1 : (size_t)-1;
    f->packed_next = waits;
}

void set_unseek(struct tail *t, struct logfile *f)
{
    set_packed_next(t, f, false);
    f->sought = false;
    f->missing_since = 0;
}

void set_park(struct tail *t, struct logfile *f)
{
    set_at_end(t, f);
    set_unseek(t, f);
    set_close_copy(t, f);
    set_descriptor(t, f, -1);
    set_unwatch(t, f);
    f->parked = true;
    f->lost = false;
    f->seen = (struct stat){.st_size = (off_t)f->position};
}

void set_close_copy(struct tail *t, struct logfile *f)
{
    if (!f->copy)
        return;
    if (t->unpacking == f)
        t->unpacking = NULL;
    logfile_close_copy(f);
    set_descriptor(t, f, -1);
}

void set_reclaim(struct tail *t, size_t limit, int64_t age)
{
    for (size_t i = 0; i < t->files.len && t->open > limit; i++) {
        struct logfile *f = t->files.data[i];
        /* A file without its name could not be opened again. */
        if (f->fd >= 0 && f->end_since && t->now - f->end_since >= age && !f->copy &&
            f->generation + 1 >= t->generation)
            set_descriptor(t, f, -1);
    }
}

bool set_tell(struct tail *t, struct logfile *f)
{
    struct logfile *first = f;
    while (!first->told && first->older && !first->older->told)
        first = first->older;
    for (; first != f->newer; first = first->newer) {
        note_time(first);
        if (!t->sink.source(t->sink.context, &first->source, first->position))
            return false;
        first->told = true;
        first->restate = false;
    }
    return true;
}

bool set_has_room(struct tail *t)
{
    if (t->open >= t->open_limit)
        set_reclaim(t, t->open_limit / 2, 0);
    if (t->open < t->open_limit)
        return true;
    t->scan_wanted = true;
    return false;
}

enum logfile_change set_look(struct tail *t, struct logfile *f)
{
    bool was_open = f->fd >= 0;
    if (f->lost || f->done || f->parked)
        return LOGFILE_MISSING;
    if (!was_open && !set_has_room(t))
        return LOGFILE_FAILED;
    int64_t empty_at = is_empty(f) ? f->source.empty_at : 0;
    int64_t began = clock_real();
    enum logfile_change change = logfile_look(f);
    if (!was_open && f->fd >= 0)
        t->open++;
    bool there = change == LOGFILE_SAME || change == LOGFILE_GREW;
    if (empty_at && there && generations_seek_copy(t, f, empty_at, began))
        return LOGFILE_REPLACED;
    switch (change) {
    case LOGFILE_GREW:
        if (f->fd >= 0)
            set_queue(t, f);
        break;
    case LOGFILE_SAME:
        set_at_end(t, f);
        break;
    case LOGFILE_REPLACED:
        if (f->copy)
            rotate_from_copy(t, f, NULL);
        else
            rotate_replaced(t, f);
        break;
    case LOGFILE_MISSING:
        t->scan_wanted = true;
        set_at_end(t, f);
        break;
    case LOGFILE_FAILED:
        set_failed(t, f, errno);
        break;
    }
    return change;
}

enum logfile_change set_look_at(struct tail *t, struct logfile *f, const struct stat *st)
{
    if (f->lost || f->copy || !logfile_is_unchanged(f, st))
        return set_look(t, f);
    set_at_end(t, f);
    return LOGFILE_SAME;
}

void set_failed(struct tail *t, struct logfile *f, int reason)
{
    unqueue(t, f);
    set_unmark(t, f);
    if (!f->failing)
        set_say(t, CONFIG_LOG_WARNING, "%s: cannot read: %s; trying again", f->path,
                strerror(reason));
    f->failing = true;
}

void set_say(struct tail *t, enum config_log_level level, const char *format, ...)
{
    char message[1000];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    t->sink.say(t->sink.context, level, message);
}
