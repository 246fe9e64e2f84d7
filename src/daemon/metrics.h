/*
 * metrics.h - how the daemon is, for Prometheus and what reads the same: the text exposition
 * format, version 0.0.4. logzipd(8) lists the metrics.
 */
#ifndef LOGZIP_DAEMON_METRICS_H
#define LOGZIP_DAEMON_METRICS_H

#include "daemon/state.h"

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/** The series of single sources take about so many bytes at most: long names leave room for fewer.
 */
enum { METRICS_SOURCES_BYTES = 12 << 20 };

/**
 * Append the metrics.
 *
 * @param sources  have series of their own at most; they are those that came first, so that the
 *                 choice doesn't change from one time to the next
 */
void metrics_text(struct buf *out, const struct state *state, size_t sources);

#endif
