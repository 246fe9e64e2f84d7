/*
 * status.h - what `logzipctl status` shows, as text and as JSON.
 */
#ifndef LOGZIP_DAEMON_STATUS_H
#define LOGZIP_DAEMON_STATUS_H

#include "daemon/state.h"

/**
 * For people: a summary, and a table of the sources, those that fail first, then by lag.
 *
 * @param rows  of the table at most
 */
void status_text(struct buf *out, const struct state *state, size_t rows);

/** One JSON object on one line, with all sources in the same order. logzipctl(1) has its keys. */
void status_json(struct buf *out, const struct state *state);

/** One line for the service manager: files, lag, ratio, or what is wrong. */
void status_line(struct buf *out, const struct state *state);

#endif
