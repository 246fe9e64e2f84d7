/*
 * grams.c - finding the pieces.
 */
#include "segment/grams.h"

#include "base/varint.h"

enum {
    LETTERS = 4,
    PARTS_MAX = 3, /* digits of a part of an address */
};

#define D 1 /* digit */
#define H 2 /* what is in hexadecimal ids */
static const uint8_t id_class[256] = {
    ['0'] = D | H, ['1'] = D | H, ['2'] = D | H, ['3'] = D | H, ['4'] = D | H,
    ['5'] = D | H, ['6'] = D | H, ['7'] = D | H, ['8'] = D | H, ['9'] = D | H,
    ['a'] = H,     ['b'] = H,     ['c'] = H,     ['d'] = H,     ['e'] = H,
    ['f'] = H,     ['A'] = H,     ['B'] = H,     ['C'] = H,     ['D'] = H,
    ['E'] = H,     ['F'] = H,     ['.'] = H,     ['_'] = H,     ['-'] = H,
};

bool grams_letters(struct span text, struct grams *out)
{
    uint32_t gram = 0;
    size_t run = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t letter = gram_letter(text.data[i]);
        gram = gram << 8 | letter;
        run = letter ? run + 1 : 0;
        if (run >= LETTERS && !vec_push(out, gram))
            return false;
    }
    return true;
}

bool grams_words(struct span text, struct grams *out)
{
    uint64_t gram = 0;
    size_t small = 0;
    size_t capital = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        uint8_t letter = gram_letter(c);
        bool first = small == GRAMS_WORD_LEN - 2 && i >= GRAMS_WORD_LEN - 1 &&
                     gram_letter(text.data[i - GRAMS_WORD_LEN + 1]);
        gram = (gram << 8 | c) & ((UINT64_C(1) << 8 * GRAMS_WORD_LEN) - 1);
        small = letter && c == letter ? small + 1 : 0;
        capital = letter && c != letter ? capital + 1 : 0;
        bool whole = small >= GRAMS_WORD_LEN || capital >= GRAMS_WORD_LEN ||
                     (small == GRAMS_WORD_LEN - 1 && first);
        if (whole && !vec_push(out, gram))
            return false;
    }
    return true;
}

/* The digits at `at`, 4 bits each, put behind `*gram`. @return where they end, or `at` */
static size_t address_part(struct span text, size_t at, uint64_t *gram)
{
    size_t end = at;
    while (end < text.len && end - at <= PARTS_MAX && ascii_is_digit(text.data[end]))
        *gram = *gram << 4 | (uint64_t)(text.data[end++] - '0' + 1);
    if (end == at || end - at > PARTS_MAX || end == text.len || text.data[end] != '.')
        return at;
    *gram = *gram << 4 | 11;
    return end + 1;
}

size_t gram_address(struct span text, uint64_t *gram)
{
    if (text.len < 7 || !ascii_is_digit(text.data[0]) || text.data[1] != '.')
        return 0;
    *gram = (uint64_t)(text.data[0] - '0' + 1);
    size_t second = address_part(text, 2, gram);
    size_t third = second > 2 ? address_part(text, second, gram) : second;
    if (second == 2 || third == second || third == text.len || !ascii_is_digit(text.data[third]))
        return 0;
    *gram = *gram << 4 | (uint64_t)(text.data[third] - '0' + 1);
    return third + 1;
}

bool grams_addresses(struct span text, struct grams *out)
{
    const uint8_t *at = text.data;
    const uint8_t *end = text.data + text.len;
    uint64_t gram;
    while (end - at >= 7 && (at = memchr(at + 1, '.', (size_t)(end - at) - 1))) {
        struct span from = {at - 1, (size_t)(end - at) + 1};
        if (gram_address(from, &gram) && !vec_push(out, gram))
            return false;
    }
    return true;
}

/* The order in which pieces are kept: those of digits first. Last of all, what has no digit. */
static uint64_t id_order(const uint8_t *bytes, enum gram_family family)
{
    uint64_t gram = le_get(bytes, GRAM_ID);
    return (uint64_t)(family - GRAMS_DIGITS) << 62 | gram_mix(gram) >> 2 | 1;
}

/* The pieces of a run, one after the other; the last ones are in a ring. */
struct id_walk {
    uint64_t ring[GRAMS_WINDOW_MAX];
    size_t digit;  /* one behind the last byte that is a digit, */
    size_t letter; /* that isn't, */
    size_t other;  /* that isn't in hexadecimal ids */
};

/* The piece that ends with byte `i`. */
static uint64_t next_id(struct id_walk *w, const uint8_t *run, size_t i)
{
    uint8_t class = id_class[run[i]];
    if (class & D)
        w->digit = i + 1;
    else
        w->letter = i + 1;
    if (!class)
        w->other = i + 1;
    if (i + 1 < GRAM_ID)
        return UINT64_MAX;
    size_t start = i + 1 - GRAM_ID;
    uint64_t order = UINT64_MAX;
    if (w->digit > start)
        order = id_order(run + start, w->letter <= start  ? GRAMS_DIGITS
                                      : w->other <= start ? GRAMS_HEX
                                                          : GRAMS_MIXED);
    w->ring[start % GRAMS_WINDOW_MAX] = order;
    return order;
}

/* Where the piece is that comes first of those that start at `from` to `to`. */
static size_t first_id(const struct id_walk *w, size_t from, size_t to)
{
    size_t first = to;
    for (size_t at = to; at-- > from;)
        if (w->ring[at % GRAMS_WINDOW_MAX] < w->ring[first % GRAMS_WINDOW_MAX])
            first = at;
    return first;
}

bool grams_ids(struct span run, size_t window, struct grams *out)
{
    const size_t count = window - GRAM_ID + 1;
    struct id_walk walk = {.digit = 0};
    uint64_t first = UINT64_MAX;
    size_t first_at = 0;
    size_t kept_at = SIZE_MAX;
    if (run.len < window)
        return true;
    for (size_t i = 0; i < run.len; i++) {
        uint64_t order = next_id(&walk, run.data, i);
        if (i + 1 < GRAM_ID)
            continue;
        size_t at = i + 1 - GRAM_ID;
        if (order <= first) {
            first = order;
            first_at = at;
        } else if (at - first_at >= count) {
            first_at = first_id(&walk, at + 1 - count, at);
            first = walk.ring[first_at % GRAMS_WINDOW_MAX];
        }
        if (i + 1 < window || first == UINT64_MAX || first_at == kept_at)
            continue;
        kept_at = first_at;
        if (!vec_push(out, first))
            return false;
    }
    return true;
}
