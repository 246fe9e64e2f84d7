/*
 * ledger.h - how far each source is durable: what the journals hold and have been synced with. It's
 * the checkpoint of the next journal, so a position gets here only after the sync.
 */
#ifndef LOGZIP_DAEMON_LEDGER_H
#define LOGZIP_DAEMON_LEDGER_H

#include "archive/journal.h"

struct ledger;

/** @return NULL when memory is out */
struct ledger *ledger_new(void);
void ledger_free(struct ledger *l);

/** Make a source known or replace what is known of it. Its position never goes back. */
int ledger_put(struct ledger *l, const struct source *source, uint64_t next, struct lgz_error *err);

/** The source's bytes up to `next`, which end with `mark`, are durable. Unknown sources are
 * ignored.
 */
void ledger_advance(struct ledger *l, uint64_t source_id, uint64_t next, struct mark mark);

/** The source isn't read any more. */
void ledger_drop(struct ledger *l, uint64_t source_id);

/** @return false if the source isn't known */
bool ledger_position(const struct ledger *l, uint64_t source_id, uint64_t *next);

size_t ledger_count(const struct ledger *l);

/** The input's sources that are durable have these rules from now on; empty: none any more. */
int ledger_put_input(struct ledger *l, const char *input, const struct rules *rules,
                     struct lgz_error *err);

/** A copy of everything. */
struct ledger_snapshot {
    struct source_position *positions; /**< in order of ids */
    size_t count;
    struct inputs inputs;
};

/** @param out  to be freed by ledger_snapshot_clear(); after a failure there is nothing to free */
int ledger_snapshot(const struct ledger *l, struct ledger_snapshot *out, struct lgz_error *err);

/** An empty one, and one that was cleared before, are allowed. */
void ledger_snapshot_clear(struct ledger_snapshot *snapshot);

#endif
