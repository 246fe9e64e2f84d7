/*
 * varint.h - LEB128 integers and zigzag, as docs/format.md says, and a checked reader.
 *
 * A struct reader walks over untrusted bytes: a read past the end sets `failed` and returns 0, so a
 * parser checks once per record, never forgets a bound, and never touches a byte that isn't there.
 */
#ifndef LOGZIP_BASE_VARINT_H
#define LOGZIP_BASE_VARINT_H

#include <endian.h>

#include "base/buf.h"

enum { VARINT_MAX = 10 };

/** Append `value`, 7 bits a byte, least significant first, top bit set on all but the last. */
static inline void varint_put(struct buf *b, uint64_t value)
{
    if (b->cap - b->len < VARINT_MAX && !buf_reserve(b, VARINT_MAX))
        return;
    while (value >= 0x80) {
        b->data[b->len++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    b->data[b->len++] = (uint8_t)value;
}

/** The bytes that varint_put() takes. */
static inline size_t varint_size(uint64_t value)
{
    size_t size = 1;
    while (value >>= 7)
        size++;
    return size;
}

static inline uint64_t zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
}

static inline int64_t unzigzag(uint64_t value)
{
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

struct reader {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
};

static inline struct reader reader_of(const void *data, size_t len)
{
    const uint8_t *p = data;
    return (struct reader){p, p ? p + len : p, false};
}

static inline size_t reader_left(const struct reader *r)
{
    return (size_t)(r->end - r->at);
}

/** A varint of at most 64 bits; fails on a longer one and on a cut one. */
static inline uint64_t reader_varint(struct reader *r)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && r->at < r->end; shift += 7) {
        uint8_t byte = *r->at++;
        if (shift == 63 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    r->failed = true;
    r->at = r->end;
    return 0;
}

/** A varint that must not be above `max`. */
static inline uint64_t reader_varint_max(struct reader *r, uint64_t max)
{
    uint64_t value = reader_varint(r);
    if (value > max) {
        r->failed = true;
        r->at = r->end;
        return 0;
    }
    return value;
}

/** The next `len` bytes, or an empty span and `failed`. */
static inline struct span reader_bytes(struct reader *r, uint64_t len)
{
    if (len > reader_left(r)) {
        r->failed = true;
        r->at = r->end;
        return (struct span){r->end, 0};
    }
    struct span s = {r->at, (size_t)len};
    if (len) /* a reader of nothing may stand at NULL */
        r->at += len;
    return s;
}

static inline uint8_t reader_u8(struct reader *r)
{
    struct span s = reader_bytes(r, 1);
    return s.len ? s.data[0] : 0;
}

/* Fixed little-endian integers. */

static inline void le_put(uint8_t *p, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        p[i] = (uint8_t)(value >> (8 * i));
}

static inline uint64_t le_get(const uint8_t *p, unsigned bytes)
{
    uint64_t value = 0;
    if (__builtin_constant_p(bytes)) { /* one load */
        memcpy(&value, p, bytes);
        return le64toh(value);
    }
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)p[i] << (8 * i);
    return value;
}

static inline void buf_put_le(struct buf *b, uint64_t value, unsigned bytes)
{
    uint8_t raw[8];
    le_put(raw, value, bytes);
    buf_append(b, raw, bytes);
}

static inline uint64_t reader_le(struct reader *r, unsigned bytes)
{
    struct span s = reader_bytes(r, bytes);
    return s.len ? le_get(s.data, bytes) : 0;
}

/* Strings: a varint, the length, and so many bytes. */

/** Append `text` without its NUL. */
void varint_put_string(struct buf *out, const char *text);

/**
 * The next string as a copy, to be freed. One of more than `max` bytes, or with a NUL inside, which
 * would make the C string shorter than what was written, is as bad as a cut one.
 *
 * @return NULL with `failed` set, or without when memory is out
 */
char *reader_string(struct reader *r, size_t max);

#endif
