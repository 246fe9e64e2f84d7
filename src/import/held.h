/*
 * held.h - what an archive has already of the logs that are to be imported: read by the daemon, or
 * imported before. Files are recognized by what they hold, byte for byte, whatever their names are
 * by now.
 */
#ifndef LOGZIP_IMPORT_HELD_H
#define LOGZIP_IMPORT_HELD_H

#include "import/log_file.h"
#include "segment/source.h"

struct held;

/** Is this a log of which files are to be imported? */
typedef bool held_wanted_fn(void *context, const char *name);

/**
 * Look through an archive: all footers of its segments, and its journals.
 *
 * @param planned  it may not be there yet: then it has nothing
 */
int held_open(struct held **out, const char *directory, bool planned, held_wanted_fn *wanted,
              void *context, struct lgz_error *err);

/** NULL is allowed. */
void held_close(struct held *h);

/** The segment at `path` was added to the archive. */
int held_add(struct held *h, const char *path, struct lgz_error *err);

/** The path of the newest segment, whose templates new ones may start from; NULL: there is none. */
const char *held_newest(const struct held *h);

/** The number that the next segment of imported files gets. */
uint64_t held_next_number(const struct held *h);

/**
 * An id that no imported file has, for one that was written to last at `time` (nanoseconds since
 * the epoch): ids ascend with it.
 *
 * @param after  the new id is higher than this one
 * @param id     set to it; it's taken from now on
 */
int held_new_id(struct held *h, int64_t time, uint64_t after, uint64_t *id, struct lgz_error *err);

/** What is to be done with a file. */
struct held_verdict {
    bool whole;    /**< nothing: the archive has all of it */
    bool partly;   /**< nothing: the daemon has its beginning, and may read on in it */
    uint64_t from; /**< else take what begins here */
    uint64_t to;   /**< and ends here; UINT64_MAX: with the file */
    uint64_t id;   /**< as more of this source; 0: as a new one */
};

enum { HELD_HEAD = 1 << 16 }; /* bytes of a file that a source's fingerprint may be of */

/**
 * Compare a file, which may stand anywhere before and afterwards, with what there is of its log.
 *
 * @param head  what it begins with: HELD_HEAD bytes, or all
 * @return an error if either can't be read
 */
int held_find(struct held *h, const char *name, struct span head, struct log_file *file,
              struct held_verdict *verdict, struct lgz_error *err);

#endif
