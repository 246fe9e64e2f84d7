/*
 * coder_number.c - contexts for numbers: the higher bytes of the same number, the numbers before,
 * and the numbers of the same row in streams that have as many rows. The first decisions for a byte
 * follow a tree that may be made for the plane.
 */
#include "column/coder_number.h"

#include <stdlib.h>

#include "column/coder_tree.h"

/* docs/format.md has all of these. */
enum {
    MATES_BACK = 64,    /* so far back a stream looks for others with as many rows */
    MOST_PLANES = 8,    /* of a stream */
    PLANES_APART = 3,   /* the highest, the second highest, and all below learn apart */
    SETS_OF_PLANE = 24, /* one for each node of a tree, and from here on for the bits of a byte: */
    SET_OF_BYTE = 16,
    LINES_OF_PLANE = 18,  /* of the model's own context: one for each higher half, and */
    LINE_OF_HALF = 16,    /* one for the higher half itself, */
    LINE_OF_TREE = 17,    /* one for trees */
    PREFIX_OF_TREES = 31, /* and the number of a tree; 0 for the plain one */
    TREE_CHANCE = 4096,   /* that a plane has a tree, of 65536, at first; */
    CHANCE_SHIFT = 4,     /* it moves by 1/16 of what is left */
};

/* Spread the numbers of planes and streams, as SPREAD does. */
#define SPREAD_PLANE  UINT64_C(0xa0761d6478bd642f)
#define SPREAD_STREAM UINT64_C(0xd6e8feb86659fd93)

/* A stream, as the model looks at it: rows of `width` bytes, in planes. */
struct planes {
    const uint8_t *data;
    size_t rows;
    unsigned width;
};

struct number_model {
    const struct coder_tables *tables;
    struct weight_set sets[PLANES_APART * SETS_OF_PLANE];
    uint8_t own[PLANES_APART][LINES_OF_PLANE][CODER_LINE];
    struct line_table table;
    uint32_t tree_chance;
    uint32_t trees_told;
    struct coder_tree trees[MOST_PLANES]; /* of the current stream's planes */
    uint32_t prefixes[MOST_PLANES];       /* of their first lines */
    uint32_t streams;                     /* so many were coded */
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
    m->tables = tables;
    for (unsigned i = 0; i < PLANES_APART * SETS_OF_PLANE; i++)
        weight_set_init(&m->sets[i], WEIGHT_ONE * 30 / 100, WEIGHT_ONE * 30 / 100);
    memset(m->own, 0, sizeof(m->own));
    m->tree_chance = TREE_CHANCE;
    m->trees_told = 0;
    m->streams = 0;
    return line_table_init(&m->table, table_bits);
}

void number_model_free(struct number_model *m)
{
    if (m)
        line_table_clear(&m->table);
    free(m);
}

/* The lowest bytes of a row of another stream, or 0 without one: 17 bits. */
static inline uint64_t mate_value(const struct planes *mate, size_t row)
{
    if (!mate)
        return 0;
    uint32_t low = mate->data[row];
    return 1u << 16 | low | (mate->width > 1 ? (uint32_t)mate->data[mate->rows + row] << 8 : 0);
}

/* How many bits a byte has: 0 to 8. */
static inline uint32_t size_of(uint32_t byte)
{
    return 31 - (uint32_t)__builtin_clz(byte << 1 | 1);
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

/* A stream while it is coded. */
struct coding {
    uint64_t number;              /* of the stream, spread */
    uint64_t before[MOST_PLANES]; /* the last eight bytes of each plane */
    uint32_t sizes[MOST_PLANES];  /* of the last four */
};

/* `key` stands for the plane and the higher bytes of this row's number. */
static inline __attribute__((always_inline)) void set_contexts(uint32_t *contexts,
                                                               const struct coding *s,
                                                               unsigned plane, uint64_t key,
                                                               uint64_t mate, uint64_t mate2)
{
    uint64_t before = s->before[plane];
    uint64_t mine = key + s->number;
    contexts[0] = context_hash(key + (before & 0xff));
    contexts[1] = context_hash(key + context_kind(1) + (before & 0xffffffffffff));
    contexts[2] = context_hash(mine + context_kind(2) + (mate2 << 17) + mate);
    contexts[3] = context_hash(mine + context_kind(3) + (mate << 16) + (before & 0xffff));
    contexts[4] = context_hash(mine + context_kind(4) + s->sizes[plane]);
}

/* Code a byte of a plane; decoding, `byte` isn't looked at. */
static inline __attribute__((always_inline)) uint8_t
code_byte(struct number_model *m, struct bit_coder *c, bool encoding, const uint32_t *contexts,
          unsigned plane, unsigned apart, uint8_t byte)
{
    const struct coder_tables *t = m->tables;
    const struct coder_tree *tree = &m->trees[plane];
    struct weight_set *sets = &m->sets[apart * SETS_OF_PLANE];
    uint8_t *own = m->own[apart][LINE_OF_TREE];
    uint8_t *lines[CODER_HASHED];
    unsigned path = encoding ? tree->paths[tree->leaf_of[byte]] : 0;
    unsigned left = encoding ? 31 - (unsigned)__builtin_clz(path) : 0;
    unsigned at = 1;
    find_lines(c, t, &m->table, contexts, m->prefixes[plane], lines);
    do {
        left -= encoding;
        unsigned bit = code_bit(c, encoding, t, lines, at, &own[at], &sets[at], path >> left & 1);
        at = tree->child[at][bit];
    } while (at < TREE_LEAF);
    if (at != TREE_ESCAPE)
        return tree->bytes[at - TREE_LEAF];
    unsigned decided = 1;
    sets += SET_OF_BYTE;
    for (unsigned half = 0; half < 2; half++) {
        unsigned node = 1;
        own = m->own[apart][half ? decided & 15 : LINE_OF_HALF];
        find_lines(c, t, &m->table, contexts, decided, lines);
        for (unsigned i = 0; i < 4; i++) {
            unsigned shift = 7 - half * 4 - i;
            unsigned bit =
                code_bit(c, encoding, t, lines, node, &own[node], sets++, byte >> shift & 1);
            node = node * 2 + bit;
            decided = decided * 2 + bit;
        }
    }
    return (uint8_t)decided;
}

static void count_bytes(const struct planes *s, unsigned plane, uint32_t *counts)
{
    memset(counts, 0, 256 * sizeof(*counts));
    for (size_t i = 0; i < s->rows; i++)
        counts[s->data[plane * s->rows + i]]++;
}

/* Tell or take the trees of a stream's planes. */
static void code_trees(struct number_model *m, struct bit_coder *c, bool encoding,
                       const struct planes *s)
{
    for (unsigned plane = 0; plane < s->width; plane++) {
        struct coder_tree *tree = &m->trees[plane];
        bool has_tree = false;
        if (s->rows >= TREE_ROWS) {
            if (encoding) {
                uint32_t counts[256];
                count_bytes(s, plane, counts);
                has_tree = coder_tree_make(tree, counts);
            }
            has_tree = code_with(c, encoding, has_tree, m->tree_chance);
            m->tree_chance += has_tree ? (65536 - m->tree_chance) >> CHANCE_SHIFT
                                       : -(m->tree_chance >> CHANCE_SHIFT);
        }
        m->prefixes[plane] = 0;
        if (!has_tree) {
            coder_tree_plain(tree);
            continue;
        }
        m->prefixes[plane] = PREFIX_OF_TREES + ++m->trees_told;
        if (encoding)
            coder_tree_put(tree, c);
        else
            coder_tree_take(tree, c);
    }
}

/* Code one stream; decoding, `to` is where its bytes are written. */
static inline __attribute__((always_inline)) void code_stream(struct number_model *m,
                                                              struct bit_coder *c, bool encoding,
                                                              const struct planes *s,
                                                              unsigned layout, uint8_t *to)
{
    const struct planes *mates[2];
    uint32_t contexts[CODER_HASHED];
    struct coding state = {.number = m->streams * SPREAD_STREAM};
    find_mates(m, s->rows, mates);
    for (size_t row = 0; row < s->rows; row++) {
        uint64_t mate = mate_value(mates[0], row);
        uint64_t mate2 = mate_value(mates[1], row);
        uint32_t higher = 0;
        for (unsigned plane = s->width; plane-- > 0;) {
            if (!bit_coder_goes_on(c))
                return;
            size_t at = plane * s->rows + row;
            unsigned below_top = s->width - 1 - plane;
            unsigned apart = below_top < PLANES_APART ? below_top : PLANES_APART - 1;
            uint64_t key = ((uint64_t)higher << 8 | layout << 4 | plane) * SPREAD_PLANE;
            set_contexts(contexts, &state, plane, key, mate, mate2);
            uint8_t byte =
                code_byte(m, c, encoding, contexts, plane, apart, encoding ? s->data[at] : 0);
            if (!encoding)
                to[at] = byte;
            state.before[plane] = state.before[plane] << 8 | byte;
            state.sizes[plane] = (state.sizes[plane] << 4 | size_of(byte)) & 0xffff;
            higher = context_append(higher, byte + 1u);
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
    for (size_t i = 0; i < count && bit_coder_goes_on(coder); i++) {
        struct planes s = planes_of(&streams[i], data);
        code_trees(m, coder, true, &s);
        struct bit_coder c = *coder; /* in registers */
        code_stream(m, &c, true, &s, streams[i].width, NULL);
        *coder = c;
        end_stream(m, &s);
        data += streams[i].len;
    }
}

void number_model_decode(struct number_model *m, struct bit_coder *coder,
                         const struct coder_stream *streams, size_t count, uint8_t *data)
{
    for (size_t i = 0; i < count && bit_coder_goes_on(coder); i++) {
        struct planes s = planes_of(&streams[i], data);
        code_trees(m, coder, false, &s);
        struct bit_coder c = *coder;
        code_stream(m, &c, false, &s, streams[i].width, data);
        *coder = c;
        end_stream(m, &s);
        data += streams[i].len;
    }
}

/* What the bytes of a plane take, and telling its tree. */
static uint64_t plane_steps(const struct planes *s, unsigned plane)
{
    struct coder_tree tree;
    uint32_t counts[256];
    uint64_t steps = s->rows >= TREE_ROWS;
    count_bytes(s, plane, counts);
    if (s->rows >= TREE_ROWS && coder_tree_make(&tree, counts))
        steps += coder_tree_steps(&tree);
    else
        coder_tree_plain(&tree);
    for (unsigned byte = 0; byte < 256; byte++)
        steps += counts[byte] * coder_tree_byte_steps(&tree, (uint8_t)byte);
    return steps;
}

uint64_t number_model_steps(const struct coder_stream *streams, size_t count, const uint8_t *data)
{
    uint64_t steps = 0;
    for (size_t i = 0; i < count; i++) {
        struct planes s = planes_of(&streams[i], data);
        for (unsigned plane = 0; plane < s.width; plane++)
            steps += plane_steps(&s, plane);
        data += streams[i].len;
    }
    return steps;
}
