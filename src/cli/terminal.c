/*
 * terminal.c - asks the terminal for its size, and the environment for its characters.
 */
#include "cli/terminal.h"

#include <stdlib.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The first of the variables that is set decides, as in setlocale(3). */
static bool names_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    const char *locale = NULL;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && (!locale || !*locale); i++)
        locale = getenv(names[i]);
    const char *charset = NULL;
    for (const char *p = locale; p && *p; p++)
        if (*p == '.')
            charset = p + 1;
    return charset &&
           (strncasecmp(charset, "UTF-8", 5) == 0 || strncasecmp(charset, "utf8", 4) == 0);
}

struct terminal terminal_look(void)
{
    const bool is = isatty(STDOUT_FILENO) == 1;
    struct terminal t = {0};
    struct winsize size;
    if (is && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
        t.rows = size.ws_row;
        t.columns = size.ws_col;
    }
    t.utf8 = is && names_utf8();
    return t;
}
