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

struct restore_result {
    uint64_t bytes; /**< written */
    size_t sources; /**< that matched */
    size_t names;   /**< different names among those */
    struct restore_note *notes;
    size_t note_count;
};

/**
 * Write the bytes of all sources that match, in order of source id, each in order of offset, bytes
 * that are in two places once.
 *
 * All ranges are looked up before the first byte is written: when it is known that bytes are
 * missing, nothing has been written.
 *
 * @param s        its journals are read; where their readers go on is changed
 * @param pattern  a source's name; if none has exactly that name, a shell pattern (fnmatch(3),
 *                 "*" also matches "/")
 * @param threads  1 to CREW_MAX (base/crew.h), which decode blocks ahead
 * @param result   to be cleared by restore_result_clear() in any case
 * @return LGZ_ERR_NOT_FOUND if no source matches; LGZ_ERR_CORRUPT if a source has a gap (its name
 *         and the range are in the message). That a source doesn't begin at 0, because segments
 *         have expired, is no error but a note.
 */
int archive_restore(struct archive_snapshot *s, const char *pattern, unsigned threads,
                    lgz_write_fn *write, void *context, struct restore_result *result,
                    struct lgz_error *err);
void restore_result_clear(struct restore_result *result);

#endif
