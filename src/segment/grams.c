/*
 * grams.c - finding the pieces.
 */
#include "segment/grams.h"

#include <endian.h>
#include <string.h>

/* In place of a piece: what comes behind all of them, and before. */
#define NO_ID  UINT64_MAX
#define BARRED 0

enum {
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
        uint64_t others = from_to(low | EACH(0x20u), 'a', 'f') | from_to(low, '-', '-');
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
        runs &= runs >> 2; /* where so many begin */
        if (!runs) {       /* the last letters may be the first of a run */
            look_from(w, w->at + w->looked - (w->looked == 64 ? GRAMS_LETTERS_LEN - 1 : 0));
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
        if (i + 1 >= GRAMS_LETTERS_LEN && !vec_push(out, gram))
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

size_t gram_address(struct span text, uint64_t *grams)
{
    uint64_t gram;
    if (text.len < GRAMS_ADDRESS_MIN || !ascii_is_digit(text.data[0]) || text.data[1] != '.')
        return 0;
    gram = (uint64_t)(text.data[0] - '0' + 1);
    size_t second = address_part(text, 2, &gram);
    size_t third = second > 2 ? address_part(text, second, &gram) : second;
    if (second == 2 || third == second || third == text.len || !ascii_is_digit(text.data[third]))
        return 0;
    grams[0] = gram << 4 | (uint64_t)(text.data[third] - '0' + 1);
    grams[1] = 0;
    if (third + 1 == text.len || !ascii_is_digit(text.data[third + 1]))
        return third + 1;
    grams[1] = grams[0] << 4 | (uint64_t)(text.data[third + 1] - '0' + 1);
    return third + 2;
}

bool grams_addresses(struct span text, struct grams *out)
{
    const uint8_t *at = text.data;
    const uint8_t *end = text.data + text.len;
    while (end - at >= GRAMS_ADDRESS_MIN && (at = memchr(at + 1, '.', (size_t)(end - at) - 1))) {
        struct span from = {at - 1, (size_t)(end - at) + 1};
        uint64_t grams[2];
        if (!gram_address(from, grams))
            continue;
        if (!vec_push(out, grams[0]) || (grams[1] && !vec_push(out, grams[1])))
            return false;
    }
    return true;
}

/* Which bytes of a run are digits, and which hexadecimal ones; then a word of none. */
struct id_map {
    uint64_t digits[GRAMS_RUN_MAX / 64 + 1];
    uint64_t hex[GRAMS_RUN_MAX / 64 + 1];
};

/* The bits from number `at` on. */
static inline uint64_t bits_at(const uint64_t *bits, size_t at)
{
    const unsigned low = at % 64;
    bits += at / 64;
    return low ? bits[0] >> low | bits[1] << (64 - low) : bits[0];
}

/* The first bit from number `at` on that is set, or isn't; `end` if there is none before it. */
static size_t next_bit(const uint64_t *bits, size_t at, size_t end, bool set)
{
    while (at < end) {
        const uint64_t found = (set ? bits[at / 64] : ~bits[at / 64]) >> at % 64;
        if (found) {
            at += (size_t)__builtin_ctzll(found);
            break;
        }
        at += 64 - at % 64;
    }
    return at < end ? at : end;
}

/* The next run of `least` bits that are set, or more. @return false if there is none up to `end` */
static bool next_run(const uint64_t *bits, size_t *from, size_t *to, size_t end, size_t least)
{
    do {
        *from = next_bit(bits, *to, end, true);
        *to = next_bit(bits, *from, end, false);
    } while (*from < end && *to - *from < least);
    return *from < end;
}

static uint64_t id_gram(const uint8_t *bytes)
{
    uint64_t gram;
    memcpy(&gram, bytes, GRAM_ID);
    return gram_mix(le64toh(gram)) | 1;
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

/* Of each window in `len` bytes the first of the pieces, one for each byte but the last ones. */
static bool keep_ids(const uint64_t *pieces, size_t len, size_t window, struct grams *out)
{
    const size_t width = window - GRAM_ID + 1; /* pieces of a window */
    size_t first = 0;
    size_t kept = SIZE_MAX;
    for (size_t at = 0; at + GRAM_ID <= len; at++) {
        if (pieces[at] <= pieces[first])
            first = at;
        else if (at - first >= width)
            first = first_id(pieces, at + 1 - width, at);
        if (at + 1 < width || first == kept)
            continue;
        kept = first;
        if (pieces[first] != NO_ID && pieces[first] != BARRED && !vec_push(out, pieces[first]))
            return false;
    }
    return true;
}

/* The windows of hexadecimal bytes `from` to `to`, but for those that are digits alone. */
static bool keep_hex(const struct id_map *map, const uint64_t *pieces, size_t from, size_t to,
                     size_t window, struct grams *out)
{
    size_t digits = from;
    size_t end = from; /* of the digits */
    size_t start = from;
    bool more = true; /* there is something behind the last digits */
    while (next_run(map->digits, &digits, &end, to, window)) {
        if (digits > from && !keep_ids(pieces + start, digits + window - 1 - start, window, out))
            return false;
        start = end - window + 1;
        more = end < to;
    }
    return !more || keep_ids(pieces + start, to - start, window, out);
}

/* Pieces of digits and of hexadecimal runs, each of which is looked at once. */
static bool take_hex(struct span run, const struct id_map *map, const struct id_windows *windows,
                     uint64_t *pieces, struct grams *out)
{
    const size_t window = windows->of[GRAMS_HEX];
    const size_t digit_window = windows->of[GRAMS_DIGITS];
    const size_t least = digit_window && (!window || digit_window < window) ? digit_window : window;
    size_t from = 0;
    size_t to = 0;
    while (least && next_run(map->hex, &from, &to, run.len, least)) {
        for (size_t i = from; i + GRAM_ID <= to; i++)
            pieces[i] = bits_at(map->digits, i) & 0xff ? id_gram(run.data + i) : NO_ID;
        size_t digits = from;
        size_t end = from;
        while (digit_window && next_run(map->digits, &digits, &end, to, digit_window))
            if (!keep_ids(pieces + digits, end - digits, digit_window, &out[GRAMS_DIGITS]))
                return false;
        if (window && to - from >= window &&
            !keep_hex(map, pieces, from, to, window, &out[GRAMS_HEX]))
            return false;
    }
    return true;
}

/* Pieces with a digit of windows in which no piece with one is hexadecimal. */
static bool take_mixed(struct span run, const struct id_map *map, size_t window, uint64_t *pieces,
                       struct grams *out)
{
    for (size_t i = 0; i + GRAM_ID <= run.len; i++) {
        pieces[i] = NO_ID;
        if (bits_at(map->digits, i) & 0xff)
            pieces[i] = (bits_at(map->hex, i) & 0xff) == 0xff ? BARRED : id_gram(run.data + i);
    }
    return keep_ids(pieces, run.len, window, out);
}

bool grams_ids(struct span run, const struct id_windows *windows, struct grams *out)
{
    struct id_map map;
    uint64_t pieces[GRAMS_RUN_MAX];
    size_t words = 0;
    for (size_t at = 0; at < run.len; at += 64, words++)
        id_bits(run.data + at, run.len - at < 64 ? run.len - at : 64, &map.digits[words],
                &map.hex[words]);
    map.digits[words] = map.hex[words] = 0;
    const size_t mixed = windows->of[GRAMS_MIXED];
    return take_hex(run, &map, windows, pieces, out) &&
           (!mixed || run.len < mixed || take_mixed(run, &map, mixed, pieces, &out[GRAMS_MIXED]));
}
