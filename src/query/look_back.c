/*
 * look_back.c - opens what is looked back into: one other segment at a time, and one block of it.
 */
#include "query/look_back.h"

#include <errno.h>
#include <stdlib.h>

#include "query/prune.h"
#include "query/scan_state.h"

/* Close the other segment. */
static void close_other(struct look_back *b)
{
    if (b->other)
        b->scan->effort.read += segment_bytes_read(b->other);
    segment_close(b->other);
    b->other = NULL;
}

void look_back_clear(struct look_back *b)
{
    close_other(b);
    buf_free(&b->past);
}

/* The segment of this number; NULL if it's gone meanwhile. */
static int open_number(struct look_back *b, size_t number, struct segment **out,
                       struct lgz_error *err)
{
    *out = NULL;
    if (number == b->index) {
        *out = b->segment;
        return LGZ_OK;
    }
    if (b->other && b->other_index == number) {
        *out = b->other;
        return LGZ_OK;
    }
    close_other(b);
    b->other_index = number;
    errno = 0;
    int code = archive_segment_open(&b->other, &b->segments->list[number], err);
    /* Retention removes segments at any time. */
    if (code == LGZ_ERR_IO && errno == ENOENT) {
        *err = (struct lgz_error){0};
        code = LGZ_OK;
    }
    *out = b->other;
    return code;
}

/* prune_read_fn: several sources look back into the same block, one after the other. */
static int read_past(void *context, struct skipped_block number, struct segment **segment,
                     struct span *raw, struct lgz_error *err)
{
    struct look_back *b = context;
    int code = open_number(b, number.segment, segment, err);
    const bool known = b->past.len && b->past_number.segment == number.segment &&
                       b->past_number.block == number.block;
    if (code == LGZ_OK && *segment && !known) {
        buf_clear(&b->past);
        code = segment_read_block(*segment, number.block, &b->past, err);
        b->past_number = number;
        b->scan->effort.read_back++;
    }
    *raw = buf_span(&b->past);
    return code;
}

/* Open segment `number`, which was passed over, if it's still the one that the catalog knows. */
static int open_passed(struct look_back *b, size_t number, struct segment **out,
                       struct lgz_error *err)
{
    const struct catalog *catalog = shortlist_catalog(b->scan->shortlist);
    struct catalog_key key;
    int code = open_number(b, number, out, err);
    if (code != LGZ_OK || !*out)
        return code;
    catalog_key_at(catalog, b->segments->list[number].mark - 1, &key);
    if (key.footer_checksum != segment_checksum(*out))
        *out = NULL;
    return LGZ_OK;
}

static bool has_source(const struct segment *segment, const struct block_info *block, uint64_t id)
{
    for (size_t i = 0; i < block->extent_count; i++)
        if (segment_source(segment, block->extents[i].source)->id == id)
            return true;
    return false;
}

/* prune_older_fn */
static int find_older(void *context, struct query_source *source, size_t at, struct lgz_error *err)
{
    struct look_back *b = context;
    const struct skipped_block mark = source->skipped.data[at];
    const size_t number =
        shortlist_find_one(b->scan->shortlist, source->id, mark.floor, mark.segment);
    struct segment *segment = NULL;
    if (number == SIZE_MAX)
        return 0;
    int code = open_passed(b, number, &segment, err);
    if (code != LGZ_OK || !segment)
        return code;
    source->skipped.data[at].segment = number;
    for (size_t i = segment_block_count(segment); i > 0; i--) {
        const struct skipped_block block = {.segment = number, .block = i - 1};
        if (has_source(segment, segment_block(segment, i - 1), source->id) &&
            !vec_insert(&source->skipped, at + 1, block))
            return error_memory(err);
    }
    return 1;
}

/* The sources of a segment that was passed over that are awaited, by its index; to be freed. */
static struct query_source **awaited_of(const struct look_back *b, const struct segment *segment,
                                        size_t number)
{
    struct query_source **sources = calloc(segment_source_count(segment) + 1, sizeof(*sources));
    for (size_t i = 0; sources && i < segment_source_count(segment); i++) {
        struct query_source *source =
            sources_find(b->scan->sources, segment_source(segment, i)->id);
        if (source && source->awaited && source->seen <= number)
            sources[i] = source;
    }
    return sources;
}

/* Leave out the blocks of a segment that was passed over, as if it had been opened, for the sources
   that are awaited. What is before it is looked up if it's needed. */
static int leave_out_passed(struct look_back *b, size_t number, struct lgz_error *err)
{
    const struct selection *s = &b->scan->selection;
    struct segment *segment = NULL;
    int code = open_passed(b, number, &segment, err);
    if (code != LGZ_OK || !segment)
        return code;
    struct query_source **sources = awaited_of(b, segment, number);
    if (!sources)
        return error_memory(err);
    for (size_t i = 0; i < segment_source_count(segment) && code == LGZ_OK; i++) {
        struct query_source *source = sources[i];
        if (!source || !source->awaited)
            continue;
        const struct skipped_block mark = {number, BLOCKS_PASSED, source->seen};
        source->awaited = false;
        if (!vec_push(&source->skipped, mark))
            code = error_memory(err);
    }
    for (size_t i = 0; i < segment_block_count(segment) && code == LGZ_OK; i++)
        code = prune_skip(s, segment_block(segment, i), sources,
                          (struct skipped_block){.segment = number, .block = i}, PRUNE_TIME, err);
    free(sources);
    return code;
}

/* Has the source bytes before `offset` that weren't fed? Then they may have been passed over. */
static void await(const struct look_back *b, struct query_source *source, uint64_t offset)
{
    source->awaited = !select_done(&b->scan->selection, source) && offset > 0 &&
                      !(source->started && source->next >= offset);
}

/* Look up what was passed over of the sources that are awaited. Only memory can run out: what can't
   be read is told, and is as if it were gone. */
static int catch_up(struct look_back *b, size_t end, struct lgz_error *err)
{
    for (size_t number = end;
         (number = shortlist_find(b->scan->shortlist, b->scan->sources, number)) != SIZE_MAX;) {
        struct lgz_error reason = {0};
        int code = leave_out_passed(b, number, &reason);
        if (code == LGZ_ERR_MEMORY)
            return error_memory(err);
        if (code != LGZ_OK)
            b->scan->report(b->scan->context, &reason);
    }
    return LGZ_OK;
}

int look_back_catch_up(struct look_back *b, struct query_source *const *sources,
                       struct lgz_error *err)
{
    struct shortlist *l = b->scan->shortlist;
    int code = LGZ_OK;
    if (!l)
        return LGZ_OK;
    if (shortlist_passed_any(l)) {
        for (size_t i = segment_block_count(b->segment); i > 0; i--) {
            const struct block_info *block = segment_block(b->segment, i - 1);
            for (size_t k = block->extent_count; k > 0; k--)
                await(b, sources[block->extents[k - 1].source], block->extents[k - 1].offset);
        }
        code = catch_up(b, b->index, err);
    }
    for (size_t i = 0; i < segment_source_count(b->segment); i++) {
        struct query_source *source = sources[i];
        source->awaited = false;
        source->passed = 0;
        source->seen = b->index + 1;
    }
    shortlist_forget(l);
    return code;
}

/* Fetch what the lines of a source need of blocks that were left out. `data`: of the extent */
static int resume_source(struct look_back *b, const struct extent *extent,
                         struct query_source *source, struct span data, struct lgz_error *err)
{
    struct selection *s = &b->scan->selection;
    struct prune_next next = {.offset = extent->offset, .data = data};
    uint64_t end;
    if (source->skipped.len == 0 || select_done(s, source))
        return LGZ_OK;
    const struct rules *rules = segment_rules(b->segment, extent->source, extent->offset, &end);
    if (end - extent->offset < data.len)
        next.data.len = (size_t)(end - extent->offset);
    int code = dialects_get(&b->scan->dialects, rules, b->scan->report, b->scan->context,
                            &next.dialect, err);
    const struct prune_past from = {read_past, find_older, b};
    return code == LGZ_OK ? prune_resume(s, source, &next, &from, err) : code;
}

/* The same of a source whose bytes come from a journal. */
static int catch_up_source(struct look_back *b, struct query_source *source, uint64_t offset,
                           struct lgz_error *err)
{
    struct shortlist *l = b->scan->shortlist;
    if (!l || !shortlist_passed_any(l) || source->seen > b->segments->count)
        return LGZ_OK;
    await(b, source, offset);
    shortlist_forget(l);
    int code = catch_up(b, b->segments->count, err);
    source->awaited = false;
    source->seen = b->segments->count + 1;
    b->scan->selection.fatal |= code != LGZ_OK;
    return code;
}

int scan_resume(struct scan *s, struct query_source *source, const struct rules *rules,
                uint64_t offset, struct span data, struct lgz_error *err)
{
    struct look_back b = {.scan = s, .segments = s->segments, .index = SIZE_MAX};
    struct prune_next next = {.offset = offset, .data = data};
    const struct prune_past from = {read_past, find_older, &b};
    struct lgz_error reason = {0};
    int code = catch_up_source(&b, source, offset, err);
    if (code != LGZ_OK || source->skipped.len == 0 || select_done(&s->selection, source))
        goto out;
    code = dialects_get(&s->dialects, rules, s->report, s->context, &next.dialect, err);
    s->selection.fatal |= code != LGZ_OK;
    if (code == LGZ_OK && prune_resume(&s->selection, source, &next, &from, &reason) != LGZ_OK)
        s->report(s->context, &reason);
out:
    look_back_clear(&b);
    return code;
}

void look_back_resume(struct look_back *b, const struct block_info *block,
                      struct query_source *const *sources, struct span raw)
{
    uint64_t at = 0;
    for (size_t i = 0; i < block->extent_count; i++) {
        const struct extent *extent = &block->extents[i];
        struct lgz_error reason = {0};
        struct span data = {0};
        if (at + extent->length <= raw.len)
            data = (struct span){raw.data + at, (size_t)extent->length};
        if (resume_source(b, extent, sources[extent->source], data, &reason) != LGZ_OK)
            b->scan->report(b->scan->context, &reason);
        at += extent->length;
    }
    buf_free(&b->past);
}
