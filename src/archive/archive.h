/*
 * archive.h - a directory of segments and journals: names, the writer's lock, a reader's snapshot,
 * recovery and sealing.
 *
 *   lock                                    flock(2)ed by the one writer; holds "PID PROGRAM\n"
 *   rotate.lock                             the same, by who merges, expires or imports segments
 *   keep, keep.lock                         rules of what must not expire (keep.h), and their lock
 *   journal-SSSSSSSSSSSS.lzj                journal number S, 12 decimal digits
 *   FFFFFFFFFFFF-LLLLLLLLLLLL-TIME.logz     the segment that holds journals F to L; TIME is when
 *                                           its first byte was read, YYYYMMDDTHHMMSSZ
 *   FFFFFFFFFFFF-LLLLLLLLLLLL-TIME-KofN.logz  part K of N that hold journals F to L together
 *   000000000000-NNNNNNNNNNNN-TIME.logz     import number N, which holds no journals
 *   catalog                                 what the segments' footers say in short (catalog.h)
 *   imported                                which of the configured rotated files were looked at
 *                                           (import/imported.h); only saves work
 *   .NAME.tmpPID                            a draft (file.h); what a crash left behind
 *   NAME.damaged                            a journal or a segment with bytes that couldn't be
 *                                           read; never used, kept for people to look at
 *
 * Other files are ignored. A journal whose number a durable segment covers is finished with and may
 * be removed at any time; that is the whole of recovery's bookkeeping. A segment whose journals a
 * wider one holds is finished with, too (listing.h). Readers take no lock: they
 * open the journals first and list the segments afterwards, so a seal that happens in between shows
 * the same lines twice, never not at all, and the numbers in the names tell which to drop.
 */
#ifndef LOGZIP_ARCHIVE_ARCHIVE_H
#define LOGZIP_ARCHIVE_ARCHIVE_H

#include "archive/config.h"
#include "archive/journal.h"
#include "archive/shares.h"
#include "segment/reader.h"
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

/**
 * Become the one who removes, replaces and adds finished segments: merge, expire, import, scrub.
 * The daemon may write and seal journals meanwhile, and everybody may read. What such a one left
 * behind when it was killed is removed first (tidy.h).
 *
 * @return as archive_lock(); archive_unlock() lets go of it
 */
int archive_rotate_lock(struct archive_lock **out, const char *directory, const char *program,
                        struct lgz_error *err);

/**
 * If the process is root's and the archive is not: give up root's rights for those of the archive's
 * owner, so that the owner's daemon can go on with the files that are made. For a command, not for
 * a daemon, which may need root's rights to read logs. Nothing is done if the directory isn't
 * there.
 */
int archive_act_as_owner(const char *directory, struct lgz_error *err);

/* A reader's view. */

struct catalog;

struct archive_segment {
    char *path;
    uint64_t first_journal;
    uint64_t last_journal;
    uint64_t inode; /**< as the directory says; 0: not known */
    int fd;      /**< held open; -1: there are too many, it couldn't be opened, or isn't needed */
    size_t mark; /**< the number of its entry in the catalog plus 1; 0: none, or nobody has asked */
};

/** Is a segment to be held open? It may set the segment's `mark`, if that is 0. */
typedef bool archive_needed_fn(void *context, struct archive_segment *segment);

struct archive_snapshot {
    struct archive_segment *segments; /**< in order of first_journal */
    size_t segment_count;
    struct journal_reader **journals; /**< opened, in order, those that no segment covers */
    size_t journal_count;
};

/**
 * List an archive. As many segments as half of the process's descriptors allow are held open, the
 * oldest first, so that nobody who expires or merges them takes them away from who reads. If one is
 * gone before it's held, the segments are listed anew.
 *
 * @return LGZ_ERR_NOT_FOUND if `directory` isn't there or isn't a directory */
int archive_snapshot_open(struct archive_snapshot **out, const char *directory,
                          struct lgz_error *err);

/**
 * As archive_snapshot_open(), for a directory that a user names: one that never was an archive is
 * LGZ_ERR_NOT_FOUND, too.
 */
int archive_snapshot_find(struct archive_snapshot **out, const char *directory,
                          struct lgz_error *err);

/**
 * As archive_snapshot_find(), but only segments are held open that are needed, and those next to
 * them. The others may be opened as well, if they are still there.
 *
 * @param catalog  borrowed; if it has what the directory has now, that isn't listed; NULL: none
 */
int archive_snapshot_find_needed(struct archive_snapshot **out, const char *directory,
                                 const struct catalog *catalog, archive_needed_fn *needed,
                                 void *context, struct lgz_error *err);
void archive_snapshot_close(struct archive_snapshot *s);

/**
 * Open a segment of a snapshot.
 *
 * @return as segment_open(): LGZ_ERR_IO with errno ENOENT if it isn't held and has expired;
 *         LGZ_ERR_BUSY if it isn't held and was merged
 */
int archive_segment_open(struct segment **out, const struct archive_segment *s,
                         struct lgz_error *err);

/* Recovery and sealing, by whoever holds the lock. */

enum { RECOVERY_NOTES_MAX = 100 };

struct archive_recovery {
    struct source_position *positions; /**< of every source that is still read */
    size_t position_count;
    uint64_t next_source_id;
    uint64_t next_sequence; /**< for the next journal */
    char **journals;        /**< paths of the journals to seal, in order */
    size_t journal_count;
    uint64_t *journal_bytes; /**< raw bytes in each */
    bool *joined;            /**< has it bytes that the one before, or one before that, has too? */
    uint64_t torn_bytes;     /**< cut from the end of the newest journal */
    char **notes;      /**< what was cut, set aside or unreadable, a text each: file, offset, why */
    size_t note_count; /**< at most RECOVERY_NOTES_MAX */
    size_t drafts_removed;
    size_t journals_removed;    /**< that a segment covers */
    size_t journals_damaged;    /**< renamed to NAME.damaged if the header is unreadable; if it's a
                                     record before others, the seal takes those before, and renames */
    size_t segments_unreadable; /**< left as they are; they cover nothing */
};

/**
 * Remove left-over drafts and covered journals, cut a torn tail, find every source's position.
 *
 * The positions are those of the newest journal; they are durable. If there is no journal at all
 * (somebody removed it), they are where each source ends in the segments. To go on: create journal
 * `next_sequence` with `positions`, then seal `journals`, in groups.
 */
int archive_recover(struct archive_recovery **out, const char *directory, struct lgz_error *err);

/**
 * How many journals, from number `from` of `journals` on, go into one segment: those that hold the
 * same bytes, and more as long as they have at most `seal_size` raw bytes together. Many small ones
 * are left by many restarts; many large ones by a daemon that was killed while sealing was behind,
 * and it must get ahead even if it's killed again.
 *
 * @return at least 1
 */
size_t archive_recovery_group(const struct archive_recovery *r, size_t from, uint64_t seal_size);

void archive_recovery_free(struct archive_recovery *r);

/**
 * How the configuration wants segments to be. Those of a host's last days are asked most, so their
 * frames aren't for the context coder, unless the configuration asks for the smallest ones.
 */
struct segment_options archive_seal_options(const struct config *config);

struct archive_seal_result {
    char *segment; /**< path of the new segment; NULL if the journals held no data */
    uint64_t raw_bytes;
    uint64_t stored_bytes;
    uint64_t lines;
    struct shares shares; /**< who has how much of it */
    uint64_t torn_bytes;  /**< found behind the journals' whole records, and set aside; see below */
    char torn[400];       /**< where they were first: file, offset, why; "" if there were none */
};

/**
 * Turn journals (consecutive numbers, in order) into one segment, durably, check that it decodes
 * to what the journals hold, and remove them.
 *
 * Bytes are grouped by source, in order of source id; overlapping ranges of a source are stored
 * once. Safe to be killed at any moment, and to be run again: journals that a good segment already
 * holds are only removed. `result` is to be cleared also after a failure. The times of reading are
 * made coarser to keep the index small: what was read of a source within 10 s of the first of a run
 * has the time of that first.
 *
 * The newest journal is the only one that says how far each file was read. So a journal with a
 * higher number must be there when this is called: first create it, then seal those before.
 *
 * If there is a segment already of journals between these, those behind it are left to another
 * call.
 *
 * A journal with bytes behind its last whole record (a failed sync, or a damaged disk) is not
 * removed but renamed to NAME.damaged.
 *
 * @return LGZ_ERR_ARGUMENT if there is no journal after the last of `journals`, or their order is
 *         wrong; LGZ_ERR_CORRUPT if the segment doesn't decode to what the journals hold: then it
 *         gets no name, and the journals stay
 */
int archive_seal(const char *directory, char *const *journals, size_t count,
                 const struct segment_options *options, struct archive_seal_result *result,
                 struct lgz_error *err);
void archive_seal_result_clear(struct archive_seal_result *result);

#endif
