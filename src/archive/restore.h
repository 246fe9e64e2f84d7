/*
 * restore.h - the exact bytes that were read from a log file, put together again from segments and
 * journals.
 *
 * Memory: a few segment blocks, and 40 bytes for each run of bytes that the archive holds of the
 * source.
 */
#ifndef LOGZIP_ARCHIVE_RESTORE_H
#define LOGZIP_ARCHIVE_RESTORE_H

#include "archive/archive.h"

/** A source whose first bytes the archive doesn't have (any more). */
struct restore_note {
    uint64_t source_id;
    char *name;
    uint64_t first_offset; /**< of the first byte that there is, or that would come next */
};

/** Later bytes of a source that the archive doesn't have: `from` to `to` - 1. */
struct restore_hole {
    uint64_t source_id;
    char *name;
    uint64_t from;
    uint64_t to;
};

struct restore_result {
    uint64_t bytes; /**< written */
    size_t sources; /**< that matched */
    size_t names;   /**< different names among those */
    struct restore_note *notes;
    size_t note_count;
    VEC(struct restore_hole) holes; /**< in the order of what was written around them */
};

/**
 * Write the bytes of all sources that match, in order of source id, each in order of offset, bytes
 * that are in two places once.
 *
 * What is missing leaves a hole, and the rest is written. That the first bytes of a source are
 * missing is how old ones expire, and only a note; holes further on are left by rules that keep
 * what is older (keep.h), and by damage. All ranges are looked up before the first byte is written.
 *
 * @param s        its journals are read; where their readers go on is changed
 * @param pattern  a source's name; if none has exactly that name, a shell pattern (fnmatch(3),
 *                 "*" also matches "/")
 * @param threads  1 to CREW_MAX (base/crew.h), which decode blocks ahead
 * @param result   to be cleared by restore_result_clear() in any case
 * @return LGZ_ERR_NOT_FOUND if no source matches; LGZ_ERR_CORRUPT if what there is can't be read
 */
int archive_restore(struct archive_snapshot *s, const char *pattern, unsigned threads,
                    lgz_write_fn *write, void *context, struct restore_result *result,
                    struct lgz_error *err);
void restore_result_clear(struct restore_result *result);

#endif
