/*
 * coder_bits.c - beginning and end of what coder_bits.h does.
 */
#include "column/coder_bits.h"

#include <stdlib.h>

void predictor_init(struct predictor *p, const struct coder_tables *tables)
{
    p->tables = tables;
    for (unsigned state = 0; state < 256; state++) {
        int16_t entry = (int16_t)(tables->stretch[tables->first[state] >> 4] * LOGIT_SCALE);
        for (unsigned i = 0; i < CODER_CONTEXTS; i++)
            p->maps[i][state] = entry;
    }
}

void weight_set_init(struct weight_set *w, int16_t context, int16_t last)
{
    for (unsigned i = 0; i < CODER_CONTEXTS; i++)
        w->weights[i] = context;
    w->weights[CODER_CONTEXTS] = last;
    w->weights[CODER_CONTEXTS + 1] = 0;
    w->trained = 0;
    w->rate = RATE_LAST + RATE_FIRST;
}

void bit_coder_encode(struct bit_coder *c, struct buf *out, uint64_t limit)
{
    *c = (struct bit_coder){.encoding = true, .high = UINT32_MAX, .out = out, .left = limit};
}

void bit_coder_decode(struct bit_coder *c, struct span code, uint64_t limit)
{
    *c = (struct bit_coder){
        .high = UINT32_MAX, .at = code.data, .end = code.data + code.len, .left = limit};
    for (int i = 0; i < 4; i++) {
        c->code <<= 8;
        if (c->at < c->end)
            c->code |= *c->at++;
        else
            c->missing++;
    }
}

void bit_coder_flush(struct bit_coder *c)
{
    /* The first bytes of low and high differ: this one and zeros are in between. */
    buf_push(c->out, (uint8_t)((c->low >> 24) + 1));
}

bool bit_coder_at_end(const struct bit_coder *c)
{
    return c->at == c->end && c->missing == 3;
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
