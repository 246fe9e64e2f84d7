/*
 * grams.h - the pieces of text that a block's filter knows: which of them a text has, and which a
 * text that is searched for must have.
 *
 * A piece depends on nothing but its own bytes, or those of a window around it that is as long as
 * it says. So a text has all pieces that any part of it has: that is what makes a filter safe. None
 * holds a newline. docs/format.md has the definitions, since what is in a file depends on them.
 */
#ifndef LOGZIP_SEGMENT_GRAMS_H
#define LOGZIP_SEGMENT_GRAMS_H

#include "base/ascii.h"
#include "base/buf.h"
#include "line/tokens.h"

/** Kinds of pieces; their numbers are in files. */
enum gram_family {
    GRAMS_LETTERS = 1,   /**< 4 letters, in either case */
    GRAMS_WORDS = 2,     /**< 5 letters as they are, in one case but for the first */
    GRAMS_ADDRESSES = 3, /**< "1.22.333.4", "1.22.333.45": the middle of one */
    GRAMS_DIGITS = 4,    /**< 8 digits, of a window of digits */
    GRAMS_HEX = 5, /**< 8 hexadecimal digits and '-', of a window of them that aren't all digits */
    GRAMS_MIXED = 6, /**< 8 bytes of an id, of a window without a piece of the others */
    GRAMS_END = 7,
};

enum {
    GRAM_ID = 8,           /**< bytes of a piece of an id */
    GRAMS_WINDOW_MAX = 64, /**< bytes of a window, at most; at least GRAM_ID */
    GRAMS_RUN_MAX = 4096,  /**< bytes of a run that are looked at at once */
    GRAMS_LETTERS_LEN = 4,
    GRAMS_WORD_LEN = 5,
    GRAMS_ADDRESS_MAX = 12, /**< bytes of an address's piece, at least 7 */
    GRAMS_ADDRESS_MIN = 7,
};

/** Pieces, as numbers: never 0. */
struct grams {
    uint64_t *data;
    size_t len;
    size_t cap;
};

/** A letter as a small one; other bytes from 0x80 on are letters, too; 0 for what is none. */
static inline uint8_t gram_letter(uint8_t c)
{
    if (ascii_is_letter(c))
        return c | 0x20;
    return c >= 0x80 ? c : 0;
}

/** A byte that doesn't separate tokens: an id has no other. */
static inline bool gram_is_inner(uint8_t c)
{
    return c != '\n' && !(token_byte_class[c] & BYTE_SEPARATOR);
}

/** Eight bytes, each digit of which becomes '0'. */
static inline uint64_t gram_digits_as_0(uint64_t bytes)
{
    const uint64_t each = UINT64_C(0x0101010101010101);
    const uint64_t top = each * 0x80;
    const uint64_t low = bytes & ~top;
    uint64_t digits = (low + each * (0x80 - '0')) & ~(low + each * (0x7f - '9')) & ~bytes & top;
    return bytes & ~((digits >> 7) * 0xf);
}

/** Where a walk over the letters of a text stands; for grams.c alone. */
struct letter_walk {
    struct span text;
    size_t at;     /* it stands here */
    size_t looked; /* at so many bytes from there on */
    uint64_t bits; /* which of them are letters that it hasn't given yet */
};

struct letter_walk grams_letter_walk(struct span text);

/** The next letters next to each other, at least 4. An empty text: there are none. */
struct span grams_next_letters(struct letter_walk *w);

/**
 * Append the pieces of GRAMS_LETTERS and of GRAMS_WORDS in letters next to each other, each to its
 * list, which may be NULL.
 *
 * @return false when memory is out, as all of these
 */
bool grams_letters(struct span run, struct grams *letters, struct grams *words);

/** Append the pieces of GRAMS_ADDRESSES. */
bool grams_addresses(struct span text, struct grams *out);

/**
 * How many bytes from the start of the text are such pieces; 0 if none is there.
 *
 * @param grams  set to the piece with the last part's first digit, and to that with two of its
 *               digits, or to 0 if it has only one
 */
size_t gram_address(struct span text, uint64_t *grams);

/** Bytes of the windows of GRAMS_DIGITS, GRAMS_HEX and GRAMS_MIXED, GRAM_ID to GRAMS_WINDOW_MAX. */
struct id_windows {
    uint8_t of[GRAMS_END]; /**< by family; 0: its pieces aren't wanted */
};

/**
 * Append the pieces of GRAMS_DIGITS, GRAMS_HEX and GRAMS_MIXED. Of each window the piece is kept
 * that comes first in an order that is the same everywhere.
 *
 * @param run  bytes that are all gram_is_inner(); GRAMS_RUN_MAX at most
 * @param out  a list for each family, GRAMS_END of them
 */
bool grams_ids(struct span run, const struct id_windows *windows, struct grams *out);

/** Another number in which each bit depends on all of the number's. Stored: it can't change. */
static inline uint64_t gram_mix(uint64_t x)
{
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    return x ^ x >> 32;
}

#endif
