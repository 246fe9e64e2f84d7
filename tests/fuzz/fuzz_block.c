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
#include "segment/block_space.h"

static void require(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

/* Whose stored bytes are there: all of them once, in both ways of counting. */
static void account(struct span body, size_t templates)
{
    struct block_space space = {0};
    struct lgz_error err = {0};
    uint64_t *counts = calloc(templates + 1, sizeof(*counts));
    require(counts != NULL, "out of memory");
    for (size_t i = 0; i < templates; i++)
        counts[i] = i % 3 == 2 ? UINT64_MAX : i;
    const uint64_t stored = body.len + 6;
    if (block_space_read(&space, body, counts, templates, stored, &err) == LGZ_OK) {
        uint64_t by_column = space.other, by_template = space.other + space.unused;
        for (size_t i = 0; i < templates; i++) {
            const struct block_template_part *t = &space.of_template[i];
            by_template += t->text + t->numbers + t->values;
            by_column += t->text + t->numbers;
        }
        for (size_t i = 0; i < space.column_count; i++)
            by_column += space.columns[i].stored;
        require(by_column == stored && by_template == stored, "bytes are lost or doubled");
    } else {
        require(err.message[0], "an error without a story");
    }
    free(counts);
    block_space_clear(&space);
}

/* Templates without values: each line has one that is there. */
static void walk_lines(struct span body)
{
    struct template_set set = {0};
    uint32_t *of_line = NULL;
    size_t lines = 0;
    if (block_line_templates(body, &set, &of_line, &lines, NULL) == LGZ_OK)
        for (size_t i = 0; i < lines; i++)
            require(of_line[i] < set.list.len, "a line of no template");
    free(of_line);
    template_set_clear(&set);
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
    if (tag == BLOCK_STRUCTURED) {
        account(body, set.list.len);
        walk_lines(body);
    }
    template_set_clear(&set);
}

static void decode_parts(struct reader *r)
{
    struct block_parts parts;
    struct buf body = {0};
    block_parts_draw(r, &parts);
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
