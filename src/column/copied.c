/*
 * copied.c - head: number of sources, for each the number of its column and its mark, then the
 * column of the values with marks. A value of which nothing is copied has no mark.
 */
#include "column/copied.h"

#include <stdlib.h>

#include "base/ascii.h"

enum {
    NO_SOURCE = UINT8_MAX,
    MAX_TRIES = 16, /* places of no whole words; in long values of one letter, all are */
};

static bool is_word(uint8_t c)
{
    return ascii_is_alnum(c) || c >= 0x80;
}

size_t copied_find(struct span value, struct span copy, size_t from)
{
    for (unsigned tries = 0; copy.len && from < value.len && tries < MAX_TRIES; tries++) {
        const uint8_t *found = memmem(value.data + from, value.len - from, copy.data, copy.len);
        if (!found)
            break;
        size_t at = (size_t)(found - value.data);
        size_t end = at + copy.len;
        bool starts = at == 0 || !is_word(copy.data[0]) || !is_word(value.data[at - 1]);
        bool ends =
            end == value.len || !is_word(copy.data[copy.len - 1]) || !is_word(value.data[end]);
        if (starts && ends)
            return at;
        from = at + 1;
    }
    return SIZE_MAX;
}

/* Bytes that no value has, the lowest first. @return are there enough? */
static bool choose_marks(struct copied *c, const struct text_values *v)
{
    bool used[256] = {['\n'] = true};
    size_t marks = 0;
    for (size_t i = 0; i < v->count; i++) {
        struct span value = text_value(v, i);
        for (size_t k = 0; k < value.len; k++)
            used[value.data[k]] = true;
    }
    for (unsigned byte = 1; byte < 256 && marks < COPIED_SOURCES; byte++)
        if (!used[byte] && !is_word((uint8_t)byte))
            c->marks[marks++] = (uint8_t)byte;
    return marks == COPIED_SOURCES;
}

bool copied_start(struct copied *c, const struct text_values *v)
{
    size_t len = 0;
    *c = (struct copied){.count = v->count};
    if (!choose_marks(c, v))
        return false;
    for (size_t i = 0; i < v->count; i++)
        len += v->refs[i].len;
    c->refs = malloc((v->count + 1) * sizeof(*c->refs));
    c->bytes.failed = len > UINT32_MAX || !c->refs || !buf_reserve_exactly(&c->bytes, len);
    for (size_t i = 0; i < v->count && !c->bytes.failed; i++) {
        c->refs[i] = (struct text_ref){(uint32_t)c->bytes.len, v->refs[i].len};
        buf_append(&c->bytes, v->base + v->refs[i].at, v->refs[i].len);
    }
    return !c->bytes.failed;
}

struct text_values copied_values(const struct copied *c)
{
    return (struct text_values){c->bytes.data, c->refs, c->count};
}

/* Does it hold a mark, so that a copy of it could be one of something else? */
static bool has_mark(const struct copied *c, struct span s)
{
    for (size_t i = 0; i < c->sources; i++)
        if (memchr(s.data, c->marks[i], s.len))
            return true;
    return false;
}

/*
 * Put marks in place of copies. They are shorter: the bytes stay where they are, but those behind
 * a mark move to the front.
 */
static void mark_value(struct copied *c, struct text_ref *ref, struct span last)
{
    struct span value = {c->bytes.data + ref->at, ref->len};
    uint8_t *to = c->bytes.data + ref->at;
    size_t done = 0;
    if (last.len < COPIED_MIN || last.len > value.len)
        return;
    size_t at = copied_find(value, last, 0);
    if (at == SIZE_MAX || has_mark(c, last))
        return;
    while (at != SIZE_MAX) {
        memmove(to, value.data + done, at - done);
        to += at - done;
        *to++ = c->marks[c->sources];
        done = at + last.len;
        /* What is behind `done` has not moved yet, and a mark is no part of a word. */
        at = copied_find(value, last, done);
    }
    memmove(to, value.data + done, value.len - done);
    to += value.len - done;
    ref->len = (uint32_t)(to - c->bytes.data) - ref->at;
}

void copied_take(struct copied *c, const uint8_t *base, const struct text_ref *lasts,
                 uint32_t column)
{
    for (size_t i = 0; i < c->count; i++)
        mark_value(c, &c->refs[i], (struct span){base + lasts[i].at, lasts[i].len});
    c->columns[c->sources++] = column;
}

void copied_encode(struct encoded *e, struct column_context *ctx, const struct copied *c)
{
    struct text_values values = copied_values(c);
    buf_push(&e->head, text_tag(&text_copied));
    varint_put(&e->head, c->sources);
    for (size_t i = 0; i < c->sources; i++) {
        varint_put(&e->head, c->columns[i]);
        buf_push(&e->head, c->marks[i]);
    }
    e->cost += 2 + 2 * c->sources;
    text_encode(e, ctx, &values, 0);
}

void copied_clear(struct copied *c)
{
    buf_free(&c->bytes);
    free(c->refs);
    *c = (struct copied){0};
}

/* Decoding. */

struct copies {
    size_t sources;
    uint32_t columns[COPIED_SOURCES];
    uint8_t source_of[256]; /* for each byte, the source that it marks, or NO_SOURCE */
    struct text_column *values;
};

static void free_copied(void *state)
{
    struct copies *c = state;
    text_free(c->values);
    free(c);
}

static void *parse(struct reader *head, struct stream_reader *streams, unsigned depth,
                   struct lgz_error *err)
{
    struct copies *c = calloc(1, sizeof(*c));
    if (!c) {
        error_memory(err);
        return NULL;
    }
    memset(c->source_of, NO_SOURCE, sizeof(c->source_of));
    c->sources = reader_varint_max(head, COPIED_SOURCES);
    for (size_t i = 0; i < c->sources; i++) {
        c->columns[i] = (uint32_t)reader_varint_max(head, UINT32_MAX);
        uint8_t mark = reader_u8(head);
        head->failed |= c->source_of[mark] != NO_SOURCE;
        c->source_of[mark] = (uint8_t)i;
    }
    if (!head->failed && text_parse(&c->values, head, streams, depth + 1, err) == LGZ_OK)
        return c;
    free_copied(c);
    return NULL;
}

static int open_copied(void *state, struct stream_reader *streams, size_t limit,
                       struct lgz_error *err)
{
    struct copies *c = state;
    return text_open(c->values, streams, limit, err);
}

static bool append(struct text_batch *b, size_t *used, struct span s)
{
    uint8_t *room = text_room(b, *used + s.len, 0);
    if (!room)
        return false;
    slack_copy(room + *used, s.data, s.len);
    *used += s.len;
    return true;
}

/* A value with marks, put together in the room. An empty copy would cost time for no bytes. */
static bool fill_in(const struct copies *c, struct text_batch *b, struct span value,
                    struct span *whole)
{
    size_t used = 0;
    size_t start = 0;
    if (!text_room(b, 1, 0))
        return false;
    for (size_t i = 0; i <= value.len; i++) {
        uint8_t source = i < value.len ? c->source_of[value.data[i]] : NO_SOURCE;
        if (source == NO_SOURCE && i < value.len)
            continue;
        if (!append(b, &used, (struct span){value.data + start, i - start}))
            return false;
        start = i + 1;
        if (source == NO_SOURCE)
            break;
        if (c->columns[source] >= b->columns || !b->last[c->columns[source]].len ||
            !append(b, &used, b->last[c->columns[source]]))
            return false;
    }
    *whole = (struct span){b->room, used};
    return true;
}

static bool has_marks(const struct copies *c, struct span value)
{
    for (size_t i = 0; i < value.len; i++)
        if (c->source_of[value.data[i]] != NO_SOURCE)
            return true;
    return false;
}

static size_t fill(void *state, struct text_batch *b)
{
    struct copies *c = state;
    if (!b->last || !text_take(c->values, &b->values[0]))
        return 0;
    return !has_marks(c, b->values[0]) || fill_in(c, b, b->values[0], &b->values[0]);
}

static size_t follows(const void *state, uint32_t columns[TEXT_FOLLOWS])
{
    const struct copies *c = state;
    memcpy(columns, c->columns, c->sources * sizeof(*columns));
    return c->sources;
}

/* Values that are put together. */
struct passing {
    const struct copies *copies;
    struct text_look *look;
    struct passage *passage;
};

/* text_each_fn: one more value with marks. */
static bool pass_value(void *context, struct span value)
{
    struct passing *p = context;
    struct passage whole = {0};
    size_t start = 0;
    passage_add(&whole, p->look->string, (struct span){0});
    for (size_t i = 0; i <= value.len; i++) {
        const uint8_t source = i < value.len ? p->copies->source_of[value.data[i]] : NO_SOURCE;
        if (source == NO_SOURCE && i < value.len)
            continue;
        struct passage piece = {0};
        if (!text_look_take(p->look, PASSAGE_STEPS))
            return false;
        passage_add(&piece, p->look->string, (struct span){value.data + start, i - start});
        passage_then(&whole, &piece);
        if (source != NO_SOURCE)
            passage_then(&whole, p->look->of(p->look->context, p->copies->columns[source]));
        start = i + 1;
    }
    passage_or(p->passage, &whole);
    return true;
}

/* Where values aren't known one by one: any of their bytes, and copies, in any order. */
static bool pass_bytes(const struct copies *c, struct text_look *look, struct passage *passage)
{
    struct byte_set set = {0};
    struct passage bytes = {0}, copy = {0}, last;
    if (!text_bytes(c->values, look, &set))
        return false;
    passage_set(&bytes, look->string, &set);
    for (size_t i = 0; i < c->sources; i++)
        passage_or(&copy, look->of(look->context, c->columns[i]));
    passage_or(passage, &bytes);
    do {
        struct passage longer = *passage;
        if (!text_look_take(look, 2 * PASSAGE_STEPS))
            return false;
        last = *passage;
        passage_then(&longer, &copy);
        passage_then(&longer, &bytes);
        passage_or(passage, &longer);
    } while (memcmp(&last, passage, sizeof(last)) != 0);
    return true;
}

/* Values that are put together themselves, of bytes that may be marks. */
static bool pass_parts(const struct copies *c, struct text_look *look, struct passage *passage)
{
    const struct passage *marks[256] = {NULL};
    struct text_column *values = c->values;
    while (values->encoding->values)
        values = values->encoding->values(values->state);
    if (!values->encoding->marks)
        return false;
    for (unsigned byte = 0; byte < 256; byte++)
        if (c->source_of[byte] != NO_SOURCE)
            marks[byte] = look->of(look->context, c->columns[c->source_of[byte]]);
    look->marks = marks;
    const bool known = values->encoding->passage(values->state, look, passage);
    look->marks = NULL;
    return known;
}

static bool passage(void *state, struct text_look *look, struct passage *passage)
{
    const struct copies *c = state;
    struct passage values = {0};
    struct passing p = {c, look, &values};
    if (!text_each(c->values, look, false, pass_value, &p) && !pass_parts(c, look, &values) &&
        !pass_bytes(c, look, &values))
        return false;
    passage_or(passage, &values);
    return true;
}

static bool skip(void *state, uint64_t count)
{
    struct copies *c = state;
    return text_skip(c->values, count);
}

const struct text_encoding text_copied = {
    .name = "copied",
    .parse = parse,
    .open = open_copied,
    .fill = fill,
    .free = free_copied,
    .in_step = true,
    .follows = follows,
    .passage = passage,
    .skip = skip,
};
