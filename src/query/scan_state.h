/*
 * scan_state.h - what scan.c and scan_segment.c share; for nobody else.
 */
#ifndef LOGZIP_QUERY_SCAN_STATE_H
#define LOGZIP_QUERY_SCAN_STATE_H

#include "archive/archive.h"
#include "query/hits.h"
#include "query/scan.h"
#include "query/sources.h"

struct scan {
    struct selection selection;
    struct sources *sources;
    struct hits *hits;
    scan_line_fn *line;
    scan_report_fn *report;
    void *context;
    int64_t now;
};

/** The segments of the archive that is being scanned; one by itself is an archive, too. */
struct scan_segments {
    const struct archive_segment *list; /**< in order */
    size_t count;
};

/** Let selected lines come straight to the caller, or wait in `hits`. */
void scan_emit_directly(struct scan *s);
void scan_emit_sorted(struct scan *s);

/** Hand on what waits in `hits`. */
int scan_flush(struct scan *s, struct lgz_error *err);

/**
 * Scan the open segment number `index`.
 *
 * @param label  stands for a source without a name
 */
int scan_segment(struct scan *s, const struct scan_segments *segments, size_t index,
                 struct segment *segment, const char *label, struct lgz_error *err);

#endif
