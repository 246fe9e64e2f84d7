/*
 * query_counts.h - logzipctl query --count-by and --hist: what is counted instead of printed.
 */
#ifndef LOGZIP_CLI_QUERY_COUNTS_H
#define LOGZIP_CLI_QUERY_COUNTS_H

#include "cli/query_options.h"
#include "query/render.h"
#include "query/scan.h"

struct query_counts;

/** @param out  NULL if the options don't ask for such counts */
int query_counts_new(struct query_counts **out, const struct query_options *options,
                     struct lgz_error *err);

/** NULL is allowed. */
void query_counts_free(struct query_counts *q);

/** Do lines need their time? */
bool query_counts_need_time(const struct query_options *options);

/** Do lines need their template? */
bool query_counts_need_template(const struct query_options *options);

/** Do the counts of names say all, so that no line has to be looked at? */
bool query_counts_are_of_names(const struct query_options *options);

/** A line that is selected. */
int query_counts_line(struct query_counts *q, const struct query_line *line, struct lgz_error *err);

/** After the scan: show what was counted. */
int query_counts_print(struct query_counts *q, const struct scan *scan, struct render *out,
                       struct lgz_error *err);

/** As count_by_unknown() and count_by_refused(). */
const char *query_counts_unknown(const struct query_counts *q);
const struct lgz_error *query_counts_refused(const struct query_counts *q);

#endif
