/*
 * coder_text.c - contexts for texts: the bytes before, the word, the place in the value, the value
 * above; and a match: the byte that followed the last time.
 */
#include "column/coder_text.h"

#include <stdlib.h>

#include "base/ascii.h"

enum {
    MATCH_BITS = 14,
    MATCH_SHORT = 3,
    MATCH_MIN = 5, /* so many bytes must agree */
    MATCH_MAX = 32,
    FAR_PLACE = 255,
    NEAR_PLACE = 15,
    WEIGHT_SETS = 6, /* two for the halves of a byte, four for matches */
    OWN_LINES = 17,  /* for the lower halves, and the higher one */
    LINE_OF_HALF = 16,
    NODES = 15,               /* of a line */
    PREFIX_OF_EXPECTED = 256, /* 15 bytes that may be expected share a line */
};

struct text_model {
    const struct coder_tables *tables;
    struct weight_set sets[WEIGHT_SETS];
    uint8_t own[OWN_LINES][CODER_LINE];
    uint8_t hits[MATCH_MAX + 1];              /* of a match's length: was it right? */
    uint32_t match_table[2][1 << MATCH_BITS]; /* of a hash: the place behind those bytes */
    size_t match_at;                          /* 0: no match */
    unsigned match_len;
    struct line_table table;
    struct buf history; /* all bytes that were coded */
    size_t value;       /* where this value starts */
    size_t above;       /* and the one before it */
    uint64_t recent;    /* the last eight bytes */
    uint32_t word;
    uint32_t stream;
};

struct text_model *text_model_new(void)
{
    struct text_model *m = malloc(sizeof(*m));
    if (m) {
        m->table = (struct line_table){0};
        m->history = (struct buf){0};
    }
    return m;
}

bool text_model_begin(struct text_model *m, const struct coder_tables *tables, unsigned table_bits)
{
    struct buf history = m->history;
    struct line_table table = m->table;
    memset(m, 0, sizeof(*m));
    buf_clear(&history);
    m->history = history;
    m->table = table;
    m->tables = tables;
    for (unsigned i = 0; i < WEIGHT_SETS; i++)
        weight_set_init(&m->sets[i], WEIGHT_ONE * 30 / 100, WEIGHT_ONE * (i < 2 ? 30 : 40) / 100);
    memset(m->hits, tables->next[tables->next[0][1]][1], sizeof(m->hits));
    return line_table_init(&m->table, table_bits);
}

void text_model_free(struct text_model *m)
{
    if (!m)
        return;
    buf_free(&m->history);
    line_table_clear(&m->table);
    free(m);
}

static inline void set_contexts(const struct text_model *m, uint32_t *contexts)
{
    const uint8_t *history = m->history.data;
    size_t place = m->history.len - m->value;
    uint32_t c1 = m->recent & 0xff;
    size_t up = m->above + place;
    uint32_t above = up < m->value ? history[up] : '\n';
    uint32_t next = up + 1 < m->value ? history[up + 1] : '\n';
    uint32_t near = place < NEAR_PLACE ? (uint32_t)place : NEAR_PLACE;
    uint32_t far = place < FAR_PLACE ? (uint32_t)place : FAR_PLACE;
    contexts[0] = context_hash(context_kind(1) + c1);
    contexts[1] = context_hash(context_kind(2) + (m->recent & 0xffff));
    contexts[2] = context_hash(context_kind(3) + (near << 24 | c1 << 16 | next << 8 | above));
    contexts[3] = context_hash(context_kind(4) + m->word);
    contexts[4] = context_hash(context_kind(5) + ((uint64_t)m->stream << 8) + far);
}

/* The last bytes, `m->recent`, lead to where they stood before; now they stand here. */
static inline size_t swap_place(uint32_t *table, uint64_t bytes, uint32_t here)
{
    uint32_t *place = &table[bytes * SPREAD >> (64 - MATCH_BITS)];
    uint32_t before = *place;
    *place = here;
    return before;
}

static void find_match(struct text_model *m)
{
    static const unsigned orders[2] = {MATCH_SHORT, MATCH_MIN};
    const uint8_t *history = m->history.data;
    size_t len = m->history.len;
    size_t found[2];
    if (len < MATCH_MIN)
        return;
    found[0] = swap_place(m->match_table[0], m->recent & 0xffffff, (uint32_t)len);
    found[1] = swap_place(m->match_table[1], m->recent & UINT64_C(0xffffffffff), (uint32_t)len);
    if (m->match_at && m->match_len >= MATCH_MIN)
        return;
    for (unsigned o = 2; o-- > 0;) {
        size_t at = found[o];
        unsigned same = 0;
        if (!at)
            continue;
        while (same < MATCH_MAX && at > same && history[at - 1 - same] == history[len - 1 - same])
            same++;
        if (same >= orders[o]) {
            m->match_at = at;
            m->match_len = same;
            return;
        }
    }
}

/* A byte was coded: what follows from it for the next one. */
static inline void take_byte(struct text_model *m, uint8_t byte)
{
    if (m->match_at && m->history.data[m->match_at] == byte) {
        m->match_at++;
        m->match_len += m->match_len < MATCH_MAX;
    } else {
        m->match_at = 0;
    }
    m->history.data[m->history.len++] = byte;
    m->recent = m->recent << 8 | byte;
    find_match(m);
    m->word = ascii_is_letter(byte) ? context_append(m->word, byte | 32u) : 0;
    if (byte == '\n') {
        m->above = m->value;
        m->value = m->history.len;
    }
}

/* Is the next byte the one that a match expects? */
static inline __attribute__((always_inline)) bool code_match(struct text_model *m,
                                                             struct bit_coder *c, bool encoding,
                                                             const uint32_t *contexts,
                                                             uint8_t expected, uint8_t byte)
{
    uint8_t *lines[CODER_HASHED];
    unsigned set = m->match_len < 5 ? 2 : m->match_len == 5 ? 3 : m->match_len <= 15 ? 4 : 5;
    find_lines(c, m->tables, &m->table, contexts, PREFIX_OF_EXPECTED + expected / NODES, lines);
    return code_bit(c, encoding, m->tables, lines, 1 + expected % NODES, &m->hits[m->match_len],
                    &m->sets[set], byte == expected);
}

/* Code the next byte; decoding, `byte` isn't looked at. */
static inline __attribute__((always_inline)) uint8_t
code_byte(struct text_model *m, struct bit_coder *c, bool encoding, uint8_t byte)
{
    uint32_t contexts[CODER_HASHED];
    uint8_t *lines[CODER_HASHED];
    unsigned decided = 1;
    set_contexts(m, contexts);
    if (m->match_at) {
        uint8_t expected = m->history.data[m->match_at];
        if (code_match(m, c, encoding, contexts, expected, byte)) {
            take_byte(m, expected);
            return expected;
        }
    }
    for (unsigned half = 0; half < 2; half++) {
        unsigned node = 1;
        uint8_t *own = m->own[half ? decided & 15 : LINE_OF_HALF];
        find_lines(c, m->tables, &m->table, contexts, decided, lines);
        for (unsigned i = 0; i < 4; i++) {
            unsigned shift = 7 - half * 4 - i;
            unsigned bit = code_bit(c, encoding, m->tables, lines, node, &own[node], &m->sets[half],
                                    byte >> shift & 1);
            node = node * 2 + bit;
            decided = decided * 2 + bit;
        }
    }
    take_byte(m, (uint8_t)decided);
    return (uint8_t)decided;
}

/* Make room for the streams' bytes: the history doesn't move while they are coded. */
static bool make_room(struct text_model *m, const struct coder_stream *streams, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += streams[i].len;
    return len <= UINT32_MAX - m->history.len && buf_reserve(&m->history, len);
}

static void begin_stream(struct text_model *m)
{
    m->stream++;
    m->above = m->value = m->history.len;
}

bool text_model_encode(struct text_model *m, struct bit_coder *coder,
                       const struct coder_stream *streams, size_t count, const uint8_t *data)
{
    struct bit_coder c = *coder;
    if (!make_room(m, streams, count))
        return false;
    for (size_t i = 0; i < count; i++) {
        begin_stream(m);
        for (size_t k = 0; k < streams[i].len && bit_coder_goes_on(&c); k++)
            code_byte(m, &c, true, *data++);
    }
    *coder = c;
    return true;
}

bool text_model_decode(struct text_model *m, struct bit_coder *coder,
                       const struct coder_stream *streams, size_t count, uint8_t *data)
{
    struct bit_coder c = *coder;
    if (!make_room(m, streams, count))
        return false;
    for (size_t i = 0; i < count; i++) {
        begin_stream(m);
        for (size_t k = 0; k < streams[i].len && bit_coder_goes_on(&c); k++)
            *data++ = code_byte(m, &c, false, 0);
    }
    *coder = c;
    return true;
}
