/*
 * watch.c - a raw inotify descriptor; the caller polls it.
 */
#include "tail/watch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define FILE_EVENTS (IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF)
#define DIRECTORY_EVENTS                                                                   \
    (IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | \
     IN_ATTRIB | IN_ONLYDIR)

enum { TURNS_MAX = 32 }; /* reads of 32 KiB at once: writers can't keep the loop busy for ever */

struct watch {
    int fd;
    size_t refused;
};

int watch_open(struct watch **out, struct lgz_error *err)
{
    struct watch *w = calloc(1, sizeof(*w));
    if (!w)
        return error_memory(err);
    w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (w->fd < 0) {
        free(w);
        return error_io(err, "cannot use inotify");
    }
    *out = w;
    return LGZ_OK;
}

void watch_close(struct watch *w)
{
    if (!w)
        return;
    close(w->fd);
    free(w);
}

int watch_fd(const struct watch *w)
{
    return w->fd;
}

static int add(struct watch *w, const char *path, uint32_t events)
{
    int descriptor = inotify_add_watch(w->fd, path, events);
    if (descriptor < 0 && errno == ENOSPC)
        w->refused++;
    return descriptor;
}

int watch_file(struct watch *w, int fd, const char *path)
{
    /* By its descriptor, so that a rename at this moment can't put the watch on another file. */
    char link[40];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    int descriptor = add(w, link, FILE_EVENTS);
    if (descriptor < 0 && errno == ENOENT)
        descriptor = add(w, path, FILE_EVENTS);
    return descriptor;
}

int watch_directory(struct watch *w, const char *path)
{
    return add(w, path, DIRECTORY_EVENTS);
}

void watch_remove(struct watch *w, int descriptor)
{
    /* It fails when the kernel has removed it by itself, which is as well. */
    inotify_rm_watch(w->fd, descriptor);
}

size_t watch_refused(const struct watch *w)
{
    return w->refused;
}

static enum watch_kind kind_of(uint32_t mask)
{
    bool touched = mask & IN_ATTRIB && !(mask & IN_ISDIR);
    return mask & IN_IGNORED ? WATCH_ENDED : touched ? WATCH_TOUCHED : WATCH_CHANGED;
}

int watch_read(struct watch *w, watch_fn *fn, void *context, struct lgz_error *err)
{
    union {
        struct inotify_event event;
        char bytes[1 << 15];
    } space;
    for (int turn = 0; turn < TURNS_MAX; turn++) {
        ssize_t n = read(w->fd, &space, sizeof(space));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return LGZ_OK;
        if (n < 0)
            return error_io(err, "cannot read inotify events");
        struct inotify_event event;
        for (size_t at = 0; at + sizeof(event) <= (size_t)n; at += sizeof(event) + event.len) {
            memcpy(&event, space.bytes + at, sizeof(event));
            if (event.mask & IN_Q_OVERFLOW)
                fn(context, WATCH_LOST, -1);
            else
                fn(context, kind_of(event.mask), event.wd);
        }
    }
    return LGZ_OK;
}
