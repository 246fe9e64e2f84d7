/*
 * sizes.c - readdir(3) and fstatat(2), in a thread.
 */
#include "sizes.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAUSE_US = 4000 };

struct sizes {
    pthread_t thread;
    char *directory;
    atomic_bool ended;
    _Atomic uint64_t peak;
};

static bool is_segment(const char *name)
{
    const size_t len = strlen(name);
    return name[0] != '.' && len > 5 && strcmp(name + len - 5, ".logz") == 0;
}

struct sizes_now sizes_look(const char *directory, const char *text)
{
    struct sizes_now now = {0};
    DIR *dir = opendir(directory);
    if (!dir)
        return now;
    for (struct dirent *entry; (entry = readdir(dir));) {
        struct stat st;
        if ((text && !strstr(entry->d_name, text)) ||
            fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(st.st_mode))
            continue;
        now.bytes += (uint64_t)st.st_size;
        if (is_segment(entry->d_name)) {
            now.segments++;
            now.segment_bytes += (uint64_t)st.st_size;
        }
    }
    closedir(dir);
    return now;
}

static void *watch(void *argument)
{
    struct sizes *s = argument;
    while (!atomic_load(&s->ended)) {
        const struct sizes_now now = sizes_look(s->directory, NULL);
        uint64_t peak = atomic_load(&s->peak);
        while (now.bytes > peak && !atomic_compare_exchange_weak(&s->peak, &peak, now.bytes))
            continue;
        usleep(PAUSE_US);
    }
    return NULL;
}

struct sizes *sizes_open(const char *directory)
{
    struct sizes *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->directory = strdup(directory);
    if (!s->directory || pthread_create(&s->thread, NULL, watch, s) != 0) {
        free(s->directory);
        free(s);
        return NULL;
    }
    return s;
}

uint64_t sizes_peak(struct sizes *s)
{
    return atomic_exchange(&s->peak, 0);
}

void sizes_close(struct sizes *s)
{
    if (!s)
        return;
    atomic_store(&s->ended, true);
    pthread_join(s->thread, NULL);
    free(s->directory);
    free(s);
}
