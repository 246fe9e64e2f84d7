/*
 * block_parts.h - a structured block's body taken apart and put together again: what is inside of
 * its zstd frames can be changed, and all lengths around it stay right.
 */
#ifndef LOGZIP_TESTS_BLOCK_PARTS_H
#define LOGZIP_TESTS_BLOCK_PARTS_H

#include <stdlib.h>
#include <zstd.h>

#include "base/varint.h"
#include "column/pieces.h"

enum { PARTS_FRAMES = 64, PARTS_ROOM = 1 << 22 };

struct block_parts {
    uint64_t raw_len;
    uint64_t checksum;
    uint64_t own_frame;
    struct buf head; /* templates, layout, column heads */
    struct buf frames[PARTS_FRAMES];
    size_t frame_count;
};

static inline void block_parts_free(struct block_parts *p)
{
    buf_free(&p->head);
    for (size_t i = 0; i < p->frame_count; i++)
        buf_free(&p->frames[i]);
    *p = (struct block_parts){0};
}

/* What isn't a zstd frame is stored as it is. */
static inline bool parts_unpack(struct span frame, struct buf *out)
{
    static const uint8_t magic[4] = {0x28, 0xb5, 0x2f, 0xfd};
    if (frame.len < 4 || memcmp(frame.data, magic, 4) != 0) {
        buf_append(out, frame.data, frame.len);
        return !out->failed;
    }
    if (!buf_reserve(out, PARTS_ROOM))
        return false;
    size_t n = ZSTD_decompress(out->data, PARTS_ROOM, frame.data, frame.len);
    out->len = ZSTD_isError(n) ? 0 : n;
    return !ZSTD_isError(n);
}

static inline bool parts_pack(const struct buf *data, struct buf *out)
{
    size_t bound = ZSTD_compressBound(data->len);
    if (!buf_reserve(out, bound))
        return false;
    size_t n = ZSTD_compress(out->data + out->len, bound, data->data, data->len, 1);
    /* A frame as long as what it holds would be taken for bytes as they are. */
    if (n == data->len)
        memcpy(out->data + out->len, data->data, n);
    out->len += ZSTD_isError(n) ? 0 : n;
    return !ZSTD_isError(n);
}

/* What is longer than a piece is put in pieces. */
static inline bool parts_pack_frame(const struct buf *data, struct buf *out)
{
    struct lgz_error err = {0};
    if (data->len <= PIECE)
        return parts_pack(data, out);
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    const bool ok = zstd && pieces_compress(zstd, data->data, data->len, out, &err) == LGZ_OK;
    ZSTD_freeCCtx(zstd);
    return ok;
}

/** Take a body apart that has no coded frames. @return false if it isn't one */
static inline bool block_parts_read(struct span body, struct block_parts *p)
{
    struct reader r = reader_of(body.data, body.len);
    uint64_t stored[PARTS_FRAMES];
    size_t count = 0;
    *p = (struct block_parts){0};
    p->raw_len = reader_varint(&r);
    p->checksum = reader_le(&r, 8);
    p->own_frame = reader_varint(&r);
    uint64_t head_len = reader_varint(&r);
    uint64_t entry = reader_varint(&r);
    struct span packed = reader_bytes(&r, entry / 2);
    bool ok =
        !r.failed && entry % 2 == 0 && parts_unpack(packed, &p->head) && p->head.len == head_len;
    /* Their entries stand in front of the frames: so many that the frames fill the rest. */
    for (uint64_t sum = 0; ok && sum < reader_left(&r);) {
        entry = reader_varint(&r);
        ok = !r.failed && entry % 2 == 0 && count < PARTS_FRAMES;
        sum += ok ? stored[count++] = entry / 2 : 0;
    }
    while (ok && p->frame_count < count) {
        struct span frame = reader_bytes(&r, stored[p->frame_count]);
        ok = !r.failed && parts_unpack(frame, &p->frames[p->frame_count++]);
    }
    ok = ok && reader_left(&r) == 0;
    if (!ok)
        block_parts_free(p);
    return ok;
}

/** Parts of any bytes: some for the head, then frames, each behind its length. */
static inline void block_parts_draw(struct reader *r, struct block_parts *p)
{
    *p = (struct block_parts){0};
    p->raw_len = reader_le(r, 3);
    p->own_frame = reader_le(r, 3);
    struct buf *part = &p->head;
    while (!r->failed && reader_left(r) && p->frame_count < PARTS_FRAMES) {
        uint64_t len = reader_le(r, 2);
        struct span bytes = reader_bytes(r, len < reader_left(r) ? len : reader_left(r));
        buf_append(part, bytes.data, bytes.len);
        part = &p->frames[p->frame_count++];
    }
}

/** Put a body together; frames without bytes are left out. @return false when memory is out */
static inline bool block_parts_write(const struct block_parts *p, struct buf *body)
{
    struct buf table = {0};
    struct buf frames = {0};
    struct buf packed = {0};
    bool ok = parts_pack(&p->head, &packed);
    for (size_t i = 0; ok && i < p->frame_count; i++) {
        size_t before = frames.len;
        if (!p->frames[i].len)
            continue;
        ok = parts_pack_frame(&p->frames[i], &frames);
        varint_put(&table, (frames.len - before) * 2);
    }
    varint_put(body, p->raw_len);
    buf_put_le(body, p->checksum, 8);
    varint_put(body, p->own_frame);
    varint_put(body, p->head.len);
    varint_put(body, packed.len * 2);
    buf_append(body, packed.data, packed.len);
    buf_append(body, table.data, table.len);
    buf_append(body, frames.data, frames.len);
    ok = ok && !table.failed;
    buf_free(&table);
    buf_free(&frames);
    buf_free(&packed);
    return ok && !body->failed;
}

#endif
