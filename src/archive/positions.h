/*
 * positions.h - what records say about sources, by id: who they are and how far they were read.
 */
#ifndef LOGZIP_ARCHIVE_POSITIONS_H
#define LOGZIP_ARCHIVE_POSITIONS_H

#include "archive/journal.h"

/** Sources by ascending id. Zero-initialized is empty and valid. */
struct positions {
    VEC(struct source_position) items; /**< they own their strings */
};

/** Add a source, or replace what is known of it; its strings are copied. */
int positions_put(struct positions *p, const struct source *source, uint64_t next,
                  struct lgz_error *err);

/** @return NULL if there is none; valid until the next positions_put() or positions_drop() */
struct source_position *positions_find(const struct positions *p, uint64_t id);

/** Forget a source; nothing happens if it isn't there. */
void positions_drop(struct positions *p, uint64_t id);

/**
 * Do to `p` what a record says: a source is added, data moves its position on, a drop removes it.
 *
 * @param path  the journal's, for the message
 * @return LGZ_ERR_CORRUPT for data of a source that no record made known
 */
int positions_apply(struct positions *p, const struct journal_record *record, const char *path,
                    struct lgz_error *err);

void positions_clear(struct positions *p);

#endif
