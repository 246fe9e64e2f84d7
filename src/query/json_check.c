/*
 * json_check.c - is a text JSON? Needed where a part of a line is printed as JSON as it is.
 */
#include "base/ascii.h"
#include "query/json.h"

struct check {
    const uint8_t *at;
    const uint8_t *end;
    unsigned depth;
    uint8_t objects[JSON_DEPTH_MAX]; /* for each level: is it an object? */
};

static void skip_blanks(struct check *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r'))
        c->at++;
}

static bool take(struct check *c, uint8_t byte)
{
    bool is = c->at < c->end && *c->at == byte;
    c->at += is;
    return is;
}

static bool take_escape(struct check *c)
{
    if (c->at == c->end)
        return false;
    uint8_t kind = *c->at++;
    if (kind != 'u')
        return kind && strchr("\"\\/bfnrt", kind);
    for (unsigned i = 0; i < 4; i++, c->at++)
        if (c->at == c->end || !ascii_is_hex(*c->at))
            return false;
    return true;
}

static bool take_string(struct check *c)
{
    if (!take(c, '"'))
        return false;
    while (c->at < c->end && *c->at != '"') {
        uint8_t byte = *c->at++;
        if (byte < 0x20 || (byte == '\\' && !take_escape(c)))
            return false;
    }
    return take(c, '"');
}

static bool take_digits(struct check *c)
{
    const uint8_t *start = c->at;
    while (c->at < c->end && ascii_is_digit(*c->at))
        c->at++;
    return c->at > start;
}

static bool take_number(struct check *c)
{
    take(c, '-');
    if (!take(c, '0') && !take_digits(c))
        return false;
    if (take(c, '.') && !take_digits(c))
        return false;
    if (!take(c, 'e') && !take(c, 'E'))
        return true;
    if (!take(c, '+'))
        take(c, '-');
    return take_digits(c);
}

static bool take_word(struct check *c, const char *word)
{
    size_t len = strlen(word);
    bool is = (size_t)(c->end - c->at) >= len && memcmp(c->at, word, len) == 0;
    c->at += is ? len : 0;
    return is;
}

static bool take_scalar(struct check *c)
{
    if (c->at < c->end && *c->at == '"')
        return take_string(c);
    return take_word(c, "true") || take_word(c, "false") || take_word(c, "null") || take_number(c);
}

/* A member's name, if we are in an object. */
static bool take_name(struct check *c)
{
    skip_blanks(c);
    if (!c->objects[c->depth - 1])
        return true;
    if (!take_string(c))
        return false;
    skip_blanks(c);
    if (!take(c, ':'))
        return false;
    skip_blanks(c);
    return true;
}

/* Behind a value: close what ends there. @return 1 if another value follows, 0 at the end of all,
   -1 if neither does */
static int go_on(struct check *c)
{
    for (; c->depth; c->depth--) {
        skip_blanks(c);
        if (take(c, ','))
            return take_name(c) ? 1 : -1;
        if (!take(c, c->objects[c->depth - 1] ? '}' : ']'))
            return -1;
    }
    return c->at == c->end ? 0 : -1;
}

/* Step into an object or array. @return 1 if a value follows, 0 if it's empty, -1 if neither */
static int step_in(struct check *c)
{
    const bool object = *c->at++ == '{';
    skip_blanks(c);
    if (take(c, object ? '}' : ']'))
        return 0;
    if (c->depth == JSON_DEPTH_MAX)
        return -1;
    c->objects[c->depth++] = object;
    return take_name(c) ? 1 : -1;
}

bool json_is_value(struct span text)
{
    struct check c = {.at = text.data, .end = text.data + text.len};
    int more = json_is_utf8(text) ? 1 : -1;
    while (more == 1) {
        bool nested = c.at < c.end && (*c.at == '{' || *c.at == '[');
        if (nested)
            more = step_in(&c);
        if ((nested && more == 0) || (!nested && take_scalar(&c)))
            more = go_on(&c);
        else if (!nested)
            more = -1;
    }
    return more == 0;
}
