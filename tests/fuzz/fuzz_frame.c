/*
 * fuzz_frame.c - any bytes as a stream of syslog messages: the same messages whether the bytes come
 * at once or in pieces, none of them longer than the limit, and never too much to keep.
 *
 * The first byte of an input is the limit, the second the length of the pieces.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz.h"
#include "listen/frame.h"

static void check(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "fuzz_frame: %s\n", what);
    abort();
}

/* Each message with its length before it. */
static void read_stream(struct buf *out, struct span data, size_t max, size_t step)
{
    struct frame_reader reader = {0};
    struct buf kept = {0};
    struct frame f;
    enum frame_result result = FRAME_NONE;
    for (size_t at = 0; at < data.len && result != FRAME_REFUSED; at += step) {
        buf_append(&kept, data.data + at, data.len - at < step ? data.len - at : step);
        size_t used = 0;
        do {
            struct span left = {kept.data + used, kept.len - used};
            result = frame_next(&reader, left, max, &f);
            check(f.used <= left.len, "more is used than there is");
            check(result != FRAME_MESSAGE || f.used > 0, "a message of nothing");
            check(result != FRAME_REFUSED || f.announced > max, "a good count is refused");
            used += f.used;
            if (result == FRAME_MESSAGE) {
                check(f.message.len <= max, "a message is too long");
                buf_printf(out, "%zu%c", f.message.len, f.cut ? '/' : ':');
                buf_append(out, f.message.data, f.message.len);
            }
        } while (result == FRAME_MESSAGE);
        memmove(kept.data, kept.data + used, kept.len - used);
        kept.len -= used;
        check(result == FRAME_REFUSED || kept.len <= FRAME_COUNT_MAX + max, "too much is kept");
    }
    struct span rest = frame_last(&reader, buf_span(&kept));
    check(rest.len <= kept.len, "there is more at the end than was kept");
    if (result != FRAME_REFUSED) {
        buf_printf(out, "%zu.", rest.len);
        buf_append(out, rest.data, rest.len);
    }
    check(!out->failed && !kept.failed, "out of memory");
    buf_free(&kept);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole = {0};
    struct buf pieces = {0};
    if (size < 3)
        return 0;
    size_t max = data[0] + (size_t)1;
    size_t step = data[1] + (size_t)1;
    struct span stream = {data + 2, size - 2};
    read_stream(&whole, stream, max, stream.len);
    read_stream(&pieces, stream, max, step);
    bool same = whole.len == pieces.len &&
                (whole.len == 0 || memcmp(whole.data, pieces.data, whole.len) == 0);
    check(same, "pieces give other messages");
    buf_free(&whole);
    buf_free(&pieces);
    return 0;
}
