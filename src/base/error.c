/*
 * error.c - filling a struct lgz_error. Messages that don't fit are cut, never overrun.
 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct lgz_error *err, int code, const char *format, ...)
{
    if (err) {
        va_list args;
        err->code = code;
        va_start(args, format);
        vsnprintf(err->message, sizeof(err->message), format, args);
        va_end(args);
    }
    return code;
}

int error_io(struct lgz_error *err, const char *format, ...)
{
    int saved = errno;
    if (err) {
        va_list args;
        err->code = LGZ_ERR_IO;
        va_start(args, format);
        vsnprintf(err->message, sizeof(err->message), format, args);
        va_end(args);
        size_t used = strlen(err->message);
        snprintf(err->message + used, sizeof(err->message) - used, ": %s", strerror(saved));
    }
    errno = saved;
    return LGZ_ERR_IO;
}

int error_memory(struct lgz_error *err)
{
    return error_set(err, LGZ_ERR_MEMORY, "out of memory");
}

int error_prefix(struct lgz_error *err, const char *format, ...)
{
    if (!err)
        return LGZ_ERR_IO;
    char old[sizeof(err->message)];
    memcpy(old, err->message, sizeof(old));
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof(err->message), format, args);
    va_end(args);
    size_t used = strlen(err->message);
    snprintf(err->message + used, sizeof(err->message) - used, ": %s", old);
    return err->code;
}

const char *lgz_code_name(int code)
{
    static const char *const names[] = {
        "ok",       "memory", "io",    "format",    "version", "corrupt",
        "argument", "busy",   "limit", "cancelled", "config",  "not found",
    };
    size_t index = code <= 0 ? 0 - (size_t)code : sizeof(names);
    return index < sizeof(names) / sizeof(names[0]) ? names[index] : "unknown";
}
