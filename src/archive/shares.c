/*
 * shares.c - goes through the blocks' extents, which the footer has; nothing is decoded.
 */
#include "archive/shares.h"

/* `stored` * `part` / `whole`, in 128 bits. */
static uint64_t proportion(uint64_t stored, uint64_t part, uint64_t whole)
{
    __extension__ typedef unsigned __int128 wide;
    return (uint64_t)((wide)stored * part / whole);
}

/* Shares are cut at rounded places, so that no byte of the block is left over. */
static void share_block(struct shares *shares, const struct block_info *block)
{
    uint64_t at = 0;
    uint64_t given = 0;
    for (size_t i = 0; i < block->extent_count; i++) {
        const struct extent *extent = &block->extents[i];
        struct share *share = &shares->list.data[extent->source];
        at += extent->length;
        uint64_t upto = block->raw_len ? proportion(block->stored_len, at, block->raw_len) : 0;
        share->raw_bytes += extent->length;
        share->stored_bytes += upto - given;
        given = upto;
    }
}

int shares_of(struct shares *out, const struct segment *segment, struct lgz_error *err)
{
    size_t count = segment_source_count(segment);
    if (!vec_reserve(&out->list, count))
        return error_memory(err);
    for (size_t i = 0; i < count; i++) {
        struct share share = {0};
        int code = source_copy(&share.source, segment_source(segment, i), err);
        if (code != LGZ_OK)
            return code;
        out->list.data[out->list.len++] = share;
    }
    for (size_t i = 0; i < segment_block_count(segment); i++)
        share_block(out, segment_block(segment, i));
    return LGZ_OK;
}

void shares_clear(struct shares *shares)
{
    for (size_t i = 0; i < shares->list.len; i++)
        source_clear(&shares->list.data[i].source);
    vec_free(&shares->list);
}
