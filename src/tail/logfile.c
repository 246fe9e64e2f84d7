/*
 * logfile.c - looks at one file and reads from it; decides nothing about other files.
 */
#include "tail/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"

int logfile_print(int fd, uint32_t len, uint64_t *print)
{
    uint8_t bytes[LOGFILE_PRINT_MAX];
    if (len > sizeof(bytes))
        return 0;
    ssize_t n = file_read_at(fd, bytes, len, 0, "", NULL);
    if (n < 0)
        return -1;
    if (n != (ssize_t)len)
        return 0;
    *print = hash_bytes(bytes, len);
    return 1;
}

/* Was the file made after `time`? Some file systems can't tell, and clocks may be set back. */
static bool is_born_after(int fd, int64_t time)
{
    struct statx st;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &st) != 0 || !(st.stx_mask & STATX_BTIME))
        return false;
    int64_t born = (int64_t)st.stx_btime.tv_sec * NS_PER_SECOND + st.stx_btime.tv_nsec;
    return born > time && born <= clock_real();
}

int logfile_matches(const struct source *source, int fd)
{
    uint64_t print = 0;
    /* Of a file that was empty only the inode is known, and that may be another's by now. */
    if (source->fingerprint_len == 0)
        return !source->empty_at || !is_born_after(fd, source->empty_at);
    int result = logfile_print(fd, source->fingerprint_len, &print);
    return result == 1 ? print == source->fingerprint : result;
}

/* The bytes before `position`, at most MARK_MAX. @return how many, or -1 with errno */
static ssize_t bytes_before(int fd, uint64_t position, uint8_t *bytes)
{
    size_t len = position < MARK_MAX ? (size_t)position : MARK_MAX;
    return len ? file_read_at(fd, bytes, len, position - len, "", NULL) : 0;
}

/* Do `len` bytes that were read before a position end with `mark`? */
static bool ends_with(struct mark mark, const uint8_t *bytes, ssize_t len)
{
    return !mark.len ||
           (len >= (ssize_t)mark.len && hash_bytes(bytes + len - mark.len, mark.len) == mark.hash);
}

int logfile_mark_matches(struct mark mark, uint64_t position, int fd)
{
    uint8_t bytes[MARK_MAX];
    if (!mark.len)
        return 1;
    ssize_t len = bytes_before(fd, position, bytes);
    return len < 0 ? -1 : ends_with(mark, bytes, len);
}

int logfile_is_in(const struct logfile *f, int fd, const struct stat *st)
{
    if ((uint64_t)st->st_size < f->position)
        return 0;
    int matches = logfile_matches(&f->source, fd);
    return matches == 1 ? logfile_mark_matches(f->mark, f->position, fd) : matches;
}

bool logfile_skip_to(struct logfile *f, uint64_t position)
{
    uint8_t bytes[MARK_MAX];
    ssize_t len = bytes_before(f->fd, position, bytes);
    if (len < 0 || (len < MARK_MAX && (uint64_t)len < position))
        return false;
    f->position = position;
    f->mark = mark_of(bytes, (size_t)len);
    return true;
}

int logfile_open_path(const char *path, struct stat *st)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return -1;
    int reason = 0;
    if (fstat(fd, st) != 0)
        reason = errno;
    else if (!S_ISREG(st->st_mode))
        reason = EINVAL;
    if (reason) {
        close(fd);
        errno = reason;
        return -1;
    }
    return fd;
}

struct logfile *logfile_new(uint64_t id, const char *name, const char *input, const struct stat *st)
{
    struct logfile *f = calloc(1, sizeof(*f));
    if (!f)
        return NULL;
    f->fd = -1;
    f->watch = -1;
    f->path = strdup(name);
    f->source = (struct source){.id = id,
                                .name = strdup(name),
                                .input = strdup(input),
                                .device = st->st_dev,
                                .inode = st->st_ino};
    if (st->st_size == 0)
        f->source.empty_at = clock_real();
    if (!f->path || !f->source.name || !f->source.input) {
        logfile_free(f);
        return NULL;
    }
    return f;
}

/* What was seen last of a file that is followed no more. */
static struct stat state_of_ended(const struct source *source, uint64_t position)
{
    int64_t second = source->last_written / NS_PER_SECOND;
    int64_t rest = source->last_written % NS_PER_SECOND;
    return (struct stat){.st_dev = source->device,
                         .st_ino = source->inode,
                         .st_size = (off_t)position,
                         .st_mtim = {.tv_sec = second, .tv_nsec = rest}};
}

struct logfile *logfile_resume(const struct source *source, uint64_t position, struct mark mark)
{
    struct logfile *f = calloc(1, sizeof(*f));
    if (!f)
        return NULL;
    f->fd = -1;
    f->watch = -1;
    f->told = true;
    f->position = position;
    f->mark = mark;
    f->done = source->ended;
    if (f->done)
        f->seen = state_of_ended(source, position);
    f->path = strdup(source->name);
    if (!f->path || source_copy(&f->source, source, NULL) != LGZ_OK) {
        free(f->path);
        free(f);
        return NULL;
    }
    return f;
}

void logfile_close_copy(struct logfile *f)
{
    unpack_close(f->unpack);
    f->unpack = NULL;
    f->copy = false;
}

void logfile_free(struct logfile *f)
{
    if (!f)
        return;
    unpack_close(f->unpack);
    if (f->fd >= 0)
        close(f->fd);
    free(f->before);
    free(f->path);
    source_clear(&f->source);
    free(f);
}

static bool same_times(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
           a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static bool same_file(const struct logfile *f, const struct stat *st)
{
    return st->st_dev == f->source.device && st->st_ino == f->source.inode;
}

bool logfile_is_unchanged(const struct logfile *f, const struct stat *st)
{
    return same_file(f, st) && same_times(st, &f->seen) && (uint64_t)st->st_size == f->position;
}

/* Open a closed file again, if what is at its path still is that file. */
static enum logfile_change reopen(struct logfile *f, struct stat *st)
{
    int fd = logfile_open_path(f->path, st);
    if (fd < 0)
        return errno == ENOENT || errno == EINVAL ? LOGFILE_MISSING : LOGFILE_FAILED;
    if (!same_file(f, st)) {
        close(fd);
        return LOGFILE_MISSING;
    }
    f->fd = fd;
    return LOGFILE_SAME;
}

/* Are the bytes that were read still there, as far as the fingerprint and the mark tell? */
static int is_unchanged(const struct logfile *f)
{
    int matches = logfile_matches(&f->source, f->fd);
    return matches == 1 ? logfile_mark_matches(f->mark, f->position, f->fd) : matches;
}

/* Are all bytes of the compressed copy read and taken? It's also at its end when it was only read
 * through to be checked, and when its last bytes were refused; then they're still to come. */
static bool packed_is_read(const struct logfile *f)
{
    return unpack_ended(f->unpack) && unpack_position(f->unpack) == f->position;
}

bool logfile_print_unread(struct logfile *f, const struct stat *st)
{
    struct source *s = &f->source;
    uint64_t size = (uint64_t)st->st_size;
    uint32_t len = size < LOGFILE_PRINT_MAX ? (uint32_t)size : LOGFILE_PRINT_MAX;
    uint64_t print;
    if (f->position || s->fingerprint_len || !len || logfile_print(f->fd, len, &print) != 1)
        return false;
    s->fingerprint = print;
    s->fingerprint_len = len;
    s->empty_at = 0;
    f->restate = true;
    return true;
}

enum logfile_change logfile_look(struct logfile *f)
{
    struct stat st;
    if (f->unpack)
        return packed_is_read(f) ? LOGFILE_SAME : LOGFILE_GREW;
    if (f->fd >= 0) {
        if (fstat(f->fd, &st) != 0)
            return LOGFILE_FAILED;
    } else if (stat(f->path, &st) != 0 || !same_file(f, &st)) {
        return LOGFILE_MISSING;
    }
    bool changed = !same_times(&st, &f->seen);
    if (changed && f->fd < 0) {
        enum logfile_change opened = reopen(f, &st);
        if (opened != LOGFILE_SAME)
            return opened;
    }
    if ((uint64_t)st.st_size < f->position)
        return LOGFILE_REPLACED;
    /* If it grew, the fingerprint is compared after the read. */
    bool grew = (uint64_t)st.st_size > f->position;
    int matches = changed && !grew ? is_unchanged(f) : 1;
    if (matches != 1)
        return matches < 0 ? LOGFILE_FAILED : LOGFILE_REPLACED;
    f->seen = st;
    if (grew && f->fd >= 0)
        logfile_print_unread(f, &st);
    return grew ? LOGFILE_GREW : LOGFILE_SAME;
}

/* The mark behind `len` bytes that were read behind the `before_len` at `before`. */
static struct mark mark_behind(const uint8_t *before, size_t before_len, const void *data,
                               size_t len)
{
    uint8_t bytes[2 * MARK_MAX];
    if (len >= MARK_MAX)
        return mark_of(data, len);
    memcpy(bytes, before, before_len);
    memcpy(bytes + before_len, data, len);
    return mark_of(bytes, before_len + len);
}

/* Read on in a compressed copy, but not beyond the position: `data` is only scratch. */
static ssize_t skip_packed(const struct logfile *f, void *data, size_t room, struct lgz_error *err)
{
    struct unpack *u = f->unpack;
    uint64_t left = f->position - unpack_position(u);
    size_t want = left < room ? (size_t)left : room;
    ssize_t n = unpack_read(u, data, want, err);
    if (n < 0)
        return LOGFILE_READ_FAILED;
    if (unpack_position(u) < f->position)
        return unpack_ended(u) ? LOGFILE_READ_OTHER : LOGFILE_READ_LATER;
    struct span last = unpack_last(u);
    return ends_with(f->mark, last.data, (ssize_t)last.len) ? LOGFILE_READ_LATER
                                                            : LOGFILE_READ_OTHER;
}

/* Read all behind the position, only to know that it's whole: most formats have their checksum at
 * the end. Often there is nothing. */
static ssize_t check_packed(const struct logfile *f, void *data, size_t room, struct lgz_error *err)
{
    struct unpack *u = f->unpack;
    if (unpack_read(u, data, room, err) < 0)
        return LOGFILE_READ_FAILED;
    return packed_is_read(f) ? 0 : LOGFILE_READ_LATER;
}

static ssize_t read_packed(const struct logfile *f, void *data, size_t room, struct mark *after,
                           struct lgz_error *err)
{
    struct unpack *u = f->unpack;
    if (unpack_position(u) < f->position)
        return skip_packed(f, data, room, err);
    if (!unpack_is_whole(u))
        return check_packed(f, data, room, err);
    /* It was read to be checked, or what was read last time wasn't taken: from the start again. */
    if (unpack_position(u) > f->position)
        return unpack_rewind(u, err) == LGZ_OK ? LOGFILE_READ_LATER : LOGFILE_READ_FAILED;
    ssize_t n = unpack_read(u, data, room, err);
    struct span last = unpack_last(u);
    *after = mark_of(last.data, last.len);
    if (n == 0 && !unpack_ended(u))
        return LOGFILE_READ_LATER;
    return n < 0 ? LOGFILE_READ_FAILED : n;
}

ssize_t logfile_read(const struct logfile *f, void *data, size_t room, struct mark *after,
                     struct lgz_error *err)
{
    struct stat st;
    uint8_t before[MARK_MAX];
    if (f->unpack)
        return read_packed(f, data, room, after, err);
    errno = 0;
    ssize_t n = file_read_at(f->fd, data, room, f->position, f->path, err);
    if (n < 0)
        return LOGFILE_READ_FAILED;
    /* Only now: a truncation before or during the read shows here. */
    if (fstat(f->fd, &st) != 0)
        return LOGFILE_READ_FAILED;
    if ((uint64_t)st.st_size < f->position + (uint64_t)n)
        return LOGFILE_READ_OTHER;
    ssize_t len = bytes_before(f->fd, f->position, before);
    int matches = len < 0 ? -1 : logfile_matches(&f->source, f->fd);
    if (matches != 1 || !ends_with(f->mark, before, len))
        return matches < 0 ? LOGFILE_READ_FAILED : LOGFILE_READ_OTHER;
    *after = mark_behind(before, (size_t)len, data, (size_t)n);
    return n;
}

bool logfile_read_to_end(const struct logfile *f, size_t n, size_t room)
{
    return f->unpack ? packed_is_read(f) : n < room;
}

bool logfile_extend_print(struct logfile *f, const void *data, size_t len)
{
    struct source *s = &f->source;
    uint8_t bytes[LOGFILE_PRINT_MAX];
    uint64_t end = f->position + len;
    uint32_t print_len = end < LOGFILE_PRINT_MAX ? (uint32_t)end : LOGFILE_PRINT_MAX;
    if (f->unpack || print_len == s->fingerprint_len || print_len == 0 ||
        (print_len < LOGFILE_PRINT_MAX && print_len < 2 * s->fingerprint_len))
        return false;
    if (f->position == 0) {
        memcpy(bytes, data, print_len);
    } else {
        /* Read again what was read before; it must still begin as it did. */
        if (file_read_at(f->fd, bytes, print_len, 0, f->path, NULL) != (ssize_t)print_len)
            return false;
        if (hash_bytes(bytes, s->fingerprint_len) != s->fingerprint)
            return false;
    }
    s->fingerprint = hash_bytes(bytes, print_len);
    s->fingerprint_len = print_len;
    return true;
}
