/*
 * filter.c - choosing the planes, and the bytes of a filter.
 */
#include "segment/filter.h"

#include <stdlib.h>

#include "base/find.h"

enum {
    SHARE = 50,        /* of what is stored, 2 %; */
    DENSE = 50,        /* where so many raw bytes are in one, */
    DENSE_SHARE = 200, /* 0.5 % */
    USUAL = 16,        /* raw bytes in a stored one where many kinds of logs are in a segment */
    SAMPLE = 128,      /* values by which the window is chosen */
    SET_HEAD = 8,      /* bytes of a set but for its planes, about */
    TEXT_MAX = 1024,   /* bytes of a text that are looked for */
};

/* Windows of ids that are tried, the best first. */
static const uint8_t windows_tried[] = {12, 14, 16, 20, 24, 32};
enum { WINDOWS_TRIED = sizeof(windows_tried) };

/*
 * Which window a family gets: the shortest one, `least` at least, with which so many planes take
 * no more than so many hundredths of all. If even the longest one doesn't, `last` hundredths for a
 * single plane are too much to collect it.
 */
static const struct {
    uint8_t least;
    uint8_t planes;
    uint8_t share;
    uint8_t last;
} window_rules[GRAMS_END] = {
    [GRAMS_DIGITS] = {12, 1, 40, 70},
    [GRAMS_HEX] = {14, 1, 30, 60},
    [GRAMS_MIXED] = {16, 1, 12, 12},
};

/*
 * What a family is worth: how often it's asked for, and how many of its pieces are in what is. So
 * the first plane of letters leaves one word in 16, that of addresses every second one.
 */
static const struct {
    double weight;
    unsigned pieces;
} worths[GRAMS_END] = {
    [GRAMS_LETTERS] = {1.2, 4}, [GRAMS_WORDS] = {1, 3}, [GRAMS_ADDRESSES] = {1, 2},
    [GRAMS_DIGITS] = {1, 2},    [GRAMS_HEX] = {1, 2},   [GRAMS_MIXED] = {0.4, 2},
};

/* In a file, the family of a set that is always empty: no text has the bytes below. */
enum { FAMILY_ESCAPES = 64 };

static const struct span escape = {(const uint8_t *)"\\u00", 4};

struct candidate {
    const uint64_t *list;
    size_t count;
    bool known; /* the list is all that there is */
    size_t words;
    unsigned planes;
};

size_t filter_share(enum filtering filtering, size_t raw, size_t stored)
{
    if (filtering == FILTER_WHOLE)
        return raw;
    const size_t share = raw / stored > DENSE ? stored / DENSE_SHARE : stored / SHARE;
    const size_t mixed = raw / (SHARE * USUAL);
    return filtering == FILTER_MIXED && share < mixed ? mixed : share;
}

/* Is the value one of a sample? The same value always is, or never. */
static bool is_sampled(struct span value, size_t step)
{
    uint64_t first;
    uint64_t last;
    memcpy(&first, value.data, 8); /* it has PARTS_ID_MIN bytes */
    memcpy(&last, value.data + value.len - 8, 8);
    return step <= 1 || gram_mix(first ^ gram_mix(last)) % step == 0;
}

/* The pieces of ids in every `step`th value, as far as the sets take them. */
static bool collect_ids(const struct text_parts *parts, const uint8_t *raw,
                        const struct id_windows *windows, size_t step, struct gram_set *sets)
{
    struct grams found[GRAMS_END] = {{0}};
    bool kept = true;
    for (size_t i = 0; i < parts->values.len && kept; i++) {
        struct span text = {raw + parts->values.data[i].at, parts->values.data[i].len};
        if (!is_sampled(text, step))
            continue;
        for (struct span part; kept && text_part_next(&text, GRAMS_WINDOW_MAX, &part);) {
            kept = grams_ids(part, windows, found);
            for (size_t f = GRAMS_DIGITS; f < GRAMS_END && kept; f++) {
                kept = gram_set_add(&sets[f], found[f].data, found[f].len);
                found[f].len = 0;
            }
        }
    }
    for (size_t f = GRAMS_DIGITS; f < GRAMS_END; f++)
        vec_free(&found[f]);
    return kept;
}

/* How many pieces there will be of each family with a window; about, by some of the values. */
static bool estimate_ids(const struct text_parts *parts, const uint8_t *raw, uint8_t window,
                         size_t *counts)
{
    const size_t step = parts->values.len / SAMPLE + 1;
    const struct id_windows windows = {
        {[GRAMS_DIGITS] = window, [GRAMS_HEX] = window, [GRAMS_MIXED] = window}};
    struct gram_set sets[GRAMS_END] = {0};
    for (size_t i = GRAMS_DIGITS; i < GRAMS_END; i++)
        sets[i].most = SIZE_MAX / 2;
    bool kept = collect_ids(parts, raw, &windows, step, sets);
    for (size_t i = GRAMS_DIGITS; i < GRAMS_END; i++) {
        counts[i] = sets[i].count * step;
        gram_set_free(&sets[i]);
    }
    return kept;
}

/* Families that have no chance aren't collected: that takes time. */
static bool choose_windows(const struct text_parts *parts, const uint8_t *raw, size_t most,
                           struct id_windows *windows)
{
    size_t counts[WINDOWS_TRIED][GRAMS_END] = {{0}};
    for (size_t i = 0; i < WINDOWS_TRIED; i++)
        if (!estimate_ids(parts, raw, windows_tried[i], counts[i]))
            return false;
    *windows = (struct id_windows){{0}};
    for (size_t f = GRAMS_DIGITS; f < GRAMS_END; f++) {
        size_t plane = 0;
        for (size_t i = 0; i < WINDOWS_TRIED && !windows->of[f]; i++) {
            plane = ribbon_words(counts[i][f]) * 8;
            if (windows_tried[i] >= window_rules[f].least &&
                plane * window_rules[f].planes <= most * window_rules[f].share / 100)
                windows->of[f] = windows_tried[i];
        }
        if (!windows->of[f] && plane <= most * window_rules[f].last / 100)
            windows->of[f] = windows_tried[WINDOWS_TRIED - 1];
    }
    return true;
}

/* What a further plane saves for each byte that it takes. */
static double worth_of(const struct candidate *c, size_t family)
{
    double pass = 1;
    for (unsigned i = 0; i < c->planes * worths[family].pieces; i++)
        pass /= 2;
    double less = pass;
    for (unsigned i = 0; i < worths[family].pieces; i++)
        less /= 2;
    return worths[family].weight * (pass - less) / (double)(c->words * 8);
}

/*
 * Give planes away, one by one, to whom they are worth most, up to so many for each.
 *
 * @return what is left of `most`
 */
static size_t give_planes(struct candidate *candidates, unsigned planes, size_t most)
{
    for (;;) {
        size_t best = 0;
        double best_worth = 0;
        for (size_t i = 1; i < GRAMS_END; i++) {
            const struct candidate *c = &candidates[i];
            double worth = c->known && c->words && c->planes < planes &&
                                   c->words * 8 + (c->planes ? 0 : SET_HEAD) <= most
                               ? worth_of(c, i)
                               : 0;
            if (worth > best_worth) {
                best = i;
                best_worth = worth;
            }
        }
        if (!best)
            return most;
        most -= candidates[best].words * 8 + (candidates[best].planes ? 0 : SET_HEAD);
        candidates[best].planes++;
    }
}

static void take_candidate(struct candidate *c, struct gram_set *set)
{
    *c = (struct candidate){gram_set_list(set), set->count, !set->full,
                            set->count ? ribbon_words(set->count) : 0, 0};
}

static bool build_sets(struct filter *filter, const struct candidate *candidates)
{
    for (size_t i = 1; i < GRAMS_END; i++) {
        const struct candidate *c = &candidates[i];
        struct filter_set *set = &filter->sets[i];
        if (!c->known || (c->count && !c->planes))
            continue;
        set->known = true;
        set->planes = (uint8_t)c->planes;
        set->words = c->words;
        if (!c->count)
            continue;
        set->bits = malloc(c->words * c->planes * sizeof(*set->bits));
        if (!set->bits || !ribbon_build(c->list, c->count, c->words, c->planes, set->bits))
            return false;
    }
    return true;
}

/* Bytes of what isn't planes. */
static size_t head_size(const struct filter *filter)
{
    size_t size = 1 + filter->shapes.len;
    for (size_t i = 0; i < filter->shapes.len; i++)
        size += filter->shapes.data[i].len;
    return size;
}

bool filter_build(struct filter *filter, struct text_parts *parts, const uint8_t *raw, size_t most)
{
    struct candidate candidates[GRAMS_END] = {0};
    struct gram_set ids[GRAMS_END] = {0};
    struct id_windows windows = {{0}};
    bool built = true;
    *filter = (struct filter){0};
    take_candidate(&candidates[GRAMS_LETTERS], &parts->letters);
    take_candidate(&candidates[GRAMS_WORDS], &parts->words);
    if (!parts->shapeless) {
        take_candidate(&candidates[GRAMS_ADDRESSES], &parts->addresses);
        built = choose_windows(parts, raw, most, &windows);
        for (size_t i = GRAMS_DIGITS; i < GRAMS_END; i++)
            ids[i] = (struct gram_set){.most = most * 8, .full = !windows.of[i]};
        built = built && collect_ids(parts, raw, &windows, 1, ids);
        for (size_t i = GRAMS_DIGITS; i < GRAMS_END; i++) {
            take_candidate(&candidates[i], &ids[i]);
            filter->sets[i].window = windows.of[i];
        }
        for (size_t i = 0; i < parts->shapes.len && built; i++)
            if (shape_matters(&parts->shapes.data[i], &windows))
                built = vec_push(&filter->shapes, parts->shapes.data[i]);
    }
    size_t head = head_size(filter);
    size_t left = give_planes(candidates, 1, most > head ? most - head : 0);
    give_planes(candidates, RIBBON_PLANES_MAX, left);
    built = built && build_sets(filter, candidates);
    for (size_t i = GRAMS_DIGITS; i < GRAMS_END; i++)
        gram_set_free(&ids[i]);
    filter_trim(filter, most);
    return built;
}

static size_t set_size(const struct filter_set *set)
{
    return 3 + varint_size(set->words) + set->words * set->planes * 8;
}

size_t filter_size(const struct filter *filter)
{
    size_t size = 0;
    for (size_t i = 1; i < GRAMS_END; i++)
        size += filter->sets[i].known ? set_size(&filter->sets[i]) : 0;
    if (filter->unescaped)
        size += set_size(&(struct filter_set){0});
    return size ? size + head_size(filter) : 0;
}

/*
 * A set loses a plane: the largest of those that have several. Where there is none, the largest is
 * lost, with all that it says.
 */
static bool trim_one(struct filter *filter)
{
    struct filter_set *chosen = NULL;
    for (size_t i = 1; i < GRAMS_END; i++) {
        struct filter_set *set = &filter->sets[i];
        if (!set->known)
            continue;
        const bool several = set->planes > 1;
        if (!chosen || several > (chosen->planes > 1) ||
            (several == (chosen->planes > 1) && set->words > chosen->words))
            chosen = set;
    }
    if (!chosen)
        return false;
    if (chosen->planes)
        chosen->planes--;
    chosen->known = chosen->planes > 0;
    return true;
}

void filter_trim(struct filter *filter, size_t most)
{
    while (filter_size(filter) > most && trim_one(filter)) {
    }
    filter->unescaped &= filter_size(filter) <= most;
}

/* Backslashes are rare, or few of them begin such bytes. */
void filter_note_escapes(struct filter *filter, struct span text)
{
    const uint8_t *at = text.data;
    const uint8_t *end = text.data + text.len;
    filter->unescaped = true;
    while (filter->unescaped && (at = memchr(at, escape.data[0], (size_t)(end - at)))) {
        filter->unescaped =
            (size_t)(end - at) < escape.len || memcmp(at, escape.data, escape.len) != 0;
        at++;
    }
}

static void write_set(size_t family, const struct filter_set *set, struct buf *out)
{
    buf_push(out, (uint8_t)family);
    buf_push(out, set->window);
    buf_push(out, set->planes);
    varint_put(out, set->words);
    for (size_t k = 0; k < set->words * set->planes; k++)
        buf_put_le(out, set->bits[k], 8);
}

void filter_write(const struct filter *filter, struct buf *out)
{
    if (!filter_size(filter))
        return;
    buf_push(out, (uint8_t)filter->shapes.len);
    for (size_t i = 0; i < filter->shapes.len; i++) {
        const struct shape *shape = &filter->shapes.data[i];
        buf_push(out, shape->len);
        buf_append(out, shape->bytes, shape->len);
    }
    for (size_t i = 1; i < GRAMS_END; i++)
        if (filter->sets[i].known)
            write_set(i, &filter->sets[i], out);
    if (filter->unescaped)
        write_set(FAMILY_ESCAPES, &(struct filter_set){0}, out);
}

static bool read_shapes(struct reader *r, struct filter *filter)
{
    size_t count = reader_u8(r);
    r->failed |= count > SHAPES_MAX;
    for (size_t i = 0; i < count && !r->failed; i++) {
        struct shape shape = {.len = reader_u8(r)};
        r->failed |= shape.len > SHAPE_MAX;
        struct span bytes = reader_bytes(r, r->failed ? 0 : shape.len);
        if (bytes.len)
            memcpy(shape.bytes, bytes.data, bytes.len);
        if (!vec_push(&filter->shapes, shape))
            return false;
    }
    return true;
}

/* A set of a family that isn't known, of a later program, is left out. */
static void read_set(struct reader *r, struct filter *filter, unsigned *last)
{
    const unsigned family = reader_u8(r);
    struct filter_set set = {.known = true, .window = reader_u8(r)};
    const bool ids = family >= GRAMS_DIGITS && family <= GRAMS_MIXED;
    set.planes = reader_u8(r);
    set.words = (size_t)reader_varint_max(r, reader_left(r));
    r->failed |= ids && (set.window < GRAM_ID || set.window > GRAMS_WINDOW_MAX);
    r->failed |= family <= *last || set.planes > RIBBON_PLANES_MAX || !set.words != !set.planes;
    if (r->failed)
        return;
    set.stored = reader_bytes(r, (uint64_t)set.words * set.planes * 8).data;
    if (family < GRAMS_END)
        filter->sets[family] = set;
    filter->unescaped |= family == FAMILY_ESCAPES && !set.words;
    *last = family;
}

int filter_read(struct filter *filter, struct span bytes, struct lgz_error *err)
{
    struct reader r = reader_of(bytes.data, bytes.len);
    unsigned last = 0;
    *filter = (struct filter){0};
    if (!bytes.len)
        return LGZ_OK;
    if (!read_shapes(&r, filter))
        return error_memory(err);
    while (reader_left(&r) && !r.failed)
        read_set(&r, filter, &last);
    return r.failed ? LGZ_ERR_CORRUPT : LGZ_OK;
}

/* Is a piece in the set, as far as that is known? */
static bool set_may_hold(const struct filter_set *set, uint64_t gram)
{
    if (!set->known)
        return true;
    return set->words && ribbon_holds(set->stored, set->words, set->planes, gram);
}

static bool may_hold_all(const struct filter_set *set, struct grams *grams)
{
    bool may = true;
    for (size_t i = 0; i < grams->len && may; i++)
        may = set_may_hold(set, grams->data[i]);
    grams->len = 0;
    return may;
}

/* What memory is lacking for decides nothing. */
static bool may_hold_letters(const struct filter *filter, struct span text, bool folded,
                             struct grams *room)
{
    const struct filter_set *letters = &filter->sets[GRAMS_LETTERS];
    const struct filter_set *words = &filter->sets[GRAMS_WORDS];
    struct letter_walk walk = grams_letter_walk(text);
    for (struct span run; (run = grams_next_letters(&walk)).len;) {
        room->len = 0;
        if (letters->known && grams_letters(run, room, NULL) && !may_hold_all(letters, room))
            return false;
        room->len = 0;
        if (!folded && words->known && grams_letters(run, NULL, room) && !may_hold_all(words, room))
            return false;
    }
    return true;
}

static bool may_hold_addresses(const struct filter *filter, struct span text)
{
    const struct filter_set *set = &filter->sets[GRAMS_ADDRESSES];
    uint64_t grams[2];
    for (; set->known && text.len >= GRAMS_ADDRESS_MIN; text.data++, text.len--) {
        const struct span piece = {text.data, gram_address(text, grams)};
        if (!piece.len)
            continue;
        bool may = set_may_hold(set, grams[0]) && (!grams[1] || set_may_hold(set, grams[1]));
        if (!may && !shapes_hold(filter->shapes.data, filter->shapes.len,
                                 (struct span){piece.data, piece.len - (grams[1] != 0)}))
            return false;
    }
    return true;
}

static bool has_letters(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (ascii_is_letter(text.data[i]))
            return true;
    return false;
}

static bool may_hold_window(const struct filter *filter, enum gram_family family,
                            struct span window, bool folded, struct grams *room)
{
    struct id_windows windows = {{0}};
    struct grams *found = &room[family];
    windows.of[family] = (uint8_t)window.len;
    found->len = 0;
    if (!grams_ids(window, &windows, room) || !found->len)
        return true;
    if (folded && has_letters(window))
        return true;
    return set_may_hold(&filter->sets[family], found->data[0]) ||
           shapes_hold(filter->shapes.data, filter->shapes.len, window);
}

static bool may_hold_ids(const struct filter *filter, enum gram_family family, struct span text,
                         bool folded, struct grams *room)
{
    const size_t window = filter->sets[family].window;
    size_t run = 0;
    for (size_t i = 0; filter->sets[family].known && i < text.len; i++) {
        run = gram_is_inner(text.data[i]) ? run + 1 : 0;
        if (run >= window &&
            !may_hold_window(filter, family, (struct span){text.data + i + 1 - window, window},
                             folded, room))
            return false;
    }
    return true;
}

bool filter_may_hold(const struct filter *filter, const struct need_string *string)
{
    struct grams room[GRAMS_END] = {{0}};
    struct span text = string->bytes;
    if (text.len > TEXT_MAX)
        text.len = TEXT_MAX;
    const struct finder finder = finder_of(escape);
    if (filter->unescaped && !string->folded && finder_next(&finder, text, 0) != SIZE_MAX)
        return false;
    bool may = may_hold_letters(filter, text, string->folded, &room[0]) &&
               may_hold_addresses(filter, text);
    for (unsigned f = GRAMS_DIGITS; f <= GRAMS_MIXED && may; f++)
        may = may_hold_ids(filter, (enum gram_family)f, text, string->folded, room);
    for (unsigned f = 0; f < GRAMS_END; f++)
        vec_free(&room[f]);
    return may;
}

void filter_clear(struct filter *filter)
{
    for (size_t i = 0; i < GRAMS_END; i++)
        free(filter->sets[i].bits);
    vec_free(&filter->shapes);
    *filter = (struct filter){0};
}
