/*
 * names.h - the file names of an archive (archive.h lists them), made, parsed and listed.
 */
#ifndef LOGZIP_ARCHIVE_NAMES_H
#define LOGZIP_ARCHIVE_NAMES_H

#include "base/buf.h"
#include "base/error.h"

/** The largest number that a journal's name can hold: 12 digits. */
#define NAMES_SEQUENCE_MAX UINT64_C(999999999999)

/** The path of journal `sequence`. @return NULL when memory is out; the caller frees it */
char *names_journal(const char *directory, uint64_t sequence);

/**
 * The path of the segment that holds journals `first` to `last`.
 *
 * @param time  nanoseconds since the epoch; what is outside of the years 1970 to 9999 is clamped
 * @return NULL when memory is out; the caller frees it
 */
char *names_segment(const char *directory, uint64_t first, uint64_t last, int64_t time);

/** Is `name` (no directories) a journal's? Then `*sequence` is its number, not 0. */
bool names_parse_journal(const char *name, uint64_t *sequence);

/** Is `name` (no directories) a segment's? `*time` is in nanoseconds since the epoch. */
bool names_parse_segment(const char *name, uint64_t *first, uint64_t *last, int64_t *time);

/**
 * Rename a damaged journal to NAME.damaged: no longer a journal, kept for people to look at. The
 * caller syncs the directory.
 */
int names_set_aside(const char *path, struct lgz_error *err);

struct listed_journal {
    char *path;
    uint64_t sequence;
};

struct listed_segment {
    char *path;
    uint64_t first;
    uint64_t last;
    int64_t time;
};

/** Forget an error that turned out not to be one: its `code` is 0 again. */
static inline void error_forget(struct lgz_error *err)
{
    if (err)
        *err = (struct lgz_error){0};
}

/** What an archive's directory holds; other files are not listed. */
struct listing {
    VEC(struct listed_journal) journals; /**< by number */
    VEC(struct listed_segment) segments; /**< by first journal */
    VEC(char *) drafts;                  /**< paths; see file_is_draft_name() */
};

/** List `directory`. @return LGZ_ERR_NOT_FOUND if it isn't there */
int listing_open(struct listing *out, const char *directory, struct lgz_error *err);

/** Free what listing_open() filled. Safe on a zeroed one. */
void listing_clear(struct listing *l);

/** Does a listed segment hold journal `sequence`? */
bool listing_covers(const struct listing *l, uint64_t sequence);

#endif
