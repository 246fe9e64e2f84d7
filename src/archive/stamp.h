/*
 * stamp.h - what tells that the names in a directory are still the same ones, and of the same
 * files: its times of change, which change when a name comes, goes, or becomes another file's.
 *
 * They go in steps of the kernel's clock. So a stamp says nothing before the step is over in which
 * the directory was changed last: it must be older than `now`, taken before the directory was read.
 * What is written into a file that is there doesn't change its directory.
 */
#ifndef LOGZIP_ARCHIVE_STAMP_H
#define LOGZIP_ARCHIVE_STAMP_H

#include <stdbool.h>
#include <stdint.h>

/** Zero-initialized: of no directory. */
struct stamp {
    uint64_t device;
    uint64_t inode;
    int64_t modified; /**< nanoseconds since the epoch */
    int64_t changed;
};

/** Read that of `directory`. @return false if it can't be read */
bool stamp_read(struct stamp *out, const char *directory);

/** The clock that the times come from: nanoseconds since the epoch. */
int64_t stamp_now(void);

bool stamp_equal(const struct stamp *a, const struct stamp *b);

/** Was the directory changed last before `now`? Not if that clock was set back. */
bool stamp_is_past(const struct stamp *s, int64_t now);

#endif
