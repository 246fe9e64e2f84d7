/*
 * stamp.c - fstat(2) of an open directory: where it is another host's, opening it asks that host,
 * and stat(2) might not.
 */
#include "archive/stamp.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

static int64_t nanoseconds(struct timespec t)
{
    return (int64_t)t.tv_sec * NS_PER_SECOND + t.tv_nsec;
}

bool stamp_read(struct stamp *out, const char *directory)
{
    struct stat st;
    *out = (struct stamp){0};
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    const bool read = fstat(fd, &st) == 0;
    close(fd);
    if (read)
        *out =
            (struct stamp){st.st_dev, st.st_ino, nanoseconds(st.st_mtim), nanoseconds(st.st_ctim)};
    return read;
}

int64_t stamp_now(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME_COARSE, &now); /* what file systems take their times from */
    return nanoseconds(now);
}

bool stamp_equal(const struct stamp *a, const struct stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->modified == b->modified &&
           a->changed == b->changed;
}

bool stamp_is_past(const struct stamp *s, int64_t now)
{
    return s->modified < now && s->changed < now;
}
