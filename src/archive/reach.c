/*
 * reach.c - one end for each source is enough. Bytes that are written again begin at what was
 * acknowledged when a journal failed, and no journal before that one goes further, unless it failed
 * as well; then the two overlap, and are joined with each other.
 */
#include "archive/reach.h"
#include "base/lower_bound.h"

bool reach_add(struct reach *r, size_t journal, uint64_t source_id, uint64_t offset, uint64_t len,
               size_t *first)
{
    const struct reached item = {source_id, offset + len, journal};
    size_t at = lower_bound(&r->sources, source_id, source_id);
    *first = journal;
    if (at == r->sources.len || r->sources.data[at].source_id != source_id)
        return vec_insert(&r->sources, at, item);
    struct reached *known = &r->sources.data[at];
    if (offset < known->end)
        *first = known->journal;
    if (offset + len > known->end)
        *known = item;
    return true;
}

void reach_clear(struct reach *r)
{
    vec_free(&r->sources);
}
