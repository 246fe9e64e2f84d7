/*
 * coder_bits.h - the inner loop of the context coder: one binary decision, predicted by several
 * contexts, mixed, and coded arithmetically. All of it is integers; SSE2 and portable code do the
 * very same.
 *
 * The parts are those of the PAQ family (M. Mahoney, "Adaptive Weighing of Context Models for
 * Lossless Data Compression", 2005): each context has a state (what bits were seen in it), an
 * learned logit for a state, and the logits of all contexts are summed with weights that are
 * trained online. Logits and weights both learn from the error of the sum.
 */
#ifndef LOGZIP_COLUMN_CODER_BITS_H
#define LOGZIP_COLUMN_CODER_BITS_H

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/buf.h"
#include "column/coder_tables.h"

enum {
    CODER_CONTEXTS = 6, /**< they and one more input, which the model sets, are mixed */
    CODER_INPUTS = 8,   /**< so many fit a vector; the last is always 0 */
    CODER_LINE = 16,    /**< bytes of a line: a check byte and the states of a nibble's 15 nodes */
    CODER_LINE_ALIGN = 64,
    CODER_BYTE_MOST = 9, /**< decisions for a byte, at most */
    WEIGHT_ONE = 8192,   /**< the weight 1 */
    LOGIT_SCALE = 16,    /**< logits that are learned have four more bits */
    LEARNED_MAX = LOGIT_MAX * LOGIT_SCALE,
};

/** The arithmetic coder, in either direction. */
struct bit_coder {
    bool encoding;
    uint32_t low;
    uint32_t high;
    uint32_t code;     /**< decoding: the bytes at hand */
    const uint8_t *at; /**< decoding: the next byte */
    const uint8_t *end;
    unsigned missing; /**< decoding: bytes behind the end that were taken for 0 */
    uint64_t left;    /**< decisions that may still be coded */
    struct buf *out;  /**< encoding */
};

/** Weights that are trained together. */
struct weight_set {
    int16_t weights[CODER_INPUTS];
    uint16_t trained; /**< how often, up to TRAINED_MAX */
    uint16_t rate;
};

/** What is learned of states and inputs, whatever the contexts are. */
struct predictor {
    const struct coder_tables *tables;
    int16_t maps[CODER_CONTEXTS][256]; /**< of a state: the logit of a 1, times LOGIT_SCALE */
};

void predictor_init(struct predictor *p, const struct coder_tables *tables);

/** Weights of a new set: `context` for each context, `last` for the last input. */
void weight_set_init(struct weight_set *w, int16_t context, int16_t last);

/** Begin. @param limit  so many decisions may be coded */
void bit_coder_encode(struct bit_coder *c, struct buf *out, uint64_t limit);
void bit_coder_decode(struct bit_coder *c, struct span code, uint64_t limit);

/** Put the last byte. */
void bit_coder_flush(struct bit_coder *c);

/** May another byte be coded? None is coded behind the code's end, nor beyond the limit. */
static inline bool bit_coder_goes_on(const struct bit_coder *c)
{
    return c->missing <= 3 && c->left > CODER_BYTE_MOST;
}

/** Has all of the code been taken, and no more? */
bool bit_coder_at_end(const struct bit_coder *c);

enum { RATE_LAST = 6, RATE_FIRST = 60, TRAINED_STEP = 16, TRAINED_MAX = 960 };

#ifdef __SSE2__
typedef __m128i logits;

/* What the maps say of the states, and the last input. */
static inline __attribute__((always_inline)) logits gather(const struct predictor *p,
                                                           const unsigned *states, int last)
{
    __m128i x = _mm_cvtsi32_si128((uint16_t)p->maps[0][states[0]]);
    x = _mm_insert_epi16(x, p->maps[1][states[1]], 1);
    x = _mm_insert_epi16(x, p->maps[2][states[2]], 2);
    x = _mm_insert_epi16(x, p->maps[3][states[3]], 3);
    x = _mm_insert_epi16(x, p->maps[4][states[4]], 4);
    x = _mm_insert_epi16(x, p->maps[5][states[5]], 5);
    return _mm_insert_epi16(x, last * LOGIT_SCALE, CODER_CONTEXTS);
}

/* Move what the maps say towards the bit. */
static inline __attribute__((always_inline)) void
scatter(struct predictor *p, const unsigned *states, logits learned, int step)
{
    __m128i x = _mm_adds_epi16(learned, _mm_set1_epi16((int16_t)step));
    x = _mm_min_epi16(x, _mm_set1_epi16(LEARNED_MAX));
    x = _mm_max_epi16(x, _mm_set1_epi16(-LEARNED_MAX));
    p->maps[0][states[0]] = (int16_t)_mm_extract_epi16(x, 0);
    p->maps[1][states[1]] = (int16_t)_mm_extract_epi16(x, 1);
    p->maps[2][states[2]] = (int16_t)_mm_extract_epi16(x, 2);
    p->maps[3][states[3]] = (int16_t)_mm_extract_epi16(x, 3);
    p->maps[4][states[4]] = (int16_t)_mm_extract_epi16(x, 4);
    p->maps[5][states[5]] = (int16_t)_mm_extract_epi16(x, 5);
}

static inline logits to_inputs(logits learned)
{
    return _mm_srai_epi16(learned, 4);
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

static inline int clamp(int value, int min, int max)
{
    return value < min ? min : value > max ? max : value;
}

static inline logits gather(const struct predictor *p, const unsigned *states, int last)
{
    logits x = {0};
    for (unsigned i = 0; i < CODER_CONTEXTS; i++)
        x.of[i] = p->maps[i][states[i]];
    x.of[CODER_CONTEXTS] = (int16_t)(last * LOGIT_SCALE);
    return x;
}

static inline void scatter(struct predictor *p, const unsigned *states, logits learned, int step)
{
    for (unsigned i = 0; i < CODER_CONTEXTS; i++)
        p->maps[i][states[i]] = (int16_t)clamp(learned.of[i] + step, -LEARNED_MAX, LEARNED_MAX);
}

static inline logits to_inputs(logits learned)
{
    for (unsigned i = 0; i < CODER_INPUTS; i++)
        learned.of[i] >>= 4;
    return learned;
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
        w->weights[i] = (int16_t)clamp(w->weights[i] + change, INT16_MIN, INT16_MAX);
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

/* Code one bit of which a 1 has probability `p`, of 65536: 22 to 65514. */
static inline __attribute__((always_inline)) unsigned code_with(struct bit_coder *c, unsigned bit,
                                                                uint32_t p)
{
    c->left--;
    uint32_t middle = c->low + (uint32_t)((uint64_t)(c->high - c->low) * p >> 16);
    if (!c->encoding)
        bit = c->code <= middle;
    uint32_t one = 0u - bit; /* without a branch: half of them would be predicted wrong */
    c->high = (c->high & ~one) | (middle & one);
    c->low = (c->low & one) | ((middle + 1) & ~one);
    while (!((c->low ^ c->high) >> 24)) {
        if (c->encoding) {
            buf_push(c->out, (uint8_t)(c->high >> 24));
        } else {
            c->code <<= 8;
            if (c->at < c->end)
                c->code |= *c->at++;
            else
                c->missing++;
        }
        c->low <<= 8;
        c->high = c->high << 8 | 255;
    }
    return bit;
}

/**
 * Code one decision.
 *
 * @param lines     the lines of the contexts; their states at `node` are the prediction
 * @param extra     the logit of the last input
 * @param bit       the decision; decoding, it isn't looked at
 * @return the decision
 */
static inline __attribute__((always_inline)) unsigned
code_bit(struct bit_coder *c, struct predictor *p, uint8_t *const *lines, unsigned node, int extra,
         struct weight_set *w, unsigned bit)
{
    const struct coder_tables *t = p->tables;
    unsigned states[CODER_CONTEXTS];
#pragma GCC unroll 8
    for (unsigned i = 0; i < CODER_CONTEXTS; i++)
        states[i] = lines[i][node];
    logits learned = gather(p, states, extra);
    logits inputs = to_inputs(learned);
    int logit = mix_sum(w, inputs) >> 13;
    logit = logit > LOGIT_MAX ? LOGIT_MAX : logit < -LOGIT_MAX ? -LOGIT_MAX : logit;
    uint32_t mixed = t->squash[logit + LOGIT_MAX];
    bit = code_with(c, bit, mixed);

    int error = (int)(bit << 16) - (int)mixed;
    mix_train(w, inputs, error);
    scatter(p, states, learned, error >> 9);
#pragma GCC unroll 8
    for (unsigned i = 0; i < CODER_CONTEXTS; i++)
        lines[i][node] = t->next[bit][states[i]];
    return bit;
}

static inline uint32_t context_mix(uint32_t a, uint32_t b)
{
    uint32_t h = (a + b) * 0x9e3779b1u;
    return h ^ h >> 15;
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

static inline uint32_t line_hash(uint32_t context, uint32_t prefix)
{
    return (context + prefix * 0x2c1b3c6du) * 0x85ebca6bu;
}

/** Lines will be wanted soon. */
static inline __attribute__((always_inline)) void
prefetch_lines(const struct line_table *t, const uint32_t *contexts, uint32_t prefix)
{
#pragma GCC unroll 8
    for (unsigned i = 0; i < CODER_CONTEXTS; i++)
        __builtin_prefetch(t->lines +
                           (size_t)(line_hash(contexts[i], prefix) >> t->shift) * CODER_LINE);
}

/**
 * The line of a context: at one of two places of the table, with the context's check byte. If it is
 * at none, it takes the place of the one that has seen less.
 *
 * @param prefix  what was decided of the byte so far
 */
static inline __attribute__((always_inline)) uint8_t *
find_line(const struct predictor *p, const struct line_table *t, uint32_t context, uint32_t prefix)
{
    uint32_t h = line_hash(context, prefix);
    uint8_t check = (uint8_t)(h >> 6);
    size_t at = h >> t->shift;
    uint8_t *first = t->lines + at * CODER_LINE;
    uint8_t *second = t->lines + (at ^ 1) * CODER_LINE;
    if (first[0] == check)
        return first;
    if (second[0] == check)
        return second;
    if (p->tables->seen[second[1]] < p->tables->seen[first[1]])
        first = second;
    memset(first, 0, CODER_LINE);
    first[0] = check;
    return first;
}

static inline __attribute__((always_inline)) void find_lines(const struct predictor *p,
                                                             const struct line_table *t,
                                                             const uint32_t *contexts,
                                                             uint32_t prefix, uint8_t **lines)
{
    prefetch_lines(t, contexts, prefix);
#pragma GCC unroll 8
    for (unsigned i = 0; i < CODER_CONTEXTS; i++)
        lines[i] = find_line(p, t, contexts[i], prefix);
}

#endif
