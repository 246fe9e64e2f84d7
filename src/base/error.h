/*
 * error.h - the one way to report errors.
 *
 * A function that can fail takes a `struct lgz_error *err` (which may be NULL) and returns what
 * these functions return: the negative code. Nobody prints but the programs' main files.
 */
#ifndef LOGZIP_BASE_ERROR_H
#define LOGZIP_BASE_ERROR_H

#include "logzip.h"

/** Fill `err` (if not NULL) with `code` and a formatted message. @return `code` */
int error_set(struct lgz_error *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Forget an error that turned out not to be one: its `code` is 0 again. */
static inline void error_forget(struct lgz_error *err)
{
    if (err)
        *err = (struct lgz_error){0};
}

/** As error_set() with LGZ_ERR_IO, and ": " and the text of errno behind the message. */
int error_io(struct lgz_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** The error for a failed allocation. @return LGZ_ERR_MEMORY */
int error_memory(struct lgz_error *err);

/** Put "prefix: " before the message that `err` has already. @return the code in `err` */
int error_prefix(struct lgz_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
