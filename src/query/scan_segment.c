/*
 * scan_segment.c - one segment: which of its blocks to decode, and their bytes to their sources.
 */
#include <stdlib.h>

#include "query/look_back.h"
#include "query/prune_template.h"
#include "query/prune_text.h"
#include "query/scan_state.h"
#include "query/sparse.h"
#include "query/template_finder.h"
#include "segment/runs.h"

/* A segment under scan. */
struct walk {
    struct scan *scan;
    const struct scan_segments *segments;
    size_t index;
    struct segment *segment;
    struct look_back past;         /* from this segment */
    struct query_source **sources; /* by the segment's index */
    uint64_t *met;                 /* by the same: in which of the looks at blocks it was last */
    uint64_t looks;
    struct text_prune *text;      /* NULL: no block is left out for its text */
    struct template_prune *lines; /* NULL: nor for the templates of its lines */
    struct walk *next; /* over the segment behind it, which was opened before its turn, too */
};

/* Feed an extent's bytes; within them, the source's rules may change. */
static int feed_extent(struct walk *w, const struct extent *extent, struct span data,
                       struct lgz_error *err)
{
    struct selection *s = &w->scan->selection;
    struct query_source *source = w->sources[extent->source];
    uint64_t offset = extent->offset, end;
    int code = LGZ_OK;
    while (data.len && code == LGZ_OK && !select_done(s, source)) {
        const struct rules *rules = segment_rules(w->segment, extent->source, offset, &end);
        size_t len = end - offset < data.len ? (size_t)(end - offset) : data.len;
        code = scan_set_rules(w->scan, source, rules, err);
        if (code == LGZ_OK)
            code = select_feed(s, source, offset, extent->read_time, (struct span){data.data, len},
                               err);
        data = (struct span){data.data + len, data.len - len};
        offset += len;
    }
    return code;
}

/* ahead_likely_fn: what will be known at the block's turn may still save it. */
static bool is_likely(void *context, size_t number)
{
    const struct walk *w = context;
    const struct selection *s = &w->scan->selection;
    const struct block_info *block = segment_block(w->segment, number);
    return prune_wanted(s, block, w->sources) && prune_may_be_in_time(s, block) &&
           (!w->text || text_prune_may_hold(w->text, number)) &&
           (!w->lines || template_prune_may_hold(w->lines, number));
}

/* ahead_matched_fn: not where events are selected, or where that may change. */
static bool has_lines(void *context, const struct segment *segment, const struct extent *extent)
{
    const struct walk *w = context;
    return prune_has_lines(&w->scan->selection, segment, extent, extent + 1);
}

/* Is each source of a block in one run of it alone? */
static bool has_sources_once(struct walk *w, const struct block_info *block)
{
    bool once = true;
    w->looks++;
    for (size_t i = 0; i < block->extent_count && once;
         i = runs_end(block->extents, block->extent_count, i)) {
        uint64_t *met = &w->met[block->extents[i].source];
        once = *met != w->looks;
        *met = w->looks;
    }
    return once;
}

/* ahead_search_fn */
static bool is_sparse(void *context, size_t number, struct block_search *search)
{
    struct walk *w = context;
    return sparse_wanted(&w->scan->selection, w->segment, number, w->sources, search) &&
           has_sources_once(w, segment_block(w->segment, number));
}

/* Decode a block, if that wasn't done before its turn. */
static int take_block(struct walk *w, size_t number, struct ahead_block *block,
                      struct lgz_error *err)
{
    struct scan *s = w->scan;
    if (s->pause && !ahead_ready(s->ahead, number)) {
        int code = s->pause(s->context, err);
        s->selection.fatal |= code != LGZ_OK;
        if (code != LGZ_OK)
            return code;
    }
    return ahead_take(s->ahead, number, block, err);
}

/* Select the lines that were found in a block; it's left out otherwise. */
static int select_found(struct walk *w, size_t number, const struct sparse_found *found,
                        struct lgz_error *err)
{
    struct selection *s = &w->scan->selection;
    const struct block_info *block = segment_block(w->segment, number);
    const struct skipped_block skipped = {.segment = w->index, .block = number};
    struct sparse_lines lines = {0};
    int code = LGZ_OK;
    if (found->hits.total == 0 && found->code == LGZ_OK) {
        sparse_leave(s, block, w->sources);
        return prune_skip(s, block, w->sources, skipped, PRUNE_TEXT, err);
    }
    sparse_count(s, w->sources[block->extents[0].source], found);
    for (size_t i = 0, run = 0; i < block->extent_count && code == LGZ_OK; run++) {
        const struct extent *extent = &block->extents[i];
        struct query_source *source = w->sources[extent->source];
        uint64_t end;
        lines = (struct sparse_lines){lines.end, lines.end + block->runs[run].newlines,
                                      extent->read_time};
        i = runs_end(block->extents, block->extent_count, i);
        if (select_done(s, source))
            continue;
        code = scan_set_rules(w->scan, source,
                              segment_rules(w->segment, extent->source, extent->offset, &end), err);
        if (code == LGZ_OK)
            code = sparse_select(s, source, lines, found, err);
    }
    if (code != LGZ_OK)
        return code;
    return prune_skip(s, block, w->sources, skipped, PRUNE_FOUND, err);
}

/* Why is no source of the block wanted? */
static enum effort_block why_unwanted(const struct walk *w, const struct block_info *block)
{
    enum effort_block why = BLOCK_OTHER_SOURCE;
    for (size_t i = 0; i < block->extent_count; i++) {
        const struct query_source *source = w->sources[block->extents[i].source];
        if (source->wanted)
            return BLOCK_ENOUGH;
        if (sources_named(w->scan->sources, source))
            why = BLOCK_OTHER_INPUT;
    }
    return why;
}

/* Leave the block out, if that can be. @return 1 if it was, 0, or a negative code */
static int leave_out(struct walk *w, size_t number, struct lgz_error *err)
{
    struct selection *s = &w->scan->selection;
    const struct block_info *block = segment_block(w->segment, number);
    const struct skipped_block skipped = {.segment = w->index, .block = number};
    uint64_t *blocks = w->scan->effort.blocks;
    if (!prune_wanted(s, block, w->sources)) {
        blocks[why_unwanted(w, block)]++;
        return 1;
    }
    if (prune_by_time(s, w->segment, block, w->sources)) {
        int code = prune_skip(s, block, w->sources, skipped, PRUNE_TIME, err);
        blocks[BLOCK_OTHER_TIME]++;
        return code == LGZ_OK ? 1 : code;
    }
    int left_out = w->text ? text_prune_skip(w->text, s, skipped, err) : 0;
    blocks[BLOCK_OTHER_TEXT] += left_out == 1;
    if (left_out || !w->lines || !template_prune_can(w->lines, s, number))
        return left_out;
    int code = prune_skip(s, block, w->sources, skipped, PRUNE_TEMPLATE, err);
    blocks[BLOCK_OTHER_TEMPLATE]++;
    return code == LGZ_OK ? 1 : code;
}

static int scan_block(struct walk *w, size_t number, struct lgz_error *err)
{
    struct ahead_block taken;
    struct selection *s = &w->scan->selection;
    const struct block_info *block = segment_block(w->segment, number);
    int code = leave_out(w, number, err);
    if (code != 0)
        return code == 1 ? LGZ_OK : code;
    code = take_block(w, number, &taken, err);
    if (code == LGZ_OK && taken.sparse &&
        sparse_allowed(s, w->segment, number, w->sources, taken.sparse)) {
        w->scan->effort.blocks[BLOCK_SEARCHED]++;
        return select_found(w, number, taken.sparse, err);
    }
    w->scan->effort.blocks[BLOCK_DECODED]++;
    if (code == LGZ_OK && taken.sparse)
        code = ahead_decode(w->scan->ahead, number, &taken, err);
    if (!s->fatal)
        look_back_resume(&w->past, block, w->sources,
                         code == LGZ_OK ? taken.raw : (struct span){0});
    if (code == LGZ_OK && s->templates)
        code = template_finder_block(s->templates, w->segment, number, taken.raw, err);
    uint64_t at = 0;
    for (size_t i = 0; i < block->extent_count && code == LGZ_OK; i++) {
        const struct extent *extent = &block->extents[i];
        if (extent->length > taken.raw.len - at) {
            code = error_set(err, LGZ_ERR_CORRUPT, "%s: block %zu is shorter than its extents",
                             segment_path(w->segment), number);
            break;
        }
        struct span data = {taken.raw.data + at, (size_t)extent->length};
        s->found = taken.found ? &taken.found[i] : NULL;
        code = feed_extent(w, extent, data, err);
        s->found = NULL;
        at += extent->length;
    }
    template_finder_leave(s->templates);
    return code;
}

/* Does it pay to match lines before their block's turn? */
static bool matches_ahead(const struct scan *s)
{
    return !s->selection.where_first && !pattern_is_all(s->selection.pattern);
}

/* Make the segment's sources known. @return false when memory is out */
static bool meet_sources(struct walk *w, const char *label)
{
    for (size_t i = 0; i < segment_source_count(w->segment); i++) {
        const struct source *source = segment_source(w->segment, i);
        w->sources[i] = sources_get(w->scan->sources, source->id,
                                    *source->name ? source->name : label, source->input);
        if (!w->sources[i])
            return false;
    }
    return true;
}

/* How many of the segment's sources are wanted? */
static size_t count_wanted(const struct walk *w)
{
    size_t wanted = 0;
    for (size_t i = 0; i < segment_source_count(w->segment); i++)
        wanted += !select_done(&w->scan->selection, w->sources[i]);
    return wanted;
}

/* Tell what is wrong with filters that were read. */
static void report_filters(struct walk *w)
{
    if (!w->text)
        return;
    w->scan->effort.filters += text_prune_asked(w->text);
    if (text_prune_fault(w->text)->code != LGZ_OK)
        w->scan->report(w->scan->context, text_prune_fault(w->text));
}

static void free_walk(struct walk *w)
{
    if (!w)
        return;
    text_prune_free(w->text);
    template_prune_free(w->lines);
    look_back_clear(&w->past);
    free(w->sources);
    free(w->met);
    free(w);
}

/* Get ready to scan an open segment. NULL when memory is out */
static struct walk *new_walk(struct scan *s, const struct scan_segments *segments, size_t index,
                             struct segment *segment, const char *label)
{
    struct walk *w = calloc(1, sizeof(*w));
    if (!w)
        return NULL;
    w->scan = s;
    w->segments = segments;
    w->index = index;
    w->segment = segment;
    w->past =
        (struct look_back){.scan = s, .segments = segments, .index = index, .segment = segment};
    w->sources = calloc(segment_source_count(segment) + 1, sizeof(struct query_source *));
    w->met = calloc(segment_source_count(segment) + 1, sizeof(*w->met));
    if (w->sources && w->met && meet_sources(w, label) &&
        (!s->plan || (w->text = text_prune_new(s->plan, segment, w->sources)) != NULL) &&
        (!s->by_template ||
         (w->lines = template_prune_new(s->selection.template_id, segment, w->sources)) != NULL))
        return w;
    free_walk(w);
    return NULL;
}

/* Do all sources of a segment that are known belong to the inputs that they had? */
static bool keeps_inputs(const struct scan *s, const struct segment *segment)
{
    for (size_t i = 0; i < segment_source_count(segment); i++) {
        const struct source *said = segment_source(segment, i);
        const struct query_source *known = sources_find(s->sources, said->id);
        if (known && known->input && strcmp(known->input, said->input) != 0)
            return false;
    }
    return true;
}

static const struct segment *follow(void *context, struct ahead_plan *plan);

static struct ahead_plan plan_of(struct walk *w)
{
    return (struct ahead_plan){
        .likely = is_likely,
        .matched = matches_ahead(w->scan) ? has_lines : NULL,
        .search = is_sparse,
        .follow = follow,
        .context = w,
    };
}

/* The last of the walks that were made before their turn takes one more behind it. */
static void append_walk(struct scan *s, struct walk *w)
{
    struct walk **end = &s->following;
    while (*end)
        end = &(*end)->next;
    *end = w;
}

/* ahead_follow_fn: what can't be opened is told at its turn. The sources' inputs are those of the
   segment at hand, and of those between. */
static const struct segment *follow(void *context, struct ahead_plan *plan)
{
    const struct walk *w = context;
    struct scan *s = w->scan;
    struct segment *segment = NULL;
    struct walk *next = NULL;
    const size_t index = w->index + 1;
    if (index >= w->segments->count ||
        (s->shortlist && !shortlist_may_need(s->shortlist, &w->segments->list[index])) ||
        archive_segment_open(&segment, &w->segments->list[index], NULL) != LGZ_OK)
        return NULL;
    if (keeps_inputs(s, segment))
        next = new_walk(s, w->segments, index, segment, w->segments->list[index].path);
    if (!next) {
        segment_close(segment);
        return NULL;
    }
    append_walk(s, next);
    *plan = plan_of(next);
    return segment;
}

struct segment *scan_following(struct scan *s, size_t index)
{
    if (s->following && s->following->index == index)
        return s->following->segment;
    scan_follow_none(s);
    return NULL;
}

void scan_follow_none(struct scan *s)
{
    struct walk *w;
    if (s->following)
        ahead_leave(s->ahead);
    while ((w = s->following) != NULL) {
        s->following = w->next;
        segment_close(w->segment);
        free_walk(w);
    }
}

/* The walk over a segment: the one that was made before its turn, or a new one. */
static struct walk *begin_walk(struct scan *s, const struct scan_segments *segments, size_t index,
                               struct segment *segment, const char *label)
{
    struct walk *w = s->following;
    if (w)
        s->following = w->next;
    return w ? w : new_walk(s, segments, index, segment, label);
}

/* Events that are under way, and that neither a later segment nor a journal goes on with, end. */
static int end_events(struct walk *w, struct lgz_error *err)
{
    struct scan *s = w->scan;
    int code = LGZ_OK;
    for (size_t i = 0; i < segment_source_count(w->segment) && code == LGZ_OK; i++) {
        struct query_source *source = w->sources[i];
        if (!s->snapshot || !source->pending.event.open || source->skipped.len)
            continue;
        if (!s->last_seen)
            code = last_seen_new(&s->last_seen, s->snapshot,
                                 s->shortlist ? shortlist_catalog(s->shortlist) : NULL, err);
        if (code == LGZ_OK && last_seen_in(s->last_seen, source->id, w->index))
            code = select_end(&s->selection, source, err);
    }
    if (code != LGZ_OK)
        s->selection.fatal = true;
    return code;
}

/* All blocks, one after the other. @return an error only if there is no use in going on */
static int scan_blocks(struct walk *w, struct lgz_error *err)
{
    struct scan *s = w->scan;
    int code = LGZ_OK;
    for (size_t i = 0; i < segment_block_count(w->segment) && !s->selection.fatal; i++) {
        struct lgz_error reason = {0};
        int failed = scan_check(s, &reason);
        if (failed == LGZ_OK)
            failed = scan_block(w, i, &reason);
        if (failed != LGZ_OK && s->selection.fatal) {
            code = failed;
            if (err)
                *err = reason;
        } else if (failed != LGZ_OK) {
            /* The other blocks may be sound. */
            s->report(s->context, &reason);
        }
    }
    return code;
}

int scan_segment(struct scan *s, const struct scan_segments *segments, size_t index,
                 struct segment *segment, const char *label, struct lgz_error *err)
{
    int code = LGZ_OK;
    struct walk *w = begin_walk(s, segments, index, segment, label);
    if (!w) {
        s->selection.fatal = true;
        return error_memory(err);
    }
    code = look_back_catch_up(&w->past, w->sources, err);
    if (code != LGZ_OK) {
        s->selection.fatal = true;
        ahead_leave(s->ahead);
        free_walk(w);
        return code;
    }
    const size_t wanted = count_wanted(w);
    const struct ahead_plan plan = plan_of(w);
    if (wanted > 1)
        scan_emit_sorted(s);
    else
        scan_emit_directly(s);
    ahead_begin(s->ahead, segment, &plan);
    s->effort.opened++;
    s->effort.bytes += segment_info(segment)->file_bytes;
    code = scan_blocks(w, err);
    ahead_end(s->ahead);
    report_filters(w);
    if (!s->selection.fatal)
        code = end_events(w, err);
    if (!s->selection.fatal)
        code = scan_flush(s, err);
    s->effort.read += segment_bytes_read(segment);
    free_walk(w);
    return code;
}
