/*
 * findings.h - what is found wrong in a configuration file: each finding is told as soon as it is
 * found, as "FILE:LINE: reason", and the first one becomes the error.
 */
#ifndef LOGZIP_ARCHIVE_FINDINGS_H
#define LOGZIP_ARCHIVE_FINDINGS_H

#include "archive/config.h"

struct findings {
    const char *file;
    config_report_fn *report; /**< may be NULL */
    void *context;            /**< its first argument */
    struct lgz_error *err;    /**< gets the first finding; may be NULL */
    int code; /**< LGZ_OK, LGZ_ERR_CONFIG, or LGZ_ERR_MEMORY: then nothing else counts */
    size_t warnings;
};

/** @param line  0 if it's about the file as a whole */
void findings_add(struct findings *f, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** The same as a warning, which is no error. */
void findings_warn(struct findings *f, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Memory is out. */
void findings_no_memory(struct findings *f);

#endif
