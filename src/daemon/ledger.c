/*
 * ledger.c - source positions by id, and the rules of inputs.
 */
#include "daemon/ledger.h"

#include <stdlib.h>

#include "tail/idmap.h"

struct ledger {
    struct idmap entries; /* (id, 0): struct source_position, owned */
    struct inputs inputs;
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
    inputs_clear(&l->inputs);
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

int ledger_put_input(struct ledger *l, const char *input, const struct rules *rules,
                     struct lgz_error *err)
{
    return inputs_put(&l->inputs, input, rules, err);
}

int ledger_snapshot(const struct ledger *l, struct ledger_snapshot *out, struct lgz_error *err)
{
    size_t cursor = 0;
    *out = (struct ledger_snapshot){0};
    int code = inputs_copy(&out->inputs, &l->inputs, err);
    if (code != LGZ_OK)
        return code;
    out->positions = calloc(l->entries.count + 1, sizeof(*out->positions));
    if (!out->positions)
        code = error_memory(err);
    for (const struct source_position *e;
         code == LGZ_OK && (e = idmap_next(&l->entries, &cursor));) {
        struct source_position *copy = &out->positions[out->count];
        code = source_copy(&copy->source, &e->source, err);
        copy->next = e->next;
        copy->mark = e->mark;
        out->count += code == LGZ_OK;
    }
    if (code != LGZ_OK)
        ledger_snapshot_clear(out);
    else
        qsort(out->positions, out->count, sizeof(*out->positions), by_id);
    return code;
}

void ledger_snapshot_clear(struct ledger_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->count; i++)
        source_clear(&snapshot->positions[i].source);
    free(snapshot->positions);
    inputs_clear(&snapshot->inputs);
    *snapshot = (struct ledger_snapshot){0};
}
