/*
 * scratch.c - mkdtemp(3), and rm and tail as programs.
 */
#include "scratch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

bool scratch_make(const char *program, char *path, size_t size)
{
    const char *parent = getenv("TMPDIR");
    const int len =
        snprintf(path, size, "%s/%s.XXXXXX", parent && *parent ? parent : "/tmp", program);
    if (len < 0 || (size_t)len >= size) {
        errno = ENAMETOOLONG;
        return false;
    }
    return mkdtemp(path) != NULL;
}

/* In the directory `path`, if it isn't NULL. @return whether the command has succeeded */
static bool run(const char *path, const char *const argv[])
{
    int status = -1;
    const pid_t process = fork();
    if (process == 0) {
        if (!path || chdir(path) == 0)
            execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    return process > 0 && waitpid(process, &status, 0) == process && status == 0;
}

void scratch_remove(const char *path)
{
    run(NULL, (const char *const[]){"rm", "-rf", "--", path, NULL});
}

void scratch_print_messages(const char *path)
{
    fflush(stdout);
    if (!run(path, (const char *const[]){"tail", "-n", "20", "messages", NULL}))
        printf("(none)\n");
}
