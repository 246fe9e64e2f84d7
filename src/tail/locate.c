/*
 * locate.c - one readdir(3) for any number of files; only candidates are opened.
 */
#include "tail/locate.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tail/logfile.h"

/* A copy may keep the time that the file had when copying began; a minute is long for that. */
enum { COPY_SLACK_S = 60 };

/* The length of `path` up to and with its last slash. */
static size_t directory_len(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

static DIR *open_directory(const char *path)
{
    size_t len = directory_len(path);
    char *name = len ? strndup(path, len) : strdup(".");
    DIR *dir = name ? opendir(name) : NULL;
    int reason = errno;
    free(name);
    errno = reason;
    return dir;
}

bool locate_inodes(const char *path, const struct idmap *wanted, uint64_t *device,
                   void (*fn)(void *context, const char *path, void *value), void *context)
{
    DIR *dir = open_directory(path);
    if (!dir)
        return false;
    struct stat st;
    *device = fstat(dirfd(dir), &st) == 0 ? st.st_dev : 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        void *value = idmap_get(wanted, entry->d_ino, 0);
        char *name;
        if (!value || (entry->d_type != DT_REG && entry->d_type != DT_UNKNOWN))
            continue;
        if (asprintf(&name, "%.*s%s", (int)directory_len(path), path, entry->d_name) < 0)
            continue;
        fn(context, name, value);
        free(name);
    }
    closedir(dir);
    return true;
}

/* A search for a copy. */
struct wanted {
    const struct source *source;
    uint64_t position;
    time_t written;
    /* The best yet. */
    int fd;
    char *path;
    time_t modified;
    bool obscured; /* something couldn't be looked at */
};

/* May this file be the copy, going by its inode? */
static bool may_be_copy(const struct wanted *w, const struct stat *st)
{
    return S_ISREG(st->st_mode) && (uint64_t)st->st_size >= w->position &&
           st->st_mtim.tv_sec >= w->written - COPY_SLACK_S &&
           (st->st_dev != w->source->device || st->st_ino != w->source->inode);
}

/* Look at one file; takes `path`. */
static void try_copy(struct wanted *w, char *path)
{
    struct stat st;
    int fd = -1, matches = 0;
    if (stat(path, &st) == 0 && may_be_copy(w, &st) && (w->fd < 0 || st.st_mtime > w->modified)) {
        fd = logfile_open_path(path, &st);
        matches = fd >= 0 ? logfile_matches(w->source, fd) : errno == ENOENT ? 0 : -1;
        w->obscured = w->obscured || matches < 0;
    }
    if (matches == 1) {
        if (w->fd >= 0)
            close(w->fd);
        free(w->path);
        w->fd = fd;
        w->path = path;
        w->modified = st.st_mtime;
        return;
    }
    if (fd >= 0)
        close(fd);
    free(path);
}

struct locate_names {
    VEC(char *) list;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct locate_names *locate_names_open(const char *path)
{
    DIR *dir = open_directory(path);
    struct locate_names *names = dir ? calloc(1, sizeof(*names)) : NULL;
    for (struct dirent *entry; names && (entry = readdir(dir));) {
        char *name = strdup(entry->d_name);
        if (!name || !vec_push(&names->list, name)) {
            free(name);
            break;
        }
    }
    if (dir)
        closedir(dir);
    if (names && names->list.len)
        qsort(names->list.data, names->list.len, sizeof(char *), by_name);
    return names;
}

void locate_names_close(struct locate_names *names)
{
    if (!names)
        return;
    for (size_t i = 0; i < names->list.len; i++)
        free(names->list.data[i]);
    vec_free(&names->list);
    free(names);
}

/* The first name that isn't before `name`. */
static size_t first_not_before(const struct locate_names *names, const char *name)
{
    size_t low = 0;
    size_t high = names->list.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(names->list.data[middle], name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void search_copy(struct wanted *w, const char *path, const struct locate_names *names)
{
    size_t prefix = directory_len(path);
    const char *own = path + prefix;
    for (size_t i = first_not_before(names, own); i < names->list.len; i++) {
        const char *name = names->list.data[i];
        char *candidate;
        if (strncmp(name, own, strlen(own)) != 0)
            break;
        if (asprintf(&candidate, "%.*s%s", (int)prefix, path, name) < 0)
            w->obscured = true;
        else
            try_copy(w, candidate);
    }
}

int locate_copy(const char *path, const struct source *source, uint64_t position, time_t written,
                const struct locate_names *names, char **found)
{
    struct wanted w = {.source = source, .position = position, .written = written, .fd = -1};
    char *likely;
    *found = NULL;
    if (source->fingerprint_len == 0)
        return -1;
    if (asprintf(&likely, "%s.1", path) < 0)
        return -2;
    try_copy(&w, likely);
    if (w.fd < 0 && names)
        search_copy(&w, path, names);
    *found = w.path;
    return w.fd >= 0 ? w.fd : w.obscured ? -2 : -1;
}
