/*
 * class_catalog.h - the catalog, as those read it who ask of which retention class a segment's
 * bytes are. For most segments of an archive it says enough, and they needn't be opened.
 */
#ifndef LOGZIP_ARCHIVE_CLASS_CATALOG_H
#define LOGZIP_ARCHIVE_CLASS_CATALOG_H

#include "archive/catalog.h"
#include "archive/retention_class.h"

/** Of bytes of more than one. */
#define RETENTION_CLASS_SEVERAL SIZE_MAX

/** Zero-initialized knows of no segment. */
struct class_catalog {
    struct catalog *catalog; /**< NULL: there is none that is of use */
    const struct retention_classes *classes;
    size_t next;    /**< where the next segment is expected */
    size_t *of_set; /**< the class of each set of sources, as far as it was asked for */
};

/**
 * Read an archive's catalog; none is no error.
 *
 * @param classes  must outlive it
 * @return LGZ_ERR_MEMORY or LGZ_OK
 */
int class_catalog_open(struct class_catalog *out, const char *directory,
                       const struct retention_classes *classes, struct lgz_error *err);

/**
 * What does it say of a segment? Those that are asked for in the order of their names are found at
 * once.
 *
 * @param st     the file's
 * @param class  set to that of its bytes, or RETENTION_CLASS_SEVERAL
 * @return false if it doesn't know the segment, or not whose bytes are in it
 */
bool class_catalog_find(struct class_catalog *c, const struct segment_name *name,
                        const struct stat *st, struct catalog_entry *entry, size_t *class);

void class_catalog_close(struct class_catalog *c);

#endif
