/*
 * catalog_builder.h - gathers what a catalog is to hold, and writes its bytes.
 *
 * Sources and sets of them are kept once, however many segments have them; so memory is 250 bytes
 * for each entry, and what is different in them.
 */
#ifndef LOGZIP_ARCHIVE_CATALOG_BUILDER_H
#define LOGZIP_ARCHIVE_CATALOG_BUILDER_H

#include "archive/catalog.h"

struct catalog_builder;

/** @return NULL when memory is out */
struct catalog_builder *catalog_builder_new(void);

/** NULL is allowed. */
void catalog_builder_free(struct catalog_builder *b);

/**
 * Make a source known.
 *
 * @param number  set to what stands for it in sets
 */
int catalog_builder_source(struct catalog_builder *b, const struct catalog_source *source,
                           uint32_t *number, struct lgz_error *err);

/**
 * Make a set known.
 *
 * @param members  sources' numbers; are sorted
 * @param set      set to what stands for it in entries; CATALOG_ANY if there are too many members
 */
int catalog_builder_set(struct catalog_builder *b, uint32_t *members, size_t count, uint32_t *set,
                        struct lgz_error *err);

/** Add an entry; none of that name was added before. */
int catalog_builder_add(struct catalog_builder *b, const struct catalog_entry *entry,
                        struct lgz_error *err);

/** The entries so far; may be changed, but for name and set. They're in the order of adding. */
size_t catalog_builder_count(const struct catalog_builder *b);
struct catalog_entry *catalog_builder_at(struct catalog_builder *b, size_t index);

/**
 * Append the catalog's bytes to `out`. Entries and sources are put in order: nothing can be added
 * afterwards.
 *
 * @return LGZ_ERR_LIMIT if it would be larger than CATALOG_MAX
 */
int catalog_builder_write(struct catalog_builder *b, struct buf *out, struct lgz_error *err);

#endif
