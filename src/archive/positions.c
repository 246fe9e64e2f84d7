/*
 * positions.c - a sorted array: ids mostly come in ascending order, so additions go to its end.
 */
#include "archive/positions.h"
#include "base/lower_bound.h"

#include <inttypes.h>

/* The index of `id`, or of the first above it. */
static size_t place_of(const struct positions *p, uint64_t id)
{
    return lower_bound(&p->items, source.id, id);
}

struct source_position *positions_find(const struct positions *p, uint64_t id)
{
    size_t at = place_of(p, id);
    if (at == p->items.len || p->items.data[at].source.id != id)
        return NULL;
    return &p->items.data[at];
}

int positions_put(struct positions *p, const struct source *source, uint64_t next,
                  struct lgz_error *err)
{
    struct source_position item = {.next = next};
    int code = source_copy(&item.source, source, err);
    if (code != LGZ_OK)
        return code;
    struct source_position *old = positions_find(p, source->id);
    if (old) {
        source_clear(&old->source);
        *old = item;
        return LGZ_OK;
    }
    size_t at = place_of(p, source->id);
    if (vec_insert(&p->items, at, item))
        return LGZ_OK;
    source_clear(&item.source);
    return error_memory(err);
}

void positions_drop(struct positions *p, uint64_t id)
{
    struct source_position *item = positions_find(p, id);
    if (!item)
        return;
    source_clear(&item->source);
    vec_remove(&p->items, (size_t)(item - p->items.data));
}

static int apply_source(struct positions *p, const struct journal_record *record,
                        struct lgz_error *err)
{
    const struct source_position *old = positions_find(p, record->source_id);
    struct mark mark = record->mark;
    if (!mark.len && old && old->next == record->next)
        mark = old->mark; /* more is known of the source, and nothing else of its bytes */
    int code = positions_put(p, &record->source, record->next, err);
    if (code == LGZ_OK)
        positions_find(p, record->source_id)->mark = mark;
    return code;
}

int positions_apply(struct positions *p, const struct journal_record *record, const char *path,
                    struct lgz_error *err)
{
    struct source_position *item;
    uint64_t end;
    switch (record->kind) {
    case JOURNAL_SOURCE:
        return apply_source(p, record, err);
    case JOURNAL_DROP:
        positions_drop(p, record->source_id);
        return LGZ_OK;
    case JOURNAL_INPUT:
        return LGZ_OK;
    case JOURNAL_DATA:
        break;
    }
    item = positions_find(p, record->source_id);
    if (!item)
        return error_set(err, LGZ_ERR_CORRUPT,
                         "%s: offset %" PRIu64 ": data of source %" PRIu64 ", which isn't known",
                         path, record->position, record->source_id);
    end = record->offset + record->data.len; /* the reader has checked the sum */
    if (end > item->next) {
        item->next = end;
        item->mark = mark_of(record->data.data, record->data.len);
    }
    return LGZ_OK;
}

void positions_clear(struct positions *p)
{
    for (size_t i = 0; i < p->items.len; i++)
        source_clear(&p->items.data[i].source);
    vec_free(&p->items);
}
