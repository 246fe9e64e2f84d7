/*
 * journal_compose.h - records of a journal as bytes (journal_format.h), one function for each kind;
 * inside the journal's writer only.
 *
 * Each appends one record to `b`. On failure what was in `b` before is still there, but something
 * may be behind it; a buffer for which memory was out says so until it is cleared.
 */
#ifndef LOGZIP_ARCHIVE_JOURNAL_COMPOSE_H
#define LOGZIP_ARCHIVE_JOURNAL_COMPOSE_H

#include <zstd.h>

#include "archive/journal.h"

/** Where a record will be: its checksum holds only there. */
struct journal_place {
    uint64_t seed;     /**< the journal's */
    uint64_t position; /**< in the file */
};

/**
 * @param next  how far the source was read
 * @param mark  of the bytes before that; may be empty
 * @return LGZ_ERR_ARGUMENT for id 0, LGZ_ERR_LIMIT for a name that is too long
 */
int journal_compose_source(struct buf *b, struct journal_place place, const struct source *source,
                           uint64_t next, struct mark mark, struct lgz_error *err);

/** @return LGZ_ERR_LIMIT for a name or an expression that is too long */
int journal_compose_input(struct buf *b, struct journal_place place, const char *input,
                          const struct rules *rules, struct lgz_error *err);

int journal_compose_drop(struct buf *b, struct journal_place place, uint64_t source_id,
                         struct lgz_error *err);

/** Where bytes come from. */
struct journal_origin {
    uint64_t source_id;
    uint64_t offset;
    int64_t read_time;
};

/**
 * 1 to JOURNAL_DATA_MAX bytes, which are compressed if that makes them fewer.
 *
 * @param zstd  for that
 */
int journal_compose_data(struct buf *b, struct journal_place place,
                         const struct journal_origin *origin, const void *data, size_t len,
                         ZSTD_CCtx *zstd, struct lgz_error *err);

#endif
