/*
 * merge_content.c - from the extents of footers to pieces, sorted and without overlaps.
 */
#include "archive/merge_content.h"

#include <inttypes.h>
#include <stdlib.h>

/* A piece whose rules are the same all over. */
static int add_piece(struct merge_content *c, const struct segment *s, const struct extent *x,
                     struct merge_piece piece, struct lgz_error *err)
{
    uint64_t left = x->length;
    while (left) {
        uint64_t end;
        const struct rules *rules = segment_rules(s, x->source, piece.offset, &end);
        const uint64_t same = end - piece.offset < left ? end - piece.offset : left;
        int code = rules_table_add(&c->rules, rules, &piece.rules, err);
        if (code != LGZ_OK)
            return code;
        piece.length = (uint32_t)same;
        if (!vec_push(&c->pieces, piece))
            return error_memory(err);
        piece.offset += same;
        piece.at += (uint32_t)same;
        left -= same;
    }
    return LGZ_OK;
}

static int add_block(struct merge_content *c, const struct segment *s, uint32_t file, size_t part,
                     struct lgz_error *err)
{
    const struct block_info *info = segment_block(s, part);
    const struct merge_block block = {file, (uint32_t)part, info->raw_len};
    uint64_t at = 0, end;
    int code = LGZ_OK;
    if (!vec_push(&c->blocks, block))
        return error_memory(err);
    for (size_t i = 0; code == LGZ_OK && i < info->extent_count; i++) {
        const struct extent *x = &info->extents[i];
        const struct merge_piece piece = {.source_id = segment_source(s, x->source)->id,
                                          .offset = x->offset,
                                          .read_time = x->read_time,
                                          .block = (uint32_t)(c->blocks.len - 1),
                                          .at = (uint32_t)at};
        if (info->raw_len > UINT32_MAX || __builtin_add_overflow(x->offset, x->length, &end))
            return error_set(err, LGZ_ERR_CORRUPT, "%s: block %zu has an impossible extent",
                             segment_path(s), part);
        code = add_piece(c, s, x, piece, err);
        at += x->length;
    }
    return code;
}

int merge_content_add(struct merge_content *c, const struct segment *s, uint32_t file,
                      struct lgz_error *err)
{
    int code = LGZ_OK;
    for (size_t i = 0; code == LGZ_OK && i < segment_source_count(s); i++)
        code = positions_put(&c->sources, segment_source(s, i), 0, err);
    for (size_t i = 0; code == LGZ_OK && i < segment_block_count(s); i++)
        code = add_block(c, s, file, i, err);
    return code;
}

static int by_place(const void *a, const void *b)
{
    const struct merge_piece *x = a, *y = b;
    if (x->source_id != y->source_id)
        return source_before(x->source_id, y->source_id) ? -1 : 1;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    if (x->block != y->block)
        return x->block < y->block ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

void merge_content_arrange(struct merge_content *c)
{
    uint64_t id = 0, end = 0;
    uint32_t block = 0;
    size_t kept = 0;
    if (c->pieces.len)
        qsort(c->pieces.data, c->pieces.len, sizeof(*c->pieces.data), by_place);
    for (size_t i = 0; i < c->pieces.len; i++) {
        struct merge_piece piece = c->pieces.data[i];
        const bool new_source = i == 0 || piece.source_id != id;
        id = piece.source_id;
        end = new_source ? 0 : end;
        if (piece.offset + piece.length <= end)
            continue;
        if (piece.offset < end) {
            const uint32_t known = (uint32_t)(end - piece.offset);
            piece.offset += known;
            piece.at += known;
            piece.length -= known;
        }
        end = piece.offset + piece.length;
        c->unordered |= !new_source && piece.block < block;
        block = piece.block;
        c->pieces.data[kept++] = piece;
    }
    c->pieces.len = kept;
}

void merge_content_clear(struct merge_content *c)
{
    vec_free(&c->blocks);
    vec_free(&c->pieces);
    positions_clear(&c->sources);
    rules_table_clear(&c->rules);
    *c = (struct merge_content){0};
}
