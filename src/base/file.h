/*
 * file.h - the one way to read and write files: whole counts, EINTR handled, errors that name the
 * file and the offset, and files that appear whole or not at all.
 */
#ifndef LOGZIP_BASE_FILE_H
#define LOGZIP_BASE_FILE_H

#include <sys/stat.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

/** Write all `len` bytes to `fd`. `path` is for the message. */
int file_write(int fd, const void *data, size_t len, const char *path, struct lgz_error *err);

/**
 * Read up to `len` bytes, stopping early only at the end of the file.
 *
 * @return the number of bytes read (0 at the end), or a negative code
 */
ssize_t file_read(int fd, void *data, size_t len, const char *path, struct lgz_error *err);

/** As file_read(), at `offset`, without moving the descriptor's position. */
ssize_t file_read_at(int fd, void *data, size_t len, uint64_t offset, const char *path,
                     struct lgz_error *err);

/** Append the whole file to `out`; fails with LGZ_ERR_LIMIT above `max` bytes. */
int file_load(const char *path, size_t max, struct buf *out, struct lgz_error *err);

/** fsync(2), and fsync of the directory that `path` is in. */
int file_sync(int fd, const char *path, struct lgz_error *err);
int file_sync_parent(const char *path, struct lgz_error *err);

/**
 * Lock a file that is open against all others who do (flock(2)), until it's closed.
 *
 * @param wait  false: not if that takes until somebody else has closed it
 * @return 1; 0 if somebody else has it locked; or a negative code
 */
int file_lock(int fd, bool wait, const char *path, struct lgz_error *err);

/** Does `path` name the file that is open as `fd`? @return 1 or 0, or a negative code */
int file_is_named(int fd, const char *path, struct lgz_error *err);

/**
 * A file that appears whole or not at all: it is written under a temporary name in the directory
 * of its final one, and file_draft_commit() syncs it, renames it and syncs the directory. The
 * temporary name starts with "." and ends in ".tmp" and the process id. Its file is locked
 * (flock(2)) as long as somebody writes it, so that what a crash left behind can be told and
 * removed.
 */
struct file_draft {
    int fd; /**< open for writing; owned */
    char *path;
    char *temporary;
};

/**
 * Start a draft of `path` with permissions `mode`.
 *
 * @return LGZ_ERR_BUSY if another process of the same id (in another container) is writing one
 */
int file_draft_open(struct file_draft *draft, const char *path, mode_t mode, struct lgz_error *err);

/**
 * Sync, close and rename the draft to its name.
 *
 * @param replace  false: fail with LGZ_ERR_ARGUMENT if `path` exists by now
 */
int file_draft_commit(struct file_draft *draft, bool replace, struct lgz_error *err);

/** Remove the draft if it wasn't committed, and free it. Safe on a zeroed or committed draft. */
void file_draft_discard(struct file_draft *draft);

/**
 * Remove the draft `temporary`, unless somebody is writing it.
 *
 * @param removed  set to whether it was there, and is removed
 */
int file_draft_remove(const char *temporary, bool *removed, struct lgz_error *err);

/** Write a file whole, durably, in place of the one of that name if there is one. */
int file_save(const char *path, mode_t mode, const struct buf *bytes, struct lgz_error *err);

/**
 * How many bytes a directory's file system has left for who isn't root.
 *
 * @param bytes  UINT64_MAX if it doesn't say, or on failure
 */
int file_free_bytes(const char *directory, uint64_t *bytes, struct lgz_error *err);

/** What follows the last '/' of a path. */
const char *file_name(const char *path);

/** When the file was written to last: nanoseconds since the epoch. */
int64_t file_modified(const struct stat *st);

/** Is `name` (no directories) one that file_draft_open() makes? */
bool file_is_draft_name(const char *name);

/** Let the process have as many descriptors as it may have, if that's possible. */
void file_raise_limit(void);

#endif
