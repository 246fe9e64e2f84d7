/*
 * number.c - encodings of numbers.
 *
 * Head: one byte, transform * 16 + layout, then the base as a varint, for second differences the
 * first difference as well, and, unless nothing but these is left, the length of the stream.
 */
#include "column/number.h"

#include <math.h>
#include <stdlib.h>

enum transform { PLAIN = 0, DELTA = 1, DELTA2 = 2, PEAK = 3, TRANSFORMS = 4 };
enum layout { CONSTANT = 0, /* 1 to 8: that many bytes each */ VARINT = 9 };

/* Values that stand in the head. */
static const uint8_t given_values[TRANSFORMS] = {0, 1, 2, 1};

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

/* The largest so far, by the sign of the difference: numbers may be times before 1970. */
static uint64_t raise_peak(uint64_t peak, uint64_t value)
{
    return (int64_t)(value - peak) > 0 ? value : peak;
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

bool number_parse(struct number_column *c, struct reader *head, struct stream_reader *streams,
                  enum stream_class class)
{
    uint8_t tag = reader_u8(head);
    *c = (struct number_column){.transform = tag >> 4, .layout = tag & 15, .stream = -1};
    c->base = reader_varint(head);
    if (c->transform == DELTA2)
        c->step = reader_varint(head);
    if (c->transform >= TRANSFORMS || c->layout > VARINT)
        return false;
    if (c->layout == CONSTANT)
        return !head->failed;
    uint64_t len = reader_varint(head);
    if (head->failed)
        return false;
    c->stream = stream_reader_add(streams, c->transform == PLAIN ? class : STREAM_DELTA,
                                  c->layout == VARINT ? 0 : c->layout, len);
    c->plane = (size_t)(c->layout == VARINT ? len : len / c->layout);
    return c->stream >= 0;
}

/* The largest number of the stream that fits its layout. */
static uint64_t most_stored(const struct number_column *c)
{
    if (c->layout == CONSTANT)
        return 0;
    return c->layout >= 8 ? UINT64_MAX : (UINT64_C(1) << 8 * c->layout) - 1;
}

struct number_range number_range(const struct number_column *c)
{
    const uint64_t most = most_stored(c);
    struct number_range range = {c->base, c->base};
    uint64_t away;
    bool known = c->transform != DELTA2;
    if (c->transform == PLAIN)
        known = !__builtin_add_overflow(c->base, most, &range.greatest);
    else if (known) /* each difference is half of its zigzag, up or down */
        known = !__builtin_mul_overflow(most / 2 + 1, (uint64_t)c->plane, &away) &&
                !__builtin_sub_overflow(c->base, away, &range.least) &&
                !__builtin_add_overflow(c->base, away, &range.greatest);
    return known ? range : (struct number_range){0, UINT64_MAX};
}

/* How far the numbers can be from the first one. @return false if that's half of all numbers, or
 * isn't known */
static bool most_away(const struct number_column *c, uint64_t *away)
{
    const uint64_t half = most_stored(c) / 2 + 1; /* of zigzag */
    uint64_t step = half;
    if (c->transform == DELTA2 && (__builtin_mul_overflow(half, (uint64_t)c->plane, &step) ||
                                   step >> 62 || (c->step + (UINT64_C(1) << 62)) >> 63))
        return false;
    if (c->transform == DELTA2) /* the first difference is there as well */
        step += (int64_t)c->step < 0 ? -c->step : c->step;
    return !__builtin_mul_overflow(step, (uint64_t)c->plane + 1, away) && *away >> 63 == 0;
}

unsigned number_ranges(const struct number_column *c, struct number_range ranges[2])
{
    uint64_t away;
    ranges[0] = number_range(c);
    if (ranges[0].greatest < UINT64_MAX || c->transform == PLAIN || c->layout == CONSTANT ||
        !most_away(c, &away))
        return 1;
    const uint64_t least = c->base - away;
    const uint64_t greatest = c->base + away;
    if (least <= greatest) {
        ranges[0] = (struct number_range){least, greatest};
        return 1;
    }
    ranges[0] = (struct number_range){0, greatest};
    ranges[1] = (struct number_range){least, UINT64_MAX};
    return 2;
}

struct number_range number_range_seen(struct number_column *c)
{
    struct number_range range = {UINT64_MAX, 0};
    uint64_t some[NUMBER_BATCH];
    size_t count;
    while ((count = number_fill(c, some, NUMBER_BATCH)))
        for (size_t i = 0; i < count; i++) {
            range.least = some[i] < range.least ? some[i] : range.least;
            range.greatest = some[i] > range.greatest ? some[i] : range.greatest;
        }
    return range;
}

int number_open(struct number_column *c, struct stream_reader *streams, struct lgz_error *err)
{
    struct span bytes;
    c->last = c->base;
    if (c->stream < 0)
        return LGZ_OK;
    int code = stream_reader_get(streams, c->stream, &bytes, err);
    if (code != LGZ_OK)
        return code;
    bool cut = c->layout == VARINT ? bytes.len && bytes.data[bytes.len - 1] >= 0x80
                                   : bytes.len % c->layout != 0;
    if (cut)
        return error_set(err, LGZ_ERR_CORRUPT, "damaged number column");
    c->plane = c->layout == VARINT ? bytes.len : bytes.len / c->layout;
    c->at = bytes.data;
    c->end = bytes.data + c->plane;
    return LGZ_OK;
}

size_t number_stored(const struct number_column *c)
{
    return c->stream < 0 ? 0 : c->plane + given_values[c->transform];
}

static size_t fill_planes(struct number_column *c, uint64_t *to, size_t want)
{
    size_t left = (size_t)(c->end - c->at);
    size_t count = want < left ? want : left;
    const uint8_t *from = c->at;
    for (size_t i = 0; i < count; i++)
        to[i] = from[i];
    for (unsigned plane = 1; plane < c->layout; plane++) {
        from += c->plane;
        for (size_t i = 0; i < count; i++)
            to[i] |= (uint64_t)from[i] << (8 * plane);
    }
    c->at += count;
    return count;
}

static size_t fill_varints(struct number_column *c, uint64_t *to, size_t want)
{
    struct reader r = {c->at, c->end, false};
    size_t count = 0;
    while (count < want && r.at < r.end) {
        uint64_t value = *r.at < 0x80 ? *r.at++ : reader_varint(&r);
        if (r.failed)
            break;
        to[count++] = value;
    }
    c->at = r.at;
    return count;
}

/* The first values are in the head. */
static size_t fill_first(struct number_column *c, uint64_t *to, size_t want)
{
    size_t count = 0;
    while (count < want && c->given < given_values[c->transform]) {
        c->last = c->given++ ? c->last + c->step : c->base;
        to[count++] = c->last;
    }
    return count;
}

/* Undo the transform. */
static void restore_values(struct number_column *c, uint64_t *v, size_t count)
{
    if (c->transform == PLAIN) {
        for (size_t i = 0; i < count; i++)
            v[i] += c->base;
        return;
    }
    uint64_t last = c->last;
    if (c->transform == PEAK) {
        for (size_t i = 0; i < count; i++) {
            v[i] = last + (uint64_t)unzigzag(v[i]);
            last = raise_peak(last, v[i]);
        }
        c->last = last;
        return;
    }
    uint64_t step = c->transform == DELTA2 ? c->step : 0;
    uint64_t keep = c->transform == DELTA2 ? UINT64_MAX : 0;
    for (size_t i = 0; i < count; i++) {
        step = (step & keep) + (uint64_t)unzigzag(v[i]);
        last += step;
        v[i] = last;
    }
    c->last = last;
    c->step = step;
}

static size_t decode(struct number_column *c, uint64_t *to, size_t want)
{
    if (c->stream < 0) {
        for (size_t i = 0; i < want; i++) {
            to[i] = c->last;
            c->last += c->step;
        }
        return want;
    }
    size_t first = fill_first(c, to, want);
    to += first;
    want -= first;
    size_t count = c->layout == VARINT ? fill_varints(c, to, want) : fill_planes(c, to, want);
    restore_values(c, to, count);
    return first + count;
}

/* Leave out numbers of the stream. */
static bool leave_out(struct number_column *c, uint64_t count)
{
    uint64_t some[NUMBER_BATCH];
    if (c->stream < 0) {
        c->last += c->step * count;
        return true;
    }
    if (c->transform == PLAIN && c->layout != VARINT) {
        const size_t left = (size_t)(c->end - c->at);
        c->at += count < left ? count : left;
        return count <= left;
    }
    while (count) {
        const size_t want = count < NUMBER_BATCH ? (size_t)count : NUMBER_BATCH;
        if (decode(c, some, want) < want)
            return false;
        count -= want;
    }
    return true;
}

bool number_settle(struct number_column *c)
{
    const uint64_t owed = c->owed;
    c->owed = 0;
    return leave_out(c, owed);
}

size_t number_fill(struct number_column *c, uint64_t *to, size_t want)
{
    size_t count = 0;
    while (count < want && c->next < c->count)
        to[count++] = c->batch[c->next++];
    if (c->owed && count < want && !number_settle(c))
        return count;
    return count < want ? count + decode(c, to + count, want - count) : count;
}

bool number_refill(struct number_column *c, uint64_t *value)
{
    if (c->owed && !number_settle(c))
        return false;
    if (!c->batch)
        c->batch = malloc(NUMBER_BATCH * sizeof(*c->batch));
    if (!c->batch) /* then it goes on one by one */
        return decode(c, value, 1) == 1;
    c->next = 0;
    c->count = (uint32_t)decode(c, c->batch, NUMBER_BATCH);
    return c->count > 0 && number_next(c, value);
}

void number_clear(struct number_column *c)
{
    free(c->batch);
    c->batch = NULL;
}
