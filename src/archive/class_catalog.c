/*
 * class_catalog.c - sets of sources are few, so the class of each is found out once.
 */
#include "archive/class_catalog.h"

#include <stdlib.h>

#define NOT_ASKED (SIZE_MAX - 1)

int class_catalog_open(struct class_catalog *out, const char *directory,
                       const struct retention_classes *classes, struct lgz_error *err)
{
    struct lgz_error reason = {0};
    *out = (struct class_catalog){.classes = classes};
    if (catalog_load(&out->catalog, directory, &reason) != LGZ_OK)
        return reason.code == LGZ_ERR_MEMORY ? error_memory(err) : LGZ_OK;
    const size_t count = catalog_set_count(out->catalog);
    out->of_set = malloc((count + 1) * sizeof(*out->of_set));
    for (size_t i = 0; i < count && out->of_set; i++)
        out->of_set[i] = NOT_ASKED;
    return out->of_set ? LGZ_OK : error_memory(err);
}

static size_t class_of_set(const struct class_catalog *c, uint32_t set)
{
    size_t source, class = NOT_ASKED;
    struct catalog_walk walk = catalog_set_begin(c->catalog, set);
    while (class != RETENTION_CLASS_SEVERAL && catalog_set_next(&walk, &source)) {
        const char *input = catalog_source(c->catalog, source).input;
        const size_t other = retention_class_of(c->classes, input);
        class = class == NOT_ASKED || class == other ? other : RETENTION_CLASS_SEVERAL;
    }
    return class;
}

bool class_catalog_find(struct class_catalog *c, const struct segment_name *name,
                        const struct stat *st, struct catalog_entry *entry, size_t *class)
{
    if (!c->catalog || !catalog_look_up(c->catalog, name, st, &c->next, entry) ||
        entry->key.set == CATALOG_ANY)
        return false;
    size_t *known = &c->of_set[entry->key.set];
    if (*known == NOT_ASKED)
        *known = class_of_set(c, entry->key.set);
    *class = *known;
    return *class != NOT_ASKED; /* not of a set without sources */
}

void class_catalog_close(struct class_catalog *c)
{
    catalog_close(c->catalog);
    free(c->of_set);
    *c = (struct class_catalog){0};
}
