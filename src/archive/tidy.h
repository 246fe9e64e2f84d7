/*
 * tidy.h - removes what programs that were killed have left in an archive.
 */
#ifndef LOGZIP_ARCHIVE_TIDY_H
#define LOGZIP_ARCHIVE_TIDY_H

#include "base/error.h"

/**
 * Remove the drafts that nobody is writing, and the segments that don't count (listing.h): what was
 * merged, and parts of a merge that wasn't finished. What they were merged into is made durable
 * before. Only for who holds rotate.lock; archive_rotate_lock() does it. Nobody may remove a
 * segment that counts before this: those that it supersedes would come back.
 */
int archive_tidy(const char *directory, struct lgz_error *err);

#endif
