/*
 * store.h - gets what was read into the journal, durably, off the loop.
 *
 * One batch fills while the other is written and synced on the thread pool, one at a time. A batch
 * is written when it's sync_interval old, has sync_bytes, or somebody waits (store_flush()). When
 * both are full the sink has no room, and reading waits. Positions reach the ledger after the sync.
 *
 * If writing fails, the batch stays as it is; after a pause that doubles from 1 to 30 seconds a new
 * journal is begun with the acknowledged positions, and the batch is written there. What the failed
 * journal got of it is there twice then, at the same offsets, which the seal stores once: so both
 * journals go into one segment.
 */
#ifndef LOGZIP_DAEMON_STORE_H
#define LOGZIP_DAEMON_STORE_H

#include <uv.h>

#include "archive/config.h"
#include "daemon/batch.h"
#include "daemon/log.h"
#include "daemon/timing.h"

struct store;

/** Told on the loop. */
struct store_events {
    void *context;
    /** A batch is durable, or room was made. */
    void (*progress)(void *context);
    /** A journal is complete. `with_next`: it must be sealed together with the next one. */
    void (*journal_ended)(void *context, const char *path, bool with_next);
    /** Writing fails, or a new journal can't be begun. */
    void (*failed)(void *context, const char *reason);
};

/**
 * Begin journal `sequence` with the ledger's positions. If the disk is full, the store begins with
 * a failure, as if it had become full later.
 *
 * @param ledger, tally, log  borrowed for the store's life
 */
int store_open(struct store **out, uv_loop_t *loop, const struct config *config, uint64_t sequence,
               struct ledger *ledger, struct tally *tally, struct log *log,
               const struct store_events *events, struct lgz_error *err);

/** Take over sync_interval and sync_bytes. */
void store_configure(struct store *s, const struct config *config);

/** The batch that fills. Call store_added() after adding to it. */
struct batch *store_batch(struct store *s);
void store_added(struct store *s);

/** Write what has been added as soon as possible. */
void store_flush(struct store *s);

/** The number of the batch that holds what was added last; and of the last durable one. */
uint64_t store_serial(const struct store *s);
uint64_t store_durable(const struct store *s);

/** End the journal as soon as possible, if it has data, and begin the next. */
void store_rotate(struct store *s);

/** Is an ending wanted and not done yet? */
bool store_rotating(const struct store *s);

/** Why writing fails at the moment; NULL if it doesn't. */
const char *store_failure(const struct store *s);

/** That the job on the pool takes too long, as a text; NULL if it doesn't. */
const char *store_slow(const struct store *s);

uint64_t store_journal_bytes(const struct store *s);
uint64_t store_data_bytes(const struct store *s);  /**< raw bytes in the journal */
int64_t store_oldest(const struct store *s);       /**< clock_monotonic() of the first; 0: none */
uint64_t store_total_bytes(const struct store *s); /**< raw bytes journaled since the start */

/** What writing and syncing a batch took. */
const struct timing *store_syncs(const struct store *s);

/** Is work on the pool? Then store_close() has to wait. */
bool store_busy(const struct store *s);

/** Close; nothing is written any more. The loop must run once more to close the timer. */
void store_close(struct store *s);

#endif
