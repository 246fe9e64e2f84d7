/*
 * number_encode.c - which transform and which layout make numbers the smallest.
 */
#include <math.h>
#include <stdlib.h>

#include "column/number.h"
#include "column/number_form.h"

enum {
    PEAK_SAMPLE = 4096, /* values that are looked at before differences to the largest are tried */
    PEAK_MIN = 64,
    SAMPLE_PIECES = 4,
    SIZE_MIN = 8,      /* of fewer values, their sizes say nothing */
    SIZE_SAMPLE = 512, /* values whose sizes are compared, below --best */
};

/* The numbers after a transform; written to the stream in one of the layouts. */
struct transformed {
    enum transform transform;
    uint64_t base;
    uint64_t step;
    uint64_t *values;
    size_t count;
    uint64_t max;
};

static void apply_plain(struct transformed *t, const uint64_t *values, size_t count)
{
    uint64_t min = values[0];
    for (size_t i = 1; i < count; i++)
        min = values[i] < min ? values[i] : min;
    t->base = min;
    t->count = count;
    for (size_t i = 0; i < count; i++)
        t->values[i] = values[i] - min;
}

static void apply_delta(struct transformed *t, const uint64_t *values, size_t count)
{
    t->base = values[0];
    t->count = count - 1;
    for (size_t i = 1; i < count; i++)
        t->values[i - 1] = zigzag((int64_t)(values[i] - values[i - 1]));
}

static void apply_delta2(struct transformed *t, const uint64_t *values, size_t count)
{
    t->base = values[0];
    t->step = values[1] - values[0];
    t->count = count - 2;
    for (size_t i = 2; i < count; i++) {
        uint64_t step = values[i] - values[i - 1];
        t->values[i - 2] = zigzag((int64_t)(step - (values[i - 1] - values[i - 2])));
    }
}

static void apply_peak(struct transformed *t, const uint64_t *values, size_t count)
{
    uint64_t peak = values[0];
    t->base = values[0];
    t->count = count - 1;
    for (size_t i = 1; i < count; i++) {
        t->values[i - 1] = zigzag((int64_t)(values[i] - peak));
        peak = raise_peak(peak, values[i]);
    }
}

static double small_bits(const uint32_t counts[256], size_t count)
{
    double bits = 0;
    for (int i = 0; i < 256; i++)
        if (counts[i])
            bits += counts[i] * log2((double)count / counts[i]);
    return bits;
}

/*
 * Numbers that are out of order within a span of time, say: compared with the largest one so far,
 * each varies by as much as it does, compared with its neighbour, by as much as both do.
 */
static bool peak_may_pay(const uint64_t *values, size_t count)
{
    uint32_t deltas[256] = {0};
    uint32_t below[256] = {0};
    if (count < PEAK_MIN)
        return false;
    size_t sample = count < PEAK_SAMPLE ? count : PEAK_SAMPLE;
    values += (count - sample) / 2;
    uint64_t peak = values[0];
    for (size_t i = 1; i < sample; i++) {
        uint64_t delta = zigzag((int64_t)(values[i] - values[i - 1]));
        uint64_t under = zigzag((int64_t)(values[i] - peak));
        deltas[delta < 255 ? delta : 255]++;
        below[under < 255 ? under : 255]++;
        peak = raise_peak(peak, values[i]);
    }
    if (deltas[255] > sample / 4 || below[255] > deltas[255] + sample / 64)
        return false;
    double bits = small_bits(deltas, sample - 1);
    return small_bits(below, sample - 1) < bits - bits / 32;
}

static unsigned width_of(uint64_t max)
{
    return max ? (unsigned)(71 - __builtin_clzll(max)) / 8 : 1;
}

static void put_planes(struct buf *out, const struct transformed *t, unsigned width)
{
    if (t->count > SIZE_MAX / 8 || !buf_reserve(out, t->count * width)) {
        out->failed = true;
        return;
    }
    uint8_t *to = out->data + out->len;
    for (unsigned plane = 0; plane < width; plane++)
        for (size_t i = 0; i < t->count; i++)
            *to++ = (uint8_t)(t->values[i] >> (8 * plane));
    out->len += t->count * width;
}

static void put_varints(struct buf *out, const struct transformed *t)
{
    for (size_t i = 0; i < t->count; i++)
        varint_put(out, t->values[i]);
}

static void put_head(struct encoded *e, const struct transformed *t, unsigned layout)
{
    buf_push(&e->head, (uint8_t)(t->transform * 16 + layout));
    varint_put(&e->head, t->base);
    if (t->transform == DELTA2)
        varint_put(&e->head, t->step);
}

/* One candidate: the transformed numbers in one layout. */
static void try_layout(struct encoded *best, struct column_context *ctx,
                       const struct transformed *t, unsigned layout, enum stream_class class)
{
    struct encoded candidate = {0};
    struct buf bytes = {0};
    put_head(&candidate, t, layout);
    if (layout == VARINT)
        put_varints(&bytes, t);
    else
        put_planes(&bytes, t, layout);
    candidate.cost = candidate.head.len;
    encoded_add_stream(&candidate, ctx, t->transform == PLAIN ? class : STREAM_DELTA,
                       layout == VARINT ? 0 : layout, &bytes);
    encoded_keep_cheaper(best, &candidate);
}

/* Which transforms and layouts are tried. */
struct choice {
    unsigned transforms; /* 1 << DELTA, ... */
    bool planes;
    bool varints; /* of numbers of more than a byte */
};

static void try_transform(struct encoded *best, struct column_context *ctx, struct transformed *t,
                          const uint64_t *values, size_t count, const struct choice *choice,
                          enum stream_class class)
{
    if (t->transform == PLAIN)
        apply_plain(t, values, count);
    else if (t->transform == DELTA)
        apply_delta(t, values, count);
    else if (t->transform == PEAK)
        apply_peak(t, values, count);
    else
        apply_delta2(t, values, count);
    t->max = 0;
    for (size_t i = 0; i < t->count; i++)
        t->max |= t->values[i];
    if (t->max == 0) {
        /* Nothing but the base (and the step) is left. */
        struct encoded candidate = {0};
        put_head(&candidate, t, CONSTANT);
        candidate.cost = candidate.head.len;
        encoded_keep_cheaper(best, &candidate);
        return;
    }
    unsigned width = width_of(t->max);
    if (choice->planes || width == 1)
        try_layout(best, ctx, t, width, class);
    if (choice->varints && width > 1)
        try_layout(best, ctx, t, VARINT, class);
}

static struct encoded try_choice(struct column_context *ctx, struct transformed *t,
                                 const uint64_t *values, size_t count, const struct choice *choice,
                                 enum stream_class class)
{
    struct encoded best = {.cost = SIZE_MAX};
    for (int transform = PLAIN; transform < TRANSFORMS; transform++) {
        struct encoded candidate = {.cost = SIZE_MAX};
        if (!(choice->transforms >> transform & 1))
            continue;
        t->transform = (enum transform)transform;
        try_transform(&candidate, ctx, t, values, count, choice, class);
        if (transform == PEAK)
            encoded_keep_clearly_cheaper(&best, &candidate);
        else
            encoded_keep_cheaper(&best, &candidate);
    }
    return best;
}

static unsigned bits_of(uint64_t value)
{
    return value ? 64 - (unsigned)__builtin_clzll(value) : 0;
}

/*
 * Transforms after which the numbers, some in the middle, aren't longer than before: differences of
 * what varies at random are longer by a bit, those of them by another one.
 */
static unsigned promising_transforms(const uint64_t *values, size_t count)
{
    size_t sample = count < SIZE_SAMPLE ? count : SIZE_SAMPLE;
    uint64_t bits[TRANSFORMS] = {0};
    values += (count - sample) / 2;
    uint64_t min = values[0];
    for (size_t i = 2; i < sample; i++)
        min = values[i] < min ? values[i] : min;
    for (size_t i = 2; i < sample; i++) {
        uint64_t step = values[i] - values[i - 1];
        uint64_t before = values[i - 1] - values[i - 2];
        bits[PLAIN] += bits_of(values[i] - min);
        bits[DELTA] += bits_of(zigzag((int64_t)step));
        bits[DELTA2] += bits_of(zigzag((int64_t)(step - before)));
    }
    unsigned found = 1u << PLAIN;
    if (bits[DELTA] <= bits[PLAIN] + sample / 2)
        found |= 1u << DELTA;
    if (bits[DELTA2] <= bits[DELTA])
        found |= 1u << DELTA2;
    return found;
}

static struct choice all_choices(const struct column_context *ctx, const uint64_t *values,
                                 size_t count)
{
    struct choice all = {0, true, true};
    unsigned promising = ctx->level == LGZ_LEVEL_BEST || count < SIZE_MIN
                             ? 1u << PLAIN | 1u << DELTA | 1u << DELTA2
                             : promising_transforms(values, count);
    if (peak_may_pay(values, count))
        promising |= 1u << PEAK;
    for (int transform = PLAIN; transform < TRANSFORMS; transform++)
        if (count > given_values[transform] && (promising >> transform & 1))
            all.transforms |= 1u << transform;
    return all;
}

/* Keep what is cheapest for some pieces of many numbers. `t` has room for these twice. */
static void choose_by_sample(struct choice *choice, struct column_context *ctx,
                             struct transformed *t, const uint64_t *values, size_t count,
                             size_t size, enum stream_class class)
{
    uint64_t *sample = t->values + size;
    size_t piece = size / SAMPLE_PIECES;
    for (size_t i = 0; i < SAMPLE_PIECES; i++)
        memcpy(sample + i * piece, values + (count - piece) / (SAMPLE_PIECES - 1) * i,
               piece * sizeof(*sample));
    struct encoded best = try_choice(ctx, t, sample, size, choice, class);
    if (best.head.len && !best.head.failed) {
        unsigned layout = best.head.data[0] & 15;
        choice->transforms = 1u << (best.head.data[0] >> 4);
        choice->planes = layout != VARINT;
        choice->varints = layout == VARINT || layout == CONSTANT;
    }
    encoded_clear(&best);
}

/* All steps from one to the next equal: pieces wouldn't show it. */
static bool is_regular(const uint64_t *values, size_t count)
{
    size_t i = 2;
    while (i < count && values[i] - values[i - 1] == values[1] - values[0])
        i++;
    return i >= count;
}

/* How many of many numbers are tried; 0 for all. */
static size_t sample_size(const struct column_context *ctx, const uint64_t *values, size_t count)
{
    static const size_t sizes[] = {
        [LGZ_LEVEL_FAST] = 1024, [LGZ_LEVEL_DEFAULT] = 16384, [LGZ_LEVEL_BEST] = 0};
    size_t size = sizes[ctx->level];
    return count < 2 * size || is_regular(values, count) ? 0 : size;
}

void number_encode(struct encoded *e, struct column_context *ctx, const uint64_t *values,
                   size_t count, enum stream_class class)
{
    struct transformed t = {0};
    uint64_t none = 0;
    if (count == 0) {
        values = &none;
        count = 1;
    }
    t.values = malloc(count * sizeof(*t.values));
    if (!t.values) {
        e->head.failed = true;
        return;
    }
    struct choice choice = all_choices(ctx, values, count);
    size_t size = sample_size(ctx, values, count);
    if (size)
        choose_by_sample(&choice, ctx, &t, values, count, size, class);
    struct encoded best = try_choice(ctx, &t, values, count, &choice, class);
    free(t.values);
    encoded_append(e, &best);
}
