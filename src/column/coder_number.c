/*
 * coder_number.c - contexts for numbers: the higher bytes of the same number, the numbers before,
 * and the numbers of the same row in streams that have as many rows. Whether a byte is 0 is decided
 * first: most are.
 */
#include "column/coder_number.h"

#include <stdlib.h>

enum {
    MATES_BACK = 64,   /* so far back a stream looks for others with as many rows */
    SETS_OF_PLANE = 9, /* is it zero, and eight bits */
    PLANES_APART = 3,
};

/* A stream, as the model looks at it: rows of `width` bytes, in planes. */
struct planes {
    const uint8_t *data;
    size_t rows;
    unsigned width;
};

struct number_model {
    struct predictor predictor;
    struct weight_set sets[PLANES_APART * SETS_OF_PLANE];
    struct line_table table;
    uint32_t streams; /* so many were coded */
    struct planes recent[MATES_BACK];
};

struct number_model *number_model_new(void)
{
    struct number_model *m = malloc(sizeof(*m));
    if (m)
        m->table = (struct line_table){0};
    return m;
}

bool number_model_begin(struct number_model *m, const struct coder_tables *tables,
                        unsigned table_bits)
{
    predictor_init(&m->predictor, tables);
    for (unsigned i = 0; i < PLANES_APART * SETS_OF_PLANE; i++)
        weight_set_init(&m->sets[i], WEIGHT_ONE * 30 / 100, 0);
    m->streams = 0;
    return line_table_init(&m->table, table_bits);
}

void number_model_free(struct number_model *m)
{
    if (m)
        line_table_clear(&m->table);
    free(m);
}

/* The lowest bytes of a row of another stream, or 0 without one. */
static inline uint32_t mate_value(const struct planes *mate, size_t row)
{
    if (!mate)
        return 0;
    uint32_t low = mate->data[row];
    return 1u << 16 | low | (mate->width > 1 ? (uint32_t)mate->data[mate->rows + row] << 8 : 0);
}

/* How many bits a byte has: 0 to 8. */
static inline uint32_t size_of(uint32_t byte)
{
    return byte ? 32 - (uint32_t)__builtin_clz(byte) : 0;
}

/* `plane` starts at its row 0; `key` stands for the higher bytes of this row's number. */
static inline void set_contexts(uint32_t *contexts, const uint8_t *plane, size_t row, uint32_t key,
                                uint32_t stream, uint32_t mate, uint32_t mate2)
{
    uint32_t b[7];
    for (size_t i = 1; i <= 6; i++)
        b[i] = row >= i ? plane[row - i] : 0;
    uint32_t mine = context_mix(key, stream);
    uint32_t zeros = 0;
    for (size_t i = 1; i <= 5; i++)
        zeros = zeros * 2 + (b[i] == 0);
    uint32_t sizes = size_of(b[1]) | size_of(b[2]) << 4 | size_of(b[3]) << 8 | size_of(b[4]) << 12;
    uint32_t with_mate = context_mix(mine, mate);
    contexts[0] = context_mix(key, b[1]);
    contexts[1] =
        context_mix(context_mix(key + (1u << 28), b[1] | b[2] << 8 | b[3] << 16 | b[4] << 24),
                    b[5] | b[6] << 8);
    contexts[2] = context_mix(mine + (2u << 28), zeros);
    contexts[3] = context_mix(with_mate + (3u << 28), mate2);
    contexts[4] = context_mix(with_mate + (4u << 28), b[1] | b[2] << 8);
    contexts[5] = context_mix(mine + (5u << 28), sizes);
}

static inline __attribute__((always_inline)) uint8_t
code_byte(struct number_model *m, struct bit_coder *c, const uint32_t *contexts,
          struct weight_set *sets, uint8_t byte)
{
    uint8_t *lines[CODER_CONTEXTS];
    prefetch_lines(&m->table, contexts, 1);
    find_lines(&m->predictor, &m->table, contexts, 0, lines);
    if (!code_bit(c, &m->predictor, lines, 1, 256, sets++, byte != 0))
        return 0;
    unsigned decided = 1;
    for (unsigned half = 0; half < 2; half++) {
        unsigned node = 1;
        find_lines(&m->predictor, &m->table, contexts, decided, lines);
        for (unsigned i = 0; i < 4; i++) {
            unsigned left = 7 - half * 4 - i;
            unsigned bit = code_bit(c, &m->predictor, lines, node, 256, sets++, byte >> left & 1);
            node = node * 2 + bit;
            decided = decided * 2 + bit;
        }
    }
    return (uint8_t)decided;
}

/* The last two streams with as many rows, NULL where there is none. */
static void find_mates(const struct number_model *m, size_t rows, const struct planes **mates)
{
    unsigned found = 0;
    mates[0] = mates[1] = NULL;
    for (uint32_t back = 1; back <= MATES_BACK && back <= m->streams && found < 2; back++) {
        const struct planes *s = &m->recent[(m->streams - back) % MATES_BACK];
        if (s->rows == rows)
            mates[found++] = s;
    }
}

/* Code one stream; `to` is where its bytes are, to be written there, or NULL to encode them. */
static inline __attribute__((always_inline)) void code_stream(struct number_model *m,
                                                              struct bit_coder *c,
                                                              const struct planes *s,
                                                              unsigned layout, uint8_t *to)
{
    const struct planes *mates[2];
    uint32_t contexts[CODER_CONTEXTS];
    find_mates(m, s->rows, mates);
    for (size_t row = 0; row < s->rows; row++) {
        uint32_t mate = mate_value(mates[0], row);
        uint32_t mate2 = mate_value(mates[1], row);
        uint32_t higher = 0;
        for (unsigned plane = s->width; plane-- > 0;) {
            if (!bit_coder_goes_on(c))
                return;
            size_t at = plane * s->rows + row;
            unsigned below_top = s->width - 1 - plane;
            unsigned set = below_top < PLANES_APART ? below_top : PLANES_APART - 1;
            uint32_t key = context_mix(higher, plane | layout << 4);
            set_contexts(contexts, s->data + at - row, row, key, m->streams, mate, mate2);
            uint8_t byte =
                code_byte(m, c, contexts, &m->sets[set * SETS_OF_PLANE], to ? 0 : s->data[at]);
            if (to)
                to[at] = byte;
            higher = context_mix(higher, byte + 1u);
        }
    }
}

/* A stream that is no whole number of rows is taken for single bytes. */
static struct planes planes_of(const struct coder_stream *stream, const uint8_t *data)
{
    bool single = stream->width == 0 || stream->len % stream->width;
    unsigned width = single ? 1 : stream->width;
    return (struct planes){data, stream->len / width, width};
}

static void end_stream(struct number_model *m, const struct planes *s)
{
    m->recent[m->streams++ % MATES_BACK] = *s;
}

void number_model_encode(struct number_model *m, struct bit_coder *coder,
                         const struct coder_stream *streams, size_t count, const uint8_t *data)
{
    struct bit_coder c = *coder;
    c.encoding = true;
    for (size_t i = 0; i < count && bit_coder_goes_on(&c); i++) {
        struct planes s = planes_of(&streams[i], data);
        code_stream(m, &c, &s, streams[i].width, NULL);
        end_stream(m, &s);
        data += streams[i].len;
    }
    *coder = c;
}

void number_model_decode(struct number_model *m, struct bit_coder *coder,
                         const struct coder_stream *streams, size_t count, uint8_t *data)
{
    struct bit_coder c = *coder;
    c.encoding = false;
    for (size_t i = 0; i < count && bit_coder_goes_on(&c); i++) {
        struct planes s = planes_of(&streams[i], data);
        code_stream(m, &c, &s, streams[i].width, data);
        end_stream(m, &s);
        data += streams[i].len;
    }
    *coder = c;
}
