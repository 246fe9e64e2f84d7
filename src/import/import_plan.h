/*
 * import_plan.h - which files are imported, as which logs, in which order and into which segments.
 *
 * Of a log, older files come before newer ones: by the numbers or dates in their names, if all have
 * such, else by when they were written to last. Files go into batches, each of which becomes a
 * segment, or a few if it's larger than was thought: those of one retention class that are about
 * as old as each other. Old batches come first.
 */
#ifndef LOGZIP_IMPORT_IMPORT_PLAN_H
#define LOGZIP_IMPORT_IMPORT_PLAN_H

#include <sys/stat.h>

#include "archive/retention_class.h"
#include "import/held.h"
#include "import/log_name.h"

enum import_state {
    IMPORT_WAITING,
    IMPORT_WRITTEN, /**< into a segment that has no name yet */
    IMPORT_DONE,
    IMPORT_HELD,    /**< the archive had it already */
    IMPORT_LEFT,    /**< to the daemon */
    IMPORT_FAILED,  /**< it may go well the next time */
    IMPORT_DAMAGED, /**< it can't, as long as the file is the same */
};

struct import_file {
    char *path;
    struct log_name log;              /**< its name is absolute */
    const struct config_input *input; /**< that the log belongs to; NULL: none */
    struct stat st;                   /**< as it was found */
    int64_t time;     /**< when it was written to last, nanoseconds since the epoch */
    int64_t key;      /**< the same, but not before the next older file of the log */
    size_t retention; /**< number of its class */
    size_t rank;      /**< among the files of its log, the oldest 0 */
    bool remove;
    bool linked; /**< the path may be a symbolic link */
    enum import_state state;
    bool checked;         /**< it was read through once, so that it's known to be good */
    uint64_t fingerprint; /**< of its first bytes, as sources have it */
    uint32_t fingerprint_len;
    struct held_verdict verdict;
    size_t same_as; /**< number of a file of its batch that has all that it has; or IMPORT_ALONE */
    uint64_t id;    /**< of the source that it becomes; 0: none yet */
};

#define IMPORT_ALONE SIZE_MAX

/** Files `first` to `first + count - 1` of a plan. */
struct import_batch {
    size_t first;
    size_t count;
};

struct import_plan {
    VEC(struct import_file) files;
    VEC(struct import_batch) batches;
};

/** Add a file. All but `path` and `log` are the caller's to set; those belong to the plan. */
int import_plan_add(struct import_plan *plan, const struct import_file *file,
                    struct lgz_error *err);

/**
 * Put the files in order.
 *
 * @param batch_bytes  raw bytes of a segment, as far as can be told before files are unpacked
 */
int import_plan_order(struct import_plan *plan, const struct retention_classes *classes,
                      uint64_t batch_bytes, struct lgz_error *err);

/** Is there a file of this log? */
bool import_plan_has(const struct import_plan *plan, const char *name);

void import_plan_clear(struct import_plan *plan);

#endif
