/*
 * where_lex.h - the words and signs of an expression (where.h).
 */
#ifndef LOGZIP_QUERY_WHERE_LEX_H
#define LOGZIP_QUERY_WHERE_LEX_H

#include "base/buf.h"
#include "base/error.h"

enum where_token {
    WHERE_END,
    WHERE_WORD,   /**< a name, a value, or and, or, not, in */
    WHERE_STRING, /**< in quotes */
    WHERE_OPEN,
    WHERE_CLOSE,
    WHERE_COMMA,
    WHERE_EQUAL,
    WHERE_UNEQUAL,
    WHERE_LESS,
    WHERE_LESS_EQUAL,
    WHERE_MORE,
    WHERE_MORE_EQUAL,
    WHERE_MATCH,
    WHERE_NO_MATCH,
};

struct where_lexer {
    const char *text;
    size_t at;    /**< behind the token */
    size_t start; /**< where it starts */
    enum where_token token;
    struct buf word; /**< of a word or string, what it means, and a NUL that isn't counted */
};

/** Go to the next token; `lexer` starts zeroed, with the text set. @return LGZ_OK or an error */
int where_lex(struct where_lexer *lexer, struct lgz_error *err);

/** Fill `err`: "character N: WHAT". @return LGZ_ERR_ARGUMENT */
int where_lex_error(size_t at, const char *what, struct lgz_error *err);

#endif
