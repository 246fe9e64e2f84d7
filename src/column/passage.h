/*
 * passage.h - in which ways a string may lie in the values of a column: within one, or with its
 * beginning or its end in one and the rest in the text around it. So one can tell which lines may
 * hold the string, from what is known of columns without going through their rows.
 *
 * A place in the string is how many of its bytes have been matched; place 0 is in front of it. What
 * isn't known is taken to be possible.
 */
#ifndef LOGZIP_COLUMN_PASSAGE_H
#define LOGZIP_COLUMN_PASSAGE_H

#include "base/buf.h"
#include "line/timestamp.h"

/** Bytes of the longest string; of a longer one, its first so many have to do. */
enum { PASSAGE_MAX = 63 };

/** A string, as the places where a byte takes one further. */
struct passage_string {
    size_t len;          /**< 1 to PASSAGE_MAX */
    uint64_t after[256]; /**< for each byte: bit i if byte i of the string may be that one */
    uint8_t bytes[PASSAGE_MAX];
    bool exact;  /**< its bytes are these; else they may be letters in the other case */
    bool digits; /**< they are digits */
};

/** Numbers from the least to the greatest; none if that is smaller. */
struct number_range {
    uint64_t least;
    uint64_t greatest;
};

/** Values, as what they do to a place. Zero-initialized: there are none. */
struct passage {
    /**
     * Bit k of from[i]: a value may take one from place i to place k. From place 0, the string may
     * begin anywhere in the value; bit 0 is that it doesn't.
     */
    uint64_t from[PASSAGE_MAX + 1];
    uint64_t ends; /**< bit i: from place i, the string may end in a value */
};

/** A set of bytes. */
struct byte_set {
    uint64_t bits[4];
};

static inline void byte_set_add(struct byte_set *s, uint8_t byte)
{
    s->bits[byte >> 6] |= UINT64_C(1) << (byte & 63);
}

static inline bool byte_set_has(const struct byte_set *s, uint8_t byte)
{
    return s->bits[byte >> 6] >> (byte & 63) & 1;
}

void byte_set_add_all(struct byte_set *s, struct span bytes);
void byte_set_add_range(struct byte_set *s, uint8_t first, uint8_t last);

/** @param bytes   not empty; of a string that is too long, the front is taken
 *  @param folded  letters (ASCII) match in either case */
void passage_string_init(struct passage_string *s, struct span bytes, bool folded);

/**
 * Go over bytes of a line.
 *
 * @param places  where one may be, as bits; bit 0 is kept: the string may begin anywhere
 * @param found   set to true if the string may end within the bytes
 * @return where one may be behind the bytes
 */
static inline uint64_t passage_over(const struct passage_string *s, uint64_t places,
                                    struct span bytes, bool *found)
{
    const uint64_t end = UINT64_C(1) << s->len;
    uint64_t ended = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        places = (places & s->after[bytes.data[i]]) << 1 | 1;
        ended |= places & end;
    }
    *found |= ended != 0;
    return places & (end - 1);
}

/** The same for a value of a column. */
uint64_t passage_through(const struct passage *r, uint64_t places, bool *found);

/**
 * The places in front of bytes from where the string, begun before them, may end in them or be at
 * one of `wanted` behind them. Bit 0 isn't set.
 */
uint64_t passage_back_over(const struct passage_string *s, uint64_t wanted, struct span bytes);

/** May a value, with the places in front of it and those wanted behind it, hold a part of the
 * string? */
bool passage_takes_part(const struct passage *r, uint64_t places, uint64_t wanted);

/** The places in front of a value from where the string, begun before it, may end in it or be at
 * one of `wanted` behind it. Bit 0 isn't set. */
uint64_t passage_back_through(const struct passage *r, uint64_t wanted);

/** Any bytes at all. */
void passage_any(struct passage *r, const struct passage_string *s);

/** Any bytes of a set. */
void passage_set(struct passage *r, const struct passage_string *s, const struct byte_set *set);

/** Bytes of a set, `fewest` to `most` of them. */
void passage_run(struct passage *r, const struct passage_string *s, const struct byte_set *set,
                 size_t fewest, size_t most);

/** How many bytes of the string, one behind the other, may be digits? */
unsigned passage_digits(const struct passage_string *s);

/** Decimal numbers of a range: of `width` digits, zeros in front included, or (0) without zeros in
 * front. */
void passage_numbers(struct passage *r, const struct passage_string *s,
                     const struct number_range *range, unsigned width);

/** Numbers from `least` to `greatest`, those below 0 modulo 2^64. */
void passage_wrapped(struct passage *r, const struct passage_string *s, int64_t least,
                     int64_t greatest);

/** One more value. */
void passage_add(struct passage *r, const struct passage_string *s, struct span value);

/** Values of `r`, or of `other`. */
void passage_or(struct passage *r, const struct passage *other);

/** Values of `r` with one of `next` right behind each. */
void passage_then(struct passage *r, const struct passage *next);

/** Which bytes of the string are in a set, as bits. */
uint64_t passage_bytes_in(const struct passage_string *s, const struct byte_set *set);

/** A value of which it's known for each byte of which set it is, gone over byte by byte. */
struct passage_bytes {
    uint64_t within; /**< places where one may be, begun in the value; bit 0 is kept */
    uint64_t
        before;    /**< places in front of the value from where its bytes may all be the string's */
    uint64_t ends; /**< as in struct passage */
    size_t len;
};

static inline struct passage_bytes passage_bytes_none(const struct passage_string *s)
{
    return (struct passage_bytes){.within = 1, .before = (UINT64_C(1) << s->len) - 2};
}

/** One more byte: those of the string that are `in` the set may be it. @return does the string,
 * begun in the value, end here? */
static inline bool passage_bytes_next(struct passage_bytes *b, const struct passage_string *s,
                                      uint64_t in)
{
    const uint64_t end = UINT64_C(1) << s->len;
    const uint64_t within = (b->within & in) << 1 | 1;
    b->within = within & (end - 1);
    b->ends |= (within & end) != 0;
    /* From place i one is at i + len; bytes from the string's end on are in no set. */
    b->before &= b->len < PASSAGE_MAX ? in >> b->len : 0;
    b->len++;
    if (b->len < s->len) {
        const uint64_t ended = b->before & end >> b->len;
        b->ends |= ended;
        b->before ^= ended;
    }
    return (within & end) != 0;
}

/** That was all of it. */
void passage_bytes_add(struct passage *r, const struct passage_bytes *b);

enum { PASSAGE_STEPS = 128 /**< passage_then(), compared with looking at a byte */ };

/** Time stamps of a format. */
void passage_stamp(struct passage *r, const struct passage_string *s, unsigned format,
                   unsigned digits);

#endif
