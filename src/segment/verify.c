/*
 * verify.c - block by block; with the index, what queries leave blocks out by.
 */
#include "segment/verify.h"

#include <stdlib.h>

#include "segment/block.h"
#include "segment/filters.h"
#include "segment/runs.h"
#include "segment/times.h"

/* Does the index say of the runs, and of the stamps, what there is? */
static bool runs_are_true(const struct block_info *info, const struct block_summary *found)
{
    bool same = true;
    if (info->run_count == 0)
        return true;
    for (size_t i = 0; i < found->runs.len && i < info->run_count; i++)
        same &= found->runs.data[i].newlines == info->runs[i].newlines &&
                found->runs.data[i].cut == info->runs[i].cut;
    return same && found->runs.len == info->run_count &&
           (CLOCKS_KNOWN | found->clocks) == info->clocks;
}

/* What queries leave out blocks by must be true as well. */
static int verify_index(const struct segment *s, size_t index, const struct buf *raw,
                        struct lgz_error *err)
{
    const struct block_info *info = segment_block(s, index);
    struct block_input input = {.raw = raw->data,
                                .len = raw->len,
                                .extents = info->extents,
                                .extent_count = info->extent_count};
    struct block_summary found = {0};
    uint64_t counted = 0;
    block_times(&input, NULL, NULL, &found);
    for (size_t i = 0; i < info->template_count; i++)
        if (__builtin_add_overflow(counted, info->template_counts[i], &counted))
            counted = UINT64_MAX;
    int code = runs_count(&input, &found) ? LGZ_OK : error_memory(err);
    if (code == LGZ_OK && (found.lines != info->lines || counted > info->lines))
        code = error_set(err, LGZ_ERR_CORRUPT, "has %llu lines, the footer says %llu",
                         (unsigned long long)found.lines, (unsigned long long)info->lines);
    if (code == LGZ_OK && !runs_are_true(info, &found))
        code = error_set(err, LGZ_ERR_CORRUPT, "has other lines than the footer says");
    block_summary_clear(&found);
    return code == LGZ_OK ? LGZ_OK : segment_block_error(s, index, code, err);
}

/* A segment that is verified, and its filters. */
struct verified {
    const struct segment *segment;
    struct segment_filters *filters;
};

/* work_part */
static int verify_block(struct worker *me, void *context, size_t index, struct lgz_error *err)
{
    const struct verified *v = context;
    const struct segment *s = v->segment;
    struct buf raw = {0};
    (void)me;
    int code = segment_read_block(s, index, &raw, err);
    if (code == LGZ_OK)
        code = verify_index(s, index, &raw, err);
    if (code == LGZ_OK) {
        code = segment_filters_check(v->filters, index, buf_span(&raw), err);
        if (code != LGZ_OK)
            error_prefix(err, "%s", segment_path(s));
    }
    buf_free(&raw);
    return code;
}

int segment_verify(struct segment *s, struct worker *me, struct lgz_error *err)
{
    struct verified v = {.segment = s};
    int code = segment_filters_open(&v.filters, s, err);
    if (code == LGZ_OK)
        code = workers_share(me, segment_block_count(s), verify_block, &v, err);
    segment_filters_free(v.filters);
    return code;
}

/* The same of a block's stored bytes alone, if it's known what they should be. */
static int verify_stored_block(const struct segment *s, size_t index, struct lgz_error *err)
{
    struct buf raw = {0};
    struct span body;
    uint8_t *stored = NULL;
    int code;
    if (segment_block(s, index)->stored_known) {
        code = segment_load_block(s, index, &stored, &body, err);
        if (code != LGZ_OK)
            code = segment_block_error(s, index, code, err);
    } else {
        code = segment_read_block(s, index, &raw, err);
    }
    free(stored);
    buf_free(&raw);
    return code;
}

int segment_verify_stored(const struct segment *s, struct lgz_error *err)
{
    struct span body;
    uint8_t *filters = NULL;
    int code = segment_read_filters(s, &filters, &body, err);
    free(filters);
    for (size_t i = 0; i < segment_block_count(s) && code == LGZ_OK; i++)
        code = verify_stored_block(s, i, err);
    return code;
}
