/*
 * fuzz_stream.c - segments from a pipe, part by part: headers, blocks and footers are framed here
 * with lengths and checksums right, in any order, and fed in pieces of any size.
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

static int count_bytes(void *context, const void *data, size_t size)
{
    *(uint64_t *)context += hash_bytes(data, size) & 1;
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(data, size);
    size_t step = 1 + (size_t)reader_u8(&r) * 3;
    struct buf packed = {0};
    struct segment_stream *s;
    struct lgz_error err = {0};
    uint64_t odd = 0;
    while (!r.failed && reader_left(&r)) {
        enum part part = (enum part)(reader_u8(&r) % PARTS);
        uint64_t len = reader_le(&r, 2);
        put_part(&packed, part, reader_bytes(&r, len < reader_left(&r) ? len : reader_left(&r)));
    }
    if (packed.failed || segment_stream_new(&s, "fuzz", 1, count_bytes, &odd, &err) != LGZ_OK)
        exit(1);
    int code = segment_stream_feed(s, "", 0, &err);
    for (size_t at = 0; at < packed.len && code == LGZ_OK; at += step)
        code = segment_stream_feed(s, packed.data + at,
                                   step < packed.len - at ? step : packed.len - at, &err);
    if (code == LGZ_OK)
        code = segment_stream_end(s, &err);
    if (code != err.code || (code != LGZ_OK && !err.message[0])) {
        fprintf(stderr, "code %d, but %d: %s\n", code, err.code, err.message);
        abort();
    }
    segment_stream_free(s);
    buf_free(&packed);
    return 0;
}
