/*
 * watch.h - inotify: told when a watched file is written to, and when names appear in or vanish
 * from a watched directory. An event that is lost, or a watch that the kernel refuses, is a delay
 * until the next rescan, nothing more.
 */
#ifndef LOGZIP_TAIL_WATCH_H
#define LOGZIP_TAIL_WATCH_H

#include "base/error.h"

struct watch;

int watch_open(struct watch **out, struct lgz_error *err);
void watch_close(struct watch *w);

/** The descriptor to poll: readable when there are events. */
int watch_fd(const struct watch *w);

/**
 * Watch the file that is open as `fd`, wherever it is renamed to.
 *
 * @param path  where it was opened, for systems without /proc
 * @return a watch descriptor, the same for the same inode, or -1 (the limit of watches, most
 *         likely, which watch_refused() counts)
 */
int watch_file(struct watch *w, int fd, const char *path);

/** Watch the names in a directory. @return a watch descriptor, or -1 */
int watch_directory(struct watch *w, const char *path);

/** Stop watching. */
void watch_remove(struct watch *w, int descriptor);

/** How many watches were refused for want of room (fs.inotify.max_user_watches). */
size_t watch_refused(const struct watch *w);

enum watch_kind {
    WATCH_TOUCHED, /**< permissions or times of a file, or of one in a directory */
    WATCH_CHANGED, /**< something else happened to what `descriptor` watches */
    WATCH_ENDED,   /**< the watch is gone, and its descriptor with it */
    WATCH_LOST,    /**< events were lost: anything may have changed */
};

typedef void watch_fn(void *context, enum watch_kind kind, int descriptor);

/**
 * Read the events that are there, without waiting, and call `fn` for each. If they come faster than
 * they can be read, some are left for the next time.
 */
int watch_read(struct watch *w, watch_fn *fn, void *context, struct lgz_error *err);

#endif
