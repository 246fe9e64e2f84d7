/*
 * names.h - the file names of an archive (archive.h lists them), made and parsed.
 */
#ifndef LOGZIP_ARCHIVE_NAMES_H
#define LOGZIP_ARCHIVE_NAMES_H

#include "base/buf.h"
#include "base/error.h"

/** The largest number that a journal's name can hold: 12 digits. */
#define NAMES_SEQUENCE_MAX UINT64_C(999999999999)

enum { NAMES_PARTS_MAX = 99 }; /* of a segment that was split */

/** The path of a file in an archive. @return NULL when memory is out; the caller frees it */
char *names_file(const char *directory, const char *name);

/** The path of journal `sequence`. @return NULL when memory is out; the caller frees it */
char *names_journal(const char *directory, uint64_t sequence);

/** What the name of a segment says. */
struct segment_name {
    uint64_t first; /**< the journals that it holds; 0, 0 if it is an import */
    uint64_t last;
    uint64_t import; /**< the number of an import, which holds no journals; else 0 */
    int64_t time;    /**< when its first byte was read, nanoseconds since the epoch */
    unsigned part;   /**< it's one of `parts` that hold the journals together; 1 of 1: whole */
    unsigned parts;  /**< at most NAMES_PARTS_MAX */
};

/**
 * The path of a segment.
 *
 * @param name  its `time` is cut to seconds; what is before the year 1970 is clamped
 * @return NULL when memory is out; the caller frees it
 */
char *names_segment(const char *directory, const struct segment_name *name);

/** Is `name` (no directories) a journal's? Then `*sequence` is its number, not 0. */
bool names_parse_journal(const char *name, uint64_t *sequence);

/** What the names of segments end in, and what names_set_aside() puts behind a name. */
#define NAMES_SEGMENT ".logz"
#define NAMES_DAMAGED ".damaged"

/** Does a name, or a path, end in `end`? */
bool names_end_in(const char *name, const char *end);

/** Is `text` (no directories) a segment's name? Its time is one of whole seconds. */
bool names_parse_segment(const char *text, struct segment_name *name);

/**
 * The order in which segments are read: imports by number, then by first journal. Of those with the
 * same first one the widest comes first; parts of a segment are neighbours. No two names are equal.
 */
int names_compare(const struct segment_name *a, const struct segment_name *b);

/**
 * Rename a damaged file to NAME.damaged: no longer a journal or a segment, kept for people to look
 * at. The caller syncs the directory.
 */
int names_set_aside(const char *path, struct lgz_error *err);

#endif
