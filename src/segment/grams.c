/*
 * grams.c - finding the pieces.
 */
#include "segment/grams.h"

#include <endian.h>
#include <string.h>

/* In place of a piece: comes behind all of them. */
#define NO_ID UINT64_MAX

enum {
    LETTERS = 4,
    PARTS_MAX = 3, /* digits of a part of an address */
};

/*
 * Eight bytes at a time: a byte's highest bit says whether it's of a kind. That of `low` + a number
 * below 128 is set where a byte is at least 128 less that number; no sum is above 255.
 */
#define EACH(byte) ((byte)*UINT64_C(0x0101010101010101))
#define TOP        EACH(0x80)

/* Those from `first` to `last`, of bytes below 128. */
static inline uint64_t from_to(uint64_t low, uint8_t first, uint8_t last)
{
    return (low + EACH(0x80u - first)) & ~(low + EACH(0x7fu - last)) & TOP;
}

/* One bit for each byte: the highest becomes the one of its place. */
static inline uint64_t gather(uint64_t tops)
{
    return (tops >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

/* Up to 8 bytes as a number, the first the lowest; what isn't there is 0. */
static inline uint64_t load(const uint8_t *bytes, size_t len)
{
    uint64_t word = 0;
    if (len >= 8)
        memcpy(&word, bytes, 8);
    else
        memcpy(&word, bytes, len);
    return le64toh(word);
}

/* Which of up to 64 bytes are letters. */
static uint64_t letter_bits(const uint8_t *bytes, size_t len)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < len; i += 8) {
        uint64_t word = load(bytes + i, len - i);
        uint64_t small = (word & ~TOP) | EACH(0x20u);
        uint64_t letters = (from_to(small, 'a', 'z') & ~word) | (word & TOP);
        bits |= gather(letters) << i;
    }
    return bits;
}

/* Which of up to 64 bytes are digits, and which are in hexadecimal ids. */
static void id_bits(const uint8_t *bytes, size_t len, uint64_t *digits, uint64_t *hex)
{
    *digits = *hex = 0;
    for (size_t i = 0; i < len; i += 8) {
        uint64_t word = load(bytes + i, len - i);
        uint64_t low = word & ~TOP;
        uint64_t digit = from_to(low, '0', '9') & ~word;
        uint64_t others =
            from_to(low | EACH(0x20u), 'a', 'f') | from_to(low, '-', '.') | from_to(low, '_', '_');
        *digits |= gather(digit) << i;
        *hex |= gather(digit | (others & ~word)) << i;
    }
}

static void look_from(struct letter_walk *w, size_t at)
{
    w->at = at;
    w->looked = w->text.len - at < 64 ? w->text.len - at : 64;
    w->bits = letter_bits(w->text.data + at, w->looked);
}

struct letter_walk grams_letter_walk(struct span text)
{
    struct letter_walk w = {.text = text};
    look_from(&w, 0);
    return w;
}

struct span grams_next_letters(struct letter_walk *w)
{
    while (w->looked) {
        uint64_t runs = w->bits & w->bits >> 1;
        runs &= runs >> 2; /* where LETTERS begin */
        if (!runs) {       /* the last letters may be the first of a run */
            look_from(w, w->at + w->looked - (w->looked == 64 ? LETTERS - 1 : 0));
            continue;
        }
        const unsigned start = (unsigned)__builtin_ctzll(runs);
        const uint64_t behind = ~(w->bits >> start);
        size_t end = start + (behind ? (size_t)__builtin_ctzll(behind) : 64);
        const uint8_t *text = w->text.data + w->at;
        const size_t left = w->text.len - w->at;
        while (end >= 64 && end < left && gram_letter(text[end]))
            end++;
        if (end < w->looked)
            w->bits &= UINT64_MAX << end;
        else
            look_from(w, w->at + end);
        return (struct span){text + start, end - start};
    }
    return (struct span){w->text.data, 0};
}

/* The pieces of GRAMS_LETTERS in letters. */
static bool letters_of(struct span run, struct grams *out)
{
    uint32_t gram = 0;
    for (size_t i = 0; i < run.len; i++) {
        gram = gram << 8 | gram_letter(run.data[i]);
        if (i + 1 >= LETTERS && !vec_push(out, gram))
            return false;
    }
    return true;
}

/* The pieces of GRAMS_WORDS in letters. */
static bool words_of(struct span run, struct grams *out)
{
    const uint64_t mask = (UINT64_C(1) << 8 * GRAMS_WORD_LEN) - 1;
    uint64_t gram = 0;
    size_t small = 0; /* how many there are, up to here */
    size_t capital = 0;
    for (size_t i = 0; i < run.len; i++) {
        uint8_t c = run.data[i];
        bool is_small = c == gram_letter(c);
        gram = (gram << 8 | c) & mask;
        small = is_small ? small + 1 : 0;
        capital = is_small ? 0 : capital + 1;
        bool whole = small >= GRAMS_WORD_LEN - 1 || capital >= GRAMS_WORD_LEN;
        if (whole && i + 1 >= GRAMS_WORD_LEN && !vec_push(out, gram))
            return false;
    }
    return true;
}

bool grams_letters(struct span run, struct grams *letters, struct grams *words)
{
    return (!letters || letters_of(run, letters)) && (!words || words_of(run, words));
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

static uint64_t id_gram(const uint8_t *bytes, enum gram_family family)
{
    uint64_t gram;
    memcpy(&gram, bytes, GRAM_ID);
    return (uint64_t)(family - GRAMS_DIGITS) << 62 | gram_mix(le64toh(gram)) >> 2 | 1;
}

/* The bits from number `by` on, of two words. */
static inline uint64_t shifted(const uint64_t *bits, unsigned by)
{
    return bits[0] >> by | bits[1] << (64 - by);
}

/* Where GRAM_ID bits that are set begin, of which the last may be in the next word. */
static uint64_t all_of(const uint64_t *bits)
{
    const uint64_t two[2] = {bits[0] & shifted(bits, 1), bits[1] & bits[1] >> 1};
    const uint64_t four[2] = {two[0] & shifted(two, 2), two[1] & two[1] >> 2};
    return four[0] & shifted(four, 4);
}

/* Where GRAM_ID bits begin, one of which is set. */
static uint64_t any_of(const uint64_t *bits)
{
    const uint64_t two[2] = {bits[0] | shifted(bits, 1), bits[1] | bits[1] >> 1};
    const uint64_t four[2] = {two[0] | shifted(two, 2), two[1] | two[1] >> 2};
    return four[0] | shifted(four, 4);
}

/*
 * For each byte of a run, the piece that starts there if it's one that is asked for, else NO_ID.
 *
 * @return the bytes up to the last one that has one
 */
static size_t find_ids(struct span run, bool mixed, uint64_t *pieces)
{
    const size_t starts = run.len - GRAM_ID + 1;
    uint64_t digits[2];
    uint64_t hex[2];
    size_t end = 0;
    id_bits(run.data, run.len < 64 ? run.len : 64, &digits[0], &hex[0]);
    for (size_t at = 0; at < starts; at += 64) {
        digits[1] = hex[1] = 0;
        if (run.len > at + 64)
            id_bits(run.data + at + 64, run.len - at - 64 < 64 ? run.len - at - 64 : 64, &digits[1],
                    &hex[1]);
        uint64_t all_digits = all_of(digits);
        uint64_t all_hex = all_of(hex);
        uint64_t found = any_of(digits) & (mixed ? UINT64_MAX : all_hex);
        if (starts - at < 64)
            found &= (UINT64_C(1) << (starts - at)) - 1;
        for (; found; found &= found - 1) {
            const unsigned bit = (unsigned)__builtin_ctzll(found);
            const enum gram_family family = all_digits >> bit & 1 ? GRAMS_DIGITS
                                            : all_hex >> bit & 1  ? GRAMS_HEX
                                                                  : GRAMS_MIXED;
            while (end < at + bit)
                pieces[end++] = NO_ID;
            pieces[end++] = id_gram(run.data + at + bit, family);
        }
        digits[0] = digits[1];
        hex[0] = hex[1];
    }
    return end;
}

/* Where the first one is of the pieces that start at `from` to `to`. */
static size_t first_id(const uint64_t *pieces, size_t from, size_t to)
{
    size_t first = to;
    while (to-- > from)
        if (pieces[to] < pieces[first])
            first = to;
    return first;
}

bool grams_ids(struct span run, size_t window, bool mixed, struct grams *out)
{
    const size_t width = window - GRAM_ID + 1; /* pieces of a window */
    uint64_t pieces[GRAMS_RUN_MAX];
    size_t first = 0;
    size_t kept = SIZE_MAX;
    if (run.len < window)
        return true;
    size_t count = find_ids(run, mixed, pieces);
    if (!count)
        return true;
    /* Up to the end of the last window with a piece in it. */
    const size_t starts = run.len - GRAM_ID + 1;
    for (size_t more = 1; more < width && count < starts; more++)
        pieces[count++] = NO_ID;
    for (size_t at = 0; at < count; at++) {
        if (pieces[at] <= pieces[first])
            first = at;
        else if (at - first >= width)
            first = first_id(pieces, at + 1 - width, at);
        if (at + 1 < width || first == kept || pieces[first] == NO_ID)
            continue;
        kept = first;
        if (!vec_push(out, pieces[first]))
            return false;
    }
    return true;
}
