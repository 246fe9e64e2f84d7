/*
 * fuzz_block.c - a block's body: as it is stored, or, so that fuzzing gets behind zstd, its parts,
 * which are packed here with all lengths right. An error with a story, or bytes.
 *
 * Input: a byte, even for a body (plain if it is 0, else structured), which follows; odd for parts:
 * raw length (3 bytes), own-frame limit (3 bytes), then two bytes of length and the part, first the
 * head, then each frame.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/block_parts.h"
#include "fuzz.h"
#include "segment/block.h"

static void require(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

static void decode(enum block_tag tag, struct span body)
{
    struct lgz_error err = {0};
    struct template_set set = {0};
    struct buf raw = {0};
    int code = block_decode(tag, body, &raw, &err);
    if (code == LGZ_OK)
        require(raw.data && raw.len <= BLOCK_MAX_RAW && err.code == 0, "decoded, but not well");
    else
        require(raw.len == 0 && err.code == code && err.message[0], "an error without a story");
    buf_free(&raw);
    if (tag == BLOCK_STRUCTURED && block_templates(body, SIZE_MAX, &set, NULL) == LGZ_OK)
        require(set.list.len > 0, "a block without templates");
    template_set_clear(&set);
}

static void decode_parts(struct reader *r)
{
    struct block_parts parts = {0};
    struct buf body = {0};
    parts.raw_len = reader_le(r, 3);
    parts.own_frame = reader_le(r, 3);
    struct buf *part = &parts.head;
    while (!r->failed && reader_left(r) && parts.frame_count < PARTS_FRAMES) {
        uint64_t len = reader_le(r, 2);
        struct span bytes = reader_bytes(r, len < reader_left(r) ? len : reader_left(r));
        buf_append(part, bytes.data, bytes.len);
        part = &parts.frames[parts.frame_count++];
    }
    if (block_parts_write(&parts, &body))
        decode(BLOCK_STRUCTURED, buf_span(&body));
    buf_free(&body);
    block_parts_free(&parts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(data, size);
    uint8_t kind = reader_u8(&r);
    if (r.failed)
        return 0;
    if (kind & 1)
        decode_parts(&r);
    else
        decode(kind ? BLOCK_STRUCTURED : BLOCK_PLAIN, reader_bytes(&r, reader_left(&r)));
    return 0;
}
