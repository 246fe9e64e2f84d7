/*
 * block_entries.c - extents as differences from those before them, and flags for what is rare.
 */
#include "segment/block_entries.h"

#include <stdlib.h>

#include "base/clock.h"

enum {
    MIN_EXTENT = 3, /* bytes of an extent, at least */
    FLAG_PLAIN = 1,
    FLAG_TIMES = 2,
    FLAG_SECONDS = 4, /* the extents' times are whole seconds */
};

int block_entries_begin(struct block_entries *e, size_t sources, struct lgz_error *err)
{
    *e = (struct block_entries){.ends = calloc(sources + 1, sizeof(*e->ends)), .sources = sources};
    return e->ends ? LGZ_OK : error_memory(err);
}

void block_entries_end(struct block_entries *e)
{
    free(e->ends);
    *e = (struct block_entries){0};
}

/* How much later than `last`, which wraps. */
static int64_t time_since(int64_t last, int64_t time)
{
    return (int64_t)((uint64_t)time - (uint64_t)last);
}

/* Are the extents of a block whole seconds apart? */
static bool in_seconds(const struct block_info *b, int64_t time)
{
    bool whole = true;
    for (size_t i = 0; i < b->extent_count; i++) {
        whole = whole && time_since(time, b->extents[i].read_time) % NS_PER_SECOND == 0;
        time = b->extents[i].read_time;
    }
    return whole;
}

/* An extent nearly always goes on where its source's last one ended: that end is kept here. */
static void write_extents(struct block_entries *e, const struct block_info *b, bool seconds,
                          struct buf *out)
{
    varint_put(out, b->extent_count);
    for (size_t i = 0; i < b->extent_count; i++) {
        const struct extent *x = &b->extents[i];
        varint_put(out, x->source);
        varint_put(out, zigzag((int64_t)(x->offset - e->ends[x->source])));
        if (i + 1 < b->extent_count) /* the last one's length is what is left */
            varint_put(out, x->length);
        varint_put(out, zigzag(time_since(e->time, x->read_time) / (seconds ? NS_PER_SECOND : 1)));
        e->ends[x->source] = x->offset + x->length;
        e->time = x->read_time;
    }
}

void block_entries_write(struct block_entries *e, const struct block_info *b, struct buf *out)
{
    bool times = b->time_min != SEGMENT_NO_TIME;
    bool seconds = in_seconds(b, e->time);
    varint_put(out, b->stored_len);
    varint_put(out, b->raw_len);
    buf_put_le(out, b->raw_checksum, 8);
    varint_put(out, b->lines);
    buf_push(out, (uint8_t)((b->plain ? FLAG_PLAIN : 0) | (times ? FLAG_TIMES : 0) |
                            (seconds ? FLAG_SECONDS : 0)));
    if (times) {
        varint_put(out, zigzag(b->time_min));
        varint_put(out, (uint64_t)b->time_max - (uint64_t)b->time_min);
    }
    write_extents(e, b, seconds, out);
    if (!b->plain)
        varint_put(out, b->template_count);
    for (size_t i = 0; i < b->template_count; i++)
        varint_put(out, b->template_counts[i]);
}

/* Extents of a block; their lengths must sum to its raw length. */
static bool read_extents(struct block_entries *e, struct reader *r, struct block_info *b,
                         bool seconds)
{
    uint64_t left = b->raw_len;
    b->extent_count = reader_varint_max(r, reader_left(r) / MIN_EXTENT);
    struct extent *extents = calloc(b->extent_count + 1, sizeof(*extents));
    b->extents = extents;
    if (!extents)
        return false;
    for (size_t i = 0; i < b->extent_count && !r->failed; i++) {
        struct extent *x = &extents[i];
        x->source = (uint32_t)reader_varint_max(r, UINT32_MAX);
        if (x->source >= e->sources) {
            r->failed = true;
            return true;
        }
        x->offset = e->ends[x->source] + (uint64_t)unzigzag(reader_varint(r));
        x->length = i + 1 < b->extent_count ? reader_varint_max(r, left) : left;
        int64_t later = unzigzag(reader_varint(r));
        if (seconds && __builtin_mul_overflow(later, NS_PER_SECOND, &later))
            r->failed = true;
        x->read_time = (int64_t)((uint64_t)e->time + (uint64_t)later);
        e->time = x->read_time;
        left -= x->length;
        if (x->length == 0 || __builtin_add_overflow(x->offset, x->length, &e->ends[x->source]))
            r->failed = true;
    }
    r->failed |= left != 0;
    return true;
}

bool block_entries_read(struct block_entries *e, struct reader *r, struct block_info *b)
{
    b->time_min = b->time_max = SEGMENT_NO_TIME;
    b->stored_len = reader_varint_max(r, UINT32_MAX);
    b->raw_len = reader_varint_max(r, BLOCK_MAX_RAW);
    b->raw_checksum = reader_le(r, 8);
    b->lines = reader_varint(r);
    uint8_t flags = reader_u8(r);
    b->plain = flags & FLAG_PLAIN;
    if (flags & FLAG_TIMES) {
        b->time_min = unzigzag(reader_varint(r));
        b->time_max = (int64_t)((uint64_t)b->time_min + reader_varint(r));
        r->failed |= b->time_max < b->time_min || b->time_min == SEGMENT_NO_TIME;
    }
    if (!read_extents(e, r, b, flags & FLAG_SECONDS))
        return false;
    b->template_count = b->plain ? 0 : reader_varint_max(r, reader_left(r));
    uint64_t *counts = calloc(b->template_count + 1, sizeof(*counts));
    b->template_counts = counts;
    if (!counts)
        return false;
    for (size_t i = 0; i < b->template_count; i++)
        counts[i] = reader_varint(r);
    r->failed |= flags > (FLAG_PLAIN | FLAG_TIMES | FLAG_SECONDS) || b->raw_len == 0;
    return true;
}
