/*
 * streams.c - grouping streams into frames, and back.
 */
#include "column/streams.h"

#include <stdlib.h>
#include <zstd_errors.h>

#include "base/slack.h"

/* A zstd block has at least 4 bytes and gives at most 128 KiB. */
enum { FRAME_EXPANSION = (128 << 10) / 4 };

int frame_compress(ZSTD_CCtx *zstd, const struct frame_options *options, const void *data,
                   size_t len, struct buf *out, struct lgz_error *err)
{
    size_t bound = ZSTD_compressBound(len);
    ZSTD_CCtx_reset(zstd, ZSTD_reset_session_and_parameters);
    ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, options->zstd_level);
    ZSTD_CCtx_setParameter(zstd, ZSTD_c_contentSizeFlag, 0);
    if (options->window_log)
        ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, (int)options->window_log);
    if (options->far)
        ZSTD_CCtx_setParameter(zstd, ZSTD_c_enableLongDistanceMatching, 1);
    if (!buf_reserve(out, bound))
        return error_memory(err);
    size_t n = ZSTD_compress2(zstd, out->data + out->len, bound, data, len);
    if (ZSTD_isError(n))
        return error_set(err, LGZ_ERR_MEMORY, "zstd: %s", ZSTD_getErrorName(n));
    if (n >= len) {
        memcpy(out->data + out->len, data, len);
        n = len;
    }
    out->len += n;
    return LGZ_OK;
}

bool frame_may_hold(struct span frame, uint64_t len)
{
    return len / FRAME_EXPANSION <= frame.len;
}

int frame_decompress(struct span frame, uint8_t *to, size_t len, struct lgz_error *err)
{
    if (frame.len == len) {
        if (len)
            memcpy(to, frame.data, len);
        return LGZ_OK;
    }
    size_t n = ZSTD_decompress(to, len, frame.data, frame.len);
    if (ZSTD_getErrorCode(n) == ZSTD_error_memory_allocation)
        return error_memory(err);
    if (ZSTD_isError(n))
        return error_set(err, LGZ_ERR_CORRUPT, "damaged zstd frame: %s", ZSTD_getErrorName(n));
    if (n != len)
        return error_set(err, LGZ_ERR_CORRUPT, "zstd frame has %zu bytes instead of %zu", n, len);
    return LGZ_OK;
}

static int put_frame(struct column_context *ctx, const struct frame_options *options,
                     const struct buf *data, struct buf *table, struct buf *frames,
                     struct lgz_error *err)
{
    size_t before = frames->len;
    int code = frame_compress(ctx->zstd, options, data->data, data->len, frames, err);
    varint_put(table, frames->len - before);
    return code;
}

int streams_write(struct column_context *ctx, const struct encoded *e, size_t own_frame,
                  const struct frame_options *options, struct buf *table, struct buf *frames,
                  struct lgz_error *err)
{
    int code = LGZ_OK;
    struct buf shared[STREAM_CLASSES] = {0};
    for (size_t i = 0; i < e->streams.len; i++) {
        const struct stream *s = &e->streams.data[i];
        if (s->data.len < own_frame)
            buf_append(&shared[s->class], s->data.data, s->data.len);
    }
    for (int class = 0; class < STREAM_CLASSES && code == LGZ_OK; class ++) {
        if (shared[class].failed)
            code = error_memory(err);
        else if (shared[class].len)
            code = put_frame(ctx, options, &shared[class], table, frames, err);
    }
    for (size_t i = 0; i < e->streams.len && code == LGZ_OK; i++)
        if (e->streams.data[i].data.len >= own_frame)
            code = put_frame(ctx, options, &e->streams.data[i].data, table, frames, err);
    for (int class = 0; class < STREAM_CLASSES; class ++)
        buf_free(&shared[class]);
    return code != LGZ_OK ? code : table->failed ? error_memory(err) : LGZ_OK;
}

struct placed {
    uint32_t frame;
    uint64_t at; /* in the decompressed frame */
    uint64_t len;
};

struct frame {
    struct span stored;
    uint64_t len;
    uint8_t *data; /* decompressed; NULL before the first use */
};

struct stream_reader {
    size_t own_frame;
    uint64_t limit;
    uint64_t total;
    uint64_t table_left;
    uint64_t room_left;
    bool no_memory;
    VEC(struct placed) streams;
    VEC(struct frame) frames; /* the shared ones first, one for each class */
};

int stream_reader_new(struct stream_reader **out, size_t own_frame, uint64_t limit,
                      uint64_t table_limit, struct lgz_error *err)
{
    struct stream_reader *s = calloc(1, sizeof(*s));
    if (s) {
        s->own_frame = own_frame;
        s->limit = limit;
        s->table_left = table_limit;
        s->room_left = table_limit;
        if (vec_reserve(&s->frames, STREAM_CLASSES)) {
            memset(s->frames.data, 0, STREAM_CLASSES * sizeof(struct frame));
            s->frames.len = STREAM_CLASSES;
            *out = s;
            return LGZ_OK;
        }
    }
    free(s);
    return error_memory(err);
}

void stream_reader_free(struct stream_reader *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->frames.len; i++)
        free(s->frames.data[i].data);
    vec_free(&s->frames);
    vec_free(&s->streams);
    free(s);
}

int stream_reader_add(struct stream_reader *s, enum stream_class class, uint64_t len)
{
    if (len > s->limit - s->total || s->streams.len >= INT32_MAX)
        return -1;
    struct placed p = {.frame = (uint32_t) class, .at = s->frames.data[class].len, .len = len};
    if (len >= s->own_frame) {
        struct frame own = {0};
        p.frame = (uint32_t)s->frames.len;
        p.at = 0;
        s->no_memory |= !vec_push(&s->frames, own);
    }
    s->no_memory |= !vec_push(&s->streams, p);
    if (s->no_memory)
        return -1;
    s->frames.data[p.frame].len += len;
    s->total += len;
    return (int)(s->streams.len - 1);
}

bool stream_reader_no_memory(const struct stream_reader *s)
{
    return s->no_memory;
}

void stream_reader_lacks_memory(struct stream_reader *s)
{
    s->no_memory = true;
}

bool stream_reader_take_table(struct stream_reader *s, size_t len)
{
    if (len > s->table_left)
        return false;
    s->table_left -= len;
    return true;
}

bool stream_reader_take_room(struct stream_reader *s, size_t len)
{
    if (len > s->room_left)
        return false;
    s->room_left -= len;
    return true;
}

int stream_reader_place(struct stream_reader *s, struct reader *table, struct span frames,
                        struct lgz_error *err)
{
    struct reader left = reader_of(frames.data, frames.len);
    for (size_t i = 0; i < s->frames.len; i++) {
        struct frame *f = &s->frames.data[i];
        if (f->len)
            f->stored = reader_bytes(&left, reader_varint(table));
    }
    if (left.failed || table->failed || reader_left(&left))
        return error_set(err, LGZ_ERR_CORRUPT, "frame table doesn't fit the frames");
    return LGZ_OK;
}

int stream_reader_get(struct stream_reader *s, int number, struct span *bytes,
                      struct lgz_error *err)
{
    static const uint8_t empty[SLACK];
    const struct placed *p = &s->streams.data[number];
    struct frame *f = &s->frames.data[p->frame];
    if (!f->data && f->len) {
        if (!frame_may_hold(f->stored, f->len))
            return error_set(err, LGZ_ERR_CORRUPT, "zstd frame too short for what it should hold");
        f->data = malloc(f->len + SLACK);
        if (!f->data)
            return error_memory(err);
        memset(f->data + f->len, 0, SLACK);
        int code = frame_decompress(f->stored, f->data, f->len, err);
        if (code != LGZ_OK) {
            free(f->data);
            f->data = NULL;
            return code;
        }
    }
    *bytes = (struct span){f->data ? f->data + p->at : empty, p->len};
    return LGZ_OK;
}
