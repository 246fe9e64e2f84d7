/*
 * where_lex.c - cuts an expression into tokens.
 */
#include "query/where_lex.h"

struct sign {
    char text[3];
    enum where_token token;
};

/* Longer ones first. */
static const struct sign signs[] = {
    {"==", WHERE_EQUAL},      {"!=", WHERE_UNEQUAL},  {"<=", WHERE_LESS_EQUAL},
    {">=", WHERE_MORE_EQUAL}, {"!~", WHERE_NO_MATCH}, {"=", WHERE_EQUAL},
    {"<", WHERE_LESS},        {">", WHERE_MORE},      {"~", WHERE_MATCH},
    {"(", WHERE_OPEN},        {")", WHERE_CLOSE},     {",", WHERE_COMMA},
};

static bool in_word(char c)
{
    return (unsigned char)c > ' ' && c != '\x7f' && !strchr("=<>~!(),\"'", c);
}

int where_lex_error(size_t at, const char *what, struct lgz_error *err)
{
    return error_set(err, LGZ_ERR_ARGUMENT, "character %zu: %s", at + 1, what);
}

/* A string; in double quotes a backslash makes a quote or a backslash of what follows. */
static int take_string(struct where_lexer *l, struct lgz_error *err)
{
    const char quote = l->text[l->at++];
    for (char c; (c = l->text[l->at]) != quote; l->at++) {
        if (c == '\0')
            return where_lex_error(l->start, "this string has no end", err);
        char next = l->text[l->at + 1];
        if (quote == '"' && c == '\\' && (next == '"' || next == '\\')) {
            c = next;
            l->at++;
        }
        buf_push(&l->word, (uint8_t)c);
    }
    l->at++;
    l->token = WHERE_STRING;
    return LGZ_OK;
}

static int take_sign(struct where_lexer *l, struct lgz_error *err)
{
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        size_t len = strlen(signs[i].text);
        if (strncmp(l->text + l->at, signs[i].text, len) == 0) {
            l->token = signs[i].token;
            l->at += len;
            return LGZ_OK;
        }
    }
    return where_lex_error(l->at, "neither a name nor an operator", err);
}

int where_lex(struct where_lexer *l, struct lgz_error *err)
{
    int code = LGZ_OK;
    buf_clear(&l->word);
    l->at += strspn(l->text + l->at, " \t\r\n");
    l->start = l->at;
    const char first = l->text[l->at];
    if (first == '\0') {
        l->token = WHERE_END;
    } else if (first == '"' || first == '\'') {
        code = take_string(l, err);
    } else if (in_word(first)) {
        while (in_word(l->text[l->at]))
            buf_push(&l->word, (uint8_t)l->text[l->at++]);
        l->token = WHERE_WORD;
    } else {
        code = take_sign(l, err);
    }
    buf_push(&l->word, '\0');
    if (l->word.failed)
        return error_memory(err);
    l->word.len--;
    return code;
}
