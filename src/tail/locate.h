/*
 * locate.h - finds again what a rotation has moved out of sight: the file itself, under another
 * name in its directory; or, after a truncation, the copy that was made of it before.
 */
#ifndef LOGZIP_TAIL_LOCATE_H
#define LOGZIP_TAIL_LOCATE_H

#include <time.h>

#include "segment/source.h"
#include "tail/idmap.h"

/**
 * For each entry of the directory that `path` is in whose inode is a key (inode, 0) of `wanted`,
 * call `fn` with the entry's path and the value. One pass over the directory, whatever the number
 * wanted.
 *
 * @param device  set to the directory's st_dev
 * @return false if there is no such directory (errno says why)
 */
bool locate_inodes(const char *path, const struct idmap *wanted, uint64_t *device,
                   void (*fn)(void *context, const char *path, void *value), void *context);

/** The names in a directory, sorted: one reading serves any number of searches. */
struct locate_names;

/** List the directory that `path` is in. @return NULL if that isn't possible */
struct locate_names *locate_names_open(const char *path);
void locate_names_close(struct locate_names *names);

/**
 * Open the copy of a file that was truncated: a regular file beside `path`, not the file itself,
 * not shorter than `position`, not older than the file was before (copies of earlier generations,
 * which may begin with the same bytes, are), with the source's fingerprint. "PATH.1" is looked at
 * first, then all names that begin with the file's own, of which the newest is taken.
 *
 * @param written  when the file was written to before it was truncated, seconds; 0: not known
 * @param names    of the directory, or NULL: only "PATH.1" is looked at
 * @param found    set to the copy's path, to be freed
 * @return the open descriptor; -1 if there is none, or the source has no fingerprint; -2 if there
 *         may be one, but something couldn't be opened or read
 */
int locate_copy(const char *path, const struct source *source, uint64_t position, time_t written,
                const struct locate_names *names, char **found);

#endif
