/*
 * sources.h - the files that a query has met: names over the whole query, and sources (by id)
 * within the archive that is being searched.
 */
#ifndef LOGZIP_QUERY_SOURCES_H
#define LOGZIP_QUERY_SOURCES_H

#include "query/select.h"

struct sources;

/** @param globs  names wanted (fnmatch(3), "*" also matches "/"); none: all. Not copied. */
int sources_new(struct sources **out, const char *const *globs, size_t glob_count,
                struct lgz_error *err);

/** NULL is allowed. */
void sources_free(struct sources *s);

/** Would these globs (none: all) take a source of that name? */
bool sources_wanted(const char *const *globs, size_t count, const char *name);

/** The source `id` of the current archive; met for the first time, it gets `name`. NULL: memory */
struct query_source *sources_get(struct sources *s, uint64_t id, const char *name);

/** The source `id` if it was met, or NULL. */
struct query_source *sources_find(struct sources *s, uint64_t id);

/** The source belongs to this input. @return false when memory is out */
bool sources_set_input(struct query_source *source, const char *input);

/** The sources of the current archive, in the order in which they were met. */
size_t sources_count(const struct sources *s);
struct query_source *sources_at(const struct sources *s, size_t index);

/** Forget the sources, not the names: another archive begins. */
void sources_clear(struct sources *s);

/** The names, in the order in which they were met. */
size_t sources_name_count(const struct sources *s);
const struct query_name *sources_name(const struct sources *s, size_t index);

#endif
