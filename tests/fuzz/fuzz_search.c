/*
 * fuzz_search.c - searching a block. Of text, it finds the lines that looking at each of them does;
 * of any other bytes, whatever they are taken for, it's safe.
 *
 * Input: a byte of kind, one that says how many bytes a string takes, and the string; then text
 * (the kind is a multiple of 3), a block's body (1 more), or a body's parts (2 more; as
 * fuzz_block.c).
 */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/block_parts.h"
#include "../unit/search_truth.h"
#include "fuzz.h"

enum { MOST_TEMPLATES = 64 };

static void require(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}

static void search_text(struct span text, enum lgz_level level, const struct need *need)
{
    struct column_context ctx;
    struct block_summary summary;
    struct lgz_error err = {0};
    struct buf out = {0};
    const struct extent extent = {.length = text.len};
    const struct block_input input = {
        .raw = text.data, .len = text.len, .extents = &extent, .extent_count = 1};
    require(column_context_init(&ctx, level, &err) == LGZ_OK, err.message);
    require(block_encode(&ctx, &input, &out, &summary, &err) == LGZ_OK, err.message);
    struct reader r = reader_of(out.data, out.len);
    reader_u8(&r);
    const struct span body = reader_bytes(&r, reader_varint(&r));
    if (!summary.plain)
        require(search_is_true(text, body, &summary, need), "other lines than there are");
    block_summary_clear(&summary);
    buf_free(&out);
    column_context_clear(&ctx);
}

/* struct field_search: any line may be wanted. */
static void take_lines(void *context, struct span lines)
{
    *(struct span *)context = lines;
}

static size_t next_line(void *context, size_t from)
{
    const struct span *lines = context;
    return from < lines->len ? from : SIZE_MAX;
}

/* How many templates the index speaks of isn't known: some number of them is right. */
static void search_body(struct span body, const struct need *need)
{
    static const uint64_t counts[MOST_TEMPLATES];
    struct template_set set = {0};
    size_t count = 1;
    if (block_templates(body, SIZE_MAX, &set, NULL) == LGZ_OK)
        count = set.list.len;
    template_set_clear(&set);
    struct span lines = {0};
    const struct field_search fields = {
        .names = need->clauses.data, .context = &lines, .start = take_lines, .next = next_line};
    for (int i = 0; i < 5 && count <= MOST_TEMPLATES; i++) {
        const struct block_search search = {
            .need = need,
            .fields = i == 4 && need->clauses.len ? &fields : NULL,
            .texts = i == 0 || i == 4,
            .total = i == 2,
            .never = i == 3,
        };
        struct block_hits hits = {0};
        struct lgz_error err = {0};
        int code = block_search(body, &search, counts, count, &hits, &err);
        require(code == LGZ_OK || (err.code == code && err.message[0]), "an error without a story");
        for (size_t h = 0; code == LGZ_OK && i == 0 && h < hits.list.len; h++)
            require(need_met(need, hits.list.data[h].text), "a line that doesn't meet the need");
        block_hits_clear(&hits);
    }
}

static void search_parts(struct reader *r, const struct need *need)
{
    struct block_parts parts;
    struct buf body = {0};
    block_parts_draw(r, &parts);
    if (block_parts_write(&parts, &body))
        search_body(buf_span(&body), need);
    buf_free(&body);
    block_parts_free(&parts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(data, size);
    struct need need = {.exact = true};
    const uint8_t kind = reader_u8(&r);
    const struct span string = reader_bytes(&r, reader_u8(&r));
    if (r.failed || string.len == 0 || memchr(string.data, '\n', string.len))
        return 0;
    require(need_add_clause(&need, NULL) == LGZ_OK &&
                need_add_string(&need, string, kind >= 128, NULL) == LGZ_OK,
            "no memory");
    const struct span rest = {r.at, reader_left(&r)};
    if (kind % 3 == 0 && rest.len)
        search_text(rest, (enum lgz_level)(LGZ_LEVEL_FAST + kind / 3 % 3), &need);
    else if (kind % 3 == 1)
        search_body(rest, &need);
    else if (kind % 3 == 2)
        search_parts(&r, &need);
    need_clear(&need);
    return 0;
}
