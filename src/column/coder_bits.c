/*
 * coder_bits.c - beginning and end of what coder_bits.h does.
 */
#include "column/coder_bits.h"

#include <stdlib.h>

void weight_set_init(struct weight_set *w, int16_t context, int16_t own)
{
    *w = (struct weight_set){.rate = RATE_LAST + RATE_FIRST};
    for (unsigned i = 0; i < CODER_HASHED; i++)
        w->weights[i] = context;
    w->weights[CODER_HASHED] = own;
}

static int64_t steps_of(uint64_t limit)
{
    return limit < INT64_MAX ? (int64_t)limit : INT64_MAX;
}

void bit_coder_encode(struct bit_coder *c, struct buf *out, uint64_t limit)
{
    *c = (struct bit_coder){
        .range = UINT64_MAX, .out = out, .start = out->len, .left = steps_of(limit)};
}

void bit_coder_decode(struct bit_coder *c, struct span code, uint64_t limit)
{
    *c = (struct bit_coder){
        .range = UINT64_MAX, .at = code.data, .end = code.data + code.len, .left = steps_of(limit)};
    c->code = next_bytes(c);
    c->code = c->code << 32 | next_bytes(c);
}

void bit_coder_carry(struct buf *out, size_t start)
{
    for (size_t i = out->len; i > start && ++out->data[i - 1] == 0;)
        i--;
}

void bit_coder_put(struct buf *out, uint64_t low)
{
    for (int i = 0; i < 4; i++) {
        buf_push(out, (uint8_t)(low >> 56));
        low <<= 8;
    }
}

/* As few bytes as make a number from low to low + range - 1, with zeros behind them. */
void bit_coder_flush(struct bit_coder *c)
{
    uint64_t below = UINT64_MAX;
    uint64_t value = 0;
    if (c->low == 0)
        return;
    if (c->low + (c->range - 1) < c->low) { /* 2^64 is in between */
        bit_coder_carry(c->out, c->start);
        return;
    }
    do {
        below >>= 8;
        value = (c->low + below) & ~below;
    } while (value < c->low || value - c->low >= c->range);
    for (; below != UINT64_MAX; below = below << 8 | 255) {
        buf_push(c->out, (uint8_t)(value >> 56));
        value <<= 8;
    }
}

bool bit_coder_at_end(const struct bit_coder *c)
{
    return c->at == c->end && c->missing <= sizeof(c->code);
}

bool line_table_init(struct line_table *t, unsigned bits)
{
    size_t size = (size_t)CODER_LINE << bits;
    if (size > t->size) {
        line_table_clear(t);
        t->memory = malloc(size + CODER_LINE_ALIGN);
        if (!t->memory)
            return false;
        t->lines = t->memory;
        t->lines += CODER_LINE_ALIGN - (uintptr_t)t->memory % CODER_LINE_ALIGN;
        t->size = size;
    }
    memset(t->lines, 0, size);
    t->shift = 32 - bits;
    return true;
}

void line_table_clear(struct line_table *t)
{
    free(t->memory);
    *t = (struct line_table){0};
}
