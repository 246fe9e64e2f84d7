/*
 * fuzz_stream.c - segments from a pipe, part by part: headers, blocks and footers are framed here
 * with lengths and checksums right, in any order, and fed in pieces of any size, and again in those
 * that the stream wants: each gives one block at most, and all of them give the same.
 *
 * Input: the size of a piece (1 byte), then parts: a byte that says what it is, two bytes of
 * length, and the bytes.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "fuzz.h"
#include "segment/index.h"
#include "segment/stream.h"

enum part { PART_HEADER, PART_PLAIN, PART_STRUCTURED, PART_FOOTER, PART_BYTES, PARTS };

/* What came out. */
struct output {
    uint64_t hash;
    size_t blocks;
};

static int take_block(void *context, const void *data, size_t size)
{
    struct output *o = context;
    o->hash = o->hash * 31 + hash_bytes(data, size);
    o->blocks++;
    return 0;
}

static void put_framed(struct buf *out, uint8_t tag, struct span bytes)
{
    buf_push(out, tag);
    varint_put(out, bytes.len);
    buf_append(out, bytes.data, bytes.len);
}

static void put_part(struct buf *out, enum part part, struct span bytes)
{
    uint8_t header[SEGMENT_HEADER_LEN];
    size_t start = out->len;
    if (part == PART_HEADER) {
        segment_header_write(header);
        buf_append(out, header, sizeof(header));
    } else if (part == PART_PLAIN) {
        put_framed(out, BLOCK_PLAIN, bytes);
    } else if (part == PART_STRUCTURED) {
        put_framed(out, BLOCK_STRUCTURED, bytes);
    } else if (part == PART_FOOTER) {
        put_framed(out, SEGMENT_FOOTER, bytes);
        size_t len = out->len - start;
        buf_put_le(out, hash_bytes(out->data + start, len), 8);
        buf_put_le(out, len, 4);
        buf_append(out, "ZGO\x1a", 4);
    } else {
        buf_append(out, bytes.data, bytes.len);
    }
}

static struct segment_stream *new_stream(struct output *output)
{
    struct segment_stream *s;
    if (segment_stream_new(&s, "fuzz", 1, take_block, output, NULL) != LGZ_OK)
        exit(1);
    return s;
}

/* @param step  0: as much as the stream wants */
static int feed_all(const struct buf *packed, size_t step, struct output *output,
                    struct lgz_error *err)
{
    struct segment_stream *s = new_stream(output);
    int code = segment_stream_feed(s, "", 0, err);
    for (size_t at = 0, len; at < packed->len && code == LGZ_OK; at += len) {
        const size_t before = output->blocks;
        len = step ? step : segment_stream_wants(s);
        if (len == 0)
            abort();
        if (len > packed->len - at)
            len = packed->len - at;
        code = segment_stream_feed(s, packed->data + at, len, err);
        if (!step && output->blocks > before + 1)
            abort();
    }
    if (code == LGZ_OK)
        code = segment_stream_end(s, err);
    segment_stream_free(s);
    return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(data, size);
    size_t step = 1 + (size_t)reader_u8(&r) * 3;
    struct buf packed = {0};
    struct lgz_error err = {0};
    struct output output = {0}, again = {0};
    while (!r.failed && reader_left(&r)) {
        enum part part = (enum part)(reader_u8(&r) % PARTS);
        uint64_t len = reader_le(&r, 2);
        put_part(&packed, part, reader_bytes(&r, len < reader_left(&r) ? len : reader_left(&r)));
    }
    if (packed.failed)
        exit(1);
    int code = feed_all(&packed, step, &output, &err);
    if (feed_all(&packed, 0, &again, NULL) != code || again.hash != output.hash)
        abort();
    if (code != err.code || (code != LGZ_OK && !err.message[0])) {
        fprintf(stderr, "code %d, but %d: %s\n", code, err.code, err.message);
        abort();
    }
    buf_free(&packed);
    return 0;
}
