/*
 * shares.c - goes through the blocks' extents, which the footer has; nothing is decoded.
 */
#include "archive/shares.h"

#include "base/share.h"

static void share_block(struct shares *shares, const struct block_info *block)
{
    uint64_t at = 0;
    for (size_t i = 0; i < block->extent_count; i++) {
        const struct extent *extent = &block->extents[i];
        struct share *share = &shares->list.data[extent->source];
        share->raw_bytes += extent->length;
        if (block->raw_len)
            share->stored_bytes +=
                share_of(block->stored_len, at, at + extent->length, block->raw_len);
        at += extent->length;
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
