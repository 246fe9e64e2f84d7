/*
 * clock.c - a library for LD_PRELOAD: the wall clock of a program is what a test says.
 *
 * LOGZIP_TEST_CLOCK names a file with one number, an int64_t in the machine's own order: so many
 * nanoseconds are added to the time of day. The file is mapped, so whoever writes to it moves the
 * clocks of all programs that run, at once. Without the variable nothing is shifted; a file that
 * can't be mapped ends the program, as a test with the wrong time would prove nothing.
 *
 * The kernel's own times (of files) and the monotonic clocks are left alone.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NANOSECONDS INT64_C(1000000000)

static const _Atomic int64_t *shift;

__attribute__((constructor)) static void map_shift(void)
{
    static const char complaint[] = "LOGZIP_TEST_CLOCK: cannot map the file\n";
    const char *path = getenv("LOGZIP_TEST_CLOCK");
    if (!path)
        return;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*shift), PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        if (write(STDERR_FILENO, complaint, strlen(complaint)) < 0)
            _exit(124);
        _exit(125);
    }
    close(fd);
    shift = map;
}

int clock_gettime(clockid_t id, struct timespec *out)
{
    int result = (int)syscall(SYS_clock_gettime, id, out);
    if (result == 0 && shift && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
        int64_t now = (int64_t)out->tv_sec * NANOSECONDS + out->tv_nsec + atomic_load(shift);
        out->tv_sec = (time_t)(now / NANOSECONDS);
        out->tv_nsec = (long)(now % NANOSECONDS);
    }
    return result;
}

int timespec_get(struct timespec *out, int base)
{
    return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, out) == 0 ? base : 0;
}

/* The header says that `zone` may be anything; POSIX, that it's NULL. */
int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return -1;
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}
