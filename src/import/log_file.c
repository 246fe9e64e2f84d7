/*
 * log_file.c - a descriptor, and what unpacks it if it's compressed.
 */
#include "import/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "import/unpack.h"

enum { SKIP_BYTES = 1 << 16 };

struct log_file {
    int fd;
    char *path;
    struct stat st;
    struct unpack *unpack; /* NULL: it's plain */
    uint64_t position;     /* in what is on the disk, if it's plain */
};

static int open_file(struct log_file *f, bool follow, struct lgz_error *err)
{
    f->fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (follow ? 0 : O_NOFOLLOW));
    if (f->fd < 0 && errno == ENOENT)
        return error_set(err, LGZ_ERR_NOT_FOUND, "%s: no such file", f->path);
    if (f->fd < 0 || fstat(f->fd, &f->st) != 0)
        return error_io(err, "%s: cannot open", f->path);
    if (!S_ISREG(f->st.st_mode))
        return error_set(err, LGZ_ERR_ARGUMENT, "%s: is not a regular file", f->path);
    int code = unpack_open(&f->unpack, f->fd, f->path, err);
    /* A log may be empty, and then its name doesn't matter. */
    if (code == LGZ_ERR_FORMAT && (f->st.st_size == 0 || !unpack_suffix(f->path))) {
        if (err)
            *err = (struct lgz_error){0};
        code = LGZ_OK;
    }
    return code;
}

int log_file_open(struct log_file **out, const char *path, bool follow, struct lgz_error *err)
{
    struct log_file *f = calloc(1, sizeof(*f));
    *out = NULL;
    if (!f)
        return error_memory(err);
    f->fd = -1;
    f->path = strdup(path);
    int code = f->path ? open_file(f, follow, err) : error_memory(err);
    if (code != LGZ_OK)
        log_file_close(f);
    else
        *out = f;
    return code;
}

void log_file_close(struct log_file *f)
{
    if (!f)
        return;
    unpack_close(f->unpack);
    if (f->fd >= 0)
        close(f->fd);
    free(f->path);
    free(f);
}

const struct stat *log_file_stat(const struct log_file *f)
{
    return &f->st;
}

/* unpack_read() may give less than there is, and tells an error only with the next call. */
static ssize_t read_packed(struct log_file *f, uint8_t *data, size_t room, struct lgz_error *err)
{
    size_t len = 0;
    while (len < room && !unpack_ended(f->unpack)) {
        ssize_t n = unpack_read(f->unpack, data + len, room - len, err);
        if (n < 0)
            return n;
        len += (size_t)n;
    }
    return (ssize_t)len;
}

ssize_t log_file_read(struct log_file *f, void *data, size_t room, struct lgz_error *err)
{
    if (f->unpack)
        return read_packed(f, data, room, err);
    const uint64_t left = (uint64_t)f->st.st_size - f->position;
    const size_t want = left < room ? (size_t)left : room;
    ssize_t n = file_read_at(f->fd, data, want, f->position, f->path, err);
    if (n >= 0 && (size_t)n < want)
        return error_set(err, LGZ_ERR_BUSY, "%s: was truncated while it was read", f->path);
    if (n > 0)
        f->position += (uint64_t)n;
    return n;
}

int log_file_skip(struct log_file *f, uint64_t len, struct lgz_error *err)
{
    uint8_t bytes[SKIP_BYTES];
    while (len) {
        size_t want = len < sizeof(bytes) ? (size_t)len : sizeof(bytes);
        ssize_t n = log_file_read(f, bytes, want, err);
        if (n < 0)
            return (int)n;
        if ((size_t)n < want)
            return error_set(err, LGZ_ERR_CORRUPT, "%s: ends %" PRIu64 " bytes too early", f->path,
                             len - (uint64_t)n);
        len -= want;
    }
    return LGZ_OK;
}

int log_file_rewind(struct log_file *f, struct lgz_error *err)
{
    f->position = 0;
    return f->unpack ? unpack_rewind(f->unpack, err) : LGZ_OK;
}

uint64_t log_file_consumed(const struct log_file *f)
{
    return f->unpack ? unpack_consumed(f->unpack) : f->position;
}

int log_file_settled(const struct log_file *f, struct lgz_error *err)
{
    struct stat st;
    if (fstat(f->fd, &st) != 0)
        return error_io(err, "%s: cannot stat", f->path);
    if (f->unpack ? st.st_size != f->st.st_size || file_modified(&st) != file_modified(&f->st)
                  : st.st_size < f->st.st_size)
        return error_set(err, LGZ_ERR_BUSY, "%s: was written to while it was read", f->path);
    return LGZ_OK;
}
