/*
 * tokens.c - the byte classes and the scanner.
 */
#include "line/tokens.h"

#include "base/ascii.h"

#define S BYTE_SEPARATOR
#define D BYTE_DIGIT
const uint8_t token_byte_class[256] = {
    [' '] = S, ['\t'] = S, ['\r'] = S, ['"'] = S, ['\''] = S, ['('] = S, [')'] = S,
    ['['] = S, [']'] = S,  ['{'] = S,  ['}'] = S, ['<'] = S,  ['>'] = S, [','] = S,
    [';'] = S, [':'] = S,  ['='] = S,  ['|'] = S, ['0'] = D,  ['1'] = D, ['2'] = D,
    ['3'] = D, ['4'] = D,  ['5'] = D,  ['6'] = D, ['7'] = D,  ['8'] = D, ['9'] = D,
};
#undef S
#undef D

/* Digits, with blanks between them at most: nothing in the text says that it's a time. */
static bool looks_like_numbers(const uint8_t *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!(token_byte_class[text[i]] & BYTE_DIGIT) && text[i] != ' ' && text[i] != '.')
            return false;
    return true;
}

bool token_stamp(const uint8_t *line, size_t size, size_t at, struct timestamp *stamp)
{
    if (!timestamp_may_start(line[at]) || !timestamp_parse(line + at, size - at, stamp))
        return false;
    size_t end = at + stamp->len;
    if (end + 1 < size && (line[end] == ':' || line[end] == '.' || line[end] == '-') &&
        ascii_is_alnum(line[end + 1]))
        return false;
    return at == 0 ? true : !looks_like_numbers(line + at, stamp->len);
}

bool token_next(struct token_scanner *scanner, struct token *token)
{
    const uint8_t *line = scanner->line;
    size_t size = scanner->size;
    size_t at = scanner->at;
    while (at < size && (token_byte_class[line[at]] & BYTE_SEPARATOR))
        at++;
    if (at == size) {
        scanner->at = at;
        return false;
    }
    token->at = at;
    if (token_stamp(line, size, at, &token->stamp)) {
        token->kind = TOKEN_TIME;
        token->len = token->stamp.len;
    } else {
        unsigned seen = 0;
        do
            seen |= token_byte_class[line[at++]];
        while (at < size && !(token_byte_class[line[at]] & BYTE_SEPARATOR));
        token->kind = seen & BYTE_DIGIT ? TOKEN_VALUE : TOKEN_WORD;
        token->len = at - token->at;
    }
    scanner->at = token->at + token->len;
    return true;
}
