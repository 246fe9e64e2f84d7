/*
 * coder_bits.h - the inner loop of the context coder: one binary decision, predicted by several
 * contexts, mixed, and coded arithmetically. All of it is integers; SSE2 and portable code do the
 * very same.
 *
 * The parts are those of the PAQ family (M. Mahoney, "Adaptive Weighing of Context Models for
 * Lossless Data Compression", 2005): each context has a state (what bits were seen in it), which
 * stands for a logit, and the logits of all contexts are summed with weights that are trained
 * online. The arithmetic coder is a range coder (G. Martin, 1979) of 64 bits, which takes four
 * bytes at once.
 */
#ifndef LOGZIP_COLUMN_CODER_BITS_H
#define LOGZIP_COLUMN_CODER_BITS_H

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/buf.h"
#include "column/coder_tables.h"

enum {
    CODER_HASHED = 5,   /**< contexts that have their lines in a table; a model has one more */
    CODER_INPUTS = 8,   /**< those six, a constant, and a 0, so that they fit a vector */
    CODER_CONSTANT = 6, /**< its number */
    CODER_LINE = 16,    /**< bytes of a line: a check byte and the states of 15 nodes */
    CODER_LINE_ALIGN = 64,
    CODER_BYTE_MOST = 32, /**< steps for a byte, at most: three times lines, and 15 + 8 decisions */
    WEIGHT_ONE = 8192,    /**< the weight 1 */
    STEPS_OF_LINES = 2,   /**< to find the lines of all contexts */
};

/** The arithmetic coder, in either direction. A step is what it takes to code a decision. */
struct bit_coder {
    uint64_t range;
    uint64_t low;      /**< encoding: where the range begins */
    uint64_t code;     /**< decoding: the code at hand, less low */
    const uint8_t *at; /**< decoding: the next byte */
    const uint8_t *end;
    unsigned missing; /**< decoding: bytes behind the end that were taken for 0 */
    int64_t left;     /**< steps that may still be taken */
    struct buf *out;  /**< encoding */
    size_t start;     /**< encoding: of the code in `out` */
};

/** Weights that are trained together. */
struct weight_set {
    int16_t weights[CODER_INPUTS];
    uint16_t trained; /**< how often, up to TRAINED_MAX */
    uint16_t rate;
};

/** Weights of a new set: `context` for each hashed context, `own` for the model's own. */
void weight_set_init(struct weight_set *w, int16_t context, int16_t own);

/** Begin. @param limit  so many steps may be taken */
void bit_coder_encode(struct bit_coder *c, struct buf *out, uint64_t limit);
void bit_coder_decode(struct bit_coder *c, struct span code, uint64_t limit);

/** Put the last bytes. */
void bit_coder_flush(struct bit_coder *c);

/** Has all of the code been taken, and no more than that? */
bool bit_coder_at_end(const struct bit_coder *c);

/** May another byte be coded? None is coded far behind the code's end, nor beyond the limit. */
static inline bool bit_coder_goes_on(const struct bit_coder *c)
{
    return c->missing <= sizeof(c->code) && c->left > CODER_BYTE_MOST;
}

/** What was put out was too low by one. */
void bit_coder_carry(struct buf *out, size_t start);

/** Put the highest four bytes of `low`. */
void bit_coder_put(struct buf *out, uint64_t low);

/* The next four bytes of the code. */
static inline __attribute__((always_inline)) uint32_t next_bytes(struct bit_coder *c)
{
    uint32_t bytes = 0;
    for (int i = 0; i < 4; i++) {
        bytes <<= 8;
        if (c->at < c->end)
            bytes |= *c->at++;
        else
            c->missing++;
    }
    return bytes;
}

/** Code one bit of which a 1 has probability `p`, of 65536: 1 to 65535. */
static inline __attribute__((always_inline)) unsigned code_with(struct bit_coder *c, bool encoding,
                                                                unsigned bit, uint32_t p)
{
    uint64_t bound = (c->range >> 16) * p;
    c->left--;
    if (!encoding) {
        bit = c->code < bound;
        c->code -= bound & ((uint64_t)bit - 1); /* without a branch: it is often predicted wrong */
        c->range = bit ? bound : c->range - bound;
    } else if (bit) {
        c->range = bound;
    } else {
        c->low += bound;
        c->range -= bound;
        if (c->low < bound)
            bit_coder_carry(c->out, c->start);
    }
    if (__builtin_expect(c->range >> 32 == 0, 0)) {
        c->range <<= 32;
        if (encoding) {
            bit_coder_put(c->out, c->low);
            c->low <<= 32;
        } else {
            c->code = c->code << 32 | next_bytes(c);
        }
    }
    return bit;
}

enum { RATE_LAST = 12, RATE_FIRST = 60, TRAINED_STEP = 16, TRAINED_MAX = 960 };
enum { CONSTANT_INPUT = 256 };

#ifdef __SSE2__
typedef __m128i logits;

/* The logits of the states at `node` and of `own`, and the constant. */
static inline __attribute__((always_inline)) logits gather(const int16_t *of, uint8_t *const *lines,
                                                           unsigned node, uint8_t own)
{
    __m128i x = _mm_cvtsi32_si128((uint16_t)of[lines[0][node]]);
    x = _mm_insert_epi16(x, of[lines[1][node]], 1);
    x = _mm_insert_epi16(x, of[lines[2][node]], 2);
    x = _mm_insert_epi16(x, of[lines[3][node]], 3);
    x = _mm_insert_epi16(x, of[lines[4][node]], 4);
    x = _mm_insert_epi16(x, of[own], CODER_HASHED);
    return _mm_insert_epi16(x, CONSTANT_INPUT, CODER_CONSTANT);
}

/* The sum of inputs * weights, of 8192. */
static inline int mix_sum(const struct weight_set *w, logits inputs)
{
    __m128i sum =
        _mm_madd_epi16(_mm_loadu_si128((const __m128i *)(const void *)w->weights), inputs);
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
    sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
    return _mm_cvtsi128_si32(sum);
}

/* weights += inputs * error / 8192, rounded and saturated. */
static inline void mix_move(struct weight_set *w, logits inputs, int error)
{
    __m128i x = _mm_slli_epi16(inputs, 4);
    __m128i change = _mm_mulhi_epi16(x, _mm_set1_epi16((int16_t)error));
    change = _mm_srai_epi16(_mm_add_epi16(change, _mm_set1_epi16(1)), 1);
    __m128i *to = (__m128i *)(void *)w->weights;
    _mm_storeu_si128(to, _mm_adds_epi16(_mm_loadu_si128(to), change));
}
#else
typedef struct {
    int16_t of[CODER_INPUTS];
} logits;

static inline logits gather(const int16_t *of, uint8_t *const *lines, unsigned node, uint8_t own)
{
    logits x = {0};
    for (unsigned i = 0; i < CODER_HASHED; i++)
        x.of[i] = of[lines[i][node]];
    x.of[CODER_HASHED] = of[own];
    x.of[CODER_CONSTANT] = CONSTANT_INPUT;
    return x;
}

static inline int mix_sum(const struct weight_set *w, logits inputs)
{
    int sum = 0;
    for (unsigned i = 0; i < CODER_INPUTS; i++)
        sum += w->weights[i] * inputs.of[i];
    return sum;
}

static inline void mix_move(struct weight_set *w, logits inputs, int error)
{
    for (unsigned i = 0; i < CODER_INPUTS; i++) {
        int change = ((inputs.of[i] * 16 * error >> 16) + 1) >> 1;
        int weight = w->weights[i] + change;
        weight = weight > INT16_MAX ? INT16_MAX : weight < INT16_MIN ? INT16_MIN : weight;
        w->weights[i] = (int16_t)weight;
    }
}
#endif

/* Weights learn fast at first. `error` is the bit less its probability, of 65536. */
static inline void mix_train(struct weight_set *w, logits inputs, int error)
{
    mix_move(w, inputs, error * w->rate >> 8);
    if (w->trained < TRAINED_MAX && ++w->trained % TRAINED_STEP == 0)
        w->rate = (uint16_t)(RATE_LAST + RATE_FIRST / (w->trained / TRAINED_STEP + 1));
}

/**
 * Code one decision.
 *
 * @param lines  the lines of the hashed contexts; their states at `node` are the prediction
 * @param own    the state of the model's own context
 * @param bit    the decision; decoding, it isn't looked at
 * @return the decision
 */
static inline __attribute__((always_inline)) unsigned
code_bit(struct bit_coder *c, bool encoding, const struct coder_tables *t, uint8_t *const *lines,
         unsigned node, uint8_t *own, struct weight_set *w, unsigned bit)
{
    logits inputs = gather(t->logit, lines, node, *own);
    int logit = mix_sum(w, inputs) >> 13;
    logit = logit > LOGIT_MAX ? LOGIT_MAX : logit < -LOGIT_MAX ? -LOGIT_MAX : logit;
    uint32_t mixed = t->squash[logit + LOGIT_MAX];
    bit = code_with(c, encoding, bit, mixed);
    mix_train(w, inputs, (int)(bit << 16) - (int)mixed);
#pragma GCC unroll 8
    for (unsigned i = 0; i < CODER_HASHED; i++)
        lines[i][node] = t->next[lines[i][node]][bit];
    *own = t->next[*own][bit];
    return bit;
}

/*
 * Odd multipliers that spread numbers over all bits; apart from that, any would do. They are part
 * of the format.
 */
#define SPREAD        UINT64_C(0x9e3779b97f4a7c15)
#define SPREAD_PREFIX UINT32_C(0x85ebca6b)
#define SPREAD_STEP   UINT32_C(0x2c1b3c6d)

/* The hash of a context, which finds its lines. */
static inline uint32_t context_hash(uint64_t x)
{
    return (uint32_t)(x * SPREAD >> 32);
}

/* Put a byte behind those that a number stands for. */
static inline uint32_t context_append(uint32_t before, uint32_t byte)
{
    return (before + byte) * SPREAD_STEP;
}

/* What makes contexts of different kinds differ. */
static inline uint64_t context_kind(uint64_t kind)
{
    return kind << 58;
}

/** The lines of all contexts: 2^bits of them, aligned so that two neighbours share a cache line. */
struct line_table {
    void *memory;
    uint8_t *lines;
    size_t size;    /**< bytes there is room for */
    unsigned shift; /**< 32 - bits */
};

/** Begin with 2^bits empty lines, 1 to 18. @return false when memory is out */
bool line_table_init(struct line_table *t, unsigned bits);
void line_table_clear(struct line_table *t);

/**
 * The line of a context: at one of two places of the table, with the context's check byte. If it is
 * at none, it takes the place of the one that has seen less.
 */
static inline __attribute__((always_inline)) uint8_t *
find_line(const struct coder_tables *tables, const struct line_table *t, uint32_t hash)
{
    uint8_t check = (uint8_t)hash;
    size_t at = hash >> t->shift;
    uint8_t *first = t->lines + at * CODER_LINE;
    uint8_t *second = t->lines + (at ^ 1) * CODER_LINE;
    if (first[0] == check)
        return first;
    if (second[0] == check)
        return second;
    if (tables->seen[second[1]] < tables->seen[first[1]])
        first = second;
    memset(first, 0, CODER_LINE);
    first[0] = check;
    return first;
}

/**
 * Find the lines of all hashed contexts.
 *
 * @param prefix  which of a context's lines: what was decided of the byte so far
 */
static inline __attribute__((always_inline)) void
find_lines(struct bit_coder *c, const struct coder_tables *tables, const struct line_table *t,
           const uint32_t *contexts, uint32_t prefix, uint8_t **lines)
{
    c->left -= STEPS_OF_LINES;
#pragma GCC unroll 8
    for (unsigned i = 0; i < CODER_HASHED; i++)
        lines[i] = find_line(tables, t, contexts[i] + prefix * SPREAD_PREFIX);
}

#endif
