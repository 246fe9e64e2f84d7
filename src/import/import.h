/*
 * import.h - takes existing rotated logs into an archive: plain, gzip, xz, zstd, bzip2 or logz.
 *
 * A file becomes a source of the archive, with the name of its log (log_name.h) and the time at
 * which it was written to last as the time of its reading. All of them come before what the daemon
 * has read of the log, and among each other in order of their age, whenever they're imported.
 *
 * What the archive has already, byte for byte, is left out: files that were imported, or that the
 * daemon has read before they were rotated; a file that was imported and has grown since is gone on
 * with. A file that can't be read to its end, or whose checksum is wrong, isn't imported at all.
 * Files that the daemon reads itself are left to it.
 *
 * A segment has about as many raw bytes as [archive] merge_size says, and is larger only by a piece
 * of a file. Memory is what the writer of a segment takes, and that of an unpacker.
 */
#ifndef LOGZIP_IMPORT_IMPORT_H
#define LOGZIP_IMPORT_IMPORT_H

#include "archive/upkeep.h"
#include "base/buf.h"

/**
 * How far it is.
 *
 * @param path   the file that is being read
 * @param done   bytes of files that were read, as they are on the disk, of `total`
 * @param stored bytes that were written
 */
typedef void import_progress_fn(void *context, const char *path, uint64_t done, uint64_t total,
                                uint64_t stored);

struct import_options {
    const char *const *paths; /**< files; NULL: those that the configuration's inputs name */
    size_t path_count;
    const char *source;   /**< the log's name; NULL: by the files' */
    const char *input;    /**< the input that they belong to; NULL: the one that reads their log */
    bool remove;          /**< remove what is in the archive */
    enum lgz_level level; /**< of the segments */
    unsigned threads;
    uint64_t memory;              /**< bytes that writing a segment stays within; 0: no limit */
    import_progress_fn *progress; /**< NULL: nobody wants to know */
    void *context;
};

/** What became of the files of one log. */
struct import_row {
    char *name;
    size_t files;
    uint64_t packed_bytes; /**< as they were on the disk */
    uint64_t raw_bytes;
    uint64_t stored_bytes; /**< in the archive, without the index */
};

struct import_result {
    VEC(struct import_row) rows; /**< of what was imported, in order of the names */
    size_t files;                /**< that were imported, or would be */
    size_t held;                 /**< that the archive had already */
    size_t left;                 /**< to the daemon */
    size_t failed;
    size_t removed;
    size_t segments;
    uint64_t file_bytes; /**< of those segments */
    bool unfinished;     /**< the time was up, or it was stopped: then also amid a file */
};

/**
 * Import files. The caller holds archive_rotate_lock(), unless it's a dry run. It may be killed at
 * any moment, and run again.
 *
 * @param result  filled also after a failure; to be cleared in any case
 * @return LGZ_OK also if files failed (they were told as problems); an error if the archive can't
 *         be read or written, or there's no room
 */
int import_run(const struct upkeep *u, const struct import_options *options,
               struct import_result *result, struct lgz_error *err);
void import_result_clear(struct import_result *result);

#endif
