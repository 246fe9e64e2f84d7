/*
 * pairs.c - from one "=" to the next. Each byte is looked at a fixed number of times.
 */
#include "query/pairs.h"

#include "base/ascii.h"

static bool in_name(uint8_t c)
{
    return ascii_is_alnum(c) || c >= 0x80 || (c && strchr("_-.@/", c));
}

static bool blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool before_name(uint8_t c)
{
    return blank(c) || (c && strchr(",;([{|<", c));
}

/* What opens with this bracket ends with the result; 0 if it's none. */
static uint8_t closing(uint8_t c)
{
    return c == '(' ? ')' : c == '[' ? ']' : c == '{' ? '}' : 0;
}

/*
 * The value in quotes at `at`. @return the place of its last quote, or `text.len` if there is none
 */
static size_t quoted_end(struct span text, size_t at, bool *escaped)
{
    const uint8_t quote = text.data[at++];
    *escaped = false;
    while (at < text.len && text.data[at] != quote) {
        bool slash = text.data[at] == '\\';
        *escaped |= slash;
        at += slash ? 2 : 1;
    }
    return at < text.len ? at : text.len;
}

/* Where a value without quotes ends. Brackets that aren't closed don't count as such. */
static size_t bare_end(struct span text, size_t at, bool nested)
{
    enum { DEPTH = 16 };
    uint8_t open[DEPTH];
    unsigned depth = 0;
    const size_t start = at;
    for (; at < text.len; at++) {
        uint8_t c = text.data[at], close = nested ? closing(c) : 0;
        if (close && depth < DEPTH)
            open[depth++] = close;
        else if (depth && c == open[depth - 1])
            depth--;
        else if (!depth &&
                 (blank(c) || (c && strchr(",;|", c)) || (nested && c && strchr(")]}>", c))))
            return at;
    }
    return depth ? bare_end(text, start, false) : at;
}

/* The pair around the "=" at `equals`, if it is one. */
static bool take_pair(struct span text, size_t from, size_t equals, struct pair *pair, size_t *end)
{
    size_t name = equals, at = equals + 1;
    while (name > from && in_name(text.data[name - 1]))
        name--;
    if (name == equals || (name > 0 && !before_name(text.data[name - 1])))
        return false;
    pair->name = (struct span){text.data + name, equals - name};
    pair->escaped = false;
    if (at < text.len && (text.data[at] == '"' || text.data[at] == '\'')) {
        size_t last = quoted_end(text, at, &pair->escaped);
        if (last < text.len) {
            pair->value = (struct span){text.data + at + 1, last - at - 1};
            *end = last + 1;
            return true;
        }
        pair->escaped = false;
    }
    *end = bare_end(text, at, true);
    pair->value = (struct span){text.data + at, *end - at};
    return true;
}

bool pairs_next(struct span text, size_t *at, struct pair *pair)
{
    const uint8_t *equals;
    size_t from = *at;
    while (from < text.len && (equals = memchr(text.data + from, '=', text.len - from))) {
        size_t place = (size_t)(equals - text.data);
        if (take_pair(text, from, place, pair, at))
            return true;
        from = place + 1;
    }
    *at = text.len;
    return false;
}

bool pairs_find(struct span text, struct span name, struct pair *pair)
{
    size_t at = 0;
    if (!text.len || !name.len || !memmem(text.data, text.len, name.data, name.len))
        return false;
    while (pairs_next(text, &at, pair))
        if (span_equal(pair->name, name))
            return true;
    return false;
}

void pair_unescape(struct span value, struct buf *out)
{
    static const char escapes[] = "\"\\'nrt", meanings[] = "\"\\'\n\r\t";
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.data[i];
        uint8_t next = c == '\\' && i + 1 < value.len ? value.data[i + 1] : 0;
        const char *escape = next ? strchr(escapes, next) : NULL;
        if (escape) {
            c = (uint8_t)meanings[escape - escapes];
            i++;
        }
        buf_push(out, c);
    }
}
