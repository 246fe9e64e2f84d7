/*
 * catalog.h - what the footers of all segments of an archive say in short, in one file, so that who
 * wants few of many segments need not open the others.
 *
 * The file `catalog` in the archive's directory (docs/format.md has its bytes) can be rebuilt from
 * the footers at any time, but for when segments were verified, and is never trusted over them: an
 * entry counts only for a file of the same name, size, time of last change and inode. No catalog, a
 * damaged one, or one without an entry for a segment is no error: that segment is opened, as if
 * there were no catalog at all.
 *
 * Whoever changes the catalog holds archive_rotate_lock(). Readers need nothing: they get the whole
 * file as it was at one moment.
 *
 *   catalog_open(&c, directory, &err);               read and checked; then it's only memory
 *   catalog_find(c, name, &st, &next, &entry);       is it this file's?
 *   catalog_set_begin(c, entry.set), catalog_set_next(&walk, &source)    whose bytes are in it
 */
#ifndef LOGZIP_ARCHIVE_CATALOG_H
#define LOGZIP_ARCHIVE_CATALOG_H

#include <sys/stat.h>

#include "segment/reader.h"

#define CATALOG_NAME "catalog"

enum {
    CATALOG_MAX = 1 << 30, /**< bytes of the file, at most */
    /** Members of all sets together, at most: what going through all of them can cost. */
    CATALOG_MEMBERS_MAX = 1 << 24,
};

/** The set of a segment of which the catalog doesn't say whose bytes it holds. */
#define CATALOG_ANY UINT32_MAX

/** What a segment's footer says in short, and which file that was. */
struct catalog_entry {
    const char *name;         /**< of the file, without the directory; valid with the catalog */
    uint64_t file_bytes;      /**< the file's size, */
    int64_t modified;         /**< time of last change, nanoseconds since the epoch, */
    uint64_t inode;           /**< and inode */
    uint64_t footer_checksum; /**< segment_checksum() */
    struct segment_info info; /**< segment_info(); its file_bytes are the same as above */
    uint64_t blocks;          /**< how many */
    int64_t read_min;         /**< of the times when its bytes were read; if it has none, */
    int64_t read_max;         /**< SEGMENT_NO_TIME */
    unsigned clocks;          /**< enum block_clocks: those of any block; CLOCKS_KNOWN if all say */
    bool stamped;             /**< there are stamps in each block */
    bool whole;               /**< of each source, the last byte is a newline */
    int64_t verified_at;      /**< when it was last found to be sound, in any way: nanoseconds since
                                   the epoch; 0: never */
    int64_t decoded_at;       /**< the same, by decoding all of it */
    uint32_t set;             /**< whose bytes it holds; two entries with the same number have the
                                   same sources */
};

/** A source, under one name and input. */
struct catalog_source {
    uint64_t id;
    const char *name;
    const char *input;
};

struct catalog;

/**
 * Read an archive's catalog.
 *
 * @return LGZ_ERR_NOT_FOUND if there is none; LGZ_ERR_FORMAT, LGZ_ERR_VERSION or LGZ_ERR_CORRUPT if
 *         it's of no use: go on without it; LGZ_ERR_LIMIT if it's too large; LGZ_ERR_IO
 */
int catalog_open(struct catalog **out, const char *directory, struct lgz_error *err);

/** The same of a catalog's bytes, which stay the caller's. `path` is for the message. */
int catalog_parse(struct catalog **out, struct span bytes, const char *path, struct lgz_error *err);

/** NULL is allowed. */
void catalog_close(struct catalog *c);

/** Its entries, by their names as bytes. */
size_t catalog_count(const struct catalog *c);
void catalog_at(const struct catalog *c, size_t index, struct catalog_entry *entry);

/**
 * The entry of a file.
 *
 * @param name  without directories
 * @param st    the file's; NULL: any of that name will do
 * @param next  where the entry is expected, 0 at first; set to what is behind it. Files that are
 *              asked for in the order of their names are found at once.
 * @return false if there is none that counts
 */
bool catalog_find(const struct catalog *c, const char *name, const struct stat *st, size_t *next,
                  struct catalog_entry *entry);

/** Sources by their ids; one that has had several names or inputs stands there several times. */
size_t catalog_source_count(const struct catalog *c);
struct catalog_source catalog_source(const struct catalog *c, size_t index);

size_t catalog_set_count(const struct catalog *c);

/** A walk over the sources of a set. */
struct catalog_walk {
    struct reader runs;
    uint64_t runs_left;
    uint64_t next; /**< source */
    uint64_t left; /**< of the run */
};

/** @param set  below catalog_set_count() */
struct catalog_walk catalog_set_begin(const struct catalog *c, uint32_t set);

/** @return false behind the last one; else `*source` is its index, and they ascend */
bool catalog_set_next(struct catalog_walk *walk, size_t *source);

/**
 * Open a segment, and find out what a catalog would say of it.
 *
 * @param path   borrowed: the entry's name is in it
 * @param entry  filled; `set` is CATALOG_ANY, and it was never verified
 * @return LGZ_ERR_NOT_FOUND if the file is gone
 */
int catalog_look_into(struct segment **out, const char *path, struct catalog_entry *entry,
                      struct lgz_error *err);

/* Writing, by the holder of archive_rotate_lock(). */

struct catalog_result {
    size_t entries;          /**< that there are now */
    size_t added;            /**< of these, found in footers now */
    size_t dropped;          /**< that stood for files that are gone, or are others now */
    size_t unreadable;       /**< segments that have none, since their footers can't be read */
    bool rebuilt;            /**< there was a catalog that couldn't be used: */
    struct lgz_error damage; /**< why */
};

/**
 * Make the catalog what the directory is: add the segments that it lacks by reading their footers,
 * drop those that are gone, keep the others and when they were verified. If nothing has changed,
 * nothing is written. A damaged one is renamed to NAME.damaged. Killed at any moment, the catalog
 * is the old one or the new one.
 *
 * @param result  may be NULL
 * @return LGZ_ERR_LIMIT if it would be too large
 */
int catalog_update(const char *directory, struct catalog_result *result, struct lgz_error *err);

/** A segment that was found to be sound. */
struct catalog_verified {
    const char *name; /**< of its file, without the directory */
    int64_t at;       /**< nanoseconds since the epoch */
    bool decoded;     /**< all of it was decoded; else only stored bytes were looked at */
};

/**
 * catalog_update(), and note when segments were verified. The whole file is written, so many are
 * better noted at once. Segments that have no entry are left out.
 */
int catalog_set_verified(const char *directory, const struct catalog_verified *list, size_t count,
                         struct lgz_error *err);

#endif
