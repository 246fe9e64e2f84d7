/*
 * tokens.h - splits a line into tokens: runs of bytes between separators, and time stamps, which
 * may hold separators themselves.
 *
 * Separators are blanks, quotes, brackets and , ; : = |. A token with a digit in it is a value, one
 * without is a word. The split depends on nothing but the line, so that a writer and a matcher
 * always agree on it.
 */
#ifndef LOGZIP_LINE_TOKENS_H
#define LOGZIP_LINE_TOKENS_H

#include "line/timestamp.h"

enum token_kind {
    TOKEN_WORD = 0,    /**< no digit in it */
    TOKEN_VALUE = 1,   /**< at least one digit */
    TOKEN_TIME = 2,    /**< a recognized time stamp */
    TOKEN_SECTION = 3, /**< all between two marks: template/sections.h; never from token_next() */
};

struct token {
    size_t at;
    size_t len; /**< at least 1 */
    enum token_kind kind;
    struct timestamp stamp; /**< TOKEN_TIME only */
};

/** Properties of a byte. */
enum { BYTE_SEPARATOR = 1, BYTE_DIGIT = 2 };
extern const uint8_t token_byte_class[256];

/** Where a scan stands. Start with {line, size, 0}. */
struct token_scanner {
    const uint8_t *line;
    size_t size;
    size_t at;
};

/** The next token; bytes skipped before it are separators. @return false at the end of the line */
bool token_next(struct token_scanner *scanner, struct token *token);

/** The end of the token that starts at `at`: the next separator, or `size`. */
static inline size_t token_end(const uint8_t *line, size_t size, size_t at)
{
    while (at < size && !(token_byte_class[line[at]] & BYTE_SEPARATOR))
        at++;
    return at;
}

/**
 * A time stamp at `at`, if the tokenizer takes it for one: formats whose text could as well be a
 * bare number count only at the start of the line, and what goes on like an address doesn't count.
 */
bool token_stamp(const uint8_t *line, size_t size, size_t at, struct timestamp *stamp);

#endif
