/*
 * frame.c - octet counts and trailers.
 */
#include "listen/frame.h"

#include "base/ascii.h"

/* Bytes looked through at once: a near NUL is found without a search for a far line feed. */
enum { WINDOW = 512 };

/* What the first bytes are. */
enum start { START_UNSURE, START_COUNT, START_TEXT };

/* @param header  set to the bytes of the count and its blank, if it is one */
static enum start look_at_start(struct span data, size_t *header, uint64_t *count)
{
    size_t i = 0;
    *count = 0;
    if (data.len && data.data[0] == '0')
        return START_TEXT;
    for (; i < data.len && i < FRAME_COUNT_MAX && ascii_is_digit(data.data[i]); i++) {
        if (__builtin_mul_overflow(*count, UINT64_C(10), count) ||
            __builtin_add_overflow(*count, (uint64_t)(data.data[i] - '0'), count))
            *count = UINT64_MAX;
    }
    if (i == FRAME_COUNT_MAX)
        return START_TEXT;
    if (i == data.len)
        return START_UNSURE;
    if (i == 0 || data.data[i] != ' ')
        return START_TEXT;
    *header = i + 1;
    if (*header == data.len)
        return START_UNSURE;
    return data.data[*header] == '<' ? START_COUNT : START_TEXT;
}

/* The offset of the first line feed or NUL at or behind `from`; data.len if there is none. */
static size_t find_trailer(struct span data, size_t from)
{
    for (size_t at = from; at < data.len; at += WINDOW) {
        size_t len = data.len - at < WINDOW ? data.len - at : WINDOW;
        const uint8_t *window = data.data + at;
        const uint8_t *feed = memchr(window, '\n', len);
        const uint8_t *nul = memchr(window, '\0', feed ? (size_t)(feed - window) : len);
        if (nul || feed)
            return (size_t)((nul ? nul : feed) - data.data);
    }
    return data.len;
}

static enum frame_result next_text(struct frame_reader *r, struct span data, size_t max,
                                   struct frame *out)
{
    struct span within = {data.data, data.len > max ? max + 1 : data.len};
    size_t end = find_trailer(within, r->scanned);
    if (end == within.len && within.len <= max) {
        r->scanned = within.len;
        return FRAME_NONE;
    }
    out->cut = end == within.len;
    out->message = (struct span){data.data, out->cut ? max : end};
    out->used += out->message.len + !out->cut;
    *r = (struct frame_reader){.inside = out->cut};
    return FRAME_MESSAGE;
}

static enum frame_result next_counted(struct span data, size_t header, uint64_t count, size_t max,
                                      struct frame *out)
{
    if (count > max) {
        out->announced = count;
        return FRAME_REFUSED;
    }
    if (data.len - header < count)
        return FRAME_NONE;
    out->message = (struct span){data.data + header, (size_t)count};
    out->used += header + (size_t)count;
    frame_trim(&out->message); /* it begins with "<": something stays */
    return FRAME_MESSAGE;
}

enum frame_result frame_next(struct frame_reader *r, struct span data, size_t max,
                             struct frame *out)
{
    size_t header = 0;
    uint64_t count = 0;
    *out = (struct frame){0};
    if (!r->inside && r->scanned == 0) {
        while (out->used < data.len && data.data[out->used] == '\0')
            out->used++;
        data = (struct span){data.data + out->used, data.len - out->used};
    }
    if (data.len == 0)
        return FRAME_NONE;
    /* What has been scanned was found to be text. */
    if (!r->inside && r->scanned == 0) {
        enum start start = look_at_start(data, &header, &count);
        if (start == START_UNSURE)
            return FRAME_NONE;
        if (start == START_COUNT)
            return next_counted(data, header, count, max, out);
    }
    return next_text(r, data, max, out);
}

struct span frame_last(const struct frame_reader *r, struct span data)
{
    size_t header = 0;
    uint64_t count;
    if (!r->inside && r->scanned == 0 && look_at_start(data, &header, &count) == START_COUNT)
        return (struct span){data.data + header, data.len - header};
    return data;
}

bool frame_trim(struct span *message)
{
    if (message->len && message->data[message->len - 1] == '\0')
        message->len--;
    if (message->len == 0)
        return false;
    if (message->data[message->len - 1] == '\n')
        message->len--;
    return true;
}
