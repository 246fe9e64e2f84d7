/*
 * imported.h - which of the configured files were looked at already: the file `imported` in an
 * archive's directory. It only saves work: without it all files are compared with the archive
 * again, but those that have expired from it, which would be imported again.
 *
 * A text: its first line is "logzip imported 1"; then one line for each file: device, inode, size
 * and time of the last change in nanoseconds, in decimal with blanks between them. A name isn't
 * kept, since rotation changes it.
 */
#ifndef LOGZIP_IMPORT_IMPORTED_H
#define LOGZIP_IMPORT_IMPORTED_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/error.h"

struct imported;

/** Read it. What isn't there or can't be understood is as good as empty. */
int imported_open(struct imported **out, const char *directory, struct lgz_error *err);

/** NULL is allowed. */
void imported_close(struct imported *i);

/** Was this file looked at, as it is now? */
bool imported_has(const struct imported *i, const struct stat *st);

/** It was. Files of which that isn't said before imported_save() are forgotten. */
int imported_note(struct imported *i, const struct stat *st, struct lgz_error *err);

/** Write it, durably and as a whole, if it has changed. */
int imported_save(struct imported *i, struct lgz_error *err);

#endif
