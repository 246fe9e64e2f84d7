/*
 * catalog.h - what the footers of all segments of an archive say in short, in one file, so that who
 * wants few of many segments need not open the others.
 *
 * The file `catalog` in the archive's directory (docs/format.md has its bytes) can be rebuilt from
 * the footers at any time, but for when segments were verified, and is never trusted over them: an
 * entry counts only for a file of the same name and inode, and, for who needs more than to pass it
 * over, of the same size and time of last change. No catalog, a damaged one, or one without an
 * entry for a segment is no error: that segment is opened, as if there were no catalog at all.
 *
 * It may say at which state of the directory it has all of its segments; while the directory is in
 * that state, nobody needs to list it (catalog_state()).
 *
 * Whoever changes the catalog holds archive_rotate_lock(). Readers need nothing: they get the whole
 * file as it was at one moment.
 *
 *   catalog_open(&c, directory, &err);               read and checked; details when they are needed
 *   catalog_find(c, &name, &next, &index);           the entry with that name
 *   catalog_key_at(c, index, &key)                   what it takes to pass over a segment
 *   catalog_set_begin(c, key.set), catalog_set_next(&walk, &source)      whose bytes are in it
 *   catalog_look_up(c, &name, &st, &next, &entry)    all of it, if it is this file's
 */
#ifndef LOGZIP_ARCHIVE_CATALOG_H
#define LOGZIP_ARCHIVE_CATALOG_H

#include <sys/stat.h>

#include "archive/names.h"
#include "archive/stamp.h"
#include "segment/reader.h"

#define CATALOG_NAME "catalog"

enum {
    CATALOG_MAX = 1 << 30, /**< bytes of the file, at most */
    /** Members of all sets together, at most: what going through all of them can cost. */
    CATALOG_MEMBERS_MAX = 1 << 24,
    CATALOG_JOURNALS_MAX = 16, /**< of a state */
};

/** The set of a segment of which the catalog doesn't say whose bytes it holds. */
#define CATALOG_ANY UINT32_MAX

/** Which file a segment is, and what it takes to pass it over. */
struct catalog_key {
    struct segment_name name;
    uint64_t inode;           /**< of the file */
    uint64_t footer_checksum; /**< segment_checksum() */
    int64_t time_min;         /**< as in segment_info() */
    int64_t time_max;
    int64_t read_min; /**< of the times when its bytes were read; if it has none, */
    int64_t read_max; /**< SEGMENT_NO_TIME */
    uint32_t set;     /**< whose bytes it holds; two entries with the same number have the same
                           sources */
    unsigned clocks;  /**< enum block_clocks: those of any block; CLOCKS_KNOWN if all say */
    bool stamped;     /**< there are stamps in each block */
    bool empty;       /**< there are no blocks */
};

/** What a segment's footer says in short, and which file that was. */
struct catalog_entry {
    struct catalog_key key;
    uint64_t file_bytes;      /**< the file's size */
    int64_t modified;         /**< time of last change, nanoseconds since the epoch */
    struct segment_info info; /**< segment_info(); its file_bytes are the same as above */
    uint64_t blocks;          /**< how many */
    int64_t verified_at;      /**< when it was last found to be sound, in any way: nanoseconds since
                                   the epoch; 0: never */
    int64_t decoded_at;       /**< the same, by decoding all of it */
};

/** A source, under one name and input. */
struct catalog_source {
    uint64_t id;
    const char *name;
    const char *input;
};

struct catalog;

/**
 * Read an archive's catalog, but for the details of its entries: these are read when somebody wants
 * them first.
 *
 * @return LGZ_ERR_NOT_FOUND if there is none; LGZ_ERR_FORMAT, LGZ_ERR_VERSION or LGZ_ERR_CORRUPT if
 *         it's of no use: go on without it; LGZ_ERR_LIMIT if it's too large; LGZ_ERR_IO
 */
int catalog_open(struct catalog **out, const char *directory, struct lgz_error *err);

/** The same, with the details. */
int catalog_load(struct catalog **out, const char *directory, struct lgz_error *err);

/** The same of all of a catalog's bytes, which stay the caller's. `path` is for the message. */
int catalog_parse(struct catalog **out, struct span bytes, const char *path, struct lgz_error *err);

/** Have the details read. @return as catalog_open() */
int catalog_read_details(struct catalog *c, struct lgz_error *err);

/** NULL is allowed. */
void catalog_close(struct catalog *c);

/** Its entries, in the order of names_compare(). */
size_t catalog_count(const struct catalog *c);
void catalog_key_at(const struct catalog *c, size_t index, struct catalog_key *key);

/** All of an entry; the details have been read. */
void catalog_at(const struct catalog *c, size_t index, struct catalog_entry *entry);

/**
 * The entry with a name. It's a file's if the inode is the same; where the directory tells another
 * number than stat(2), see catalog_is_of().
 *
 * @param next   where the entry is expected, 0 at first; set to what is behind it. Files that are
 *               asked for in their order are found at once.
 * @return false if there is none
 */
bool catalog_find(const struct catalog *c, const struct segment_name *name, size_t *next,
                  size_t *index);

/** Is the entry this file's, by its size, time of last change and inode? Reads the details. */
bool catalog_is_of(struct catalog *c, size_t index, const struct stat *st);

/** The entry of a file, by all of these. @return false if there is none that counts */
bool catalog_look_up(struct catalog *c, const struct segment_name *name, const struct stat *st,
                     size_t *next, struct catalog_entry *entry);

/** The directory, and what it had besides the segments, when the catalog had an entry for each. */
struct catalog_state {
    struct stamp stamp;
    uint64_t journals[CATALOG_JOURNALS_MAX]; /**< their numbers, ascending */
    size_t journal_count;
};

/** NULL: it isn't known. */
const struct catalog_state *catalog_state(const struct catalog *c);

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
 * @param name   its file's
 * @param entry  filled; `set` is CATALOG_ANY, and it was never verified
 * @return LGZ_ERR_NOT_FOUND if the file is gone
 */
int catalog_look_into(struct segment **out, const char *path, const struct segment_name *name,
                      struct catalog_entry *entry, struct lgz_error *err);

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
 * only catalog_state() may be noted anew, in place; it is if each segment has an entry, and nobody
 * changes the directory meanwhile. A damaged one is renamed to NAME.damaged. Killed at any moment,
 * the catalog is the old one or the new one.
 *
 * @param result  may be NULL
 * @return LGZ_ERR_LIMIT if it would be too large
 */
int catalog_update(const char *directory, struct catalog_result *result, struct lgz_error *err);

/** A segment that was found to be sound. */
struct catalog_verified {
    struct segment_name name;
    int64_t at;   /**< nanoseconds since the epoch */
    bool decoded; /**< all of it was decoded; else only stored bytes were looked at */
};

/**
 * catalog_update(), and note when segments were verified. The whole file is written, so many are
 * better noted at once. Segments that have no entry are left out.
 */
int catalog_set_verified(const char *directory, const struct catalog_verified *list, size_t count,
                         struct lgz_error *err);

#endif
