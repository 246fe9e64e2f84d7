/*
 * scan_state.h - what scan.c, scan_segment.c and follow.c share; for nobody else.
 */
#ifndef LOGZIP_QUERY_SCAN_STATE_H
#define LOGZIP_QUERY_SCAN_STATE_H

#include "archive/archive.h"
#include "archive/inputs.h"
#include "query/ahead.h"
#include "query/hits.h"
#include "query/last_seen.h"
#include "query/plan.h"
#include "query/scan.h"
#include "query/shortlist.h"
#include "query/sources.h"

struct scan_segments;

struct scan {
    struct selection selection;
    struct sources *sources;
    struct dialects dialects;
    struct inputs inputs; /* rules, as the journal that is being read has said so far */
    struct hits *hits;
    const struct scan_segments *segments;    /* of the archive that is being scanned */
    const struct archive_snapshot *snapshot; /* that archive; NULL: it's a single file */
    struct last_seen *last_seen;             /* in it; made when it's needed first */
    struct ahead *ahead;
    struct walk *following;         /* the next segments, opened before their turn; NULL: none */
    struct shortlist *shortlist;    /* of that archive; NULL: nothing can be passed over */
    struct lgz_error catalog_fault; /* why a catalog was of no use */
    struct plan *plan;              /* NULL: no filter can help */
    struct effort effort;
    scan_line_fn *line;
    scan_pause_fn *pause; /* NULL: nobody wants to know */
    scan_report_fn *report;
    void *context;
    bool no_catalog;  /* no segment is to be passed over */
    bool by_template; /* blocks may be left out for their templates */
    bool unordered;   /* lines need not wait for their turn */
    int64_t now;
    const bool *stop; /* NULL: nobody sets it */
    uint64_t records; /* of data, that journals have had */
    struct zone zone;
};

/** The segments of the archive that is being scanned; one by itself is an archive, too. */
struct scan_segments {
    const struct archive_segment *list; /**< in order */
    size_t count;
};

/** Scan an archive's segments; what can't be read is reported. */
int scan_archive_segments(struct scan *s, const struct scan_segments *segments,
                          struct lgz_error *err);

/**
 * Scan an open journal from its beginning, where its reader is. What follows the last whole record
 * isn't written yet.
 *
 * @param label  stands for a source without a name
 */
int scan_journal(struct scan *s, struct journal_reader *journal, const char *label,
                 struct lgz_error *err);

/**
 * Scan an open journal from where its reader is; `inputs` are those of this journal.
 *
 * @param live  it's not scan_journal() that does it
 */
int scan_records(struct scan *s, struct journal_reader *journal, bool live, const char *label,
                 struct lgz_error *err);

/** Scan what comes from a descriptor, packed or not, as one source. */
int scan_text(struct scan *s, int fd, const char *name, int64_t read_time, struct lgz_error *err);

/** An error that isn't fatal is reported, and forgotten. @return LGZ_OK, or `code` if it's fatal */
int scan_settle(struct scan *s, int code, struct lgz_error *reason, struct lgz_error *err);

/** The archive is over: forget what is known of it, but for the names. */
void scan_leave_archive(struct scan *s);

/** Is the scan to go on? LGZ_ERR_CANCELLED if somebody has asked it to stop. */
int scan_check(struct scan *s, struct lgz_error *err);

/** Have as many lines been found as were wanted in all, and the lines behind them? */
bool scan_finished(const struct scan *s);

/** Let selected lines come straight to the caller, or wait in `hits`. */
void scan_emit_directly(struct scan *s);
void scan_emit_sorted(struct scan *s);

/** Hand on what waits in `hits`. */
int scan_flush(struct scan *s, struct lgz_error *err);

/**
 * Bytes of the source come that aren't in a segment, with these rules: if blocks before them were
 * left out, fetch what is needed of those. What can't be read there is reported.
 *
 * @param offset  of the bytes in the source
 */
int scan_resume(struct scan *s, struct query_source *source, const struct rules *rules,
                uint64_t offset, struct span data, struct lgz_error *err);

/** What is fed next of the source has these rules (NULL: none). */
int scan_set_rules(struct scan *s, struct query_source *source, const struct rules *rules,
                   struct lgz_error *err);

/** The segment number `index`, if it was opened before its turn, or NULL. It's the caller's now. */
struct segment *scan_following(struct scan *s, size_t index);

/** No segment follows, even if some were opened. */
void scan_follow_none(struct scan *s);

/**
 * Scan the open segment number `index`.
 *
 * @param label  stands for a source without a name
 */
int scan_segment(struct scan *s, const struct scan_segments *segments, size_t index,
                 struct segment *segment, const char *label, struct lgz_error *err);

#endif
