/*
 * ledger.c - source positions by id.
 */
#include "daemon/ledger.h"

#include <stdlib.h>

#include "tail/idmap.h"

struct ledger {
    struct idmap entries; /* (id, 0): struct source_position, owned */
};

struct ledger *ledger_new(void)
{
    return calloc(1, sizeof(struct ledger));
}

static void entry_free(struct source_position *entry)
{
    if (entry)
        source_clear(&entry->source);
    free(entry);
}

void ledger_free(struct ledger *l)
{
    size_t cursor = 0;
    if (!l)
        return;
    for (struct source_position *e; (e = idmap_next(&l->entries, &cursor));)
        entry_free(e);
    idmap_free(&l->entries);
    free(l);
}

int ledger_put(struct ledger *l, const struct source *source, uint64_t next, struct lgz_error *err)
{
    struct source_position *old = idmap_get(&l->entries, source->id, 0);
    struct source_position *fresh = calloc(1, sizeof(*fresh));
    if (!fresh)
        return error_memory(err);
    int code = source_copy(&fresh->source, source, err);
    if (code != LGZ_OK) {
        free(fresh);
        return code;
    }
    fresh->next = old && old->next > next ? old->next : next;
    if (old && old->next == fresh->next)
        fresh->mark = old->mark;
    if (!idmap_put(&l->entries, source->id, 0, fresh)) {
        entry_free(fresh);
        return error_memory(err);
    }
    entry_free(old);
    return LGZ_OK;
}

void ledger_advance(struct ledger *l, uint64_t source_id, uint64_t next, struct mark mark)
{
    struct source_position *e = idmap_get(&l->entries, source_id, 0);
    if (!e || e->next > next)
        return;
    e->next = next;
    e->mark = mark;
}

void ledger_drop(struct ledger *l, uint64_t source_id)
{
    entry_free(idmap_remove(&l->entries, source_id, 0));
}

bool ledger_position(const struct ledger *l, uint64_t source_id, uint64_t *next)
{
    const struct source_position *e = idmap_get(&l->entries, source_id, 0);
    if (e)
        *next = e->next;
    return e != NULL;
}

size_t ledger_count(const struct ledger *l)
{
    return l->entries.count;
}

static int by_id(const void *a, const void *b)
{
    const struct source_position *x = a;
    const struct source_position *y = b;
    return (x->source.id > y->source.id) - (x->source.id < y->source.id);
}

int ledger_snapshot(const struct ledger *l, struct source_position **positions, size_t *count,
                    struct lgz_error *err)
{
    size_t cursor = 0;
    size_t n = 0;
    struct source_position *copy = calloc(l->entries.count + 1, sizeof(*copy));
    if (!copy)
        return error_memory(err);
    for (const struct source_position *e; (e = idmap_next(&l->entries, &cursor)); n++) {
        int code = source_copy(&copy[n].source, &e->source, err);
        if (code != LGZ_OK) {
            ledger_snapshot_free(copy, n);
            return code;
        }
        copy[n].next = e->next;
        copy[n].mark = e->mark;
    }
    qsort(copy, n, sizeof(*copy), by_id);
    *positions = copy;
    *count = n;
    return LGZ_OK;
}

void ledger_snapshot_free(struct source_position *positions, size_t count)
{
    for (size_t i = 0; positions && i < count; i++)
        source_clear(&positions[i].source);
    free(positions);
}
