/*
 * catalog_state.h - notes in a catalog at which state of the directory it has all segments, so that
 * readers need not list a directory that is still in that state.
 *
 * It is written into the catalog in place: that doesn't change the directory, and half of it is
 * none. What must hold: whatever changes a name in the directory later changes its times to others.
 * They go in steps, and by the clock of the file system, so the last change must be further back
 * than a step when the directory is listed, by that clock.
 */
#ifndef LOGZIP_ARCHIVE_CATALOG_STATE_H
#define LOGZIP_ARCHIVE_CATALOG_STATE_H

#include "archive/catalog.h"
#include "archive/listing.h"

/**
 * Note it, if it isn't noted yet, and if the catalog has just the segments that there are. By the
 * holder of archive_rotate_lock().
 *
 * @return an error if the catalog can't be written. That it can't be noted is none: who reads lists
 *         the directory
 */
int catalog_note_state(const char *directory, struct lgz_error *err);

/**
 * What listing_open() would find in a directory that is in the catalog's state, of segments and
 * journals. The listing's stamp is that of the state.
 *
 * @param c  it has a state
 */
int catalog_list(struct listing *out, const struct catalog *c, const char *directory,
                 struct lgz_error *err);

#endif
