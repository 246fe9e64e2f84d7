/*
 * before.c - lines one behind the other in a buffer. What isn't kept any more is at its front, and
 * is cut off when it's the larger part.
 */
#include "query/before.h"

size_t before_count(const struct before *b)
{
    return b->lines.len - b->first;
}

static const struct before_line *oldest(const struct before *b)
{
    return &b->lines.data[b->first];
}

/* Move what is kept to the front. */
static void compact(struct before *b)
{
    const size_t dead = before_count(b) ? oldest(b)->at : b->text.len;
    const size_t count = before_count(b);
    if (dead)
        memmove(b->text.data, b->text.data + dead, b->text.len - dead);
    b->text.len -= dead;
    for (size_t i = 0; i < count; i++) {
        b->lines.data[i] = b->lines.data[b->first + i];
        b->lines.data[i].at -= dead;
    }
    b->lines.len = count;
    b->first = 0;
}

bool before_add(struct before *b, const struct line_place *place, struct span text, uint64_t most)
{
    if (most == 0)
        return true;
    while (before_count(b) &&
           (before_count(b) >= most || b->text.len - oldest(b)->at + text.len > BEFORE_BYTES_MAX))
        b->first++;
    if (b->first > b->lines.len / 2)
        compact(b);
    struct before_line line = {*place, b->text.len, text.len};
    buf_append(&b->text, text.data, text.len);
    return !b->text.failed && vec_push(&b->lines, line);
}

const struct line_place *before_at(const struct before *b, size_t index, struct span *text)
{
    const struct before_line *line = oldest(b) + index;
    *text = (struct span){b->text.data + line->at, line->len};
    return &line->place;
}

void before_clear(struct before *b)
{
    enum { KEEP = 1 << 16 };
    if (b->text.cap > KEEP)
        before_free(b);
    buf_clear(&b->text);
    b->lines.len = 0;
    b->first = 0;
}

void before_free(struct before *b)
{
    buf_free(&b->text);
    vec_free(&b->lines);
    b->first = 0;
}
