/*
 * unpack_logz.c - segments, as logrotate has `logzip` write them. They come apart block by block:
 * of one block the bytes are kept until they are taken.
 */
#include <stdlib.h>
#include <string.h>

#include "import/unpack.h"
#include "import/unpack_format.h"
#include "segment/stream.h"

struct logz {
    struct segment_stream *stream;
    struct buf block; /* decoded */
    size_t taken;     /* bytes of it */
};

static int keep_block(void *context, const void *data, size_t size)
{
    struct logz *l = context;
    buf_append(&l->block, data, size);
    return l->block.failed ? LGZ_ERR_MEMORY : LGZ_OK;
}

static void logz_end(void *state)
{
    struct logz *l = state;
    segment_stream_free(l->stream);
    buf_free(&l->block);
    free(l);
}

static void *logz_begin(void)
{
    struct logz *l = calloc(1, sizeof(*l));
    if (l && segment_stream_new(&l->stream, "", 1, keep_block, l, NULL) != LGZ_OK) {
        logz_end(l);
        return NULL;
    }
    if (l)
        segment_stream_limit(l->stream, UNPACK_LOGZ_MAX);
    return l;
}

/* Give out what is left of the block, as far as there is room. */
static void give(struct logz *l, struct unpack_step *s)
{
    size_t len = l->block.len - l->taken;
    if (len > s->out_len)
        len = s->out_len;
    if (len)
        memcpy(s->out, l->block.data + l->taken, len);
    s->out += len;
    s->out_len -= len;
    l->taken += len;
    if (l->taken == l->block.len) {
        buf_clear(&l->block);
        l->taken = 0;
    }
}

static enum unpack_result refused(const struct logz *l, int code)
{
    return code == LGZ_ERR_MEMORY || l->block.failed ? UNPACK_NO_MEMORY
           : code == LGZ_ERR_LIMIT                   ? UNPACK_TOO_LARGE
                                                     : UNPACK_DAMAGED;
}

static enum unpack_result logz_step(void *state, struct unpack_step *s)
{
    struct logz *l = state;
    give(l, s);
    while (s->in_len && l->block.len == 0) {
        size_t len = segment_stream_wants(l->stream);
        if (len > s->in_len)
            len = s->in_len;
        int code = segment_stream_feed(l->stream, s->in, len, NULL);
        if (code != LGZ_OK)
            return refused(l, code);
        s->in += len;
        s->in_len -= len;
        give(l, s);
        if (segment_stream_between(l->stream))
            break;
    }
    return l->block.len == 0 && segment_stream_between(l->stream) ? UNPACK_END : UNPACK_ON;
}

const struct unpack_format unpack_logz = {"logz",     ".logz",   "\x89LOGZ\r", 6,
                                          logz_begin, logz_step, logz_end};
