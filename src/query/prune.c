/*
 * prune.c - what the footer of a segment says about its blocks, used without guessing.
 */
#include "query/prune.h"

#include <stdlib.h>

/* How far back to look for a stamp of a source that seems to have none. */
enum { LOOK_BACK_BLOCKS = 16 };

/* On which side of the range is it? 0: within */
static int side_of(const struct selection *s, int64_t time)
{
    return time < s->since ? -1 : time > s->until ? 1 : 0;
}

bool prune_wanted(const struct selection *s, const struct block_info *block,
                  struct query_source *const *sources)
{
    for (size_t i = 0; i < block->extent_count; i++)
        if (!select_done(s, sources[block->extents[i].source]))
            return true;
    return false;
}

bool prune_by_time(const struct selection *s, const struct block_info *block,
                   struct query_source *const *sources)
{
    if (!select_limited(s) || block->time_min == SEGMENT_NO_TIME)
        return false;
    int side = side_of(s, block->time_min);
    if (side == 0 || side_of(s, block->time_max) != side)
        return false;
    for (size_t i = 0; i < block->extent_count; i++) {
        const struct extent *extent = &block->extents[i];
        const struct query_source *source = sources[extent->source];
        if (select_done(s, source))
            continue;
        if (source->carry.len)
            return false;
        /* A line that begins in one block and ends in the next may have a stamp that neither block
           knows of. Where blocks on both sides of the range meet, it could be within. */
        int before = side_of(s, source->dated ? source->stamp : extent->read_time);
        if (before == 0 || (source->dated && before != side))
            return false;
    }
    return true;
}

static bool has_one_source(const struct block_info *block)
{
    for (size_t i = 1; i < block->extent_count; i++)
        if (block->extents[i].source != block->extents[0].source)
            return false;
    return true;
}

int prune_skip(const struct selection *s, const struct block_info *block,
               struct query_source *const *sources, struct skipped_block number,
               struct lgz_error *err)
{
    bool single = has_one_source(block);
    for (size_t i = 0; i < block->extent_count; i++) {
        const struct extent *extent = &block->extents[i];
        struct query_source *source = sources[extent->source];
        if (select_done(s, source))
            continue;
        source->read_time = extent->read_time;
        if (!source->started || extent->offset + extent->length > source->next)
            source->next = extent->offset + extent->length;
        source->started = true;
        if (single && !source->dated) {
            source->dated = true;
            source->stamp = block->time_min; /* as good as any: it's outside of the range */
            source->stamp_digits = 0;
        }
        source->doubtful = !source->dated;
        const struct skipped_block *last =
            source->skipped.len ? &source->skipped.data[source->skipped.len - 1] : NULL;
        if (last && last->segment == number.segment && last->block == number.block)
            continue;
        if (!vec_push(&source->skipped, number))
            return error_memory(err);
    }
    return LGZ_OK;
}

/* The source's bytes of one block, in front of `text`. */
static int prepend_block(const struct segment *segment, size_t index,
                         const struct query_source *source, struct buf *text, uint64_t *start,
                         struct lgz_error *err)
{
    const struct block_info *block = segment_block(segment, index);
    struct buf raw = {0}, joined = {0};
    uint64_t at = 0, first = *start;
    bool any = false;
    int code = segment_read_block(segment, index, &raw, err);
    for (size_t i = 0; code == LGZ_OK && i < block->extent_count; i++) {
        const struct extent *extent = &block->extents[i];
        if (segment_source(segment, extent->source)->id == source->id && extent->offset < *start &&
            at + extent->length <= raw.len) {
            uint64_t len = *start - extent->offset;
            buf_append(&joined, raw.data + at, len < extent->length ? len : extent->length);
            if (!any)
                first = extent->offset;
            any = true;
        }
        at += extent->length;
    }
    buf_append(&joined, text->data, text->len);
    if (code == LGZ_OK && joined.failed)
        code = error_memory(err);
    if (code == LGZ_OK) {
        struct buf old = *text;
        *text = joined;
        joined = old;
        *start = first;
    }
    buf_free(&raw);
    buf_free(&joined);
    return code;
}

/* Take from the bytes before the source's position what is needed to go on. @return enough? */
static bool take_context(struct query_source *source, const struct buf *text, size_t blocks)
{
    const uint8_t *newline = text->len ? memrchr(text->data, '\n', text->len) : NULL;
    size_t whole = newline ? (size_t)(newline - text->data) + 1 : 0;
    buf_clear(&source->carry);
    buf_append(&source->carry, text->data + whole, text->len - whole);
    if (whole && source->doubtful &&
        select_last_stamp((struct span){text->data, whole}, source->read_time, &source->stamp,
                          &source->stamp_digits)) {
        source->dated = true;
        source->doubtful = false;
    }
    return whole && (!source->doubtful || blocks >= LOOK_BACK_BLOCKS);
}

int prune_resume(struct query_source *source, prune_open_fn *open, void *context,
                 struct lgz_error *err)
{
    struct buf text = {0};
    uint64_t start = source->next;
    int code = LGZ_OK;
    bool enough = false;
    for (size_t n = 1; !enough && code == LGZ_OK && n <= source->skipped.len; n++) {
        struct skipped_block number = source->skipped.data[source->skipped.len - n];
        struct segment *segment;
        code = open(context, number.segment, &segment, err);
        if (code != LGZ_OK || !segment)
            break;
        code = prepend_block(segment, number.block, source, &text, &start, err);
        if (code == LGZ_OK)
            enough = take_context(source, &text, n);
    }
    if (code == LGZ_OK && source->carry.failed)
        code = error_memory(err);
    source->skipped.len = 0;
    source->doubtful = false;
    buf_free(&text);
    return code;
}
