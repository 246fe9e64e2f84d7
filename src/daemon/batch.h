/*
 * batch.h - what was read and is not in the journal yet: bytes, and records that say whose they
 * are. Two batches take turns: one fills on the loop while the other is written on the pool.
 */
#ifndef LOGZIP_DAEMON_BATCH_H
#define LOGZIP_DAEMON_BATCH_H

#include "archive/journal.h"
#include "daemon/ledger.h"
#include "daemon/tally.h"

struct batch;

/** @param capacity bytes at most, of data and of what is recorded beside it. @return NULL when
 * memory is out */
struct batch *batch_new(size_t capacity);
void batch_free(struct batch *b);

/** Forget the contents. */
void batch_clear(struct batch *b);

bool batch_empty(const struct batch *b);
size_t batch_bytes(const struct batch *b);

/** When the first record came (clock_monotonic()); 0 if the batch is empty. */
int64_t batch_since(const struct batch *b);

/** Room for data behind what is there, `*room` bytes; NULL if it's full or memory is out. */
void *batch_reserve(struct batch *b, size_t *room);

/* Add a record. @return false when it's full or memory is out; then nothing changed */

bool batch_source(struct batch *b, const struct source *source, uint64_t next);
/** For `len` bytes that were put where batch_reserve() said. What continues the last record becomes
 * part of it, and shares its time. */
bool batch_data(struct batch *b, uint64_t source_id, uint64_t offset, size_t len);
bool batch_drop(struct batch *b, uint64_t source_id);
/** What follows of this input has these rules (NULL: none); both are copied. */
bool batch_input(struct batch *b, const char *input, const struct rules *rules);

/**
 * Append all records to the journal, in order, and sync it. Small ones that continue each other are
 * joined, before others that came in between. On the pool.
 */
int batch_write(struct batch *b, struct journal_writer *journal, struct lgz_error *err);

/** After batch_write() succeeded: enter the new positions. @return LGZ_ERR_MEMORY or LGZ_OK */
int batch_acknowledge(const struct batch *b, struct ledger *ledger, struct lgz_error *err);

/** After batch_write() succeeded, once: count what is in it. */
void batch_tally(const struct batch *b, struct tally *tally);

#endif
