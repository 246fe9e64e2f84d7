/*
 * block_parts.h - a structured block's body taken apart and put together again: what is inside of
 * its zstd frames can be changed, and all lengths around it stay right.
 */
#ifndef LOGZIP_TESTS_BLOCK_PARTS_H
#define LOGZIP_TESTS_BLOCK_PARTS_H

#include <stdlib.h>
#include <zstd.h>

#include "base/varint.h"

enum { PARTS_FRAMES = 64, PARTS_ROOM = 1 << 22 };

struct block_parts {
    uint64_t raw_len;
    uint64_t checksum;
    uint64_t own_frame;
    struct buf head; /* templates, layout, column heads; not the table of frames */
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

/* The table of frames ends the head: the fewest numbers there that sum to `total`. */
static inline bool parts_find_table(struct block_parts *p, size_t total, struct buf *table)
{
    size_t start = p->head.len;
    for (uint64_t sum = 0; sum < total;) {
        if (start == 0)
            return false;
        for (start--; start > 0 && (p->head.data[start - 1] & 0x80); start--)
            ;
        struct reader r = reader_of(p->head.data + start, p->head.len - start);
        sum = 0;
        while (reader_left(&r) && sum <= total)
            sum += reader_varint_max(&r, total);
        if (r.failed || sum > total)
            return false;
    }
    buf_append(table, p->head.data + start, p->head.len - start);
    p->head.len = start;
    return !table->failed;
}

/** Take a body apart. @return false if it isn't one */
static inline bool block_parts_read(struct span body, struct block_parts *p)
{
    struct reader r = reader_of(body.data, body.len);
    struct buf table = {0};
    *p = (struct block_parts){0};
    p->raw_len = reader_varint(&r);
    p->checksum = reader_le(&r, 8);
    p->own_frame = reader_varint(&r);
    uint64_t head_len = reader_varint(&r);
    struct span packed = reader_bytes(&r, reader_varint(&r));
    bool ok = !r.failed && parts_unpack(packed, &p->head) && p->head.len == head_len &&
              parts_find_table(p, reader_left(&r), &table);
    struct reader sizes = reader_of(table.data, table.len);
    while (ok && reader_left(&sizes)) {
        struct span frame = reader_bytes(&r, reader_varint(&sizes));
        ok = !r.failed && p->frame_count < PARTS_FRAMES &&
             parts_unpack(frame, &p->frames[p->frame_count++]);
    }
    buf_free(&table);
    if (!ok)
        block_parts_free(p);
    return ok;
}

/** Put a body together; frames without bytes are left out. @return false when memory is out */
static inline bool block_parts_write(const struct block_parts *p, struct buf *body)
{
    struct buf head = {0};
    struct buf frames = {0};
    struct buf packed = {0};
    bool ok = true;
    buf_append(&head, p->head.data, p->head.len);
    for (size_t i = 0; ok && i < p->frame_count; i++) {
        size_t before = frames.len;
        if (!p->frames[i].len)
            continue;
        ok = parts_pack(&p->frames[i], &frames);
        varint_put(&head, frames.len - before);
    }
    ok = ok && !head.failed && parts_pack(&head, &packed);
    varint_put(body, p->raw_len);
    buf_put_le(body, p->checksum, 8);
    varint_put(body, p->own_frame);
    varint_put(body, head.len);
    varint_put(body, packed.len);
    buf_append(body, packed.data, packed.len);
    buf_append(body, frames.data, frames.len);
    buf_free(&head);
    buf_free(&frames);
    buf_free(&packed);
    return ok && !body->failed;
}

#endif
