/*
 * status.h - what `logzipctl status` shows, as text and as JSON.
 */
#ifndef LOGZIP_DAEMON_STATUS_H
#define LOGZIP_DAEMON_STATUS_H

#include "daemon/ledger.h"
#include "daemon/sealer.h"
#include "daemon/store.h"
#include "tail/tail.h"

/** Everything that a status is made of; all borrowed. */
struct status {
    const struct config *config;
    const struct tail *tail;
    const struct store *store;
    const struct sealer *sealer;
    const struct ledger *ledger;
    const char *state;      /**< "running", "failing", "stopping" */
    const char *last_error; /**< "" if there was none */
    int64_t uptime;         /**< nanoseconds */
};

void status_text(struct buf *out, const struct status *status);
void status_json(struct buf *out, const struct status *status);

#endif
