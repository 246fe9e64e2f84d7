/*
 * runs.c - of the last run of a block only its end is written: the rest follows from the number of
 * the block's lines.
 */
#include "segment/runs.h"

#include <stdlib.h>

#include "line/lines.h"

enum { FLAG_LOCAL = 1, FLAG_ZONED = 2, FLAG_CUT = 4 };

size_t runs_end(const struct extent *extents, size_t count, size_t first)
{
    size_t end = first + 1;
    while (end < count && extents[end].source == extents[first].source &&
           extents[end].offset == extents[end - 1].offset + extents[end - 1].length)
        end++;
    return end;
}

bool runs_of_one_source(const struct block_info *block)
{
    for (size_t i = 1; i < block->extent_count; i++)
        if (block->extents[i].source != block->extents[0].source)
            return false;
    return true;
}

bool runs_count(const struct block_input *input, struct block_summary *summary)
{
    uint64_t counted = 0;
    size_t at = 0;
    for (size_t i = 0, end; i < input->extent_count; i = end) {
        size_t start = at;
        end = runs_end(input->extents, input->extent_count, i);
        for (size_t k = i; k < end; k++)
            at += input->extents[k].length;
        struct block_run run = {.cut = input->raw[at - 1] != '\n'};
        run.newlines = end == input->extent_count ? summary->lines - counted - run.cut
                                                  : lines_count(input->raw + start, at - start);
        counted += run.newlines + run.cut;
        if (!vec_push(&summary->runs, run))
            return false;
    }
    return true;
}

void runs_write(const struct block_info *blocks, size_t count, struct buf *out)
{
    for (size_t i = 0; i < count; i++) {
        const struct block_info *b = &blocks[i];
        const struct block_run *last = &b->runs[b->run_count - 1];
        buf_push(out, (uint8_t)((b->clocks & CLOCKS_LOCAL ? FLAG_LOCAL : 0) |
                                (b->clocks & CLOCKS_ZONED ? FLAG_ZONED : 0) |
                                (last->cut ? FLAG_CUT : 0)));
        for (const struct block_run *run = b->runs; run < last; run++)
            varint_put(out, run->newlines << 1 | run->cut);
    }
}

static size_t count_runs(const struct block_info *b)
{
    size_t count = 0;
    for (size_t i = 0; i < b->extent_count; i = runs_end(b->extents, b->extent_count, i))
        count++;
    return count;
}

static bool read_block(struct reader *r, struct block_info *b)
{
    const uint8_t flags = reader_u8(r);
    uint64_t left = b->lines;
    b->run_count = count_runs(b);
    struct block_run *runs = calloc(b->run_count + 1, sizeof(*runs));
    b->runs = runs;
    if (!runs)
        return false;
    for (size_t i = 0; i < b->run_count; i++) {
        const bool last = i + 1 == b->run_count;
        uint64_t value = last ? (flags & FLAG_CUT) != 0 : reader_varint(r);
        runs[i].cut = value & 1;
        runs[i].newlines = last ? left - runs[i].cut : value >> 1;
        uint64_t lines = runs[i].newlines + runs[i].cut;
        r->failed |= lines > left || (last && runs[i].cut > left);
        left -= lines;
    }
    b->clocks = CLOCKS_KNOWN | (flags & FLAG_LOCAL ? CLOCKS_LOCAL : 0) |
                (flags & FLAG_ZONED ? CLOCKS_ZONED : 0);
    /* There are stamps if there is a range of times. */
    const bool dated = b->time_min != SEGMENT_NO_TIME;
    r->failed |= flags > (FLAG_LOCAL | FLAG_ZONED | FLAG_CUT) || b->run_count == 0 ||
                 dated != (b->clocks != CLOCKS_KNOWN);
    return true;
}

bool runs_read(struct reader *r, struct block_info *blocks, size_t count)
{
    for (size_t i = 0; i < count && !r->failed; i++)
        if (!read_block(r, &blocks[i]))
            return false;
    return true;
}
