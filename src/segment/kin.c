/*
 * kin.c - words of one text, looked up among those of another.
 */
#include "segment/kin.h"

#include "base/hash.h"
#include "segment/grams.h"

enum {
    TABLE_BITS = 16,
    WORD_MIN = 2,      /* bytes */
    FEWEST_WORDS = 64, /* that tell anything */
};

/* A bit for each hash of a word: two words that share one only blur the answer. */
struct words {
    uint64_t bits[(1 << TABLE_BITS) / 64];
};

/* The next word at or behind `*at`. @return false at the end */
static bool next_word(struct span text, size_t *at, struct span *word)
{
    while (*at < text.len) {
        size_t start = *at;
        size_t end = start;
        unsigned class = 0;
        while (end < text.len && gram_is_inner(text.data[end]))
            class |= token_byte_class[text.data[end++]];
        *at = end + 1;
        *word = (struct span){text.data + start, end - start};
        if (word->len >= WORD_MIN && !(class & BYTE_DIGIT))
            return true;
    }
    return false;
}

static size_t bit_of(struct span word)
{
    return hash_short(word.data, word.len) >> (64 - TABLE_BITS);
}

static size_t count_words(struct span text)
{
    struct span word;
    size_t count = 0;
    for (size_t at = 0; next_word(text, &at, &word);)
        count++;
    return count;
}

/* How many words of `next` are in `before`. */
static size_t count_common(struct span before, struct span next)
{
    struct words known = {{0}};
    struct span word;
    size_t found = 0;
    for (size_t at = 0; next_word(before, &at, &word);)
        known.bits[bit_of(word) / 64] |= UINT64_C(1) << bit_of(word) % 64;
    for (size_t at = 0; next_word(next, &at, &word);)
        found += known.bits[bit_of(word) / 64] >> bit_of(word) % 64 & 1;
    return found;
}

bool kin_follows(struct span before, struct span next)
{
    if (before.len > KIN_LOOK_BEFORE)
        before = (struct span){before.data + before.len - KIN_LOOK_BEFORE, KIN_LOOK_BEFORE};
    if (next.len > KIN_LOOK_NEXT)
        next.len = KIN_LOOK_NEXT;
    const size_t words = count_words(next);
    return words < FEWEST_WORDS || count_common(before, next) * 2 >= words;
}
