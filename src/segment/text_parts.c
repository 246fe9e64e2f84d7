/*
 * text_parts.c - the walk over a block's lines.
 */
#include "segment/text_parts.h"

#include <endian.h>
#include <stdlib.h>

#include "base/find.h"
#include "base/hash.h"

enum {
    SEEN = 1 << 15,  /* values that are remembered */
    ZONES = 16,      /* shapes of stamps that are */
    LETTERS_MIN = 4, /* that matter */
    ADDRESS_MIN = 7, /* bytes */
    ADDRESS_DOTS = 3,
    MOST_LETTERS = 64, /* a piece for so many raw bytes is too much in any case */
    MOST_ADDRESSES = 64,
    FEWEST = 4096,   /* pieces that are never too much */
    PART_MAX = 4096, /* bytes that are looked at at once */
};

/* A run around a stamp, as it was last seen. */
struct zone {
    struct shape shape;
    bool letters; /* there are some that matter */
};

struct walk {
    struct text_parts *parts;
    const uint8_t *raw;
    size_t size; /* of it */
    const struct skeletons *skeletons;
    const struct lines *lines;
    struct line *seen; /* SEEN values, by their hash */
    struct zone zones[ZONES];
    struct grams grams; /* room */
};

bool text_part_next(struct span *text, size_t piece, struct span *part)
{
    if (text->len == 0)
        return false;
    *part = (struct span){text->data, text->len < PART_MAX ? text->len : PART_MAX};
    size_t step = part->len == text->len ? part->len : part->len - (piece - 1);
    text->data += step;
    text->len -= step;
    return true;
}

static inline uint8_t shape_byte(uint8_t c)
{
    if (ascii_is_digit(c))
        return '0';
    return ascii_is_letter(c) ? 'a' : c;
}

struct shape shape_of(struct span text)
{
    struct shape shape = {.len = (uint8_t)(text.len < SHAPE_MAX ? text.len : SHAPE_MAX)};
    for (size_t i = 0; i < shape.len; i++)
        shape.bytes[i] = shape_byte(text.data[i]);
    return shape;
}

bool shapes_hold(const struct shape *shapes, size_t count, struct span text)
{
    const struct shape wanted = shape_of(text);
    for (size_t i = 0; i < count; i++)
        if (memmem(shapes[i].bytes, shapes[i].len, wanted.bytes, wanted.len))
            return true;
    return false;
}

/* Put what was found into a set. */
static bool keep(struct walk *w, struct gram_set *set)
{
    bool kept = gram_set_add(set, w->grams.data, w->grams.len);
    w->grams.len = 0;
    return kept;
}

static bool take_letters(struct walk *w, struct span text)
{
    struct text_parts *parts = w->parts;
    for (struct span part; text_part_next(&text, GRAMS_WORD_LEN, &part);) {
        if (!parts->letters.full && !(grams_letters(part, &w->grams) && keep(w, &parts->letters)))
            return false;
        if (!parts->words.full && !(grams_words(part, &w->grams) && keep(w, &parts->words)))
            return false;
    }
    return true;
}

static bool take_addresses(struct walk *w, struct span text)
{
    struct gram_set *set = &w->parts->addresses;
    for (struct span part; !set->full && text_part_next(&text, GRAMS_ADDRESS_MAX, &part);)
        if (!grams_addresses(part, &w->grams) || !keep(w, set))
            return false;
    return true;
}

static bool is_seen(struct walk *w, struct span value)
{
    struct line *seen = &w->seen[hash_short(value.data, value.len) % SEEN];
    if (seen->len == value.len && bytes_equal(w->raw + seen->at, value.data, value.len))
        return true;
    *seen = (struct line){(uint32_t)(value.data - w->raw), (uint32_t)value.len};
    return false;
}

/* Can there be LETTERS_MIN letters? All have one of the two highest bits. */
static inline bool may_have_letters(const struct walk *w, struct span value)
{
    uint64_t bytes = 0;
    if (value.len >= 8)
        return true;
    if (value.data + 8 > w->raw + w->size)
        memcpy(&bytes, value.data, value.len);
    else
        memcpy(&bytes, value.data, 8);
    bytes = le64toh(bytes) << (64 - 8 * value.len);
    bytes |= bytes << 1;
    return __builtin_popcountll(bytes & UINT64_C(0x8080808080808080)) >= LETTERS_MIN;
}

/* Bytes of no separators. */
static bool take_value(struct walk *w, struct span value)
{
    if (value.len < ADDRESS_MIN)
        return value.len < LETTERS_MIN || !may_have_letters(w, value) || take_letters(w, value);
    if (is_seen(w, value))
        return true;
    if (!take_letters(w, value) || !take_addresses(w, value))
        return false;
    struct line id = {(uint32_t)(value.data - w->raw), (uint32_t)value.len};
    return value.len < PARTS_ID_MIN || vec_push(&w->parts->values, id);
}

/* All of a line, or of more: nothing is known of it. */
static bool take_text(struct walk *w, struct span text)
{
    const uint8_t *end = text.data + text.len;
    if (!take_letters(w, text))
        return false;
    for (const uint8_t *at = text.data; at < end;) {
        const uint8_t *start = at;
        while (at < end && gram_is_inner(*at))
            at++;
        if (at > start && !take_value(w, (struct span){start, (size_t)(at - start)}))
            return false;
        at++;
    }
    return true;
}

/* Does a shape matter: has it a run that is an id, or may be an address? */
static bool shape_matters(const struct shape *shape)
{
    size_t run = 0;
    size_t dots = 0;
    for (size_t i = 0; i < shape->len; i++) {
        run = gram_is_inner(shape->bytes[i]) ? run + 1 : 0;
        dots = run ? dots + (shape->bytes[i] == '.') : 0;
        if (run >= PARTS_ID_MIN || dots >= ADDRESS_DOTS)
            return true;
    }
    return false;
}

static bool add_shape(struct text_parts *parts, const struct shape *shape)
{
    for (size_t i = 0; i < parts->shapes.len; i++)
        if (span_equal((struct span){parts->shapes.data[i].bytes, parts->shapes.data[i].len},
                       (struct span){shape->bytes, shape->len}))
            return true;
    parts->shapeless |= parts->shapes.len == SHAPES_MAX;
    return parts->shapeless || vec_push(&parts->shapes, *shape);
}

/* A stamp of another shape than the last one of its kind. */
static bool take_zone(struct walk *w, struct span text, struct zone *zone)
{
    zone->shape = shape_of(text);
    zone->letters = false;
    size_t run = 0;
    for (size_t i = 0; i < text.len; i++) {
        run = gram_letter(text.data[i]) ? run + 1 : 0;
        zone->letters |= run >= LETTERS_MIN;
    }
    return !shape_matters(&zone->shape) || add_shape(w->parts, &zone->shape);
}

/* A stamp, and what touches it without a separator. */
static bool take_stamp(struct walk *w, const struct line *line, uint32_t at,
                       const struct timestamp *stamp)
{
    const uint8_t *start = w->raw + at;
    const uint8_t *end = start + stamp->len;
    while (start > w->raw + line->at && gram_is_inner(start[-1]))
        start--;
    while (end < w->raw + line->at + line->len && gram_is_inner(*end))
        end++;
    struct span text = {start, (size_t)(end - start)};
    struct zone *zone = &w->zones[(stamp->format * 10u + stamp->digits) % ZONES];
    if (text.len > SHAPE_MAX)
        return take_text(w, text);
    bool same = text.len == zone->shape.len;
    for (size_t i = 0; i < text.len && same; i++)
        same = shape_byte(text.data[i]) == zone->shape.bytes[i];
    if (!same && !take_zone(w, text, zone))
        return false;
    return !zone->letters || take_letters(w, text);
}

static uint32_t value_end(const struct walk *w, const struct line_value *value)
{
    return value->at + (value->len & LINE_VALUE_STAMP
                            ? w->skeletons->stamps.data[value->len & ~LINE_VALUE_STAMP].len
                            : value->len);
}

/* Has line `number` the bytes between its values that the first line of its skeleton has? */
static bool same_gaps(const struct walk *w, size_t number, size_t example)
{
    const struct skeletons *s = w->skeletons;
    const struct line *a = &w->lines->list.data[number];
    const struct line *b = &w->lines->list.data[example];
    const struct line_value *x = s->values.data + s->first_value[number];
    const struct line_value *y = s->values.data + s->first_value[example];
    const size_t count = s->first_value[number + 1] - s->first_value[number];
    uint32_t from = a->at;
    uint32_t like = b->at;
    if (count != s->first_value[example + 1] - s->first_value[example])
        return false;
    for (size_t i = 0; i < count; i++) {
        uint32_t len = x[i].at - from;
        if (len != y[i].at - like || !bytes_equal(w->raw + from, w->raw + like, len))
            return false;
        from = value_end(w, &x[i]);
        like = value_end(w, &y[i]);
    }
    uint32_t len = a->at + a->len - from;
    return len == b->at + b->len - like && bytes_equal(w->raw + from, w->raw + like, len);
}

static bool take_line(struct walk *w, size_t number)
{
    const struct skeletons *s = w->skeletons;
    const struct line *line = &w->lines->list.data[number];
    const uint32_t example = s->list.data[s->of_line[number]].example;
    const struct span text = {w->raw + line->at, line->len};
    if (number == example) {
        if (!take_letters(w, text))
            return false;
    } else if (!same_gaps(w, number, example)) {
        return take_text(w, text);
    }
    for (uint32_t i = s->first_value[number]; i < s->first_value[number + 1]; i++) {
        const struct line_value *value = &s->values.data[i];
        bool taken =
            value->len & LINE_VALUE_STAMP
                ? take_stamp(w, line, value->at, &s->stamps.data[value->len & ~LINE_VALUE_STAMP])
                : take_value(w, (struct span){w->raw + value->at, value->len});
        if (!taken)
            return false;
    }
    return true;
}

static bool start(struct walk *w, struct text_parts *parts, const uint8_t *raw, size_t size)
{
    *w = (struct walk){.parts = parts, .raw = raw, .size = size};
    parts->letters.most = parts->words.most = size / MOST_LETTERS + FEWEST;
    parts->addresses.most = size / MOST_ADDRESSES + FEWEST;
    w->seen = calloc(SEEN, sizeof(*w->seen));
    return w->seen != NULL;
}

static void finish(struct walk *w)
{
    free(w->seen);
    vec_free(&w->grams);
}

bool text_parts_collect(struct text_parts *parts, const uint8_t *raw, const struct lines *lines,
                        const struct skeletons *skeletons)
{
    struct walk w;
    const struct line *last = lines->list.data + lines->list.len - 1;
    bool taken = start(&w, parts, raw, lines->list.len ? (size_t)last->at + last->len : 0);
    w.lines = lines;
    w.skeletons = skeletons;
    for (size_t i = 0; i < lines->list.len && taken; i++)
        taken = take_line(&w, i);
    finish(&w);
    parts->collected = taken;
    return taken;
}

bool text_parts_collect_raw(struct text_parts *parts, struct span raw)
{
    struct walk w;
    bool taken = start(&w, parts, raw.data, raw.len) && take_text(&w, raw);
    finish(&w);
    parts->collected = taken;
    return taken;
}

void text_parts_clear(struct text_parts *parts)
{
    gram_set_free(&parts->letters);
    gram_set_free(&parts->words);
    gram_set_free(&parts->addresses);
    vec_free(&parts->values);
    vec_free(&parts->shapes);
}
