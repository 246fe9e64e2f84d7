/*
 * string_set.c - Wu and Manber's search: a window as long as the shortest string goes over the
 * text, and its last two bytes say how far it may move on. Where they don't let it move, a hash of
 * what is in it tells the strings that may be there.
 */
#include "query/string_set.h"

#include <stdlib.h>

#include "base/ascii.h"

enum {
    WINDOW_MAX = 64,
    PAIRS = 1 << 16,
    NONE = -1,
};

struct string {
    uint32_t at; /* in the bytes */
    uint32_t len;
    int32_t next; /* in the same bucket, no longer than this one */
};

struct string_set {
    struct buf bytes; /* folded, if that is asked for */
    VEC(struct string) strings;
    int32_t *buckets;
    unsigned bucket_bits;
    size_t window;
    enum string_frame frame;
    uint8_t fold[256];
    uint8_t moves[PAIRS]; /* by the window's last two bytes, the last if it's one byte long */
};

/* The number of the two bytes that end at `last`. */
static size_t pair_at(const struct string_set *s, const uint8_t *last)
{
    size_t before = s->window > 1 ? s->fold[last[-1]] : 0;
    return before << 8 | s->fold[*last];
}

static size_t bucket_of(const struct string_set *s, const uint8_t *text)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < s->window; i++)
        hash = (hash + s->fold[text[i]] + 1) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(hash >> (64 - s->bucket_bits));
}

/* Put a string into its bucket, before those that are shorter: they came first. */
static void add_to_bucket(struct string_set *s, size_t number)
{
    struct string *string = &s->strings.data[number];
    int32_t *bucket = &s->buckets[bucket_of(s, s->bytes.data + string->at)];
    string->next = *bucket;
    *bucket = (int32_t)number;
}

static int by_length(const void *a, const void *b)
{
    const struct string *x = a, *y = b;
    return (x->len > y->len) - (x->len < y->len);
}

/* How far the window may move: so that a pair of one of the strings comes to its end. */
static void add_moves(struct string_set *s, const struct string *string)
{
    const uint8_t *text = s->bytes.data + string->at;
    for (size_t end = s->window > 1; end < s->window; end++) {
        uint8_t *move = &s->moves[pair_at(s, text + end)];
        if (*move > s->window - 1 - end)
            *move = (uint8_t)(s->window - 1 - end);
    }
}

static void prepare(struct string_set *s)
{
    memset(s->moves, (int)(s->window > 1 ? s->window - 1 : 1), sizeof(s->moves));
    for (size_t i = 0; i < (size_t)1 << s->bucket_bits; i++)
        s->buckets[i] = NONE;
    qsort(s->strings.data, s->strings.len, sizeof(*s->strings.data), by_length);
    for (size_t i = 0; i < s->strings.len; i++) {
        add_moves(s, &s->strings.data[i]);
        add_to_bucket(s, i);
    }
}

static bool add_string(struct string_set *s, struct span text)
{
    struct string string = {.at = (uint32_t)s->bytes.len, .len = (uint32_t)text.len};
    if (text.len < s->window)
        s->window = text.len;
    for (size_t i = 0; i < text.len; i++)
        buf_push(&s->bytes, s->fold[text.data[i]]);
    return !s->bytes.failed && s->bytes.len <= UINT32_MAX && vec_push(&s->strings, string);
}

int string_set_new(struct string_set **out, const struct span *strings, size_t count, bool fold,
                   enum string_frame frame, struct lgz_error *err)
{
    struct string_set *s = calloc(1, sizeof(*s));
    *out = NULL;
    if (!s)
        return error_memory(err);
    s->window = WINDOW_MAX;
    s->frame = frame;
    for (unsigned i = 0; i < 256; i++)
        s->fold[i] = fold ? ascii_lower((uint8_t)i) : (uint8_t)i;
    bool added = count <= INT32_MAX;
    for (size_t i = 0; i < count && added; i++)
        added = add_string(s, strings[i]);
    for (s->bucket_bits = 4; (size_t)1 << s->bucket_bits < count * 2;)
        s->bucket_bits++;
    s->buckets = added ? calloc((size_t)1 << s->bucket_bits, sizeof(*s->buckets)) : NULL;
    if (!s->buckets) {
        string_set_free(s);
        return error_memory(err);
    }
    prepare(s);
    *out = s;
    return LGZ_OK;
}

void string_set_free(struct string_set *s)
{
    if (!s)
        return;
    buf_free(&s->bytes);
    vec_free(&s->strings);
    free(s->buckets);
    free(s);
}

static bool is_word_byte(struct span text, size_t at)
{
    return at < text.len && (ascii_is_alnum(text.data[at]) || text.data[at] == '_');
}

/* May a string stand between these two places? */
static bool is_framed(const struct string_set *s, struct span text, size_t start, size_t end)
{
    switch (s->frame) {
    case STRING_WORD:
        return !is_word_byte(text, start - 1) && !is_word_byte(text, end);
    case STRING_LINE:
        return (start == 0 || text.data[start - 1] == '\n') &&
               (end == text.len || text.data[end] == '\n');
    case STRING_ANYWHERE:
        break;
    }
    return true;
}

static bool is_at(const struct string_set *s, const struct string *string, const uint8_t *text)
{
    const uint8_t *wanted = s->bytes.data + string->at;
    size_t i = 0;
    while (i < string->len && s->fold[text[i]] == wanted[i])
        i++;
    return i == string->len;
}

/* The longest string at `at`; its end, or 0 if there is none. */
static size_t match_at(const struct string_set *s, struct span text, size_t at)
{
    for (int32_t i = s->buckets[bucket_of(s, text.data + at)]; i != NONE;) {
        const struct string *string = &s->strings.data[i];
        if (string->len <= text.len - at && is_at(s, string, text.data + at) &&
            is_framed(s, text, at, at + string->len))
            return at + string->len;
        i = string->next;
    }
    return 0;
}

bool string_set_next(const struct string_set *s, struct span text, size_t from, size_t *start,
                     size_t *end)
{
    const size_t window = s->window;
    size_t at = from;
    while (text.len >= window && at <= text.len - window) {
        const size_t pair = pair_at(s, text.data + at + window - 1);
        if (s->moves[pair]) {
            at += s->moves[pair];
            continue;
        }
        const size_t behind = match_at(s, text, at);
        if (behind) {
            *start = at;
            *end = behind;
            return true;
        }
        at++;
    }
    return false;
}
