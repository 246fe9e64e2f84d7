/*
 * dirnames.c - one readdir(3), sorted by name, with a table of inodes.
 */
#include "tail/dirnames.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "tail/idmap.h"

/* A directory's time of change has the kernel's tick, some milliseconds. */
#define SETTLED (NS_PER_SECOND / 50)

struct entry {
    char *name;
    uint64_t inode;
};

struct dirnames {
    char *directory;
    struct stat seen; /* when it was read */
    bool settled;
    VEC(struct entry) names;
    struct idmap by_inode; /* (inode, 0): a name, borrowed from the list */
};

static int by_name(const void *a, const void *b)
{
    const struct entry *x = a;
    const struct entry *y = b;
    return strcmp(x->name, y->name);
}

static bool add(struct dirnames *l, const struct dirent *entry)
{
    bool wanted = entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN;
    char *name = strdup(entry->d_name);
    if (!name || !vec_push(&l->names, ((struct entry){name, entry->d_ino}))) {
        free(name);
        return false;
    }
    return !wanted || idmap_put(&l->by_inode, entry->d_ino, 0, name);
}

static bool read_names(struct dirnames *l, DIR *dir)
{
    errno = 0;
    for (struct dirent *entry; (entry = readdir(dir)); errno = 0) {
        if (!add(l, entry)) {
            errno = ENOMEM;
            return false;
        }
    }
    return errno == 0;
}

static bool rested(const struct stat *st, int64_t began)
{
    return file_modified(st) < began - SETTLED;
}

struct dirnames *dirnames_open(const char *directory)
{
    int64_t began = clock_real();
    DIR *dir = opendir(*directory ? directory : ".");
    struct dirnames *l = dir ? calloc(1, sizeof(*l)) : NULL;
    bool good = l && (l->directory = strdup(directory)) && read_names(l, dir) &&
                fstat(dirfd(dir), &l->seen) == 0;
    int reason = errno;
    if (dir)
        closedir(dir);
    if (!good) {
        dirnames_close(l);
        errno = reason;
        return NULL;
    }
    l->settled = rested(&l->seen, began);
    if (l->names.len)
        qsort(l->names.data, l->names.len, sizeof(struct entry), by_name);
    return l;
}

void dirnames_close(struct dirnames *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->names.len; i++)
        free(l->names.data[i].name);
    vec_free(&l->names);
    idmap_free(&l->by_inode);
    free(l->directory);
    free(l);
}

const char *dirnames_directory(const struct dirnames *l)
{
    return l->directory;
}

uint64_t dirnames_device(const struct dirnames *l)
{
    return l->seen.st_dev;
}

bool dirnames_settled(const struct dirnames *l)
{
    struct stat st;
    return l->settled && stat(*l->directory ? l->directory : ".", &st) == 0 &&
           st.st_ino == l->seen.st_ino && file_modified(&st) == file_modified(&l->seen);
}

const char *dirnames_of_inode(const struct dirnames *l, uint64_t inode)
{
    return idmap_get(&l->by_inode, inode, 0);
}

const char *dirnames_get(const struct dirnames *l, size_t index)
{
    return index < l->names.len ? l->names.data[index].name : NULL;
}

uint64_t dirnames_inode(const struct dirnames *l, size_t index)
{
    return l->names.data[index].inode;
}

size_t dirnames_find(const struct dirnames *l, const char *name)
{
    size_t low = 0;
    size_t high = l->names.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(l->names.data[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

char *dirnames_path(const struct dirnames *l, const char *name)
{
    size_t len = strlen(l->directory);
    char *path;
    const char *slash = len && l->directory[len - 1] != '/' ? "/" : "";
    return asprintf(&path, "%s%s%s", l->directory, slash, name) < 0 ? NULL : path;
}
