/*
 * sources.h - the files that a query has met: names over the whole query, and sources (by id)
 * within the archive that is being searched.
 */
#ifndef LOGZIP_QUERY_SOURCES_H
#define LOGZIP_QUERY_SOURCES_H

#include "query/select.h"

struct sources;

/** Which sources are wanted. Nothing is copied. */
struct sources_filter {
    const char *const *globs; /**< of names (fnmatch(3), "*" also matches "/") */
    size_t glob_count;        /**< 0: all */
    const char *const *inputs;
    size_t input_count; /**< 0: of all inputs, and of none */
};

int sources_new(struct sources **out, const struct sources_filter *filter, struct lgz_error *err);

/** The filter that it was made with. */
const struct sources_filter *sources_filter(const struct sources *s);

/** NULL is allowed. */
void sources_free(struct sources *s);

/** Would the filter take a source of that name and input? */
bool sources_wanted(const struct sources_filter *filter, const char *name, const char *input);

/**
 * The source `id` of the current archive; met for the first time, it gets `name`.
 *
 * @param input  that it belongs to; "": none
 * @return NULL when memory is out
 */
struct query_source *sources_get(struct sources *s, uint64_t id, const char *name,
                                 const char *input);

/** The source `id` if it was met, or NULL. */
struct query_source *sources_find(struct sources *s, uint64_t id);

/** The sources of the current archive, in the order in which they were met. */
size_t sources_count(const struct sources *s);
struct query_source *sources_at(const struct sources *s, size_t index);

/** Does the source have a name that is wanted, whatever its input is? */
bool sources_named(const struct sources *s, const struct query_source *source);

/** Forget the sources, not the names: another archive begins. */
void sources_clear(struct sources *s);

/** The names, in the order in which they were met. */
size_t sources_name_count(const struct sources *s);
const struct query_name *sources_name(const struct sources *s, size_t index);

#endif
