/*
 * power.h - what a disk has when the power fails: what was synced, and of the rest some.
 *
 * The tracer notes each change to a directory before it is made, and each sync. power_cut() takes
 * back what no sync has made durable: names that were made, renamed or removed since the
 * directory's last sync, in their order from a certain one on, as a file system with a journal
 * loses them; and the bytes that were written to a file since its last sync.
 *
 * The directory is flat. What isn't noted is taken for durable if it is a name, and for lost if it
 * is bytes. The notes lie in memory that is shared between processes.
 */
#ifndef LOGZIP_TESTS_POWER_H
#define LOGZIP_TESTS_POWER_H

#include <limits.h>
#include <stddef.h>
#include <sys/types.h>

enum { POWER_FILES = 512, POWER_CHANGES = 512, POWER_PATH = 400 };

enum power_kind {
    POWER_NOTHING, /**< a call that changes no name and syncs nothing */
    POWER_CREATE,
    POWER_LINK,   /**< `path` gets the second name `to` */
    POWER_RENAME, /**< to `to` */
    POWER_REMOVE,
    POWER_TRUNCATE, /**< counts as durable at once */
    POWER_SYNC      /**< of a file or a directory */
};

struct power {
    struct power_file {
        ino_t inode;
        off_t synced; /**< bytes */
    } files[POWER_FILES];
    size_t file_count;
    struct power_change { /**< not synced yet, in order */
        enum power_kind kind;
        char path[POWER_PATH];
        char to[POWER_PATH];
        char old[POWER_PATH]; /**< where the file is kept that lost its name; "": none did */
    } changes[POWER_CHANGES];
    size_t change_count;
    size_t removed; /**< counts what was kept for power_cut() */
};

/**
 * A call is about to be made.
 *
 * @param kept    a directory beside, where what is removed is kept; made if it isn't there
 * @param length  for POWER_TRUNCATE, new length in bytes
 */
void power_note(struct power *p, enum power_kind kind, const char *path, const char *to,
                off_t length, const char *kept);

/** All that is in a directory counts as synced, whoever wrote it. */
void power_settle(struct power *p, const char *directory);

/**
 * The power fails; no program may run.
 *
 * @param directory  of the files that lose what was not synced
 * @param chance     decides how much of that is lost: all, some, or bytes become zeros
 */
void power_cut(struct power *p, const char *directory, unsigned chance);

#endif
