/*
 * file.c - checked system calls around files.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

int file_write(int fd, const void *data, size_t len, const char *path, struct lgz_error *err)
{
    const char *at = data;
    while (len) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_io(err, "%s: cannot write", path);
        at += n;
        len -= (size_t)n;
    }
    return LGZ_OK;
}

ssize_t file_read(int fd, void *data, size_t len, const char *path, struct lgz_error *err)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = read(fd, (char *)data + done, len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_io(err, "%s: cannot read", path);
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

ssize_t file_read_at(int fd, void *data, size_t len, uint64_t offset, const char *path,
                     struct lgz_error *err)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = pread(fd, (char *)data + done, len - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_io(err, "%s: cannot read at offset %llu", path,
                            (unsigned long long)(offset + done));
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

int file_load(const char *path, size_t max, struct buf *out, struct lgz_error *err)
{
    int code = LGZ_OK;
    size_t start = out->len;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_io(err, "%s: cannot open", path);
    for (;;) {
        size_t chunk = 1 << 16;
        if (!buf_reserve(out, chunk)) {
            code = error_memory(err);
            break;
        }
        ssize_t n = file_read(fd, out->data + out->len, chunk, path, err);
        if (n < 0) {
            code = (int)n;
            break;
        }
        out->len += (size_t)n;
        if (out->len - start > max) {
            code = error_set(err, LGZ_ERR_LIMIT, "%s: larger than %zu bytes", path, max);
            break;
        }
        if ((size_t)n < chunk)
            break;
    }
    close(fd);
    return code;
}

int file_sync(int fd, const char *path, struct lgz_error *err)
{
    /* EINVAL: a pipe or a device, on which there is nothing to sync. */
    if (fsync(fd) != 0 && errno != EINVAL)
        return error_io(err, "%s: cannot sync", path);
    return LGZ_OK;
}

int file_sync_parent(const char *path, struct lgz_error *err)
{
    char *copy = strdup(path);
    if (!copy)
        return error_memory(err);
    char *slash = strrchr(copy, '/');
    const char *directory = ".";
    if (slash == copy) {
        directory = "/";
    } else if (slash) {
        *slash = '\0';
        directory = copy;
    }
    int code = LGZ_OK;
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        code = error_io(err, "%s: cannot open directory", directory);
    else
        code = file_sync(fd, directory, err);
    if (fd >= 0)
        close(fd);
    free(copy);
    return code;
}

int file_lock(int fd, bool wait, const char *path, struct lgz_error *err)
{
    int code;
    do
        code = flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB);
    while (code != 0 && errno == EINTR);
    if (code != 0 && errno == EWOULDBLOCK)
        return 0;
    return code == 0 ? 1 : error_io(err, "%s: cannot lock", path);
}

int file_is_named(int fd, const char *path, struct lgz_error *err)
{
    struct stat ours, named;
    if (fstat(fd, &ours) != 0)
        return error_io(err, "%s: cannot stat", path);
    if (stat(path, &named) != 0)
        return errno == ENOENT ? 0 : error_io(err, "%s: cannot stat", path);
    return ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

/* Is this draft nobody's? It's somebody's if it's locked, which where there are no locks nobody
   does; or if it has become what it should since it was opened. */
static bool is_left(int fd, const char *path)
{
    return file_lock(fd, false, path, NULL) != 0 && file_is_named(fd, path, NULL) == 1;
}

int file_draft_remove(const char *temporary, bool *removed, struct lgz_error *err)
{
    int code = LGZ_OK;
    *removed = false;
    /* O_NONBLOCK: it may be anything that has such a name. */
    int fd = open(temporary, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return LGZ_OK;
    if (fd < 0 || is_left(fd, temporary)) {
        *removed = unlink(temporary) == 0;
        if (!*removed && errno != ENOENT)
            code = error_io(err, "%s: cannot remove", temporary);
    }
    if (fd >= 0)
        close(fd);
    return code;
}

/*
 * Make the draft's file, and lock it. Between the two, who removes drafts may have taken it for one
 * that was left behind: then it's made again.
 */
static int create_draft(struct file_draft *draft, mode_t mode, struct lgz_error *err)
{
    const char *path = draft->temporary;
    struct stat st;
    for (;;) {
        bool removed;
        /* What a crashed process of the same id left is ours to remove. A link in its place isn't
           followed. */
        int code = file_draft_remove(path, &removed, err);
        if (code != LGZ_OK)
            return code;
        draft->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (draft->fd < 0 && errno == EEXIST)
            return error_set(err, LGZ_ERR_BUSY, "%s: is being written", path);
        if (draft->fd < 0)
            return error_io(err, "%s: cannot create", path);
        (void)file_lock(draft->fd, true, path, NULL); /* where there are locks */
        if (fstat(draft->fd, &st) != 0 || st.st_nlink > 0)
            return LGZ_OK;
        close(draft->fd);
        draft->fd = -1;
    }
}

int file_draft_open(struct file_draft *draft, const char *path, mode_t mode, struct lgz_error *err)
{
    *draft = (struct file_draft){.fd = -1};
    int directory_len = (int)(file_name(path) - path);
    struct buf name = {0};
    buf_printf(&name, "%.*s.%s.tmp%ld", directory_len, path, path + directory_len, (long)getpid());
    buf_push(&name, '\0');
    draft->path = strdup(path);
    draft->temporary = (char *)name.data;
    int code = !draft->path || name.failed ? error_memory(err) : create_draft(draft, mode, err);
    if (code != LGZ_OK) {
        free(draft->temporary);
        draft->temporary = NULL; /* it isn't ours */
        file_draft_discard(draft);
    }
    return code;
}

static int publish(struct file_draft *draft, bool replace, struct lgz_error *err)
{
    if (replace) {
        if (rename(draft->temporary, draft->path) != 0)
            return error_io(err, "%s: cannot rename to %s", draft->temporary, draft->path);
        return LGZ_OK;
    }
    /* link(2) refuses to overwrite, which rename(2) can't be asked for on every file system. */
    if (link(draft->temporary, draft->path) != 0) {
        if (errno == EEXIST)
            return error_set(err, LGZ_ERR_ARGUMENT, "%s: already exists", draft->path);
        if (access(draft->path, F_OK) == 0)
            return error_set(err, LGZ_ERR_ARGUMENT, "%s: already exists", draft->path);
        if (rename(draft->temporary, draft->path) != 0)
            return error_io(err, "%s: cannot rename to %s", draft->temporary, draft->path);
        return LGZ_OK;
    }
    if (unlink(draft->temporary) != 0)
        return error_io(err, "%s: cannot remove", draft->temporary);
    return LGZ_OK;
}

int file_draft_commit(struct file_draft *draft, bool replace, struct lgz_error *err)
{
    int code = file_sync(draft->fd, draft->temporary, err);
    if (code == LGZ_OK)
        code = publish(draft, replace, err);
    if (code != LGZ_OK)
        return code;
    close(draft->fd); /* all that could fail was synced; and until now the lock was needed */
    draft->fd = -1;
    free(draft->temporary);
    draft->temporary = NULL;
    return file_sync_parent(draft->path, err);
}

void file_draft_discard(struct file_draft *draft)
{
    if (draft->temporary)
        unlink(draft->temporary);
    if (draft->path && draft->fd >= 0)
        close(draft->fd);
    free(draft->temporary);
    free(draft->path);
    *draft = (struct file_draft){.fd = -1};
}

int file_save(const char *path, mode_t mode, const struct buf *bytes, struct lgz_error *err)
{
    struct file_draft draft = {.fd = -1};
    int code = bytes->failed ? error_memory(err) : file_draft_open(&draft, path, mode, err);
    if (code == LGZ_OK)
        code = file_write(draft.fd, bytes->data, bytes->len, draft.temporary, err);
    if (code == LGZ_OK)
        code = file_draft_commit(&draft, true, err);
    file_draft_discard(&draft);
    return code;
}

int file_free_bytes(const char *directory, uint64_t *bytes, struct lgz_error *err)
{
    struct statvfs fs;
    *bytes = UINT64_MAX;
    if (statvfs(directory, &fs) != 0)
        return error_io(err, "%s: cannot find out how much is free", directory);
    if (fs.f_blocks && __builtin_mul_overflow(fs.f_bavail, fs.f_frsize, bytes))
        *bytes = UINT64_MAX;
    return LGZ_OK;
}

const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

int64_t file_modified(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

bool file_is_draft_name(const char *name)
{
    const char *mark = NULL;
    for (const char *p = strstr(name, ".tmp"); p; p = strstr(p + 1, ".tmp"))
        mark = p;
    if (name[0] != '.' || !mark || mark[4] == '\0')
        return false;
    return strspn(mark + 4, "0123456789") == strlen(mark + 4);
}

void file_raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}
