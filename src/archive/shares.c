/*
 * shares.c - goes through the blocks' extents, which the footer has; nothing is decoded.
 */
#include "archive/shares.h"

#include "base/share.h"

void shares_add(struct shares *shares, const struct block_info *block, uint64_t bytes)
{
    uint64_t at = 0;
    for (size_t i = 0; i < block->extent_count && block->raw_len; i++) {
        const struct extent *extent = &block->extents[i];
        shares->list.data[extent->source].stored_bytes +=
            share_of(bytes, at, at + extent->length, block->raw_len);
        at += extent->length;
    }
}

int shares_of_raw(struct shares *out, const struct segment *segment, struct lgz_error *err)
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
    for (size_t i = 0; i < segment_block_count(segment); i++) {
        const struct block_info *block = segment_block(segment, i);
        for (size_t k = 0; k < block->extent_count; k++)
            out->list.data[block->extents[k].source].raw_bytes += block->extents[k].length;
    }
    return LGZ_OK;
}

int shares_of(struct shares *out, const struct segment *segment, struct lgz_error *err)
{
    int code = shares_of_raw(out, segment, err);
    for (size_t i = 0; i < segment_block_count(segment) && code == LGZ_OK; i++) {
        const struct block_info *block = segment_block(segment, i);
        shares_add(out, block, block->stored_len);
    }
    return code;
}

void shares_clear(struct shares *shares)
{
    for (size_t i = 0; i < shares->list.len; i++)
        source_clear(&shares->list.data[i].source);
    vec_free(&shares->list);
}
