/*
 * digest.c - bytes are hashed in pieces of a fixed size, and the hashes are hashed into a sum one
 * after the other; so are the runs.
 */
#include "archive/digest.h"

#include "base/hash.h"
#include "base/varint.h"

enum { PIECE = 1 << 16 };

static uint64_t fold(uint64_t sum, uint64_t value)
{
    uint8_t raw[16];
    le_put(raw, sum, 8);
    le_put(raw + 8, value, 8);
    return hash_bytes(raw, sizeof(raw));
}

static void close_run(struct digest *d)
{
    if (d->source_id) {
        d->runs = fold(d->runs, d->source_id);
        d->runs = fold(d->runs, (uint64_t)d->read_time);
        d->runs = fold(d->runs, d->start);
        d->runs = fold(d->runs, d->end);
    }
    d->source_id = 0;
}

void digest_place(struct digest *d, uint64_t source_id, uint64_t offset, int64_t read_time,
                  uint64_t len)
{
    if (source_id != d->source_id || offset != d->end || read_time != d->read_time) {
        close_run(d);
        d->source_id = source_id;
        d->read_time = read_time;
        d->start = offset;
    }
    d->end = offset + len;
}

/* The pending bytes are a piece of their own. */
static void close_piece(struct digest *d)
{
    if (d->pending.len)
        d->data = fold(d->data, hash_bytes(d->pending.data, d->pending.len));
    buf_clear(&d->pending);
}

int digest_data(struct digest *d, const void *data, size_t len, struct lgz_error *err)
{
    const uint8_t *from = data;
    d->bytes += len;
    while (len) {
        size_t room = PIECE - d->pending.len;
        size_t take = len < room ? len : room;
        if (take == PIECE) {
            d->data = fold(d->data, hash_bytes(from, PIECE));
        } else {
            buf_append(&d->pending, from, take);
            if (d->pending.failed)
                return error_memory(err);
            if (d->pending.len == PIECE)
                close_piece(d);
        }
        from += take;
        len -= take;
    }
    return LGZ_OK;
}

bool digest_same(struct digest *a, struct digest *b)
{
    close_piece(a);
    close_piece(b);
    close_run(a);
    close_run(b);
    return a->bytes == b->bytes && a->data == b->data && a->runs == b->runs;
}

void digest_clear(struct digest *d)
{
    buf_free(&d->pending);
    *d = (struct digest){0};
}
