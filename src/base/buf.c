/*
 * buf.c - growing buffers and arrays: capacity doubles, sizes are checked for overflow.
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { MIN_BUF = 64, MIN_ITEMS = 8 };

bool buf_reserve(struct buf *b, size_t more)
{
    size_t need;
    if (b->failed)
        return false;
    if (__builtin_add_overflow(b->len, more, &need)) {
        b->failed = true;
        return false;
    }
    if (need <= b->cap)
        return true;
    size_t cap = b->cap < MIN_BUF ? MIN_BUF : b->cap;
    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    uint8_t *data = realloc(b->data, cap);
    if (!data) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

bool buf_reserve_exactly(struct buf *b, size_t more)
{
    if (b->failed || (b->cap && more <= b->cap - b->len))
        return !b->failed;
    if (b->len == 0) /* nothing to move */
        buf_free(b);
    size_t need;
    bool fits = !__builtin_add_overflow(b->len, more, &need);
    uint8_t *data = fits ? realloc(b->data, need ? need : 1) : NULL;
    if (!data) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->cap = need ? need : 1;
    return true;
}

void buf_free(struct buf *b)
{
    free(b->data);
    *b = (struct buf){0};
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int need = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (need < 0 || !buf_reserve(b, (size_t)need + 1)) {
        b->failed = true;
    } else {
        vsnprintf((char *)b->data + b->len, (size_t)need + 1, format, again);
        b->len += (size_t)need;
    }
    va_end(again);
}

void *vec_grow_array(void *items, size_t *cap, size_t need, size_t item_size)
{
    size_t grown = *cap < MIN_ITEMS ? MIN_ITEMS : *cap;
    size_t bytes;
    while (grown < need)
        grown = grown > SIZE_MAX / 2 ? need : grown * 2;
    if (__builtin_mul_overflow(grown, item_size, &bytes))
        return NULL;
    void *moved = realloc(items, bytes);
    if (moved)
        *cap = grown;
    return moved;
}

bool vec_assign_(void **data, size_t *cap, size_t need, size_t item_size)
{
    void *moved = vec_grow_array(*data, cap, need, item_size);
    if (!moved)
        return false;
    *data = moved;
    return true;
}

void vec_release_(void **data)
{
    free(*data);
    *data = NULL;
}
