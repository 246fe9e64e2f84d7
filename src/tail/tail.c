/*
 * tail.c - the set's life, what inotify says, and reading in turns.
 */
#include "tail/tail.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/hash.h"
#include "tail/set.h"

enum {
    DESCRIPTORS_FOR_OTHERS = 64,
    SEARCH_COST = 1 << 16, /* a search for a copy takes as long as to read so many bytes */
};

int tail_open(struct tail **out, const struct tail_sink *sink, struct lgz_error *err)
{
    struct tail *t = calloc(1, sizeof(*t));
    struct rlimit limit;
    if (!t)
        return error_memory(err);
    t->sink = *sink;
    t->next_id = 1;
    TAILQ_INIT(&t->queue);
    TAILQ_INIT(&t->kept);
    t->open_limit = 4 * TAIL_OPEN_MAX;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        t->open_limit = limit.rlim_cur > 2 * DESCRIPTORS_FOR_OTHERS
                            ? limit.rlim_cur - DESCRIPTORS_FOR_OTHERS
                            : limit.rlim_cur / 2;
    int code = watch_open(&t->watch, err);
    if (code != LGZ_OK) {
        free(t);
        return code;
    }
    *out = t;
    return LGZ_OK;
}

static void free_values(struct idmap *map)
{
    size_t cursor = 0;
    for (void *value; (value = idmap_next(map, &cursor));)
        free(value);
    idmap_free(map);
}

void tail_close(struct tail *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->files.len; i++)
        logfile_free(t->files.data[i]);
    vec_free(&t->files);
    idmap_free(&t->by_inode);
    idmap_free(&t->by_watch);
    idmap_free(&t->by_source);
    dirnames_close(t->names);
    idmap_free(&t->by_name);
    idmap_free(&t->inputs_seen);
    free_values(&t->directories);
    free_values(&t->refused);
    watch_close(t->watch);
    free(t);
}

void tail_configure(struct tail *t, const struct config_input *inputs, size_t count)
{
    t->inputs = inputs;
    t->input_count = count;
}

int tail_resume(struct tail *t, const struct source_position *positions, size_t count,
                uint64_t next_id, struct lgz_error *err)
{
    t->next_id = next_id;
    for (size_t i = 0; i < count; i++) {
        const struct source *s = &positions[i].source;
        if (source_is_stream(s))
            continue;
        uint64_t name = hash_bytes(s->name, strlen(s->name));
        uint64_t input = hash_bytes(s->input, strlen(s->input));
        if (!idmap_put(&t->inputs_seen, input, 0, &t->inputs_seen))
            return error_memory(err);
        struct logfile *f = logfile_resume(s, positions[i].next, positions[i].mark);
        if (!f || !set_add(t, f))
            return error_memory(err);
        if (f->done)
            continue;
        struct logfile *other = idmap_get(&t->by_name, name, s->inode);
        if ((!other || other->source.id < s->id) && !idmap_put(&t->by_name, name, s->inode, f))
            return error_memory(err);
    }
    return LGZ_OK;
}

uint64_t tail_new_id(struct tail *t)
{
    return t->next_id++;
}

int tail_fd(const struct tail *t)
{
    return watch_fd(t->watch);
}

static void look_at_all(struct tail *t)
{
    /* Looking may add a file or drop one; one that is moved down is seen by the next scan. */
    for (size_t i = 0; i < t->files.len; i++)
        set_look(t, t->files.data[i]);
}

static bool is_any_failing(const struct tail *t)
{
    bool failing = false;
    for (size_t i = 0; i < t->files.len && !failing; i++)
        failing = t->files.data[i]->failing;
    return failing;
}

static void on_event(void *context, enum watch_kind kind, int descriptor)
{
    struct tail *t = context;
    if (kind == WATCH_LOST) {
        t->scan_wanted = true;
        look_at_all(t);
        return;
    }
    struct logfile *f = idmap_get(&t->by_watch, (uint64_t)descriptor, 0);
    if (f && kind == WATCH_ENDED) {
        idmap_remove(&t->by_watch, (uint64_t)descriptor, 0);
        f->watch = -1;
    } else if (f) {
        set_look(t, f);
    } else if (kind == WATCH_TOUCHED) {
        /* A file that couldn't be opened isn't watched itself; now maybe it can. */
        t->scan_wanted = t->scan_wanted || t->refused.count || is_any_failing(t);
    } else {
        if (kind == WATCH_ENDED)
            free(idmap_remove(&t->directories, (uint64_t)descriptor, 0));
        t->scan_wanted = true;
    }
}

void tail_events(struct tail *t)
{
    struct lgz_error err = {0};
    if (watch_read(t->watch, on_event, t, &err) != LGZ_OK)
        set_say(t, CONFIG_LOG_WARNING, "%s; the next rescan makes up for it", err.message);
}

bool tail_wants_scan(const struct tail *t)
{
    return t->scan_wanted;
}

bool tail_ready(const struct tail *t)
{
    return !TAILQ_EMPTY(&t->queue) || (t->packed_next && !t->unpacking);
}

/* `len` bytes at `data` were read from `f`, with the mark `after` behind them. */
static bool pass_on(struct tail *t, struct logfile *f, const void *data, size_t len,
                    struct mark after)
{
    if (logfile_extend_print(f, data, len))
        f->restate = true;
    if ((!f->told || f->restate) && !set_tell(t, f))
        return false;
    if (!t->sink.data(t->sink.context, f->source.id, f->position, len))
        return false;
    f->position += len;
    f->mark = after;
    f->failing = false;
    if (f->marked && f->position >= f->target)
        set_unmark(t, f);
    return true;
}

static void read_to_end(struct tail *t, struct logfile *f)
{
    set_at_end(t, f);
    if (f->copy)
        set_drop(t, f); /* refused for want of room: the next scan does it */
}

static void next_turn(struct tail *t, struct logfile *f)
{
    TAILQ_REMOVE(&t->queue, f, next);
    TAILQ_INSERT_TAIL(&t->queue, f, next);
}

/* A compressed copy can't be read at the moment. A decoder doesn't go on after an error, and others
 * wait for their turn: it's sought again later. */
static void copy_failed(struct tail *t, struct logfile *f, const char *why)
{
    if (!f->failing)
        set_say(t, CONFIG_LOG_WARNING, "%s; trying again", why);
    f->failing = true;
    rotate_leave_copy(t, f);
}

/* A file couldn't be read, or isn't what it was. */
static void read_went_wrong(struct tail *t, struct logfile *f, ssize_t result,
                            const struct lgz_error *err)
{
    if (result == LOGFILE_READ_OTHER && f->copy)
        rotate_from_copy(t, f, NULL);
    else if (result == LOGFILE_READ_OTHER)
        rotate_replaced(t, f);
    else if (f->unpack && err->code != LGZ_ERR_IO && err->code != LGZ_ERR_MEMORY)
        rotate_from_copy(t, f, err->message);
    else if (f->unpack)
        copy_failed(t, f, err->message);
    else
        set_failed(t, f, errno);
}

/* One turn of one file. @return what it costs of the budget; 0: the sink had no room */
static size_t read_file(struct tail *t, struct logfile *f)
{
    struct lgz_error err = {0};
    struct mark after = {0};
    size_t room;
    void *data = t->sink.reserve(t->sink.context, &room);
    if (!data)
        return 0;
    if (room > TAIL_READ_MAX)
        room = TAIL_READ_MAX;
    ssize_t n = logfile_read(f, data, room, &after, &err);
    if (n == LOGFILE_READ_LATER) {
        next_turn(t, f);
        return room;
    }
    if (n < 0) {
        read_went_wrong(t, f, n, &err);
        return 1;
    }
    if (n > 0 && !pass_on(t, f, data, (size_t)n, after))
        return 0;
    if (logfile_read_to_end(f, (size_t)n, room))
        read_to_end(t, f);
    else
        next_turn(t, f);
    return n ? (size_t)n : 1;
}

bool tail_read(struct tail *t, size_t budget, int64_t now)
{
    t->now = now;
    while (budget && tail_ready(t)) {
        struct logfile *f = TAILQ_FIRST(&t->queue);
        size_t cost = SEARCH_COST;
        if (t->packed_next && !t->unpacking)
            search_next_packed(t);
        else if ((cost = read_file(t, f)) == 0)
            return false;
        budget -= cost < budget ? cost : budget;
    }
    return true;
}

void tail_mark(struct tail *t, int64_t now)
{
    t->now = now;
    look_at_all(t);
    for (size_t i = 0; i < t->files.len; i++) {
        struct logfile *f = t->files.data[i];
        bool sought = f->lost || f->sought;
        if (f->queued || f->held || sought)
            set_mark(t, f, f->copy || sought ? UINT64_MAX : (uint64_t)f->seen.st_size);
    }
}

size_t tail_marked(const struct tail *t)
{
    return t->marked;
}

void tail_unmark(struct tail *t)
{
    for (size_t i = 0; t->marked && i < t->files.len; i++)
        set_unmark(t, t->files.data[i]);
}

size_t tail_followed(const struct tail *t)
{
    return t->files.len - t->kept_count;
}

size_t tail_count(const struct tail *t)
{
    return t->files.len;
}

const struct logfile *tail_file(const struct tail *t, size_t index)
{
    return t->files.data[index];
}

size_t tail_refused(const struct tail *t)
{
    return t->refused.count;
}

size_t tail_unwatched(const struct tail *t)
{
    return watch_refused(t->watch);
}
