/*
 * rotate_report.h - what logzipctl rotate says: lines about single things that were done or are
 * wrong, and one line that sums up.
 *
 * It's read in a mail of cron. If nothing happened, nothing is said; if something did, the summary
 * names every step, so that a mail can be compared with the one of the night before.
 */
#ifndef LOGZIP_CLI_ROTATE_REPORT_H
#define LOGZIP_CLI_ROTATE_REPORT_H

#include <stdbool.h>

#include "archive/upkeep.h"
#include "base/buf.h"
#include "base/error.h"

struct rotate_report {
    struct buf lines;   /**< printed before the summary */
    struct buf summary; /**< phrases with "; " between them */
    struct buf problem; /**< the last one that was told */
    bool happened;      /**< something that a person wants to know */
    bool failed;        /**< something is wrong: the exit status tells */
};

/**
 * upkeep_note_fn, with a struct rotate_report as context. Problems go to standard error; one that
 * several steps have in a row is told once.
 */
void rotate_report_note(void *report, enum upkeep_note note, const char *text);

/** Something went wrong. */
void rotate_report_failure(struct rotate_report *r, const struct lgz_error *err);

/** Add a phrase to the summary. @param happened  is it news? */
void rotate_report_phrase(struct rotate_report *r, bool happened, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Add to the phrase: "1.5 MiB". */
void rotate_report_size(struct rotate_report *r, const char *before, uint64_t bytes);

/**
 * Print what there is to say, and free it.
 *
 * @param always  also if nothing happened
 * @return the exit status: 0, or 1 after a failure
 */
int rotate_report_print(struct rotate_report *r, bool always);

#endif
