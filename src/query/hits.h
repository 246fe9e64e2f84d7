/*
 * hits.h - puts the lines of several sources into the order in which they were read.
 *
 * A segment holds one source after the other, so its lines have to wait until all sources were
 * looked at. They wait in memory, and above a limit in a temporary file without a name.
 */
#ifndef LOGZIP_QUERY_HITS_H
#define LOGZIP_QUERY_HITS_H

#include "query/select.h"

struct hits;

/** @param memory_max  bytes of lines that may wait in memory */
int hits_new(struct hits **out, size_t memory_max, struct lgz_error *err);

/** Keep a line (copied; not its dialect). Lines of one source come in their order. */
int hits_add(struct hits *h, struct query_source *source, const struct query_line *line,
             struct lgz_error *err);

/**
 * Hand on all lines, by the time when they were read, each source's in their order; of two sources
 * at the same time the one that was added first comes first. Then forget them.
 */
int hits_flush(struct hits *h, query_line_fn *emit, void *context, struct lgz_error *err);

/** NULL is allowed. */
void hits_free(struct hits *h);

#endif
