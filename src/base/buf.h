/*
 * buf.h - the one way to grow a buffer, for bytes (struct buf) and for items of any type (vec_*).
 *
 * A struct buf that can't grow remembers it: `failed` is set, later appends do nothing, and the
 * owner checks once, where it uses the result. Zero-initialized is empty and valid.
 */
#ifndef LOGZIP_BASE_BUF_H
#define LOGZIP_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
    uint8_t *data;
    size_t len;
    size_t cap;
    bool failed;
};

/** Bytes that somebody else owns. */
struct span {
    const uint8_t *data;
    size_t len;
};

/** memcmp() == 0, inline for what is mostly a few bytes long. */
static inline bool bytes_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    uint64_t x[2];
    uint64_t y[2];
    if (len > 16)
        return memcmp(a, b, len) == 0;
    if (len >= 8) {
        memcpy(&x[0], a, 8);
        memcpy(&y[0], b, 8);
        memcpy(&x[1], a + len - 8, 8);
        memcpy(&y[1], b + len - 8, 8);
        return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
    }
    if (len >= 4) {
        uint32_t p[2];
        uint32_t q[2];
        memcpy(&p[0], a, 4);
        memcpy(&q[0], b, 4);
        memcpy(&p[1], a + len - 4, 4);
        memcpy(&q[1], b + len - 4, 4);
        return ((p[0] ^ q[0]) | (p[1] ^ q[1])) == 0;
    }
    return !len || (a[0] == b[0] && a[len / 2] == b[len / 2] && a[len - 1] == b[len - 1]);
}

/** Are they the same bytes? */
static inline bool span_equal(struct span a, struct span b)
{
    return a.len == b.len && bytes_equal(a.data, b.data, a.len);
}

/** The order of bytes; the start of a text comes before it. @return less than 0, 0, or more */
static inline int span_order(struct span a, struct span b)
{
    const size_t len = a.len < b.len ? a.len : b.len;
    const int order = len ? memcmp(a.data, b.data, len) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/** Make room for `more` bytes behind the end. @return false when memory is out */
bool buf_reserve(struct buf *b, size_t more);

/**
 * The same without spare room, for a buffer whose size is known, or large. What an empty buffer
 * holds isn't copied.
 */
bool buf_reserve_exactly(struct buf *b, size_t more);

/** Free the memory; the buffer is empty and valid again. */
void buf_free(struct buf *b);

/** Append a formatted string (without its NUL). */
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline void buf_append(struct buf *b, const void *data, size_t len)
{
    if ((b->cap - b->len >= len && !b->failed) || buf_reserve(b, len)) {
        if (len)
            memcpy(b->data + b->len, data, len);
        b->len += len;
    }
}

static inline void buf_push(struct buf *b, uint8_t byte)
{
    if ((b->len < b->cap && !b->failed) || buf_reserve(b, 1))
        b->data[b->len++] = byte;
}

static inline void buf_append_string(struct buf *b, const char *text)
{
    buf_append(b, text, strlen(text));
}

/** Forget the contents, keep the memory. */
static inline void buf_clear(struct buf *b)
{
    b->len = 0;
    b->failed = false;
}

static inline void buf_swap(struct buf *a, struct buf *b)
{
    struct buf swap = *a;
    *a = *b;
    *b = swap;
}

static inline struct span buf_span(const struct buf *b)
{
    return (struct span){b->data, b->len};
}

/**
 * Grow an array to hold at least `need` items, doubling.
 *
 * @param items  the array, NULL when `*cap` is 0
 * @return the array, or NULL when memory is out; then `items` is as it was
 */
void *vec_grow_array(void *items, size_t *cap, size_t need, size_t item_size);

/** A growing array of T: `VEC(struct foo) foos = {0};` */
#define VEC(T)      \
    struct {        \
        T *data;    \
        size_t len; \
        size_t cap; \
    }

/** Room for `need` items in all. @return false when memory is out */
#define vec_reserve(v, need) \
    ((need) <= (v)->cap || vec_assign_((void **)&(v)->data, &(v)->cap, need, sizeof(*(v)->data)))

/** Append one item. @return false when memory is out */
#define vec_push(v, item) \
    (vec_reserve(v, (v)->len + 1) ? ((v)->data[(v)->len++] = (item), true) : false)

/** Put an item in front of number `at`; at the end if that is the length. @return as vec_push() */
#define vec_insert(v, at, item)                                                       \
    (vec_reserve(v, (v)->len + 1) ? (memmove((v)->data + (at) + 1, (v)->data + (at),  \
                                             ((v)->len - (at)) * sizeof(*(v)->data)), \
                                     (v)->data[at] = (item), (v)->len++, true)        \
                                  : false)

/** Take item number `at` out. */
#define vec_remove(v, at)                                                                       \
    (memmove((v)->data + (at), (v)->data + (at) + 1, ((v)->len - (at)-1) * sizeof(*(v)->data)), \
     (void)(v)->len--)

#define vec_free(v) (vec_release_((void **)&(v)->data), (v)->len = (v)->cap = 0)

bool vec_assign_(void **data, size_t *cap, size_t need, size_t item_size);
void vec_release_(void **data);

#endif
