/*
 * copies.h - inside src/tail only: inputs that match the names of rotated files as well
 * (app.log*). The plain copy that copytruncate makes is a file that such an input wants; it's no
 * source of its own, but where the truncated one lives on, under its new name.
 */
#ifndef LOGZIP_TAIL_COPIES_H
#define LOGZIP_TAIL_COPIES_H

#include "tail/set.h"

/** Would a scan take up the copy of `f` at `path`, which has a name that rotation gives? */
bool copies_are_wanted(const struct tail *t, const struct logfile *f, const char *path);

/**
 * `f`, whose own file was truncated or is gone, is this open file from now on, as if it had been
 * renamed. The sink is told, so that a restart knows of it.
 *
 * @param fd  taken over
 * @return false when memory is out; then `fd` is closed and nothing changed
 */
bool copies_adopt(struct tail *t, struct logfile *f, const char *path, int fd,
                  const struct stat *st);

/**
 * Is the open file equal to the source's own, which is where it was, as far as the open one goes?
 * Only their first and last bytes are compared, as far as `st` says that it goes.
 */
bool copies_is_equal_so_far(const struct logfile *f, int fd, const struct stat *st);

enum copies_result {
    COPIES_NONE,  /**< it's no copy */
    COPIES_LATER, /**< maybe one, of a file that isn't truncated yet: don't take it up now */
    COPIES_FOUND, /**< it was one, and is that source's file now: it's known by its inode */
};

/**
 * Is this open file, which an input wants and nobody knows, the copy of one that's followed? It is
 * if it has a name that rotation gives to that one, in the same directory, begins with its
 * fingerprint, has its mark before its position, and that one isn't where or what it was any more.
 * While that one is unchanged and equal to the file, it's waited for its truncation: up to a minute
 * after the last change of the copy.
 *
 * @param fd  stays the caller's
 */
enum copies_result copies_find(struct tail *t, const char *path, int fd, const struct stat *st);

#endif
