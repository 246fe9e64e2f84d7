/*
 * proof.c - two digests: of what is expected, and of what the file decodes to.
 */
#include "archive/proof.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/digest.h"
#include "base/file.h"
#include "segment/stream.h"

enum { READ_MAX = 1 << 16 };

struct proof {
    int fd;
    char *draft;
    char *name;
    uint64_t position; /* in the file: all before it was read back */
    struct segment_stream *stream;
    uint8_t *stored; /* what is being read back */
    struct digest expected;
    struct digest found;
    struct lgz_error *err; /* of the call that is under way */
};

static int take_raw(void *context, const void *data, size_t len)
{
    struct proof *p = context;
    return digest_data(&p->found, data, len, p->err);
}

int proof_open(struct proof **out, const char *draft, const char *name, struct lgz_error *err)
{
    struct proof *p = calloc(1, sizeof(*p));
    *out = p;
    if (!p)
        return error_memory(err);
    p->draft = strdup(draft);
    p->name = strdup(name);
    p->fd = open(draft, O_RDONLY | O_CLOEXEC);
    int code = LGZ_OK;
    if (!p->draft || !p->name)
        code = error_memory(err);
    else if (p->fd < 0)
        code = error_io(err, "%s: cannot open", draft);
    if (code == LGZ_OK)
        code = segment_stream_new(&p->stream, name, 1, take_raw, p, err);
    if (code != LGZ_OK) {
        proof_close(p);
        *out = NULL;
    }
    return code;
}

int proof_expect(struct proof *p, uint64_t source_id, uint64_t offset, int64_t read_time,
                 const void *data, size_t len, struct lgz_error *err)
{
    digest_place(&p->expected, source_id, offset, read_time, len);
    return digest_data(&p->expected, data, len, err);
}

int proof_written(struct proof *p, const void *data, size_t len, struct lgz_error *err)
{
    struct lgz_error own = {0}; /* the callback needs one to share */
    const uint8_t *written = data;
    int code = LGZ_OK;
    p->err = err ? err : &own;
    if (!p->stored && !(p->stored = malloc(READ_MAX)))
        return error_memory(err);
    while (code == LGZ_OK && len) {
        size_t take = len < READ_MAX ? len : READ_MAX;
        ssize_t got = file_read_at(p->fd, p->stored, take, p->position, p->draft, err);
        if (got < 0)
            return (int)got;
        if ((size_t)got < take || memcmp(p->stored, written, take) != 0)
            return error_set(err, LGZ_ERR_CORRUPT,
                             "%s: offset %" PRIu64 ": read back, it isn't what was written",
                             p->draft, p->position);
        code = segment_stream_feed(p->stream, p->stored, take, p->err);
        p->position += take;
        written += take;
        len -= take;
    }
    return code;
}

/* Where the footer says that the blocks' bytes come from. */
static void place_blocks(struct proof *p, const struct segment *segment)
{
    for (size_t i = 0; i < segment_block_count(segment); i++) {
        const struct block_info *block = segment_block(segment, i);
        for (size_t k = 0; k < block->extent_count; k++) {
            const struct extent *x = &block->extents[k];
            digest_place(&p->found, segment_source(segment, x->source)->id, x->offset, x->read_time,
                         x->length);
        }
    }
}

int proof_finish(struct proof *p, struct segment **segment, struct lgz_error *err)
{
    *segment = NULL;
    int code = segment_stream_end(p->stream, err);
    if (code == LGZ_OK)
        code = segment_open(segment, p->draft, err);
    if (code != LGZ_OK)
        return code;
    place_blocks(p, *segment);
    if (digest_same(&p->expected, &p->found) && segment_info(*segment)->file_bytes == p->position)
        return LGZ_OK;
    segment_close(*segment);
    *segment = NULL;
    return error_set(err, LGZ_ERR_CORRUPT,
                     "%s: doesn't decode to what it was made of, which is kept", p->name);
}

void proof_close(struct proof *p)
{
    if (!p)
        return;
    if (p->fd >= 0)
        close(p->fd);
    free(p->draft);
    free(p->name);
    segment_stream_free(p->stream);
    free(p->stored);
    digest_clear(&p->expected);
    digest_clear(&p->found);
    free(p);
}
