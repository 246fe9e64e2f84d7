/*
 * caller.c - the effective user is set to the real one, and back.
 */
#include "import/caller.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

uid_t caller_begin(void)
{
    uid_t before = geteuid();
    if (before != getuid() && seteuid(getuid()) != 0)
        return before; /* then it goes without */
    return before;
}

void caller_end(uid_t before)
{
    int kept = errno;
    if (geteuid() != before && seteuid(before) != 0)
        abort(); /* can't be; and nothing may be written with root's rights */
    errno = kept;
}
