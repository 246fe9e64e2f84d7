/*
 * findings.c - one way to put a finding into words. What doesn't fit is cut.
 */
#include "archive/findings.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

enum { FINDING_MAX = PATH_MAX + 1200 }; /* a path, a pattern and a sentence */

__attribute__((format(printf, 4, 0))) static void tell(const struct findings *f, char *text,
                                                       const char *kind, const char *format,
                                                       unsigned line, va_list args)
{
    int used = line ? snprintf(text, FINDING_MAX, "%.1000s:%u: %s", f->file, line, kind)
                    : snprintf(text, FINDING_MAX, "%.1000s: %s", f->file, kind);
    vsnprintf(text + used, FINDING_MAX - (size_t)used, format, args);
    if (f->report)
        f->report(f->context, text);
}

void findings_add(struct findings *f, unsigned line, const char *format, ...)
{
    char text[FINDING_MAX];
    va_list args;
    va_start(args, format);
    tell(f, text, "", format, line, args);
    va_end(args);
    if (f->code == LGZ_OK)
        f->code = error_set(f->err, LGZ_ERR_CONFIG, "%s", text);
}

void findings_warn(struct findings *f, unsigned line, const char *format, ...)
{
    char text[FINDING_MAX];
    va_list args;
    va_start(args, format);
    tell(f, text, "warning: ", format, line, args);
    va_end(args);
    f->warnings++;
}

void findings_no_memory(struct findings *f)
{
    f->code = error_memory(f->err);
}
