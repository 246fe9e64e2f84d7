/*
 * reach.c - one end for each source is enough. Bytes that are written again begin at what was
 * acknowledged when a journal failed, and no journal before that one goes further, unless it failed
 * as well; then the two overlap, and are joined with each other.
 */
#include "archive/reach.h"

#include <string.h>

/* The index of the source, or of the first with a higher id. */
static size_t place_of(const struct reach *r, uint64_t id)
{
    size_t low = 0, high = r->sources.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->sources.data[middle].source_id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool insert(struct reach *r, size_t at, struct reached item)
{
    if (!vec_push(&r->sources, item))
        return false;
    struct reached *to = r->sources.data + at;
    memmove(to + 1, to, (r->sources.len - 1 - at) * sizeof(*to));
    *to = item;
    return true;
}

bool reach_add(struct reach *r, size_t journal, uint64_t source_id, uint64_t offset, uint64_t len,
               size_t *first)
{
    size_t at = place_of(r, source_id);
    *first = journal;
    if (at == r->sources.len || r->sources.data[at].source_id != source_id)
        return insert(r, at, (struct reached){source_id, offset + len, journal});
    struct reached *known = &r->sources.data[at];
    if (offset < known->end)
        *first = known->journal;
    if (offset + len > known->end)
        *known = (struct reached){source_id, offset + len, journal};
    return true;
}

void reach_clear(struct reach *r)
{
    vec_free(&r->sources);
}
