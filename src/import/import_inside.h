/*
 * import_inside.h - inside src/import only: a run in progress, and what its parts call of each
 * other: import.c has the run; import_look.c finds out what of a batch is to be written;
 * import_write.c writes it; import_file.c is about single files.
 */
#ifndef LOGZIP_IMPORT_IMPORT_INSIDE_H
#define LOGZIP_IMPORT_IMPORT_INSIDE_H

#include "import/import.h"
#include "import/import_plan.h"
#include "import/import_segment.h"
#include "import/imported.h"

enum {
    IMPORT_CHUNK = 1 << 20, /**< bytes that are read at once */
    FILE_BAD = 1,           /**< instead of an error's code: what is wrong is the file, and `reason`
                                 says what */
};

struct import_work {
    const struct upkeep *upkeep;
    const struct import_options *options;
    struct import_result *result;
    struct segment_options writing;
    struct import_plan plan;
    struct retention_classes *classes;
    struct held *held;
    struct imported *seen;          /**< NULL: the user has named the files */
    struct import_segment *segment; /* that is being written; NULL: none */
    char *earlier;                  /* path of the newest segment of this run */
    bool careful;                   /* files are read through before they are taken */
    uint8_t *chunk;
    uint64_t total; /* bytes of all files */
    uint64_t done;
    uint64_t stored;
    struct lgz_error reason; /* why a file can't be taken */
    struct lgz_error *err;
};

/** Open a file of the plan, with the rights of the caller. */
int import_file_open(struct import_work *r, const struct import_file *f, struct log_file **file);

/** Read all of a file, once, so that its checksums are known to be right. */
int import_file_check(struct import_work *r, struct import_file *f);

/** The file can't be taken: `reason` says why. */
void import_file_fail(struct import_work *r, struct import_file *f);

/** All of it is in the archive, durably: remove it, if that is wanted, and it's still that file. */
void import_file_remove(struct import_work *r, const struct import_file *f);

/** Say how far the run is: `consumed` bytes of `f`. @return LGZ_ERR_CANCELLED: stop */
int import_report(struct import_work *r, const struct import_file *f, uint64_t consumed);

/** Find out what of a batch is to be written. */
int import_look_at_batch(struct import_work *r, const struct import_batch *batch);

/** What was left out since another file has it: now that one is in the archive, or not. */
void import_settle_same(struct import_work *r, const struct import_batch *batch);

/** A file that is to be written; NULL: there is none. */
struct import_file *import_next_waiting(struct import_work *r, const struct import_batch *batch);

/** Write all of them, into one segment or several, until the time is up. */
int import_write_batch(struct import_work *r, const struct import_batch *batch);

/** Give up the segment that is being written, if there is one. */
void import_drop_segment(struct import_work *r);

#endif
