/*
 * number.c - numbers that number_encode.c has written are read, and their range told.
 */
#include "column/number.h"

#include <stdlib.h>

#include "column/number_form.h"

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
