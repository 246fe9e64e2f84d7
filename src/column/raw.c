/*
 * raw.c - a column as one stream of '\n'-terminated values. Head: the stream's length.
 */
#include <stdlib.h>

#include "column/text.h"

static bool propose(struct encoded *e, struct column_context *ctx, const struct text_values *v,
                    const struct text_stats *stats, unsigned forbidden)
{
    (void)forbidden;
    struct buf bytes = {0};
    buf_reserve(&bytes, stats->bytes + v->count);
    for (size_t i = 0; i < v->count; i++) {
        struct span value = text_value(v, i);
        buf_append(&bytes, value.data, value.len);
        buf_push(&bytes, '\n');
    }
    encoded_add_stream(e, ctx, STREAM_TEXT, 0, &bytes);
    return true;
}

struct raw {
    int stream;
    const uint8_t *at;
    const uint8_t *end;
};

static void *parse(struct reader *head, struct stream_reader *streams, unsigned depth,
                   struct lgz_error *err)
{
    (void)depth;
    uint64_t len = reader_varint(head);
    int stream = head->failed ? -1 : stream_reader_add(streams, STREAM_TEXT, 0, len);
    if (stream < 0)
        return NULL;
    struct raw *raw = calloc(1, sizeof(*raw));
    if (!raw)
        error_memory(err);
    else
        raw->stream = stream;
    return raw;
}

static int open_raw(void *state, struct stream_reader *streams, size_t limit, struct lgz_error *err)
{
    struct raw *raw = state;
    struct span bytes;
    (void)limit;
    int code = stream_reader_get(streams, raw->stream, &bytes, err);
    if (code == LGZ_OK) {
        raw->at = bytes.data;
        raw->end = bytes.data + bytes.len;
    }
    return code;
}

static size_t fill(void *state, struct text_batch *b)
{
    struct raw *raw = state;
    for (size_t i = 0; i < b->want; i++) {
        size_t left = (size_t)(raw->end - raw->at);
        const uint8_t *newline = left ? memchr(raw->at, '\n', left) : NULL;
        if (!newline)
            return i;
        b->values[i] = (struct span){raw->at, (size_t)(newline - raw->at)};
        raw->at = newline + 1;
    }
    return b->want;
}

static bool each(void *state, struct text_look *look, text_each_fn *fn, void *context)
{
    const struct raw *raw = state;
    struct span left;
    if (stream_reader_get(look->streams, raw->stream, &left, NULL) != LGZ_OK ||
        !text_look_take(look, left.len))
        return false;
    while (left.len) {
        const uint8_t *newline = memchr(left.data, '\n', left.len);
        size_t len = newline ? (size_t)(newline - left.data) : left.len;
        if (!fn(context, (struct span){left.data, len}))
            return false;
        len += newline != NULL;
        left = (struct span){left.data + len, left.len - len};
    }
    return true;
}

static bool skip(void *state, uint64_t count)
{
    struct raw *raw = state;
    for (; count; count--) {
        const size_t left = (size_t)(raw->end - raw->at);
        const uint8_t *newline = left ? memchr(raw->at, '\n', left) : NULL;
        if (!newline)
            return false;
        raw->at = newline + 1;
    }
    return true;
}

const struct text_encoding text_raw = {
    .name = "raw",
    .propose = propose,
    .parse = parse,
    .open = open_raw,
    .fill = fill,
    .free = free,
    .each = each,
    .skip = skip,
    .stays = true,
};
