/*
 * digest.c - bytes are hashed in pieces of a fixed size, counted from the start of their run, and
 * the hashes are hashed into the sum one after the other.
 */
#include "archive/digest.h"

#include "base/hash.h"
#include "base/varint.h"

enum { PIECE = 1 << 16 };

static void fold(struct digest *d, uint64_t a, uint64_t b, uint64_t c)
{
    uint8_t raw[32];
    le_put(raw, d->sum, 8);
    le_put(raw + 8, a, 8);
    le_put(raw + 16, b, 8);
    le_put(raw + 24, c, 8);
    d->sum = hash_bytes(raw, sizeof(raw));
}

static void close_piece(struct digest *d)
{
    if (d->pending.len)
        fold(d, hash_bytes(d->pending.data, d->pending.len), d->pending.len, 0);
    buf_clear(&d->pending);
}

int digest_feed(struct digest *d, uint64_t source_id, uint64_t offset, int64_t read_time,
                const uint8_t *data, size_t len, struct lgz_error *err)
{
    if (source_id != d->source_id || offset != d->offset || read_time != d->read_time) {
        close_piece(d);
        fold(d, source_id, offset, (uint64_t)read_time);
        d->source_id = source_id;
        d->offset = offset;
        d->read_time = read_time;
    }
    d->bytes += len;
    d->offset += len;
    while (len) {
        size_t room = PIECE - d->pending.len;
        size_t take = len < room ? len : room;
        buf_append(&d->pending, data, take);
        if (d->pending.failed)
            return error_memory(err);
        if (d->pending.len == PIECE)
            close_piece(d);
        data += take;
        len -= take;
    }
    return LGZ_OK;
}

uint64_t digest_finish(struct digest *d)
{
    close_piece(d);
    return d->sum;
}

void digest_clear(struct digest *d)
{
    buf_free(&d->pending);
    *d = (struct digest){0};
}
