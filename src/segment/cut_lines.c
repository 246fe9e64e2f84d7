/*
 * cut_lines.c - from the runs of a segment's blocks, which say where lines are cut, to the bytes
 * before the cuts.
 */
#include "segment/cut_lines.h"

#include <stdlib.h>

#include "base/lower_bound.h"
#include "line/timestamp.h"
#include "segment/runs.h"

/* A stamp that ends so many bytes before the cut is the same in the whole line: neither its
   fraction nor its zone goes on behind it. */
enum { STAMP_ENDS = 64 };

/* The last run of a source. */
struct last_run {
    uint64_t id;
    uint64_t end; /* its offset behind the last byte */
    size_t block;
    size_t at; /* of the run in the block's raw bytes */
    size_t len;
    bool cut;
};

/* Note the runs of a block, where they are the last ones so far. */
static void note_runs(const struct segment *segment, size_t number, struct last_run *last)
{
    const struct block_info *block = segment_block(segment, number);
    size_t at = 0;
    for (size_t i = 0, run = 0, end; i < block->extent_count && run < block->run_count; run++) {
        const struct extent *first = &block->extents[i];
        const size_t start = at;
        end = runs_end(block->extents, block->extent_count, i);
        for (; i < end; i++)
            at += (size_t)block->extents[i].length;
        struct last_run found = {
            .id = segment_source(segment, first->source)->id,
            .end = first->offset + (at - start),
            .block = number,
            .at = start,
            .len = at - start,
            .cut = block->runs[run].cut,
        };
        if (found.end > last[first->source].end)
            last[first->source] = found;
    }
}

static int by_block(const void *a, const void *b)
{
    const struct last_run *x = a, *y = b;
    return (x->block > y->block) - (x->block < y->block);
}

static int by_id(const void *a, const void *b)
{
    const struct cut_line *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

/* Does the line that a run ends within have a stamp? */
static bool is_dated(const uint8_t *run, size_t len)
{
    struct timestamp_found found;
    const uint8_t *newline = memrchr(run, '\n', len);
    const uint8_t *line = newline ? newline + 1 : run;
    len -= (size_t)(line - run);
    return timestamp_first(line, len, &found) && found.at + found.stamp.len + STAMP_ENDS <= len;
}

/* Look at the runs, which are in order of blocks. */
static int look_at_runs(struct cut_lines *c, const struct segment *segment, uint64_t most,
                        const struct last_run *runs, size_t count, struct lgz_error *err)
{
    struct buf raw = {0};
    size_t block = SIZE_MAX; /* the one in `raw`, if it can be read */
    bool readable = false;
    int code = LGZ_OK;
    for (size_t i = 0; i < count && code == LGZ_OK; i++) {
        const struct last_run *run = &runs[i];
        if (!run->cut || segment_block(segment, run->block)->raw_len > most)
            continue;
        if (run->block != block) {
            buf_clear(&raw);
            int failed = segment_read_block(segment, run->block, &raw, NULL);
            code = failed == LGZ_ERR_MEMORY ? error_memory(err) : LGZ_OK;
            readable = failed == LGZ_OK;
            block = run->block;
        }
        if (readable && is_dated(raw.data + run->at, run->len) &&
            !vec_push(&c->list, ((struct cut_line){run->id, run->end})))
            code = error_memory(err);
    }
    buf_free(&raw);
    return code;
}

int cut_lines_find(struct cut_lines *c, const struct segment *segment, uint64_t most,
                   struct lgz_error *err)
{
    const size_t count = segment_source_count(segment);
    struct last_run *last = calloc(count + 1, sizeof(*last));
    if (!last)
        return error_memory(err);
    for (size_t i = 0; i < segment_block_count(segment); i++)
        note_runs(segment, i, last);
    qsort(last, count, sizeof(*last), by_block);
    c->list.len = 0;
    int code = look_at_runs(c, segment, most, last, count, err);
    if (c->list.len)
        qsort(c->list.data, c->list.len, sizeof(*c->list.data), by_id);
    free(last);
    return code;
}

uint64_t cut_lines_end(const struct cut_lines *c, uint64_t id)
{
    const size_t at = lower_bound(&c->list, id, id);
    const bool known = at < c->list.len && c->list.data[at].id == id;
    return known ? c->list.data[at].end : UINT64_MAX;
}

void cut_lines_free(struct cut_lines *c)
{
    vec_free(&c->list);
}
