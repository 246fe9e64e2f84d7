/*
 * listing.h - what is in an archive's directory, and which segments are to be read.
 *
 * A merge writes a wider segment (or several parts of one) beside those that it is made of, and
 * removes these afterwards; it may be killed at any moment in between. So names alone say what
 * counts: a segment whose journals lie within those of another one, a wider one that is complete,
 * is superseded. Parts are complete if all of them are there. Parts that aren't count if nothing
 * else has any of their journals (the others have expired); else they are what a killed merge has
 * left behind. All that doesn't count is listed apart, as stale.
 */
#ifndef LOGZIP_ARCHIVE_LISTING_H
#define LOGZIP_ARCHIVE_LISTING_H

#include "archive/names.h"
#include "archive/stamp.h"

struct listed_journal {
    char *path;
    uint64_t sequence;
};

struct listed_segment {
    char *path;
    struct segment_name name;
    uint64_t inode; /**< as the directory says */
    size_t entry;   /**< if a catalog says so: number of its entry plus 1; else 0 */
};

/** What an archive's directory holds; other files are not listed. */
struct listing {
    VEC(struct listed_journal) journals; /**< by number */
    VEC(struct listed_segment) segments; /**< imports by number, then by first journal, and part */
    VEC(struct listed_segment) stale;    /**< what nobody reads */
    VEC(struct listed_segment) damaged;  /**< NAME.damaged, in the order of their names */
    VEC(char *) drafts;                  /**< paths; see file_is_draft_name() */
    struct stamp stamp; /**< the directory's; all zero if it didn't stop changing */
};

/**
 * List `directory`, as it was at one moment: if it changes meanwhile it is listed again, within
 * bounds.
 *
 * @return LGZ_ERR_NOT_FOUND if it isn't there
 */
int listing_open(struct listing *out, const char *directory, struct lgz_error *err);

/** Would a new listing be the same? false also if that isn't certain. */
bool listing_is_current(const struct listing *l, const char *directory);

/** Free what listing_open() filled. Safe on a zeroed one. */
void listing_clear(struct listing *l);

/** Does a listed segment hold journal `sequence`? */
bool listing_covers(const struct listing *l, uint64_t sequence);

/** Is there a journal with a number from `first` to `last`? */
bool listing_has_journals(const struct listing *l, uint64_t first, uint64_t last);

/** Is there a damaged segment that has one of the journals `first` to `last`? */
bool listing_has_damaged(const struct listing *l, uint64_t first, uint64_t last);

/** Is there a journal, or a damaged segment of such, with a number from `first` to `last`? */
bool listing_has_loose(const struct listing *l, uint64_t first, uint64_t last);

#endif
