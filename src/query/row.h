/*
 * row.h - the fields of a line as output: between tabs, between commas, or as a member of a JSON
 * object.
 */
#ifndef LOGZIP_QUERY_ROW_H
#define LOGZIP_QUERY_ROW_H

#include "query/record.h"

struct row;

/**
 * @param names  of the fields that are wanted, in this order; borrowed
 * @param count  0: all that a line has (JSON), or its time, source and text (commas)
 * @return LGZ_ERR_ARGUMENT if a name can't be one
 */
int row_new(struct row **out, const char *const *names, size_t count, struct lgz_error *err);

/** NULL is allowed. */
void row_free(struct row *row);

/** Is the time of lines needed for these names, with tabs or (`commas`) commas between them? */
bool row_needs_time(const char *const *names, size_t count, bool commas);

/**
 * Append the fields with tabs between them, without a newline. One that isn't there is empty; in
 * values a tab, a newline and a backslash are \t, \n and \\.
 */
int row_tabs(struct row *row, const struct query_line *line, struct buf *out,
             struct lgz_error *err);

/** Append the names, or the fields, with commas between them, quoted as RFC 4180 has it; a newline.
 */
void row_comma_names(const struct row *row, struct buf *out);
int row_commas(struct row *row, const struct query_line *line, struct buf *out,
               struct lgz_error *err);

/**
 * Append `,"fields":{...}`, or nothing if the line has none. Numbers, true, false, null, objects
 * and arrays of JSON stay what they are, if they are what RFC 8259 has; all else is a string.
 */
int row_json(struct row *row, const struct query_line *line, struct buf *out,
             struct lgz_error *err);

/** Append one value as it stands between tabs, or between commas. */
void row_put_between_tabs(struct buf *out, struct span value);
void row_put_between_commas(struct buf *out, struct span value);

/** The first of the wanted fields that no line so far had; NULL if there is none. */
const char *row_unknown(const struct row *row);

/** As record_refused(). */
const struct lgz_error *row_refused(const struct row *row);

#endif
