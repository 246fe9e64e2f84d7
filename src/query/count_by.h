/*
 * count_by.h - how many lines there are of each kind: counted by their source, by stretches of time
 * (bucket.h), or by fields (record.h), several of these together if wanted.
 *
 *   count_by_new(&c, names, count, &err);
 *   count_by_line(c, line, &err);                 for each line
 *   count_by_print(c, &options, &render, &err);
 *
 * "source" is the source's name, "template" the line's template, and "second", "minute", "hour",
 * "day", "week", "month" and "year" are the line's time, whatever members a line has. All other
 * names are those of fields. Lines without the field are one group. There are no more groups than
 * counts.h has; lines of others are counted as one.
 */
#ifndef LOGZIP_QUERY_COUNT_BY_H
#define LOGZIP_QUERY_COUNT_BY_H

#include "query/render.h"

struct count_by;

/**
 * @param names  what lines are counted by, in this order; borrowed
 * @return LGZ_ERR_ARGUMENT if a name can't be a field's
 */
int count_by_new(struct count_by **out, const char *const *names, size_t count,
                 struct lgz_error *err);

/** NULL is allowed. */
void count_by_free(struct count_by *c);

/** Do lines need their time? */
bool count_by_needs_time(const char *const *names, size_t count);

/** Do lines need their template (scan_options)? */
bool count_by_needs_template(const char *const *names, size_t count);

/** Is it the source alone, so that the counts of names are all that is needed? */
bool count_by_is_source(const char *const *names, size_t count);

int count_by_line(struct count_by *c, const struct query_line *line, struct lgz_error *err);

/** Only if count_by_is_source(): so many lines of a source. */
int count_by_source(struct count_by *c, const char *name, uint64_t lines, struct lgz_error *err);

struct count_by_options {
    bool json;    /**< a JSON object for each group */
    bool csv;     /**< the names, and then a line for each group */
    uint64_t top; /**< only so many, those of the most lines; UINT64_MAX: all */
};

/**
 * Show the groups: those of the most lines first; or, if times are among the names and all groups
 * are shown, in their order. Last the lines of groups that are too many to be counted.
 */
int count_by_print(const struct count_by *c, const struct count_by_options *options,
                   struct render *out, struct lgz_error *err);

/** The first of the fields that no line so far had; NULL if there is none. */
const char *count_by_unknown(const struct count_by *c);

/** As record_refused(). */
const struct lgz_error *count_by_refused(const struct count_by *c);

#endif
