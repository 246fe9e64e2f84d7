/*
 * locate.h - finds the copy of a file that is gone or was truncated: as rotation made it, plain or
 * compressed.
 *
 * A copy's name begins with the stem of the file's own ("app" of "app.log"), and goes on with a
 * '.', '-' or '_': app.log.1, app.log-20260501.gz, app-20260501.log, app.1.log.xz. It's a regular
 * file, begins with the source's fingerprint, has its mark before the position, is not older than
 * what was read, and isn't followed itself. Of several the newest is taken.
 */
#ifndef LOGZIP_TAIL_LOCATE_H
#define LOGZIP_TAIL_LOCATE_H

#include <sys/stat.h>
#include <time.h>

#include "archive/mark.h"
#include "import/unpack.h"
#include "segment/source.h"
#include "tail/dirnames.h"

/** Compressed copies that were no good. */
struct locate_tried {
    int64_t
        time; /**< st_mtim, nanoseconds: all are as new as this one, or newer; 0: none was tried */
    uint64_t inode;
    struct stat cut; /**< a copy that isn't complete: of no use until it changes; st_ino 0: none */
};

/** Whose copy is wanted. */
struct locate_wanted {
    const char *path; /**< where the file was; its last part counts */
    const struct source *source;
    uint64_t position;
    struct mark mark;
    time_t written; /**< when it was written to, as last seen; 0: not known */
    /** Is this file followed under its own name, and so no copy? */
    bool (*followed)(const void *context, uint64_t device, uint64_t inode);
    const void *context;
    struct locate_tried tried;
};

/** A copy that was found. All is the caller's. */
struct located {
    int fd;
    char *path;
    struct unpack *unpack; /**< at the end of the fingerprint; NULL: the copy is plain */
    struct stat st;
};

enum locate_result {
    LOCATE_NONE,
    LOCATE_UNSURE, /**< there may be one, but something can't be opened or read, or isn't complete
                    */
    LOCATE_FOUND,
};

/** Is `name` one that rotation gives to a file named `own` (see above)? */
bool locate_is_rotated(const char *own, const char *name);

/** The same, and what is added are only digits and what stands between digits in dates. */
bool locate_is_numbered(const char *own, const char *name);

/** The stem of a file's name, to be freed. @return NULL when memory is out */
char *locate_stem(const char *own);

/** Look at one path, which may be the plain copy. */
enum locate_result locate_at(const struct locate_wanted *w, const char *path,
                             struct located *found);

/** Search a directory for a plain copy. */
enum locate_result locate_copy(const struct locate_wanted *w, const struct dirnames *l,
                               struct located *found);

/**
 * Search a directory for a compressed copy. Of its contents only the fingerprint is compared: the
 * mark has to be, when the position is reached.
 */
enum locate_result locate_packed(const struct locate_wanted *w, const struct dirnames *l,
                                 struct located *found);

/**
 * The compressed copy `st` was no good.
 *
 * @param cut  because it ends too early: if it was changed lately, it may still become whole
 * @return whether it's waited for
 */
bool locate_give_up(struct locate_tried *tried, const struct stat *st, bool cut);

#endif
