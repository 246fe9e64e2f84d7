/*
 * scan.h - runs a query over archives, segments, journals, plain files and standard input.
 *
 * Lines come in the order of the paths given, and within an archive in the order in which they
 * were read: segments by the numbers of their journals, then the journals. Within a segment the
 * lines of its sources are merged by the time when they were read. A source's lines always keep
 * their order. The last line of a source, if it has no newline, comes at the end of its archive;
 * so does its last event, if its lines are joined to events (select.h) and it may go on.
 *
 * What can't be read is reported, and the scan goes on with what comes next.
 */
#ifndef LOGZIP_QUERY_SCAN_H
#define LOGZIP_QUERY_SCAN_H

#include "query/effort.h"
#include "query/pattern.h"
#include "query/select.h"
#include "query/sources.h"

struct scan_options {
    struct pattern *pattern;       /**< borrowed */
    struct pattern *event_pattern; /**< the same, compiled for several lines; NULL: each line is
                                        an event, whatever the archive says */
    bool invert;                   /**< lines that don't match */
    struct where *where;           /**< only lines of which it's true; borrowed; NULL: any */
    bool where_first;              /**< the pattern is where_prefilter()'s */
    bool no_index;                 /**< don't ask filters what blocks hold, nor the catalog what
                                        segments do */
    struct sources_filter filter;  /**< which sources are wanted; borrowed */
    bool dated;                    /**< set the lines' times */
    int64_t since;                 /**< INT64_MIN: from the beginning */
    int64_t until;                 /**< inclusive; INT64_MAX: to the end */
    uint64_t max_count;            /**< lines of each name; UINT64_MAX: all */
    uint64_t max_total;            /**< lines in all; 0: all */
    bool numbered;                 /**< set the lines' numbers */
    bool unplaced;                 /**< nobody looks at their offsets, nor at whether they are
                                        apart, which may be wrong then */
    uint64_t before;               /**< lines to be shown before each that is selected */
    uint64_t after;                /**< and behind it */
    bool unordered;                /**< lines may come in any order */
    bool runs;                     /**< where all lines are selected and nothing is asked for but
                                        their text, a `line` may be many: newlines between them */
    int64_t now;                   /**< when standard input is being read */
    unsigned threads;              /**< that decode and match blocks (ahead.h); 0 is as 1 */
    const bool *stop;              /**< once it's set, atomically, by another thread or a signal's
                                        handler, the scan ends soon with LGZ_ERR_CANCELLED; NULL:
                                        nobody does */
    enum template_use templates;   /**< of which lines to set the template */
    bool by_template;              /**< only lines of `template_id`; `templates` is TEMPLATES_ALL */
    uint64_t template_id;
};

/** A selected line or event, to be shown. Anything but LGZ_OK ends the scan. */
typedef int scan_line_fn(void *context, const struct query_line *line, struct lgz_error *err);

/** Nothing more comes for a while: what was handed on may be shown. As scan_line_fn. */
typedef int scan_pause_fn(void *context, struct lgz_error *err);

/** Something couldn't be read; the scan goes on. */
typedef void scan_report_fn(void *context, const struct lgz_error *reason);

struct plan;
struct scan;

/** @param line  NULL: lines are only counted */
int scan_new(struct scan **out, const struct scan_options *options, scan_line_fn *line,
             scan_report_fn *report, void *context, struct lgz_error *err);

/** Have it told when the scan is about to wait for a block. */
void scan_on_pause(struct scan *s, scan_pause_fn *pause);

/** NULL is allowed. */
void scan_free(struct scan *s);

/**
 * Scan one path: a directory is an archive, "-" standard input, a file whatever its first bytes
 * say.
 *
 * @return LGZ_OK also if something was reported; an error ends the whole scan
 */
int scan_path(struct scan *s, const char *path, struct lgz_error *err);

/** The names that were met, wanted or not, and how many lines of each were selected. */
size_t scan_name_count(const struct scan *s);
const struct query_name *scan_name(const struct scan *s, size_t index);

/** Is the file a journal? */
bool scan_is_journal(const char *path);

/** Lines selected in all. */
uint64_t scan_total(const struct scan *s);

/** What was done so far. */
const struct effort *scan_effort(const struct scan *s);

/** Why the catalog of an archive was of no use, the last one; NULL: there was nothing. */
const struct lgz_error *scan_catalog_fault(const struct scan *s);

/** What an index was asked for; NULL: nothing. */
const struct plan *scan_plan(const struct scan *s);

#endif
