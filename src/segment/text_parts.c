/*
 * text_parts.c - the walk over a block's lines.
 */
#include "segment/text_parts.h"

#include <endian.h>
#include <stdlib.h>

#include "base/find.h"
#include "base/hash.h"

enum {
    SEEN_LOG = 16,
    SEEN = 1 << SEEN_LOG, /* values that are remembered */
    ZONES = 16,           /* shapes of stamps that are */
    ADDRESS_DOTS = 3,
    MOST_LETTERS = 64, /* a piece for so many raw bytes is too much in any case */
    MOST_ADDRESSES = 64,
    FEWEST = 4096, /* pieces that are never too much */
};

/* A run around a stamp, as it was last seen. */
struct zone {
    struct shape shape;
    bool letters; /* there are some that matter */
};

/* What stands in front of a value in all lines of a skeleton that are as they seem. */
struct gap {
    const uint8_t *bytes;
    uint32_t len;
};

struct walk {
    struct text_parts *parts;
    const uint8_t *raw;
    size_t size; /* of it */
    const struct skeletons *skeletons;
    const struct lines *lines;
    struct line *seen_values; /* SEEN of them, by their hash */
    struct line *seen_letters;
    struct zone zones[ZONES];
    VEC(struct gap) gaps; /* of the skeletons, one behind the other */
    uint32_t *first_gap;  /* of each; 0: none yet */
    struct grams grams;   /* room */
    struct grams words;
};

bool text_part_next(struct span *text, size_t piece, struct span *part)
{
    if (text->len == 0)
        return false;
    *part = (struct span){text->data, text->len < GRAMS_RUN_MAX ? text->len : GRAMS_RUN_MAX};
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
static bool keep(struct gram_set *set, struct grams *found)
{
    bool kept = gram_set_add(set, found->data, found->len);
    found->len = 0;
    return kept;
}

/* A hash of a text by its ends and its middle: it need not be a good one. */
static inline size_t seen_slot(struct span text)
{
    const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t first = 0;
    uint64_t middle = 0;
    uint64_t last = 0;
    if (text.len < 8)
        return hash_short(text.data, text.len) % SEEN;
    memcpy(&first, text.data, 8);
    memcpy(&middle, text.data + text.len / 2 - 4, 8);
    memcpy(&last, text.data + text.len - 8, 8);
    first = ((first ^ text.len) * odd ^ middle) * odd + last;
    return (first ^ first >> 32) * UINT64_C(0xd6e8feb86659fd93) >> (64 - SEEN_LOG);
}

/* Was the text among the last ones that went here? Then it needn't be looked at again. */
static inline bool is_seen(const struct walk *w, struct line *list, struct span text)
{
    struct line *seen = &list[seen_slot(text)];
    if (seen->len == text.len && bytes_equal(w->raw + seen->at, text.data, text.len))
        return true;
    *seen = (struct line){(uint32_t)(text.data - w->raw), (uint32_t)text.len};
    return false;
}

static bool take_run(struct walk *w, struct span run)
{
    struct text_parts *parts = w->parts;
    for (struct span part; text_part_next(&run, GRAMS_WORD_LEN, &part);) {
        if (!grams_letters(part, parts->letters.full ? NULL : &w->grams,
                           parts->words.full ? NULL : &w->words))
            return false;
        if (!keep(&parts->letters, &w->grams) || !keep(&parts->words, &w->words))
            return false;
    }
    return true;
}

static bool take_letters(struct walk *w, struct span text)
{
    struct letter_walk letters = grams_letter_walk(text);
    for (struct span run; (run = grams_next_letters(&letters)).len;)
        if (!is_seen(w, w->seen_letters, run) && !take_run(w, run))
            return false;
    return true;
}

static bool take_addresses(struct walk *w, struct span text)
{
    struct gram_set *set = &w->parts->addresses;
    for (struct span part; !set->full && text_part_next(&text, GRAMS_ADDRESS_MAX, &part);)
        if (!grams_addresses(part, &w->grams) || !keep(set, &w->grams))
            return false;
    return true;
}

/* Can there be GRAMS_LETTERS_LEN letters? All have one of the two highest bits. */
static inline bool may_have_letters(const struct walk *w, struct span value)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t bytes = 0;
    if (value.data + 8 > w->raw + w->size)
        memcpy(&bytes, value.data, value.len);
    else
        memcpy(&bytes, value.data, 8);
    bytes = le64toh(bytes) << (64 - 8 * value.len);
    bytes = (bytes | bytes << 1) >> 7 & ones;
    return bytes * ones >> 56 >= GRAMS_LETTERS_LEN;
}

/* A value that wasn't seen. */
static bool take_new(struct walk *w, struct span value)
{
    struct line id = {(uint32_t)(value.data - w->raw), (uint32_t)value.len};
    if (!take_letters(w, value) || !take_addresses(w, value))
        return false;
    return value.len < PARTS_ID_MIN || vec_push(&w->parts->values, id);
}

/* Bytes of no separators, GRAMS_LETTERS_LEN at least. */
static inline bool take_value(struct walk *w, struct span value)
{
    if (value.len < GRAMS_ADDRESS_MIN)
        return !may_have_letters(w, value) || take_letters(w, value);
    return is_seen(w, w->seen_values, value) || take_new(w, value);
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
        if (at >= start + GRAMS_LETTERS_LEN &&
            !take_value(w, (struct span){start, (size_t)(at - start)}))
            return false;
        at++;
    }
    return true;
}

bool shape_matters(const struct shape *shape, const struct id_windows *windows)
{
    size_t digits = 0;
    size_t hex = 0;
    size_t dots = 0;
    bool matters = false;
    for (size_t i = 0; i < shape->len && !matters; i++) {
        const uint8_t c = shape->bytes[i];
        digits = c == '0' ? digits + 1 : 0;
        hex = c == '0' || c == 'a' || c == '-' ? hex + 1 : 0;
        dots += c == '.';
        matters = dots >= ADDRESS_DOTS ||
                  (windows->of[GRAMS_DIGITS] && digits >= windows->of[GRAMS_DIGITS]) ||
                  (windows->of[GRAMS_HEX] && hex >= windows->of[GRAMS_HEX]) ||
                  (windows->of[GRAMS_MIXED] && i + 1 >= windows->of[GRAMS_MIXED]);
    }
    return matters;
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

/* The runs in the shape of a stamp that may matter. */
static bool add_shapes(struct text_parts *parts, const struct shape *shape)
{
    const struct id_windows least = {
        {[GRAMS_DIGITS] = PARTS_ID_MIN, [GRAMS_HEX] = PARTS_ID_MIN, [GRAMS_MIXED] = PARTS_ID_MIN}};
    for (size_t at = 0; at < shape->len; at++) {
        struct shape run = {0};
        while (at < shape->len && gram_is_inner(shape->bytes[at]))
            run.bytes[run.len++] = shape->bytes[at++];
        if (shape_matters(&run, &least) && !add_shape(parts, &run))
            return false;
    }
    return true;
}

/* A stamp of another shape than the last one of its kind. */
static bool take_zone(struct walk *w, struct span text, struct zone *zone)
{
    zone->shape = shape_of(text);
    zone->letters = false;
    size_t run = 0;
    for (size_t i = 0; i < text.len; i++) {
        run = gram_letter(text.data[i]) ? run + 1 : 0;
        zone->letters |= run >= GRAMS_LETTERS_LEN;
    }
    return add_shapes(w->parts, &zone->shape);
}

/* Has the text the shape? Digits are nearly all that changes: eight bytes at a time. */
static bool has_shape(struct span text, const struct shape *shape)
{
    size_t at = 0;
    if (text.len != shape->len)
        return false;
    for (; at + 8 <= text.len; at += 8) {
        uint64_t bytes;
        uint64_t like;
        memcpy(&bytes, text.data + at, 8);
        memcpy(&like, shape->bytes + at, 8);
        if (gram_digits_as_0(bytes) != like)
            break;
    }
    while (at < text.len && shape_byte(text.data[at]) == shape->bytes[at])
        at++;
    return at == text.len;
}

/* A stamp, and what touches it without a separator. */
static bool take_stamp(struct walk *w, const struct line *line, const struct line_value *value)
{
    const struct timestamp *stamp = &w->skeletons->stamps.data[value->len & ~LINE_VALUE_STAMP];
    struct zone *zone = &w->zones[(stamp->format * 10u + stamp->digits) % ZONES];
    const uint8_t *start = w->raw + value->at;
    const uint8_t *end = start + stamp->len;
    while (start > w->raw + line->at && gram_is_inner(start[-1]))
        start--;
    while (end < w->raw + line->at + line->len && gram_is_inner(*end))
        end++;
    struct span text = {start, (size_t)(end - start)};
    if (text.len > SHAPE_MAX)
        return take_text(w, text);
    if (!has_shape(text, &zone->shape) && !take_zone(w, text, zone))
        return false;
    return !zone->letters || take_letters(w, text);
}

static uint32_t value_len(const struct walk *w, const struct line_value *value)
{
    return value->len & LINE_VALUE_STAMP
               ? w->skeletons->stamps.data[value->len & ~LINE_VALUE_STAMP].len
               : value->len;
}

/* The gaps of a line, which stands for its skeleton. */
static bool find_gaps(struct walk *w, size_t number)
{
    const struct skeletons *s = w->skeletons;
    const struct line *line = &w->lines->list.data[number];
    const uint8_t *at = w->raw + line->at;
    for (uint32_t i = s->first_value[number]; i < s->first_value[number + 1]; i++) {
        const uint8_t *value = w->raw + s->values.data[i].at;
        struct gap gap = {at, (uint32_t)(value - at)};
        if (!vec_push(&w->gaps, gap))
            return false;
        at = value + value_len(w, &s->values.data[i]);
    }
    struct gap last = {at, (uint32_t)(w->raw + line->at + line->len - at)};
    return vec_push(&w->gaps, last);
}

/* Does a line have the gaps of its skeleton? */
static bool has_gaps(const struct walk *w, const struct line *line, const struct line_value *values,
                     size_t count, const struct gap *gaps)
{
    const uint8_t *at = w->raw + line->at;
    const uint8_t *end = at + line->len;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *start = w->raw + values[i].at;
        if ((size_t)(start - at) != gaps[i].len || !bytes_equal(at, gaps[i].bytes, gaps[i].len))
            return false;
        at = start + value_len(w, &values[i]);
    }
    return (size_t)(end - at) == gaps[count].len &&
           bytes_equal(at, gaps[count].bytes, gaps[count].len);
}

static bool take_values(struct walk *w, const struct line *line, const struct line_value *values,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct line_value *value = &values[i];
        bool taken = true;
        if (value->len & LINE_VALUE_STAMP)
            taken = take_stamp(w, line, value);
        else if (value->len > GRAMS_LETTERS_LEN)
            taken = take_value(w, (struct span){w->raw + value->at, value->len});
        if (!taken)
            return false;
    }
    return true;
}

/* The line that stands for a skeleton: all other lines are compared with it. */
static bool take_example(struct walk *w, size_t number, uint32_t skeleton)
{
    const struct line *line = &w->lines->list.data[number];
    const struct span text = {w->raw + line->at, line->len};
    w->first_gap[skeleton] = (uint32_t)w->gaps.len;
    return find_gaps(w, number) && take_letters(w, text);
}

static bool take_line(struct walk *w, size_t number, bool alike)
{
    const struct skeletons *s = w->skeletons;
    const struct line *line = &w->lines->list.data[number];
    const uint32_t skeleton = s->of_line[number];
    const uint32_t example = s->list.data[skeleton].example;
    const struct line_value *values = s->values.data + s->first_value[number];
    const size_t count = s->first_value[number + 1] - s->first_value[number];
    if (number == example && !take_example(w, number, skeleton))
        return false;
    if (number != example && !alike) {
        const struct gap *gaps = w->gaps.data + w->first_gap[skeleton];
        bool same = count == s->first_value[example + 1] - s->first_value[example] &&
                    has_gaps(w, line, values, count, gaps);
        if (!same)
            return take_text(w, (struct span){w->raw + line->at, line->len});
    }
    return take_values(w, line, values, count);
}

static bool start(struct walk *w, struct text_parts *parts, const uint8_t *raw, size_t size)
{
    *w = (struct walk){.parts = parts, .raw = raw, .size = size};
    parts->letters.most = parts->words.most = size / MOST_LETTERS + FEWEST;
    parts->addresses.most = size / MOST_ADDRESSES + FEWEST;
    w->seen_values = calloc(SEEN, sizeof(*w->seen_values));
    w->seen_letters = calloc(SEEN, sizeof(*w->seen_letters));
    return w->seen_values && w->seen_letters;
}

static void finish(struct walk *w)
{
    free(w->seen_values);
    free(w->seen_letters);
    vec_free(&w->grams);
    vec_free(&w->words);
    vec_free(&w->gaps);
    free(w->first_gap);
}

bool text_parts_collect(struct text_parts *parts, const uint8_t *raw, const struct lines *lines,
                        const struct skeletons *skeletons, const bool *alike)
{
    struct walk w;
    const struct line *last = lines->list.data + lines->list.len - 1;
    bool taken = start(&w, parts, raw, lines->list.len ? (size_t)last->at + last->len : 0);
    w.lines = lines;
    w.skeletons = skeletons;
    w.first_gap = calloc(skeletons->list.len + 1, sizeof(*w.first_gap));
    taken = taken && w.first_gap;
    for (size_t i = 0; i < lines->list.len && taken; i++)
        taken = take_line(&w, i, alike && alike[i]);
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
