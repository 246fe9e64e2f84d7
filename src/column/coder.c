/*
 * coder.c - frames of the context coder. The first byte of a frame is the size of a new model's
 * table, or 0: the model of texts goes on.
 */
#include "column/coder.h"

#include <stdlib.h>

#include "column/coder_number.h"
#include "column/coder_text.h"

enum {
    MIN_TABLE_BITS = 8,
    SMALL_TABLE = 13,     /* bits; a larger one is slow, and has fewer lines for a byte */
    TEXT_STEPS = 6,       /* for a byte, as most are expected by a match */
    BYTE_LEAST = 3,       /* steps for a byte: to find lines, and a decision */
    MOST_OF_BYTE = 32768, /* a byte of code never stands for more bytes than so many, */
    FREE_BYTES = 8,       /* nor do the zeros behind a code's end for more than for so many */
    LINES_CLEARED = 64,   /* for a step: a new table takes time, too */
};

struct coder {
    struct coder_tables tables;
    bool has_tables;
    uint64_t left;
    struct text_model *texts; /* NULL before the first frame of texts */
    struct number_model *numbers;
};

int coder_new(struct coder **out, uint64_t limit, struct lgz_error *err)
{
    struct coder *c = calloc(1, sizeof(*c));
    *out = c;
    if (!c)
        return error_memory(err);
    c->left = limit;
    return LGZ_OK;
}

void coder_free(struct coder *c)
{
    if (c) {
        text_model_free(c->texts);
        number_model_free(c->numbers);
    }
    free(c);
}

uint64_t coder_left(const struct coder *c)
{
    return c->left;
}

uint64_t coder_steps(const struct coder_layout *layout, const uint8_t *data)
{
    uint64_t len = 0;
    if (layout->model == CODER_NUMBERS)
        return number_model_steps(layout->streams, layout->count, data);
    for (size_t i = 0; i < layout->count; i++)
        len += layout->streams[i].len;
    return len * TEXT_STEPS;
}

unsigned coder_table_bits(size_t len)
{
    unsigned bits = MIN_TABLE_BITS;
    while (bits < SMALL_TABLE && (size_t)1 << bits < len)
        bits++;
    while (bits < CODER_MAX_BITS && (size_t)4 << bits < len)
        bits++;
    return bits;
}

static bool code_texts(struct coder *c, struct bit_coder *bits, const struct coder_layout *layout,
                       unsigned table_bits, const uint8_t *from, uint8_t *to)
{
    if (!c->texts)
        c->texts = text_model_new();
    if (!c->texts || (table_bits && !text_model_begin(c->texts, &c->tables, table_bits)))
        return false;
    return from ? text_model_encode(c->texts, bits, layout->streams, layout->count, from)
                : text_model_decode(c->texts, bits, layout->streams, layout->count, to);
}

static bool code_numbers(struct coder *c, struct bit_coder *bits, const struct coder_layout *layout,
                         unsigned table_bits, const uint8_t *from, uint8_t *to)
{
    if (!c->numbers)
        c->numbers = number_model_new();
    if (!c->numbers || !number_model_begin(c->numbers, &c->tables, table_bits))
        return false;
    if (from)
        number_model_encode(c->numbers, bits, layout->streams, layout->count, from);
    else
        number_model_decode(c->numbers, bits, layout->streams, layout->count, to);
    return true;
}

/* Encode `from`, or decode to `to` where there is no `from`. @return false when memory is out */
static bool code_frame(struct coder *c, struct bit_coder *bits, const struct coder_layout *layout,
                       unsigned table_bits, const uint8_t *from, uint8_t *to)
{
    int64_t cleared = table_bits ? (INT64_C(1) << table_bits) / LINES_CLEARED : 0;
    if (!c->has_tables)
        coder_tables_init(&c->tables);
    c->has_tables = true;
    bits->left -= cleared;
    bool ok = layout->model == CODER_TEXT ? code_texts(c, bits, layout, table_bits, from, to)
                                          : code_numbers(c, bits, layout, table_bits, from, to);
    c->left = bits->left > 0 ? (uint64_t)bits->left : 0;
    return ok;
}

int coder_encode(struct coder *c, const struct coder_layout *layout, unsigned table_bits,
                 const uint8_t *data, struct buf *out, bool *within, struct lgz_error *err)
{
    struct bit_coder bits;
    buf_push(out, (uint8_t)table_bits);
    bit_coder_encode(&bits, out, c->left);
    bool ok = code_frame(c, &bits, layout, table_bits, data, NULL);
    *within = bits.left > CODER_BYTE_MOST;
    bit_coder_flush(&bits);
    return ok && !out->failed ? LGZ_OK : error_memory(err);
}

bool coder_may_hold(const struct coder *c, struct span frame, uint64_t len)
{
    return len <= c->left / BYTE_LEAST && len / MOST_OF_BYTE <= frame.len + FREE_BYTES;
}

int coder_decode(struct coder *c, const struct coder_layout *layout, struct span frame, uint8_t *to,
                 struct lgz_error *err)
{
    unsigned table_bits = frame.len ? frame.data[0] : 0;
    bool goes_on = layout->model == CODER_TEXT && table_bits == 0 && c->texts;
    if (frame.len == 0 || table_bits > CODER_MAX_BITS || (table_bits < MIN_TABLE_BITS && !goes_on))
        return error_set(err, LGZ_ERR_CORRUPT, "damaged head of a coded frame");
    struct bit_coder bits;
    bit_coder_decode(&bits, (struct span){frame.data + 1, frame.len - 1}, c->left);
    if (!code_frame(c, &bits, layout, table_bits, NULL, to))
        return error_memory(err);
    if (!bit_coder_at_end(&bits) || bits.left <= CODER_BYTE_MOST)
        return error_set(err, LGZ_ERR_CORRUPT, "damaged coded frame");
    return LGZ_OK;
}
