/*
 * retention_class.h - which bytes are kept for the same time: a class for each input that has
 * limits of its own, and the default class for everything else.
 *
 * The classes are what the configuration says now, not when the bytes were read. So an input's
 * bytes join the default class when it's configured no longer, or when its limits are taken away.
 * They are numbered from 0, the default class, in the order of the configuration. Such a number is
 * good for one run only; the name of the input is what lasts.
 */
#ifndef LOGZIP_ARCHIVE_RETENTION_CLASS_H
#define LOGZIP_ARCHIVE_RETENTION_CLASS_H

#include "archive/config.h"
#include "segment/reader.h"

enum { RETENTION_CLASS_DEFAULT = 0 };

struct retention_class {
    const char *input; /**< whose bytes it has; NULL: those of all inputs without a class */
    int64_t max_age;   /**< of a byte, since it was read, nanoseconds; 0: no limit */
    uint64_t max_size; /**< of all its bytes as they are stored; 0: no limit. Of the default class
                            always 0: [archive] max_size is for all classes together */
};

struct retention_classes;

/** @param config  must outlive the classes. @return LGZ_ERR_MEMORY or LGZ_OK */
int retention_classes_new(struct retention_classes **out, const struct config *config,
                          struct lgz_error *err);

/** At least 1. */
size_t retention_class_count(const struct retention_classes *classes);

/** Class number `index`. */
const struct retention_class *retention_class(const struct retention_classes *classes,
                                              size_t index);

/** The class of an input's bytes; `input` is that of a source, "" if there was none. */
size_t retention_class_of(const struct retention_classes *classes, const char *input);

/** Has a segment bytes of several classes? */
bool retention_classes_several(const struct retention_classes *classes,
                               const struct segment *segment);

/** NULL is allowed. */
void retention_classes_free(struct retention_classes *classes);

#endif
