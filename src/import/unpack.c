/*
 * unpack.c - feeds a decoder of unpack_format.c from a file, stream after stream.
 */
#include "import/unpack.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/file.h"
#include "import/unpack_format.h"

enum { IN_MAX = 1 << 16, MAGIC_MAX = 6 };

struct unpack {
    int fd;
    char *path;
    const struct unpack_format *format;
    void *state;
    uint64_t offset; /* in the file, of the byte behind those in `in` */
    const uint8_t *next;
    size_t left;       /* bytes at `next` */
    uint64_t position; /* decoded */
    bool in_stream;    /* between the first and the last byte of one */
    bool more;         /* the decoder may have more to give without being fed */
    bool ended;
    bool whole; /* it had ended once */
    bool cut;
    int failed; /* the code of the error that was met; given with the next call */
    struct lgz_error why;
    size_t last_len;
    uint8_t last[MARK_MAX];
    uint8_t in[IN_MAX];
};

size_t unpack_suffix(const char *name)
{
    size_t len = strlen(name);
    for (const struct unpack_format *const *f = unpack_formats; *f; f++) {
        size_t suffix = strlen((*f)->suffix);
        if (len > suffix && strcmp(name + len - suffix, (*f)->suffix) == 0)
            return suffix;
    }
    return 0;
}

static const struct unpack_format *format_of(const uint8_t *magic, size_t len)
{
    for (const struct unpack_format *const *f = unpack_formats; *f; f++) {
        if (len >= (*f)->magic_len && memcmp(magic, (*f)->magic, (*f)->magic_len) == 0)
            return *f;
    }
    return NULL;
}

int unpack_open(struct unpack **out, int fd, const char *path, struct lgz_error *err)
{
    uint8_t magic[MAGIC_MAX];
    *out = NULL;
    ssize_t len = file_read_at(fd, magic, sizeof(magic), 0, path, err);
    if (len < 0)
        return (int)len;
    const struct unpack_format *format = format_of(magic, (size_t)len);
    if (!format)
        return error_set(err, LGZ_ERR_FORMAT, "%s: not compressed in a way that is known", path);
    struct unpack *u = calloc(1, sizeof(*u));
    if (!u)
        return error_memory(err);
    u->fd = fd;
    u->format = format;
    u->path = strdup(path);
    u->state = format->begin();
    if (!u->path || !u->state) {
        unpack_close(u);
        return error_memory(err);
    }
    *out = u;
    return LGZ_OK;
}

void unpack_close(struct unpack *u)
{
    if (!u)
        return;
    if (u->state)
        u->format->end(u->state);
    free(u->path);
    free(u);
}

int unpack_rewind(struct unpack *u, struct lgz_error *err)
{
    void *fresh = u->format->begin();
    if (!fresh)
        return error_memory(err);
    u->format->end(u->state);
    u->state = fresh;
    u->offset = u->position = 0;
    u->left = u->last_len = 0;
    u->in_stream = u->more = u->ended = u->cut = false;
    u->failed = LGZ_OK;
    return LGZ_OK;
}

/* There are no more bytes in the file. */
static int at_end(struct unpack *u)
{
    if (!u->in_stream) {
        u->ended = u->whole = true;
        return LGZ_OK;
    }
    u->cut = true;
    return error_set(&u->why, LGZ_ERR_CORRUPT, "%s: offset %" PRIu64 ": it ends within %s data",
                     u->path, u->offset, u->format->name);
}

static int refill(struct unpack *u)
{
    ssize_t n = file_read_at(u->fd, u->in, sizeof(u->in), u->offset, u->path, &u->why);
    if (n < 0)
        return (int)n;
    if (n == 0)
        return at_end(u);
    u->offset += (uint64_t)n;
    u->next = u->in;
    u->left = (size_t)n;
    return LGZ_OK;
}

static int explain(struct unpack *u, enum unpack_result result)
{
    uint64_t at = u->offset - u->left;
    switch (result) {
    case UNPACK_ON:
    case UNPACK_END:
        return LGZ_OK;
    case UNPACK_DAMAGED:
        return error_set(&u->why, LGZ_ERR_CORRUPT, "%s: offset %" PRIu64 ": damaged %s data",
                         u->path, at, u->format->name);
    case UNPACK_TOO_LARGE:
        return error_set(&u->why, LGZ_ERR_LIMIT,
                         "%s: offset %" PRIu64 ": takes more than %zu MiB of memory to read",
                         u->path, at, UNPACK_MEMORY_MAX >> 20);
    case UNPACK_NO_MEMORY:
        break;
    }
    return error_memory(&u->why);
}

/* One step of the decoder. */
static int decode(struct unpack *u, uint8_t *out, size_t room, size_t *given)
{
    if (u->left == 0 && !(u->in_stream && u->more)) {
        int code = refill(u);
        if (code != LGZ_OK || u->ended)
            return code;
    }
    struct unpack_step step = {u->next, u->left, out, room};
    enum unpack_result result = u->format->step(u->state, &step);
    u->next = step.in;
    u->left = step.in_len;
    *given = room - step.out_len;
    u->in_stream = result != UNPACK_END;
    u->more = step.out_len == 0;
    return explain(u, result);
}

/* Keep the last of the bytes that were given. */
static void remember(struct unpack *u, const uint8_t *data, size_t len)
{
    size_t keep = len < MARK_MAX ? MARK_MAX - len : 0;
    if (keep > u->last_len)
        keep = u->last_len;
    memmove(u->last, u->last + u->last_len - keep, keep);
    size_t fresh = len < MARK_MAX ? len : MARK_MAX;
    memcpy(u->last + keep, data + len - fresh, fresh);
    u->last_len = keep + fresh;
}

ssize_t unpack_read(struct unpack *u, void *data, size_t room, struct lgz_error *err)
{
    size_t len = 0;
    uint64_t limit = u->offset + UNPACK_IN_MAX;
    while (len < room && u->offset < limit && !u->ended && !u->failed) {
        size_t given = 0;
        u->failed = decode(u, (uint8_t *)data + len, room - len, &given);
        len += given;
    }
    if (len == 0 && u->failed)
        return error_set(err, u->failed, "%s", u->why.message);
    if (len)
        remember(u, data, len);
    u->position += len;
    return (ssize_t)len;
}

uint64_t unpack_position(const struct unpack *u)
{
    return u->position;
}

uint64_t unpack_consumed(const struct unpack *u)
{
    return u->offset - u->left;
}

struct span unpack_last(const struct unpack *u)
{
    return (struct span){u->last, u->last_len};
}

bool unpack_ended(const struct unpack *u)
{
    return u->ended;
}

bool unpack_is_whole(const struct unpack *u)
{
    return u->whole;
}

bool unpack_cut(const struct unpack *u)
{
    return u->cut;
}
