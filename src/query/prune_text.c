/*
 * prune_text.c - walks over the runs of a block, and keeps for each source what the line or event
 * that is under way lacks.
 */
#include "query/prune_text.h"

#include <stdlib.h>

#include "segment/runs.h"

#define ALL_CLAUSES (~(plan_clauses)0)

/* What the filter of a block says. */
struct answer {
    bool known;
    plan_clauses lacks;
};

/* What is under way of a source, up to the run that comes next. */
struct under_way {
    bool met; /* in this block */
    bool events;
    bool cut;             /* a line is */
    plan_clauses lacks;   /* of what is; all, if nothing is */
    const size_t *starts; /* of strings, with which its bytes could end; if it's cut */
    uint64_t next;        /* offset of the byte that is expected */
    plan_clauses needed;  /* of the source's lines */
};

struct text_prune {
    const struct plan *plan;
    const struct segment *segment;
    struct query_source *const *sources;
    struct segment_filters *filters;
    bool opened; /* the filters, or there are none */
    struct lgz_error fault;
    struct answer *answers;      /* by block */
    struct under_way *under_way; /* by the segment's index of the sources */
    /* Of the block at hand: */
    plan_clauses lacks;
    bool bordered; /* the following are known */
    struct plan_reach starts;
    struct plan_reach ends;
};

struct text_prune *text_prune_new(const struct plan *plan, const struct segment *segment,
                                  struct query_source *const *sources)
{
    struct text_prune *t = calloc(1, sizeof(*t));
    if (!t)
        return NULL;
    t->plan = plan;
    t->segment = segment;
    t->sources = sources;
    t->answers = calloc(segment_block_count(segment) + 1, sizeof(*t->answers));
    t->under_way = calloc(segment_source_count(segment) + 1, sizeof(*t->under_way));
    if (t->answers && t->under_way)
        return t;
    text_prune_free(t);
    return NULL;
}

void text_prune_free(struct text_prune *t)
{
    if (!t)
        return;
    segment_filters_free(t->filters);
    plan_reach_clear(&t->starts);
    plan_reach_clear(&t->ends);
    free(t->answers);
    free(t->under_way);
    free(t);
}

const struct lgz_error *text_prune_fault(const struct text_prune *t)
{
    return &t->fault;
}

bool text_prune_asked(const struct text_prune *t)
{
    return t->filters;
}

/* The clauses that the block lacks: asked for ahead, and again at the block's turn. */
static plan_clauses lacks_of(struct text_prune *t, size_t block)
{
    struct answer *answer = &t->answers[block];
    if (!t->opened)
        segment_filters_open(&t->filters, t->segment, &t->fault);
    t->opened = true;
    if (!answer->known && t->filters)
        answer->lacks = plan_lacks(t->plan, t->filters, block);
    answer->known = true;
    return answer->lacks;
}

bool text_prune_may_hold(struct text_prune *t, size_t block)
{
    return lacks_of(t, block) == 0;
}

/* What do the rules of a run's source say? */
static void read_rules(const struct text_prune *t, const struct extent *first,
                       const struct extent *last, const struct selection *s, bool *events,
                       bool *formatted)
{
    const uint64_t run_end = last->offset + last->length;
    for (uint64_t at = first->offset, end; at < run_end; at = end) {
        const struct rules *rules = segment_rules(t->segment, first->source, at, &end);
        *events |= rules && *rules->multiline_start && s->event_pattern;
        *formatted |= rules && *rules->format;
    }
}

/* A source is met first in the block: what is under way of it? @return false if it can't be left
   out */
static bool meet(const struct text_prune *t, const struct selection *s, struct under_way *u,
                 struct query_source *source, const struct block_run *run)
{
    u->lacks = ALL_CLAUSES;
    if (source->pending.event.open)
        u->lacks &= plan_text_lacks(t->plan, buf_span(&source->pending.text));
    if (source->skipped.len) {
        const bool open = source->cut || u->events;
        u->cut = source->cut;
        u->lacks &= source->left.known ? source->left.lacks : open ? 0 : ALL_CLAUSES;
        u->starts = source->left.starts;
    } else if (source->carry.len) {
        struct plan_reach starts = {source->left.starts};
        if (select_timed(s) || s->before || u->events || run->newlines == 0)
            return false;
        u->cut = true;
        u->lacks &= plan_text_lacks(t->plan, buf_span(&source->carry));
        if (!plan_text_starts(t->plan, buf_span(&source->carry), &starts))
            return false;
        u->starts = source->left.starts = starts.lens;
    }
    return true;
}

/* What strings could go on over the block's borders. @return false when memory is out */
static bool find_borders(struct text_prune *t, size_t block)
{
    if (!t->bordered)
        t->bordered = plan_starts(t->plan, t->filters, block, &t->starts) &&
                      plan_ends(t->plan, t->filters, block, &t->ends);
    return t->bordered;
}

/* Pass over a run. @return false if something that ends in it, or is in it, may be wanted */
static bool pass_run(struct text_prune *t, size_t block, struct under_way *u,
                     const struct block_run *run, uint64_t length)
{
    plan_clauses lacks = u->lacks & t->lacks;
    if ((u->cut || run->cut) && !find_borders(t, block))
        return false;
    if (u->cut) {
        const struct plan_reach starts = {(size_t *)u->starts};
        lacks &= ~plan_across(t->plan, &starts, &t->ends);
    }
    if (!(lacks & u->needed) || (run->newlines == 0 && length < plan_longest(t->plan)))
        return false;
    if (run->newlines > (u->events ? EVENT_LINES_MAX : 0))
        lacks = t->lacks;
    u->lacks = u->events || run->cut ? lacks : ALL_CLAUSES;
    u->cut = run->cut;
    u->starts = t->starts.lens;
    return true;
}

/* The extents from `first` up to `end` are a run. @return as pass_run() */
static bool check_run(struct text_prune *t, const struct selection *s, size_t block, size_t first,
                      size_t end, const struct block_run *run)
{
    const struct extent *extents = segment_block(t->segment, block)->extents;
    struct query_source *source = t->sources[extents[first].source];
    struct under_way *u = &t->under_way[extents[first].source];
    const struct extent *last = &extents[end - 1];
    bool formatted = source->dialect && source->dialect->format;
    if (select_done(s, source))
        return true;
    if (!u->met)
        *u = (struct under_way){.events = select_events_of(s, source),
                                .next = source->started ? source->next : extents[first].offset,
                                .needed = ALL_CLAUSES};
    if (extents[first].offset != u->next)
        return false;
    u->next = last->offset + last->length;
    read_rules(t, &extents[first], last, s, &u->events, &formatted);
    u->needed &= plan_needed(t->plan, formatted);
    if (!u->met && !meet(t, s, u, source, run))
        return false;
    u->met = true;
    return pass_run(t, block, u, run, u->next - extents[first].offset);
}

/* Forget what the check of a block has noted of its sources. */
static void begin_block(struct text_prune *t, const struct block_info *block)
{
    for (size_t i = 0; i < block->extent_count; i++)
        t->under_way[block->extents[i].source].met = false;
    t->bordered = false;
}

/* Can the block be left out? */
static bool check_block(struct text_prune *t, const struct selection *s, size_t number)
{
    const struct block_info *block = segment_block(t->segment, number);
    size_t run = 0;
    t->lacks = lacks_of(t, number);
    if (t->lacks == 0 || block->run_count == 0 || !prune_allowed(s, t->segment, block, t->sources))
        return false;
    begin_block(t, block);
    for (size_t i = 0, end; i < block->extent_count; i = end, run++) {
        end = runs_end(block->extents, block->extent_count, i);
        if (!check_run(t, s, number, i, end, &block->runs[run]))
            return false;
    }
    return true;
}

/* Note what is under way of the sources behind the block. */
static int note(struct text_prune *t, const struct block_info *block, struct lgz_error *err)
{
    for (size_t i = 0; i < block->extent_count; i++) {
        struct under_way *u = &t->under_way[block->extents[i].source];
        struct query_source *source = t->sources[block->extents[i].source];
        struct plan_reach starts = {source->left.starts};
        if (!u->met)
            continue;
        u->met = false;
        if (u->cut && !plan_reach_copy(t->plan, &t->starts, &starts))
            return error_memory(err);
        source->left = (struct left_out){true, u->lacks, starts.lens};
        buf_clear(&source->carry);
    }
    return LGZ_OK;
}

int text_prune_skip(struct text_prune *t, const struct selection *s, struct skipped_block number,
                    struct lgz_error *err)
{
    const struct block_info *block = segment_block(t->segment, number.block);
    if (!check_block(t, s, number.block))
        return 0;
    int code = prune_skip(s, block, t->sources, number, PRUNE_TEXT, err);
    if (code == LGZ_OK)
        code = note(t, block, err);
    return code == LGZ_OK ? 1 : code;
}
