/*
 * prune_template.c - heads of blocks, and the borders of their lines.
 */
#include "query/prune_template.h"

#include <stdlib.h>

#include "query/sparse.h"
#include "template/template_set.h"

/* Of a block. */
enum knowledge { UNKNOWN, MAY_HOLD, LACKS };

struct template_prune {
    uint64_t id;
    const struct segment *segment;
    struct query_source *const *sources;
    uint8_t *known; /* enum knowledge of each block */
};

struct template_prune *template_prune_new(uint64_t template_id, const struct segment *segment,
                                          struct query_source *const *sources)
{
    struct template_prune *t = calloc(1, sizeof(*t));
    if (!t)
        return NULL;
    *t = (struct template_prune){template_id, segment, sources,
                                 calloc(segment_block_count(segment) + 1, 1)};
    if (t->known)
        return t;
    free(t);
    return NULL;
}

void template_prune_free(struct template_prune *t)
{
    if (!t)
        return;
    free(t->known);
    free(t);
}

/* A head that can't be read is told by who decodes the block. */
static enum knowledge look(const struct template_prune *t, size_t block)
{
    struct template_set set = {0};
    bool has = segment_block(t->segment, block)->plain ||
               segment_template_set(t->segment, block, SIZE_MAX, &set, NULL) != LGZ_OK;
    for (size_t i = 0; i < set.list.len && !has; i++)
        has = template_id(&set.list.data[i]) == t->id;
    template_set_clear(&set);
    return has ? MAY_HOLD : LACKS;
}

bool template_prune_may_hold(struct template_prune *t, size_t block)
{
    if (t->known[block] == UNKNOWN)
        t->known[block] = (uint8_t)look(t, block);
    return t->known[block] == MAY_HOLD;
}

bool template_prune_can(struct template_prune *t, const struct selection *s, size_t number)
{
    const struct block_info *block = segment_block(t->segment, number);
    bool whole = block->run_count > 0;
    for (size_t i = 0; i < block->run_count; i++)
        whole &= !block->runs[i].cut;
    for (size_t i = 0; i < block->extent_count && whole; i++)
        whole = !(s->event_pattern && prune_has_events(t->segment, &block->extents[i]));
    return whole && sparse_allowed(s, t->segment, number, t->sources, &(struct sparse_found){0}) &&
           !template_prune_may_hold(t, number);
}
