/*
 * lock.c - one writer of journals and one rearranger of segments for each archive, by flock(2): the
 * kernel lets go of it however the holder ends, so there is no stale lock to clear.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/names.h"
#include "archive/tidy.h"
#include "base/file.h"

struct archive_lock {
    int fd;
};

static int make_directory(const char *directory, struct lgz_error *err)
{
    if (mkdir(directory, 0750) == 0)
        return file_sync_parent(directory, err);
    if (errno != EEXIST)
        return error_io(err, "%s: cannot create directory", directory);
    return LGZ_OK;
}

/* The error that names the holder, as far as it has written its name yet. */
static int busy(int fd, const char *directory, const char *path, const char *role,
                struct lgz_error *err)
{
    char holder[100];
    ssize_t len = file_read_at(fd, holder, sizeof(holder) - 1, 0, path, NULL);
    if (len < 0)
        len = 0;
    holder[len] = '\0';
    holder[strcspn(holder, "\n")] = '\0';
    for (char *p = holder; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = '?';
    return error_set(err, LGZ_ERR_BUSY, "%s: %s (%s)", directory, role,
                     holder[0] ? holder : "unknown");
}

/* On a full disk nobody learns who the holder is. It's a lock all the same, and maybe of one who
   makes room. */
static int record_holder(int fd, const char *path, const char *program, struct lgz_error *err)
{
    struct buf text = {0};
    int code;
    buf_printf(&text, "%ld %s\n", (long)getpid(), program);
    if (text.failed)
        code = error_memory(err);
    else if (ftruncate(fd, 0) != 0)
        code = error_io(err, "%s: cannot truncate", path);
    else
        code = file_write(fd, text.data, text.len, path, err);
    if (code == LGZ_ERR_IO && (errno == ENOSPC || errno == EDQUOT)) {
        error_forget(err);
        code = LGZ_OK;
    }
    buf_free(&text);
    return code;
}

static int take(int *out, const char *directory, const char *path, const char *role,
                struct lgz_error *err)
{
    int code, fd;
    do {
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
        if (fd < 0)
            return error_io(err, "%s: cannot open", path);
        code = file_lock(fd, false, path, err);
        if (code == 0)
            code = busy(fd, directory, path, role, err);
        else if (code == 1)
            code = file_is_named(fd, path, err); /* a lock on what was removed is worth nothing */
        if (code != 1)
            close(fd);
    } while (code == 0);
    *out = fd;
    return code < 0 ? code : LGZ_OK;
}

/* @param role  what the holder is doing, for those that it keeps out */
static int lock_file(struct archive_lock **out, const char *directory, const char *name,
                     const char *role, const char *program, struct lgz_error *err)
{
    char *path = names_file(directory, name);
    int fd = -1;
    *out = NULL;
    struct archive_lock *lock = malloc(sizeof(*lock));
    if (!lock || !path) {
        free(lock);
        free(path);
        return error_memory(err);
    }
    int code = make_directory(directory, err);
    if (code == LGZ_OK)
        code = take(&fd, directory, path, role, err);
    if (code == LGZ_OK) {
        code = record_holder(fd, path, program, err);
        if (code != LGZ_OK)
            close(fd);
    }
    free(path);
    if (code != LGZ_OK) {
        free(lock);
        return code;
    }
    lock->fd = fd;
    *out = lock;
    return LGZ_OK;
}

int archive_lock(struct archive_lock **out, const char *directory, const char *program,
                 struct lgz_error *err)
{
    return lock_file(out, directory, "lock", "in use by another writer", program, err);
}

int archive_rotate_lock(struct archive_lock **out, const char *directory, const char *program,
                        struct lgz_error *err)
{
    int code =
        lock_file(out, directory, "rotate.lock", "its segments are being rotated", program, err);
    if (code == LGZ_OK)
        code = archive_tidy(directory, err);
    if (code != LGZ_OK) {
        archive_unlock(*out);
        *out = NULL;
    }
    return code;
}

void archive_unlock(struct archive_lock *lock)
{
    if (!lock)
        return;
    close(lock->fd);
    free(lock);
}

int archive_act_as_owner(const char *directory, struct lgz_error *err)
{
    struct stat st;
    if (geteuid() != 0 || stat(directory, &st) != 0 || st.st_uid == 0)
        return LGZ_OK;
    if (setgroups(0, NULL) != 0 || setegid(st.st_gid) != 0 || seteuid(st.st_uid) != 0)
        return error_io(err, "%s: cannot act as its owner", directory);
    return LGZ_OK;
}
