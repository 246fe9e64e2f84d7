/*
 * logfile.h - one source that is being read: which file it is, how far it was read, and whether it
 * still is the file that it was.
 *
 * A file is told from others by device, inode, fingerprint and mark: the hash of its first bytes,
 * at most LOGFILE_PRINT_MAX, and the hash of the bytes before the position. The first is made as
 * soon as there are bytes, read or not: the copy of what is truncated before it's read is found by
 * it. Both are compared after each read and before what was read counts, so bytes of a file that
 * was truncated and has grown again are never taken for those of the old one, unless it has the
 * same first and the same last bytes up to the position.
 */
#ifndef LOGZIP_TAIL_LOGFILE_H
#define LOGZIP_TAIL_LOGFILE_H

#include <sys/queue.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "archive/mark.h"
#include "segment/source.h"
#include "tail/locate.h"

enum { LOGFILE_PRINT_MAX = 1024 };

struct logfile {
    struct source source;  /**< as it was last told to the sink */
    uint64_t position;     /**< the next byte wanted */
    struct mark mark;      /**< of the bytes before it */
    char *before;          /**< where it was before this scan, until the next look; or NULL */
    char *path;            /**< where the file is now, as far as known */
    int fd;                /**< -1: closed for idleness, or can't be opened */
    int watch;             /**< watch descriptor, or -1 */
    struct stat seen;      /**< at the last look */
    bool told;             /**< the sink knows the source */
    bool restate;          /**< but not what has changed in it since */
    struct unpack *unpack; /**< the copy that it reads is compressed; over `fd` */
    bool copy;             /**< reads what a file that is gone left in its copy, then ends */
    bool lost;             /**< truncated; its copy has still to be searched for */
    bool sought;           /**< a search isn't over yet: soon again */
    bool packed_next;      /**< and it's the turn of compressed copies, one file after the other */
    bool failing;          /**< the last attempt to read failed; said once */
    bool queued;           /**< there is something to read */
    bool marked;           /**< somebody waits until `position` is at `target` */
    uint64_t target;
    int64_t missing_since; /**< monotonic time of the first search that didn't find it; 0: none */
    off_t packed_size;     /**< of that copy */
    struct locate_tried tried; /**< compressed copies that were no good */
    struct logfile *older;     /**< source of the same name, */
    struct logfile *newer;     /**< or NULL */
    bool gap;                  /**< files were between this one and the next maybe */
    bool held;   /**< isn't told or read before those between an older one and its next are known */
    bool parked; /**< no input wants it any more; its position is kept for one that will */
    bool done;   /**< let go: only known, until `older` is let go, or for TAIL_KEEP */
    uint64_t generation; /**< of the last scan in which a glob matched it */
    int64_t end_since;   /**< monotonic time at which it was found read to its end; 0: it isn't */
    size_t index;        /**< in the owner's list */
    TAILQ_ENTRY(logfile)
    next; /**< in the owner's queue, or, if it's done, among those that are kept */
};

/**
 * The hash of the first `len` bytes of `fd` (at most LOGFILE_PRINT_MAX).
 *
 * @return 1, 0 if there aren't so many, or -1 with errno
 */
int logfile_print(int fd, uint32_t len, uint64_t *print);

/**
 * Do the first bytes of `fd` have this source's fingerprint? If it has none, since it was empty:
 * was the file there by then?
 *
 * @return 1 (also when nothing is known of it), 0, or -1 with errno: they can't be read, so nobody
 * knows
 */
int logfile_matches(const struct source *source, int fd);

/**
 * Do the bytes of `fd` before `position` have this mark?
 *
 * @return 1 (also when there is no mark), 0, or -1 with errno
 */
int logfile_mark_matches(struct mark mark, uint64_t position, int fd);

/** Does `fd`, with `st` just taken of it, begin with what was read of `f`? @return 1, 0 or -1 with
 * errno */
int logfile_is_in(const struct logfile *f, int fd, const struct stat *st);

/** Go to `position` of an open file without having read what is before. @return false: no mark */
bool logfile_skip_to(struct logfile *f, uint64_t position);

/**
 * A log file is opened like this: for reading, without waiting (a FIFO would), not as a terminal.
 *
 * @return the descriptor, with `*st` filled, or -1 and errno; EINVAL if it isn't a regular file
 */
int logfile_open_path(const char *path, struct stat *st);

/** A new source, with copies of the names, not open; `st` says whether it was seen empty. @return
 * NULL when memory is out */
struct logfile *logfile_new(uint64_t id, const char *name, const char *input,
                            const struct stat *st);

/** The source of a position that was recorded earlier. @return NULL when memory is out */
struct logfile *logfile_resume(const struct source *source, uint64_t position, struct mark mark);

/** Close the copy that is read. */
void logfile_close_copy(struct logfile *f);

/** Close and free. NULL is allowed. The watch stays, it isn't the file's own. */
void logfile_free(struct logfile *f);

enum logfile_change {
    LOGFILE_SAME,     /**< read to its end */
    LOGFILE_GREW,     /**< there are bytes to read */
    LOGFILE_REPLACED, /**< truncated, written anew, or another file with the same inode */
    LOGFILE_MISSING,  /**< closed, and not to be found at its path */
    LOGFILE_FAILED,   /**< it can't be opened or read at this moment; errno says why */
};

/**
 * Is `st`, just taken of the file's inode, what was seen of it when it was read to its end? Then
 * logfile_look() would say LOGFILE_SAME, and isn't needed.
 */
bool logfile_is_unchanged(const struct logfile *f, const struct stat *st);

/**
 * If nothing was read of the file, and it isn't empty, as `st` says: make the fingerprint now. It
 * may be truncated before it's read, and then its copy is found by that. @return was it made?
 */
bool logfile_print_unread(struct logfile *f, const struct stat *st);

/**
 * Look at the file; opens it again if it was closed and has changed. When it was replaced, `seen`
 * stays as it was before.
 */
enum logfile_change logfile_look(struct logfile *f);

/** What logfile_read() returns instead of a number of bytes. */
enum {
    LOGFILE_READ_FAILED = -1, /**< errno or `err` says why */
    LOGFILE_READ_OTHER = -2,  /**< the file isn't what it was */
    LOGFILE_READ_LATER = -3,  /**< a compressed copy isn't at the position yet; go on calling */
};

/**
 * Read up to `room` bytes at the position into `data`. The position isn't moved.
 *
 * @param after  set to the mark behind the bytes read
 * @param err    of a compressed copy
 * @return bytes read, 0 at the end, or one of the above
 */
ssize_t logfile_read(const struct logfile *f, void *data, size_t room, struct mark *after,
                     struct lgz_error *err);

/** Was a read of `n` bytes into `room` the last one for now? */
bool logfile_read_to_end(const struct logfile *f, size_t n, size_t room);

/**
 * With `len` bytes just read at the position: make the fingerprint longer, if it can be made twice
 * as long or complete. @return true if it was
 */
bool logfile_extend_print(struct logfile *f, const void *data, size_t len);

#endif
