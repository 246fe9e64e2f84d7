/*
 * power.c - notes, and taking back.
 */
#include "power.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static _Noreturn void give_up(const char *what, const char *path)
{
    dprintf(STDERR_FILENO, "power: %s: %s: %s\n", path, what, strerror(errno));
    _exit(124);
}

static struct power_file *find_file(struct power *p, ino_t inode)
{
    for (size_t i = 0; i < p->file_count; i++) {
        if (p->files[i].inode == inode)
            return &p->files[i];
    }
    return NULL;
}

static void set_synced(struct power *p, const struct stat *st, off_t length)
{
    struct power_file *file = find_file(p, st->st_ino);
    if (!file && p->file_count == POWER_FILES)
        give_up("too many files", "notes");
    if (!file) {
        file = &p->files[p->file_count++];
        file->inode = st->st_ino;
    }
    file->synced = length;
}

static struct power_change *add_change(struct power *p, enum power_kind kind, const char *path)
{
    if (p->change_count == POWER_CHANGES)
        give_up("too many changes without a sync", path);
    struct power_change *change = &p->changes[p->change_count++];
    change->kind = kind;
    snprintf(change->path, sizeof(change->path), "%s", path);
    change->to[0] = change->old[0] = '\0';
    return change;
}

/* Keep a file that loses a name. Its inode isn't used again, either. @return false: there is none
 */
static bool keep_file(struct power *p, const char *path, const char *kept, char name[POWER_PATH])
{
    if (mkdir(kept, 0700) != 0 && errno != EEXIST)
        give_up("cannot make", kept);
    snprintf(name, POWER_PATH, "%s/%zu", kept, p->removed++);
    if (link(path, name) == 0)
        return true;
    if (errno != ENOENT)
        give_up("cannot keep", path);
    return false;
}

static void note_removal(struct power *p, const char *path, const char *kept)
{
    char name[POWER_PATH];
    if (keep_file(p, path, kept, name))
        memcpy(add_change(p, POWER_REMOVE, path)->old, name, POWER_PATH);
}

/* What had the new name gets it back where the renaming is lost. */
static void note_renaming(struct power *p, const char *path, const char *to, const char *kept)
{
    char name[POWER_PATH];
    const bool replaces = keep_file(p, to, kept, name);
    struct power_change *change = add_change(p, POWER_RENAME, path);
    snprintf(change->to, POWER_PATH, "%s", to);
    if (replaces)
        memcpy(change->old, name, POWER_PATH);
}

static void note_sync(struct power *p, const char *path, const struct stat *st)
{
    if (!S_ISDIR(st->st_mode)) {
        set_synced(p, st, st->st_size);
        return;
    }
    size_t left = 0, len = strlen(path);
    for (size_t i = 0; i < p->change_count; i++) {
        const char *name = p->changes[i].path;
        if (strncmp(name, path, len) != 0 || name[len] != '/' || strchr(name + len + 1, '/'))
            p->changes[left++] = p->changes[i];
    }
    p->change_count = left;
}

void power_note(struct power *p, enum power_kind kind, const char *path, const char *to,
                off_t length, const char *kept)
{
    struct stat st;
    bool there = stat(path, &st) == 0;
    switch (kind) {
    case POWER_NOTHING:
        break;
    case POWER_CREATE:
        if (!there)
            add_change(p, kind, path);
        break;
    case POWER_RENAME:
        if (there)
            note_renaming(p, path, to, kept);
        break;
    case POWER_LINK:
        if (there)
            snprintf(add_change(p, kind, path)->to, POWER_PATH, "%s", to);
        break;
    case POWER_REMOVE:
        note_removal(p, path, kept);
        break;
    case POWER_TRUNCATE:
        if (there)
            set_synced(p, &st, length);
        break;
    case POWER_SYNC:
        if (there)
            note_sync(p, path, &st);
        break;
    }
}

void power_settle(struct power *p, const char *directory)
{
    DIR *dir = opendir(directory);
    if (!dir)
        give_up("cannot list", directory);
    for (struct dirent *entry; (entry = readdir(dir));) {
        struct stat st;
        if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode))
            set_synced(p, &st, st.st_size);
    }
    closedir(dir);
    p->change_count = 0;
}

/* A call may have failed: then there is nothing to take back. */
static void require_undone(int result, const char *path)
{
    if (result != 0 && errno != ENOENT && errno != EEXIST)
        give_up("cannot take back", path);
}

static void undo(const struct power_change *change)
{
    if (change->kind == POWER_CREATE)
        require_undone(unlink(change->path), change->path);
    else if (change->kind == POWER_LINK)
        require_undone(unlink(change->to), change->to);
    else if (change->kind == POWER_RENAME)
        require_undone(rename(change->to, change->path), change->to);
    else
        require_undone(link(change->old, change->path), change->path);
    if (change->kind == POWER_RENAME && change->old[0])
        require_undone(link(change->old, change->to), change->to);
}

/* Let a file lose what is behind `synced`. */
static void lose_bytes(const char *path, off_t synced, off_t size, unsigned chance)
{
    off_t lost = size - synced;
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    off_t end = chance % 3 == 1 ? synced + lost / 2 : synced;
    if (fd < 0 || ftruncate(fd, end) != 0)
        give_up("cannot cut", path);
    /* The length was written, the bytes were not. */
    if (chance % 3 == 2 && ftruncate(fd, size) != 0)
        give_up("cannot extend", path);
    close(fd);
}

void power_cut(struct power *p, const char *directory, unsigned chance)
{
    size_t durable = chance / 3 % 3 == 0 ? 0 : chance / 3 % 3 == 1 ? p->change_count / 2 : SIZE_MAX;
    for (size_t i = p->change_count; i > 0 && i > durable; i--)
        undo(&p->changes[i - 1]);
    p->change_count = 0;
    DIR *dir = opendir(directory);
    if (!dir && errno == ENOENT)
        return;
    if (!dir)
        give_up("cannot list", directory);
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[POWER_PATH];
        struct stat st;
        snprintf(path, sizeof(path), "%s/%.255s", directory, entry->d_name);
        if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
            continue;
        const struct power_file *file = find_file(p, st.st_ino);
        off_t synced = file ? file->synced : 0;
        if (synced < st.st_size)
            lose_bytes(path, synced, st.st_size, chance);
    }
    closedir(dir);
}
