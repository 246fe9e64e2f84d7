/*
 * upkeep.c - the deadline, and the lines for whoever started the upkeep.
 */
#include "archive/upkeep.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

bool upkeep_is_stopped(const struct upkeep *u)
{
    return u->stop && u->stop();
}

bool upkeep_is_over(const struct upkeep *u)
{
    return upkeep_is_stopped(u) || (u->deadline && clock_monotonic() >= u->deadline);
}

void upkeep_tell(const struct upkeep *u, enum upkeep_note note, const char *format, ...)
{
    if (!u->note)
        return;
    va_list args;
    va_start(args, format);
    char *text = NULL;
    int len = vasprintf(&text, format, args);
    va_end(args);
    /* Without memory for it the line is its format, which still says what it's about. */
    u->note(u->context, note, len < 0 ? format : text);
    if (len >= 0)
        free(text);
}
