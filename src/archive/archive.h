/*
 * archive.h - a directory of segments and journals: names, the writer's lock, a reader's snapshot,
 * recovery and sealing.
 *
 *   lock                                    flock(2)ed by the one writer; holds "PID PROGRAM\n"
 *   journal-SSSSSSSSSSSS.lzj                journal number S, 12 decimal digits
 *   FFFFFFFFFFFF-LLLLLLLLLLLL-TIME.logz     the segment that holds journals F to L; TIME is when
 *                                           its first byte was read, YYYYMMDDTHHMMSSZ
 *   .NAME.tmpPID                            a draft (file.h); what a crash left behind
 *
 * A journal whose number a durable segment covers is finished with and may be removed at any time;
 * that is the whole of recovery's bookkeeping. Readers take no lock: they open the journals first
 * and list the segments afterwards, so a seal that happens in between shows the same lines twice,
 * never not at all, and the numbers in the names tell which to drop.
 */
#ifndef LOGZIP_ARCHIVE_ARCHIVE_H
#define LOGZIP_ARCHIVE_ARCHIVE_H

#include "archive/journal.h"
#include "segment/writer.h"

/* The lock. */

struct archive_lock;

/**
 * Become the archive's one writer; creates the directory (mode 0750) if it isn't there.
 *
 * @param program  recorded for the message that others get
 * @return LGZ_ERR_BUSY, with the holder's pid and program in the message, if there is a writer
 */
int archive_lock(struct archive_lock **out, const char *directory, const char *program,
                 struct lgz_error *err);
void archive_unlock(struct archive_lock *lock);

/* A reader's view. */

struct archive_segment {
    char *path;
    uint64_t first_journal;
    uint64_t last_journal;
};

struct archive_snapshot {
    struct archive_segment *segments; /**< in order of first_journal */
    size_t segment_count;
    struct journal_reader **journals; /**< opened, in order, those that no segment covers */
    size_t journal_count;
};

/** List an archive. @return LGZ_ERR_NOT_FOUND if `directory` isn't there */
int archive_snapshot_open(struct archive_snapshot **out, const char *directory,
                          struct lgz_error *err);
void archive_snapshot_close(struct archive_snapshot *s);

/* Recovery and sealing, by whoever holds the lock. */

struct archive_recovery {
    struct source_position *positions; /**< of every source that is still read */
    size_t position_count;
    uint64_t next_source_id;
    uint64_t next_sequence;  /**< for the next journal */
    char **journals;         /**< paths of the journals to seal, in order */
    size_t journal_count;
    uint64_t torn_bytes;     /**< cut from the end of the newest journal */
    size_t drafts_removed;
    size_t journals_removed; /**< that a segment covers */
};

/** Remove left-over drafts and covered journals, cut a torn tail, find every source's position. */
int archive_recover(struct archive_recovery **out, const char *directory, struct lgz_error *err);
void archive_recovery_free(struct archive_recovery *r);

struct archive_seal_result {
    char *segment; /**< path of the new segment; NULL if the journals held no data */
    uint64_t raw_bytes;
    uint64_t stored_bytes;
    uint64_t lines;
};

/**
 * Turn journals (consecutive numbers, in order) into one segment, durably, check that it decodes
 * to what the journals hold, and remove them.
 *
 * Bytes are grouped by source, in order of source id; overlapping ranges of a source are stored
 * once. Safe to be killed at any moment, and to be run again.
 */
int archive_seal(const char *directory, char *const *journals, size_t count,
                 const struct segment_options *options, struct archive_seal_result *result,
                 struct lgz_error *err);
void archive_seal_result_clear(struct archive_seal_result *result);

#endif
