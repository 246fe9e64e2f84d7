/*
 * filter.c - the bytes of a filter, and asking it.
 */
#include "segment/filter.h"

#include <stdlib.h>

#include "base/find.h"
#include "segment/ribbon.h"

enum { TEXT_MAX = 1024 }; /* bytes of a text that are looked for */

/* In a file, the family of a set that is always empty: no text has the bytes below. */
enum { FAMILY_ESCAPES = 64 };

static const struct span escape = {(const uint8_t *)"\\u00", 4};

size_t filter_head_size(const struct filter *filter)
{
    size_t size = 1 + filter->shapes.len;
    for (size_t i = 0; i < filter->shapes.len; i++)
        size += filter->shapes.data[i].len;
    return size;
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
    return size ? size + filter_head_size(filter) : 0;
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
