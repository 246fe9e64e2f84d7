/*
 * json_find.c - steps over JSON values: strings from quote to quote, nested ones by counting their
 * brackets.
 *
 * Each byte is looked at a fixed number of times, however deep or broken the text is; only the
 * depth of the path, not that of the text, is recursion.
 */
#include "query/json_find.h"

#include "base/ascii.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Where the next quote is; `end` if there is none. Most strings are short. */
static inline size_t next_quote(const uint8_t *data, size_t at, size_t end)
{
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"');
    for (unsigned n = 0; n < 4 && end - at >= 16; n++, at += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(data + at));
        unsigned found = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, quote));
        if (found)
            return at + (unsigned)__builtin_ctz(found);
    }
#endif
    const uint8_t *quote_at = end > at ? memchr(data + at, '"', end - at) : NULL;
    return quote_at ? (size_t)(quote_at - data) : end;
}

/* Step over a string, `at` behind its first quote. @return the place of its last quote, or `end` */
static inline size_t string_end(const uint8_t *data, size_t at, size_t end)
{
    const size_t start = at;
    for (;; at++) {
        at = next_quote(data, at, end);
        size_t slash = at;
        if (at == end)
            return end;
        while (slash > start && data[slash - 1] == '\\')
            slash--;
        if ((at - slash) % 2 == 0)
            return at;
    }
}

static inline void skip_blanks(struct json_walk *w)
{
    while (w->at < w->end &&
           (w->data[w->at] == ' ' || (w->data[w->at] >= '\t' && w->data[w->at] <= '\r')))
        w->at++;
}

/* The byte at hand; 0 at the end, which is as wrong as a NUL is. */
static inline uint8_t peek(const struct json_walk *w)
{
    return w->at < w->end ? w->data[w->at] : 0;
}

static bool take_string(struct json_walk *w, struct json_value *value)
{
    size_t start = w->at + 1;
    size_t last = string_end(w->data, start, w->end);
    if (last == w->end)
        return false;
    *value = (struct json_value){{w->data + start, last - start}, JSON_STRING, false};
    w->at = last + 1;
    return true;
}

/* A number or a word; it has to end within the text. */
static bool take_bare(struct json_walk *w, struct json_value *value)
{
    const size_t start = w->at;
    uint8_t first = peek(w), c;
    bool number = first == '-' || ascii_is_digit(first);
    while ((c = peek(w)) > ' ' && c != ',' && c != '}' && c != ']' && c != '"' && c != ':')
        w->at++;
    struct span text = {w->data + start, w->at - start};
    *value = (struct json_value){text, number ? JSON_NUMBER : JSON_LITERAL, false};
    if (w->at == w->end)
        return false;
    return number ||
           (text.len == 4 &&
            (memcmp(text.data, "true", 4) == 0 || memcmp(text.data, "null", 4) == 0)) ||
           (text.len == 5 && memcmp(text.data, "false", 5) == 0);
}

/* What can change how deep a place is. */
static inline size_t next_bracket(const uint8_t *data, size_t at, size_t end)
{
#if defined(__SSE2__)
    /* '[' and '{', ']' and '}' differ in one bit. */
    const __m128i bit = _mm_set1_epi8(0x20), open = _mm_set1_epi8('{'), close = _mm_set1_epi8('}'),
                  quote = _mm_set1_epi8('"');
    for (; end - at >= 16; at += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(data + at));
        __m128i folded = _mm_or_si128(v, bit);
        __m128i any = _mm_or_si128(_mm_cmpeq_epi8(folded, open), _mm_cmpeq_epi8(folded, close));
        unsigned found = (unsigned)_mm_movemask_epi8(_mm_or_si128(any, _mm_cmpeq_epi8(v, quote)));
        if (found)
            return at + (unsigned)__builtin_ctz(found);
    }
#endif
    while (at < end && data[at] != '"' && (data[at] | 0x20) != '{' && (data[at] | 0x20) != '}')
        at++;
    return at;
}

/* An object or an array, as a whole. */
static bool take_nested(struct json_walk *w, struct json_value *value)
{
    const size_t start = w->at;
    size_t at = start, depth = 0;
    while ((at = next_bracket(w->data, at, w->end)) < w->end) {
        uint8_t c = w->data[at++];
        if (c == '"') {
            at = string_end(w->data, at, w->end);
            if (at++ == w->end)
                return false;
        } else if ((c | 0x20) == '{') {
            depth++;
        } else if (--depth == 0) {
            w->at = at;
            value->text = (struct span){w->data + start, at - start};
            value->kind = w->data[start] == '{' ? JSON_OBJECT : JSON_ARRAY;
            value->escaped = false;
            return true;
        }
    }
    return false;
}

static inline bool take_value(struct json_walk *w, struct json_value *value)
{
    uint8_t c = peek(w);
    if (c == '"')
        return take_string(w, value);
    return c == '{' || c == '[' ? take_nested(w, value) : take_bare(w, value);
}

/* Behind the bracket or a value: is there another one? */
static inline enum json_result step(struct json_walk *w, uint8_t close)
{
    skip_blanks(w);
    uint8_t c = peek(w);
    w->at++;
    if (c == close)
        return JSON_ABSENT;
    if (c == ',') {
        skip_blanks(w);
        return JSON_FOUND;
    }
    return JSON_INVALID;
}

/* The first step into an object or array. */
static inline enum json_result step_in(struct json_walk *w, uint8_t close)
{
    w->at++;
    skip_blanks(w);
    if (peek(w) != close)
        return JSON_FOUND;
    w->at++;
    return JSON_ABSENT;
}

/* A member's name, up to its value. */
static inline bool take_name(struct json_walk *w, struct json_value *name)
{
    if (peek(w) != '"' || !take_string(w, name))
        return false;
    skip_blanks(w);
    if (peek(w) != ':')
        return false;
    w->at++;
    skip_blanks(w);
    return true;
}

static int hex4(const uint8_t *p, size_t left)
{
    int value = 0;
    if (left < 4)
        return -1;
    for (size_t i = 0; i < 4; i++) {
        if (!ascii_is_hex(p[i]))
            return -1;
        value = value << 4 | (int)ascii_hex_value(p[i]);
    }
    return value;
}

static size_t put_utf8(uint32_t c, uint8_t out[4])
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xc0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (uint8_t)(0xe0 | c >> 12);
        out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        out[2] = (uint8_t)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | c >> 18);
    out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (c & 0x3f));
    return 4;
}

/* "\uXXXX", perhaps two of them, at `p`, which is behind the 'u'. @return bytes read there */
static size_t unescape_unicode(const uint8_t *p, size_t left, uint32_t *c)
{
    int high = hex4(p, left);
    *c = 0xfffd;
    if (high < 0)
        return 0;
    if (high < 0xd800 || high > 0xdfff) {
        *c = (uint32_t)high;
        return 4;
    }
    int low =
        high < 0xdc00 && left >= 10 && p[4] == '\\' && p[5] == 'u' ? hex4(p + 6, left - 6) : -1;
    if (low < 0xdc00 || low > 0xdfff)
        return 4;
    *c = 0x10000 + (((uint32_t)high & 0x3ff) << 10 | ((uint32_t)low & 0x3ff));
    return 10;
}

/* What the bytes at `p` mean: one byte, or an escape. @return how many bytes were read */
static size_t unescape_one(const uint8_t *p, size_t left, uint8_t out[4], size_t *len)
{
    static const char escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    uint32_t c = 0xfffd;
    size_t used = 2;
    if (*p != '\\' || left < 2) {
        out[0] = *p;
        *len = 1;
        return 1;
    }
    if (p[1] == 'u')
        used += unescape_unicode(p + 2, left - 2, &c);
    for (const char *e = escapes; *e; e += 2)
        if ((char)p[1] == e[0])
            c = (uint8_t)e[1];
    *len = put_utf8(c, out);
    return used;
}

void json_unescape(struct span text, struct buf *out)
{
    for (size_t i = 0; i < text.len;) {
        const uint8_t *slash = memchr(text.data + i, '\\', text.len - i);
        size_t plain = slash ? (size_t)(slash - text.data) - i : text.len - i;
        buf_append(out, text.data + i, plain);
        i += plain;
        if (i < text.len) {
            uint8_t bytes[4];
            size_t len;
            i += unescape_one(text.data + i, text.len - i, bytes, &len);
            buf_append(out, bytes, len);
        }
    }
}

/*
 * How much of the path is this name? SIZE_MAX if it isn't what the path begins with. Names that
 * have escapes are compared by what they mean.
 */
static inline size_t match_name(struct span name, struct span path)
{
    size_t used = 0;
    if (name.len <= path.len && bytes_equal(name.data, path.data, name.len)) {
        used = name.len;
    } else {
        const uint8_t *slash = name.len ? memchr(name.data, '\\', name.len) : NULL;
        if (!slash)
            return SIZE_MAX;
        for (size_t i = 0, len; i < name.len; used += len) {
            uint8_t bytes[4];
            i += unescape_one(name.data + i, name.len - i, bytes, &len);
            if (len > path.len - used || memcmp(bytes, path.data + used, len) != 0)
                return SIZE_MAX;
        }
    }
    return used == path.len || path.data[used] == '.' ? used : SIZE_MAX;
}

/* Does the path begin with this index? @return as match_name() */
static size_t match_index(size_t index, struct span path)
{
    size_t used = 0, value = 0;
    while (used < path.len && used < 9 && ascii_is_digit(path.data[used]))
        value = value * 10 + (path.data[used++] - '0');
    bool whole = used && (used == path.len || path.data[used] == '.');
    return whole && value == index && (used == 1 || path.data[0] != '0') ? used : SIZE_MAX;
}

static enum json_result search(struct json_walk *w, struct span path, struct json_value *value);

/* At a value of which `used` bytes of the path are the name. Step over it, or find in it. */
static inline enum json_result search_value(struct json_walk *w, size_t used, struct span path,
                                            struct json_value *value)
{
    uint8_t c = peek(w);
    if (used < path.len && (c == '{' || c == '['))
        return search(w, (struct span){path.data + used + 1, path.len - used - 1}, value);
    if (!take_value(w, value))
        return JSON_INVALID;
    return used == path.len ? JSON_FOUND : JSON_ABSENT;
}

/* Search the object or array at hand; if the path isn't there, the walk is behind it. */
static enum json_result search(struct json_walk *w, struct span path, struct json_value *value)
{
    const bool object = peek(w) == '{';
    const uint8_t close = object ? '}' : ']';
    enum json_result more = step_in(w, close);
    for (size_t index = 0; more == JSON_FOUND; index++) {
        struct json_value name;
        size_t used;
        if (object && !take_name(w, &name))
            return JSON_INVALID;
        used = object ? match_name(name.text, path) : match_index(index, path);
        enum json_result result =
            search_value(w, used == SIZE_MAX ? path.len + 1 : used, path, value);
        if (result != JSON_ABSENT)
            return result;
        more = step(w, close);
    }
    return more;
}

bool json_walk_start(struct json_walk *w, struct span text)
{
    *w = (struct json_walk){text.data, 0, text.len, false};
    skip_blanks(w);
    return peek(w) == '{';
}

static void note_escapes(struct json_value *value)
{
    value->escaped = value->kind == JSON_STRING && value->text.len &&
                     memchr(value->text.data, '\\', value->text.len);
}

enum json_result json_find(struct span text, struct span path, struct json_value *value)
{
    struct json_walk w;
    if (!json_walk_start(&w, text))
        return JSON_INVALID;
    enum json_result result = search(&w, path, value);
    if (result == JSON_FOUND)
        note_escapes(value);
    return result;
}

enum json_result json_value_behind(struct span text, size_t at, struct json_value *value)
{
    struct json_walk w = {text.data, at + 1, text.len, true};
    skip_blanks(&w);
    if (peek(&w) != ':')
        return JSON_ABSENT;
    w.at++;
    skip_blanks(&w);
    if (!take_value(&w, value))
        return JSON_INVALID;
    note_escapes(value);
    return JSON_FOUND;
}

enum json_result json_walk_next(struct json_walk *w, struct json_value *name,
                                struct json_value *value)
{
    enum json_result more = w->inside ? step(w, '}') : step_in(w, '}');
    w->inside = true;
    if (more != JSON_FOUND)
        return more;
    if (!take_name(w, name) || !take_value(w, value))
        return JSON_INVALID;
    note_escapes(name);
    note_escapes(value);
    return JSON_FOUND;
}
