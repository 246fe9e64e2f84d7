/*
 * fields.h - the parts of a line that an input's `format` gives names to: its named groups.
 *
 * A struct fields is used by one thread at a time.
 */
#ifndef LOGZIP_QUERY_FIELDS_H
#define LOGZIP_QUERY_FIELDS_H

#include "base/buf.h"
#include "base/error.h"

struct fields;

/**
 * Compile a format. In a text of several lines "^" and "$" match at each of them.
 *
 * @return LGZ_ERR_ARGUMENT with the place and the reason if it isn't a regular expression
 */
int fields_compile(struct fields **out, const char *format, struct lgz_error *err);

/** NULL is allowed. */
void fields_free(struct fields *f);

/** How many fields there are, and their names in alphabetical order. */
size_t fields_count(const struct fields *f);
const char *fields_name(const struct fields *f, size_t index);

/** The index of a field; SIZE_MAX if there is none of that name. */
size_t fields_find(const struct fields *f, const char *name);

/**
 * Find the fields in a text: those of the first place where the format matches.
 *
 * @param values  room for fields_count(); a field that had no part in the match has `data` NULL
 * @return 1, 0 if the format doesn't match, or LGZ_ERR_LIMIT if it takes too much work
 */
int fields_extract(struct fields *f, struct span text, struct span *values, struct lgz_error *err);

#endif
