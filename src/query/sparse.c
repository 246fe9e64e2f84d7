/*
 * sparse.c - which blocks are searched, and from the numbers of lines to their sources.
 */
#include "query/sparse.h"

#include "base/lower_bound.h"
#include "query/pattern.h"
#include "query/prune.h"
#include "query/select_inside.h"
#include "query/where.h"
#include "segment/runs.h"

/* What lines need; NULL: that isn't known. */
static const struct need *need_of(const struct selection *s)
{
    if (s->invert || !s->pattern)
        return NULL;
    const struct need *need =
        s->where_first ? where_need(s->where, false) : pattern_need(s->pattern);
    return need->clauses.len ? need : NULL;
}

/* Have the lines of a run, which have the same rules, a format of their own? */
static bool has_format(const struct segment *segment, const struct extent *first)
{
    uint64_t end;
    const struct rules *rules = segment_rules(segment, first->source, first->offset, &end);
    return rules && *rules->format;
}

/* Is a line that matches wanted, whatever its template and its time? */
static bool wants_all_matching(const struct selection *s)
{
    return !s->templates && !select_timed(s);
}

/* Is all that is asked for in the lines that match? */
static bool needs_lines_only(const struct selection *s)
{
    return s->unplaced && wants_all_matching(s) && !s->before && !s->after;
}

/* Were all bytes of a run read at the same time? */
static bool has_one_time(const struct extent *first, const struct extent *end)
{
    for (const struct extent *x = first; x < end; x++)
        if (x->read_time != first->read_time)
            return false;
    return true;
}

bool sparse_wanted(const struct selection *s, const struct segment *segment, size_t index,
                   struct query_source *const *sources, struct block_search *search)
{
    const struct block_info *block = segment_block(segment, index);
    bool one_name = true;
    const struct need *need = need_of(s);
    if (!need || !block->run_count || block->plain || !block->stored_known)
        return false;
    for (size_t i = 0, end, run = 0; i < block->extent_count; i = end, run++) {
        const struct query_source *source = sources[block->extents[i].source];
        end = runs_end(block->extents, block->extent_count, i);
        one_name &=
            !select_done(s, source) && source->name == sources[block->extents[0].source]->name;
        if (block->runs[run].cut)
            return false;
        if (!select_done(s, source) &&
            (!prune_has_lines(s, segment, &block->extents[i], &block->extents[end]) ||
             (s->where_first && has_format(segment, &block->extents[i]))))
            return false;
    }
    search->need = need;
    search->fields = NULL;
    search->texts = !search->need->exact || s->where || s->emit;
    search->total = !search->texts && one_name && wants_all_matching(s);
    search->never = !needs_lines_only(s);
    return true;
}

/* May the lines of a run of a source be told so? */
static bool is_run_allowed(const struct selection *s, const struct query_source *source,
                           const struct extent *first, const struct extent *end, bool found)
{
    if (source->carry.len || source->pending.event.open || source->after ||
        (source->skipped.len && source->cut) || (source->started && first->offset < source->next))
        return false;
    return !found || !s->sorted || has_one_time(first, end);
}

bool sparse_allowed(const struct selection *s, const struct segment *segment, size_t index,
                    struct query_source *const *sources, const struct sparse_found *found)
{
    const struct block_info *block = segment_block(segment, index);
    for (size_t i = 0, end; i < block->extent_count; i = end) {
        const struct extent *extents = block->extents;
        const struct query_source *source = sources[extents[i].source];
        end = runs_end(extents, block->extent_count, i);
        if (!select_done(s, source) &&
            !is_run_allowed(s, source, &extents[i], &extents[end], found->hits.list.len))
            return false;
    }
    return prune_allowed(s, segment, block, sources);
}

void sparse_leave(const struct selection *s, const struct block_info *block,
                  struct query_source *const *sources)
{
    for (size_t i = 0; i < block->extent_count; i++) {
        struct query_source *source = sources[block->extents[i].source];
        if (select_done(s, source))
            continue;
        source->left.known = true;
        source->left.lacks = UINT64_MAX;
    }
}

void sparse_clear(struct sparse_found *found)
{
    block_hits_clear(&found->hits);
    *found = (struct sparse_found){0};
}

/* Keep the lines that match. */
static void match_hits(struct sparse_found *found, struct pattern *pattern)
{
    struct block_hits *hits = &found->hits;
    size_t kept = 0;
    for (size_t i = 0; i < hits->list.len && found->code == LGZ_OK; i++) {
        int matches = pattern_matches(pattern, hits->list.data[i].text, &found->error);
        if (matches < 0) {
            found->code = matches;
            found->line = hits->list.data[i].line;
        }
        if (matches == 1)
            hits->list.data[kept++] = hits->list.data[i];
    }
    hits->list.len = kept;
    hits->total = kept;
}

int sparse_find(const struct segment *segment, size_t block, const struct block_search *search,
                struct pattern *pattern, struct where *where, struct sparse_found *found,
                struct lgz_error *err)
{
    struct block_search wanted = *search;
    struct field_search fields;
    sparse_clear(found);
    if (where && where_fields(where, &fields))
        wanted.fields = &fields;
    int code = segment_search_block(segment, block, &wanted, &found->hits, err);
    found->searched = code == LGZ_OK && !found->hits.declined;
    if (found->searched && !search->need->exact)
        match_hits(found, pattern);
    return code;
}

static int take_hit(struct selection *s, struct query_source *source, struct span text,
                    const struct line_place *place, struct lgz_error *err)
{
    struct query_line line = {.text = text};
    int code = select_full(s, source) ? 0 : select_takes(s, source, &line, err);
    if (code != 1)
        return code;
    line.place = *place;
    return select_emit(s, source, &line, err);
}

void sparse_count(struct selection *s, struct query_source *source,
                  const struct sparse_found *found)
{
    struct query_line none = {0};
    for (uint64_t i = found->hits.list.len; i < found->hits.total && !select_full(s, source); i++)
        select_emit(s, source, &none, NULL); /* which is only counted */
}

int sparse_select(struct selection *s, struct query_source *source, struct sparse_lines lines,
                  const struct sparse_found *found, struct lgz_error *err)
{
    int code = LGZ_OK;
    source->read_time = lines.read_time;
    for (size_t i = lower_bound(&found->hits.list, line, lines.first);
         i < found->hits.list.len && code == LGZ_OK; i++) {
        const struct block_hit *hit = &found->hits.list.data[i];
        if (hit->line >= lines.end)
            break;
        const struct line_place place = {
            .number = s->numbered ? source->lines + (hit->line - lines.first) + 1 : 0,
            .read_time = source->read_time,
        };
        code = take_hit(s, source, hit->text, &place, err);
    }
    if (code == LGZ_OK && found->code != LGZ_OK && found->line >= lines.first &&
        found->line < lines.end && !select_full(s, source)) {
        if (err)
            *err = found->error;
        error_prefix(err, "%s", source->name->text);
        code = found->code;
    }
    s->fatal |= code != LGZ_OK;
    return code;
}
