/*
 * scan.c - compares the names that are there with the files that are followed: takes up new ones,
 * notices renames, has searched for what was lost sight of, lets go of finished ones.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "tail/copies.h"
#include "tail/discover.h"
#include "tail/generations.h"
#include "tail/set.h"

/* How long the position of a file is kept that no input wants and that isn't there any more. */
#define PARKED_LINGER     (24 * 3600 * NS_PER_SECOND)
#define IDLE_BEFORE_CLOSE (60 * NS_PER_SECOND)

struct refusal {
    uint64_t path;
    uint64_t generation;
};

struct directory {
    int watch;
    uint64_t generation;
};

static uint64_t name_key(const char *name)
{
    return hash_bytes(name, strlen(name));
}

/* `path` matches, and can't be read: say so, unless the scan before found the same. */
static void refuse(struct tail *t, const char *path, const char *reason)
{
    uint64_t key = name_key(path);
    struct refusal *r = idmap_get(&t->refused, key, 0);
    if (!r) {
        set_say(t, CONFIG_LOG_WARNING, "%s: not read: %s", path, reason);
        r = calloc(1, sizeof(*r));
        if (!r || !idmap_put(&t->refused, key, 0, r)) {
            free(r);
            return;
        }
        r->path = key;
    }
    r->generation = t->generation;
}

/* Forget the refusals that this scan didn't repeat. */
static void forget_refusals(struct tail *t)
{
    VEC(struct refusal *) old = {0};
    size_t cursor = 0;
    for (struct refusal *r; (r = idmap_next(&t->refused, &cursor));) {
        if (r->generation != t->generation && !vec_push(&old, r))
            break;
    }
    for (size_t i = 0; i < old.len; i++) {
        idmap_remove(&t->refused, old.data[i]->path, 0);
        free(old.data[i]);
    }
    vec_free(&old);
}

/* Another input has the file than when it was read last: the configuration has changed. */
static void change_input(struct logfile *f, const struct config_input *input)
{
    char *copy = strdup(input->name);
    if (!copy)
        return;
    free(f->source.input);
    f->source.input = copy;
    f->restate = true;
}

/* `f` is matched under `path`, in this scan for the first time. */
static void take_note(struct tail *t, struct logfile *f, const char *path)
{
    f->generation = t->generation;
    f->parked = false;
    set_unseek(t, f);
    if (strcmp(f->path, path) != 0) {
        char *copy = strdup(path);
        if (!copy)
            return;
        free(f->before);
        f->before = f->path;
        f->path = copy;
    }
}

/* Look at `f`, which is matched now. */
static enum logfile_change look_at_matched(struct tail *t, struct logfile *f, const struct stat *st)
{
    enum logfile_change change = set_look_at(t, f, st);
    if (!f->before || change == LOGFILE_REPLACED)
        return change;
    /* Renamed, or another file has its inode now? One that grew is compared only when it's read,
     * and then nobody would know where the old one was. */
    int same = f->fd < 0 ? 1 : logfile_matches(&f->source, f->fd);
    if (same == 1 && f->fd >= 0)
        same = logfile_mark_matches(f->mark, f->position, f->fd);
    if (same == 0) {
        rotate_replaced(t, f);
        return LOGFILE_REPLACED;
    }
    if (same == 1 && change != LOGFILE_FAILED) {
        free(f->before);
        f->before = NULL;
    }
    return change;
}

/* Is `fd` the file that was at this path on another device, as after a mount under another number?
 * @return 1, 0, or -1 with errno: it can't be told */
static int device_changed(struct tail *t, struct logfile *f, const struct stat *st, int fd)
{
    if (f->fd >= 0 || (uint64_t)st->st_size < f->position || f->source.fingerprint_len == 0)
        return 0;
    int matches = logfile_matches(&f->source, fd);
    if (matches != 1)
        return matches;
    if (!idmap_put(&t->by_inode, st->st_dev, st->st_ino, f))
        return -1;
    if (idmap_get(&t->by_inode, f->source.device, f->source.inode) == f)
        idmap_remove(&t->by_inode, f->source.device, f->source.inode);
    f->source.device = st->st_dev;
    f->restate = true;
    return 1;
}

/* Only what comes from now on is wanted. The sink is told at once, so that it lasts. */
static bool skip_to_end(struct logfile *f, const struct stat *st)
{
    uint64_t size = (uint64_t)st->st_size;
    uint32_t len = size < LOGFILE_PRINT_MAX ? (uint32_t)size : LOGFILE_PRINT_MAX;
    if (logfile_print(f->fd, len, &f->source.fingerprint) != 1)
        return false;
    f->source.fingerprint_len = len;
    f->restate = true;
    return logfile_skip_to(f, size);
}

static struct logfile *new_source(struct tail *t, const char *path,
                                  const struct config_input *input, const struct stat *st, int fd)
{
    struct logfile *before = rotate_newest(t, path);
    if (before)
        generations_expect(t, before);
    struct logfile *f = logfile_new(t->next_id, path, input->name, st);
    if (!f) {
        close(fd);
        return NULL;
    }
    f->fd = fd;
    f->restate = before && st->st_size == 0; /* as rotate.c has it */
    bool first = !idmap_get(&t->inputs_seen, name_key(input->name), 0);
    if (input->from_end && first && !skip_to_end(f, st)) {
        logfile_free(f); /* it changed at this moment: the next scan tries again */
        return NULL;
    }
    if (!set_add(t, f))
        return NULL;
    t->next_id++;
    set_say(t, CONFIG_LOG_DEBUG, "%s: new file, source %llu", path,
            (unsigned long long)f->source.id);
    return f;
}

/* Nobody knows the file that is open as `fd`, which is taken over. */
static struct logfile *take_up_unknown(struct tail *t, const char *path,
                                       const struct config_input *input, const struct stat *st,
                                       int fd)
{
    enum copies_result copy = copies_find(t, path, fd, st);
    if (copy == COPIES_NONE)
        return new_source(t, path, input, st, fd);
    close(fd);
    return copy == COPIES_FOUND ? idmap_get(&t->by_inode, st->st_dev, st->st_ino) : NULL;
}

/* No file that is followed has this inode. */
static struct logfile *take_up(struct tail *t, const char *path, const struct config_input *input)
{
    struct stat st;
    if (!set_has_room(t))
        return NULL;
    int fd = logfile_open_path(path, &st);
    if (fd < 0 && errno != ENOENT)
        refuse(t, path, errno == EINVAL ? "not a regular file" : strerror(errno));
    if (fd < 0)
        return NULL;
    /* What was looked at and what was opened may be two files. */
    struct logfile *f = idmap_get(&t->by_inode, st.st_dev, st.st_ino);
    if (!f) {
        f = idmap_get(&t->by_name, name_key(path), st.st_ino);
        int changed = f ? device_changed(t, f, &st, fd) : 0;
        if (changed < 0) {
            refuse(t, path, strerror(errno));
            close(fd);
            return NULL;
        }
        if (!changed)
            f = NULL;
    }
    if (!f)
        return take_up_unknown(t, path, input, &st, fd);
    if (f->fd < 0)
        set_descriptor(t, f, fd);
    else
        close(fd);
    return f;
}

static void on_file(void *context, const char *path, const struct config_input *input)
{
    struct tail *t = context;
    struct stat st;
    if (stat(path, &st) != 0) {
        if (errno != ENOENT)
            refuse(t, path, strerror(errno));
        return;
    }
    if (!S_ISREG(st.st_mode)) {
        refuse(t, path, "not a regular file");
        return;
    }
    struct logfile *f = idmap_get(&t->by_inode, st.st_dev, st.st_ino);
    if (f && f->generation == t->generation)
        return; /* a link to a file that has come already */
    if (!f)
        f = take_up(t, path, input);
    if (!f)
        return;
    take_note(t, f, path);
    enum logfile_change change = look_at_matched(t, f, &st);
    if (change == LOGFILE_REPLACED) /* `f` may be gone; what replaced it has its inode */
        f = idmap_get(&t->by_inode, st.st_dev, st.st_ino);
    if (!f)
        return;
    if (strcmp(f->source.input, input->name) != 0)
        change_input(f, input);
    set_watch(t, f);
}

/* Has a file that no glob matches been read to its end for long enough to let it go? */
static bool finished(const struct tail *t, const struct logfile *f)
{
    struct stat st;
    int64_t waited = f->end_since ? t->now - f->end_since : 0;
    if (waited < TAIL_LINGER)
        return false;
    if (f->seen.st_nlink == 0)
        return true; /* deleted */
    if (stat(f->path, &st) != 0)
        return (errno == ENOENT || errno == ENOTDIR) && waited >= TAIL_RENAMED_LINGER;
    if (st.st_dev != f->source.device || st.st_ino != f->source.inode)
        return waited >= TAIL_RENAMED_LINGER; /* another file has the name */
    /* It's there. Either it isn't wanted any more, or the search for names failed this time. */
    return !discover_matches(t->inputs, t->input_count, f->path);
}

/* Would an input read the file, under the name that it had or the one that it has? */
static bool is_wanted(const struct tail *t, const struct logfile *f)
{
    return discover_matches(t->inputs, t->input_count, f->source.name) ||
           discover_matches(t->inputs, t->input_count, f->path);
}

/*
 * No input wants the file: its input was removed or changed. If that is taken back, it goes on
 * where it was; so it's kept as long as the file is there.
 */
static void look_at_parked(struct tail *t, struct logfile *f)
{
    struct stat st;
    if (!f->parked) {
        set_say(t, CONFIG_LOG_INFO, "%s: not wanted any more; read up to byte %llu", f->path,
                (unsigned long long)f->position);
        set_park(t, f);
    }
    bool there =
        stat(f->path, &st) == 0 && st.st_dev == f->source.device && st.st_ino == f->source.inode;
    if (there || !f->missing_since)
        f->missing_since = there ? 0 : t->now;
    else if (t->now - f->missing_since >= PARKED_LINGER)
        set_drop(t, f);
}

/* An input wants the file again, or still. */
static void take_back(struct logfile *f)
{
    if (f->parked)
        f->missing_since = 0;
    f->parked = false;
}

/* Look at the files that no glob matched. */
static void look_at_unmatched(struct tail *t)
{
    VEC(struct logfile *) lost = {0};
    for (size_t i = t->files.len; i-- > 0;) {
        struct logfile *f = t->files.data[i];
        if (f->generation == t->generation && !f->done)
            continue;
        if (f->done) {
            set_drop(t, f);
            continue;
        }
        if (!is_wanted(t, f)) {
            look_at_parked(t, f);
            continue;
        }
        take_back(f);
        if (f->copy) {
            if (set_look(t, f) == LOGFILE_SAME) /* if it's no copy any more, another is sought */
                set_drop(t, f);
        } else if (f->fd < 0) {
            if (!vec_push(&lost, f))
                break;
        } else if (set_look(t, f) == LOGFILE_SAME && finished(t, f)) {
            set_say(t, CONFIG_LOG_DEBUG, "%s: done with source %llu", f->path,
                    (unsigned long long)f->source.id);
            set_drop(t, f);
        }
    }
    if (lost.len)
        search_files(t, lost.data, lost.len);
    vec_free(&lost);
}

static void on_directory(void *context, const char *path, const struct config_input *input)
{
    struct tail *t = context;
    (void)input;
    int watch = watch_directory(t->watch, path);
    if (watch < 0)
        return;
    struct directory *d = idmap_get(&t->directories, (uint64_t)watch, 0);
    if (!d) {
        d = calloc(1, sizeof(*d));
        if (!d || !idmap_put(&t->directories, (uint64_t)watch, 0, d)) {
            free(d);
            watch_remove(t->watch, watch);
            return;
        }
        d->watch = watch;
    }
    d->generation = t->generation;
}

static int watch_directories(struct tail *t, struct lgz_error *err)
{
    VEC(struct directory *) old = {0};
    size_t cursor = 0;
    int code = discover_directories(t->inputs, t->input_count, on_directory, t, err);
    if (code != LGZ_OK)
        return code;
    for (struct directory *d; (d = idmap_next(&t->directories, &cursor));) {
        if (d->generation != t->generation && !vec_push(&old, d))
            break;
    }
    for (size_t i = 0; i < old.len; i++) {
        watch_remove(t->watch, old.data[i]->watch);
        idmap_remove(&t->directories, (uint64_t)old.data[i]->watch, 0);
        free(old.data[i]);
    }
    vec_free(&old);
    return LGZ_OK;
}

/* Files that were rotated away: others may have been between them and those that follow. One that
 * isn't in sight yet is searched for, and has it done then: before, its own copy could be taken for
 * one of the others. */
static void take_generations(struct tail *t)
{
    set_forget_names(t); /* each has to be looked for after the one that follows it was found */
    for (size_t i = 0; i < t->files.len; i++) {
        struct logfile *f = t->files.data[i];
        /* There may even be no file that follows them. */
        bool last = !f->newer && f->generation != t->generation && (f->fd >= 0 || f->done) &&
                    access(f->source.name, F_OK) != 0;
        if (!last && (!f->gap || f->lost || (f->fd < 0 && !f->seen.st_ino && !f->done)))
            continue;
        if (set_names(t, f->source.name))
            generations_take(t, f, t->names);
        generations_release(t, f);
    }
}

/* Sources that the sink must know of before they have data. */
static void tell_pending(struct tail *t)
{
    for (size_t i = 0; i < t->files.len; i++) {
        struct logfile *f = t->files.data[i];
        if (f->restate && (f->told || !set_is_held(f)) && !set_tell(t, f))
            return;
    }
}

static void tell_unwatched(struct tail *t)
{
    if (t->unwatched_said || !watch_refused(t->watch))
        return;
    t->unwatched_said = true;
    set_say(
        t, CONFIG_LOG_WARNING,
        "the kernel refuses to watch more files and directories; the rescan looks at them; raise "
        "fs.inotify.max_user_watches");
}

int tail_scan(struct tail *t, int64_t now, struct lgz_error *err)
{
    t->now = now;
    t->generation++;
    t->scan_wanted = false;
    set_forget_names(t);
    int code = watch_directories(t, err);
    if (code == LGZ_OK)
        code = discover_files(t->inputs, t->input_count, on_file, t, err);
    if (code != LGZ_OK)
        return code;
    look_at_unmatched(t);
    take_generations(t);
    idmap_free(&t->by_name);
    for (size_t i = 0; i < t->input_count; i++) {
        if (!idmap_put(&t->inputs_seen, name_key(t->inputs[i].name), 0, &t->inputs_seen))
            return error_memory(err);
    }
    tell_pending(t);
    forget_refusals(t);
    tell_unwatched(t);
    set_limit_kept(t);
    set_reclaim(t, TAIL_OPEN_MAX, IDLE_BEFORE_CLOSE);
    return LGZ_OK;
}
