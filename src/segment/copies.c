/*
 * copies.c - the column of which most is contained in a sample is taken out of all values; then the
 * next one, of what is left.
 */
#include "segment/copies.h"

#include <stdlib.h>

#include "column/copied.h"

enum {
    FIRST_LOOK = 32, /* rows of a sample that must hold something for the others to be looked at */
    SHARE = 16,      /* of a sample's rows, one in so many must hold something new */
};

/* What another column put out last, for `count` rows of a column from `start` on. */
static void line_up(const struct column_values *v, size_t start, size_t count,
                    const struct column_values *other, struct text_ref *lasts)
{
    struct column_walk walk = column_walk_start(other, v->order.data[start]);
    for (size_t i = 0; i < count; i++) {
        size_t before = column_walk_to(&walk, v->order.data[start + i]);
        lasts[i] = before ? other->texts.data[before - 1] : (struct text_ref){0, 0};
    }
}

/* Bytes of values that are new in the other column and contained; 0 if it's too few rows. */
static size_t count_copies(const struct text_values *v, size_t start, size_t count,
                           const uint8_t *base, const struct text_ref *lasts)
{
    size_t bytes = 0;
    size_t rows = 0;
    for (size_t i = 0; i < count; i++) {
        struct span last = {base + lasts[i].at, lasts[i].len};
        struct span value = text_value(v, start + i);
        if (last.len < COPIED_MIN || last.len > value.len ||
            (i && span_equal(last, (struct span){base + lasts[i - 1].at, lasts[i - 1].len})))
            continue;
        if (copied_find(value, last, 0) == SIZE_MAX)
            continue;
        bytes += last.len;
        rows++;
    }
    return rows * SHARE >= count ? bytes : 0;
}

/* The column in front of the slot that is contained most, or the slot's own. */
static uint32_t find_source(const struct copies_search *s, const uint32_t *row, size_t slot,
                            const struct text_values *values, struct text_ref *lasts)
{
    const struct column_values *v = &s->columns->list[row[slot]];
    const struct column_sample all = column_sample(values->count, s->sample);
    size_t few = all.count < FIRST_LOOK ? all.count : FIRST_LOOK;
    size_t most = 0;
    uint32_t source = row[slot];
    for (size_t i = slot, tried = 0; i-- > 0 && tried < s->candidates;) {
        const struct column_values *other = &s->columns->list[row[i]];
        if (row[i] == row[slot] || other->kind != COLUMN_TEXT)
            continue;
        tried++;
        line_up(v, all.start, few, other, lasts);
        if (!count_copies(values, all.start, few, s->raw.data, lasts))
            continue;
        line_up(v, all.start, all.count, other, lasts);
        size_t bytes = count_copies(values, all.start, all.count, s->raw.data, lasts);
        if (bytes > most) {
            most = bytes;
            source = row[i];
        }
    }
    return source;
}

/* Take out all that is contained. @return LGZ_OK, with c->sources 0 if nothing is */
static int take_all(const struct copies_search *s, const uint32_t *row, size_t slot,
                    struct copied *c, struct text_ref *lasts, struct lgz_error *err)
{
    const struct column_values *v = &s->columns->list[row[slot]];
    struct text_values values = {s->raw.data, v->texts.data, v->texts.len};
    while (c->sources < COPIED_SOURCES) {
        uint32_t source = find_source(s, row, slot, &values, lasts);
        if (source == row[slot])
            return LGZ_OK;
        if (!c->refs && !copied_start(c, &values))
            return c->bytes.failed ? error_memory(err) : LGZ_OK;
        line_up(v, 0, values.count, &s->columns->list[source], lasts);
        copied_take(c, s->raw.data, lasts, source);
        values = copied_values(c);
    }
    return LGZ_OK;
}

int copies_try(const struct copies_search *s, const uint32_t *row, size_t slot,
               struct encoded *best, struct lgz_error *err)
{
    const struct column_values *v = &s->columns->list[row[slot]];
    struct copied c = {0};
    struct encoded e = {0};
    struct text_ref *lasts = malloc((v->order.len + 1) * sizeof(*lasts));
    int code = lasts ? take_all(s, row, slot, &c, lasts, err) : error_memory(err);
    free(lasts);
    if (code == LGZ_OK && c.sources) {
        copied_encode(&e, s->ctx, &c);
        code = encoded_offer(best, &e, err);
    }
    copied_clear(&c);
    return code;
}
