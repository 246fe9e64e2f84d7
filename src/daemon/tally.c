/*
 * tally.c - entries by name, found by the hash of the name, and by the id of a source that is read.
 */
#include "daemon/tally.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/hash.h"
#include "tail/idmap.h"

struct entry {
    struct tally_entry shown; /* first: tally_next() gets this */
    bool past;                /* it's in the list of those that ended */
    int64_t ended;            /* then: clock_monotonic() */
    TAILQ_ENTRY(entry) all;
    TAILQ_ENTRY(entry) next_past;
};

TAILQ_HEAD(entry_list, entry);

struct tally {
    struct tally_counts totals;
    struct entry_list all;
    struct entry_list past; /* longest ago first */
    size_t past_count;
    struct idmap by_name; /* (hash of input, hash of name) */
    struct idmap by_id;   /* (source id, 0) */
};

struct tally *tally_new(void)
{
    struct tally *t = calloc(1, sizeof(*t));
    if (!t)
        return NULL;
    TAILQ_INIT(&t->all);
    TAILQ_INIT(&t->past);
    return t;
}

static uint64_t key(const char *text)
{
    return hash_bytes(text, strlen(text));
}

static void entry_free(struct entry *e)
{
    free(e->shown.input);
    free(e->shown.name);
    free(e);
}

void tally_free(struct tally *t)
{
    if (!t)
        return;
    for (struct entry *e; (e = TAILQ_FIRST(&t->all));) {
        TAILQ_REMOVE(&t->all, e, all);
        entry_free(e);
    }
    idmap_free(&t->by_name);
    idmap_free(&t->by_id);
    free(t);
}

static struct entry *find(const struct tally *t, const char *input, const char *name)
{
    return idmap_get(&t->by_name, key(input), key(name));
}

static struct entry *find_or_add(struct tally *t, const struct source *source)
{
    struct entry *e = find(t, source->input, source->name);
    if (e)
        return e;
    e = calloc(1, sizeof(*e));
    if (!e)
        return NULL;
    e->shown.input = strdup(source->input);
    e->shown.name = strdup(source->name);
    if (!e->shown.input || !e->shown.name ||
        !idmap_put(&t->by_name, key(source->input), key(source->name), e)) {
        entry_free(e);
        return NULL;
    }
    TAILQ_INSERT_TAIL(&t->all, e, all);
    return e;
}

static void leave_past(struct tally *t, struct entry *e)
{
    if (!e->past)
        return;
    e->past = false;
    TAILQ_REMOVE(&t->past, e, next_past);
    t->past_count--;
}

static void forget(struct tally *t, struct entry *e)
{
    leave_past(t, e);
    TAILQ_REMOVE(&t->all, e, all);
    idmap_remove(&t->by_name, key(e->shown.input), key(e->shown.name));
    entry_free(e);
}

/* Nobody reads `e`. */
static void enter_past(struct tally *t, struct entry *e, int64_t now)
{
    leave_past(t, e);
    e->past = true;
    e->ended = now;
    TAILQ_INSERT_TAIL(&t->past, e, next_past);
    t->past_count++;
    for (struct entry *old; (old = TAILQ_FIRST(&t->past)) != e;) {
        if (t->past_count <= TALLY_ENDED_MAX && now - old->ended < TALLY_KEEP)
            break;
        forget(t, old);
    }
}

void tally_source(struct tally *t, const struct source *source, int64_t now)
{
    const struct entry *known = idmap_get(&t->by_id, source->id, 0);
    if (source->ended) {
        tally_end(t, source->id, now);
        return;
    }
    if (known && known == find(t, source->input, source->name))
        return;
    if (known) /* a reload gave it to another input */
        tally_end(t, source->id, now);
    struct entry *e = find_or_add(t, source);
    if (!e)
        return;
    if (idmap_put(&t->by_id, source->id, 0, e)) {
        leave_past(t, e);
        e->shown.sources++;
    } else if (!e->shown.sources) {
        enter_past(t, e, now);
    }
}

static void add_read(struct tally_counts *c, uint64_t bytes, uint64_t lines, int64_t when)
{
    c->read_bytes += bytes;
    c->read_lines += lines;
    if (c->last_read < when)
        c->last_read = when;
}

void tally_read(struct tally *t, uint64_t id, uint64_t bytes, uint64_t lines, int64_t when)
{
    struct entry *e = idmap_get(&t->by_id, id, 0);
    if (!e)
        return;
    add_read(&e->shown.counts, bytes, lines, when);
    add_read(&t->totals, bytes, lines, when);
}

void tally_end(struct tally *t, uint64_t id, int64_t now)
{
    struct entry *e = idmap_remove(&t->by_id, id, 0);
    if (e && --e->shown.sources == 0)
        enter_past(t, e, now);
}

void tally_sealed(struct tally *t, const struct source *source, uint64_t raw_bytes,
                  uint64_t stored_bytes, int64_t now)
{
    struct entry *e = find_or_add(t, source);
    if (!e)
        return;
    e->shown.counts.sealed_bytes += raw_bytes;
    e->shown.counts.stored_bytes += stored_bytes;
    t->totals.sealed_bytes += raw_bytes;
    t->totals.stored_bytes += stored_bytes;
    if (!e->shown.sources)
        enter_past(t, e, now);
}

const struct tally_counts *tally_totals(const struct tally *t)
{
    return &t->totals;
}

const struct tally_entry *tally_find(const struct tally *t, const char *input, const char *name)
{
    const struct entry *e = find(t, input, name);
    return e ? &e->shown : NULL;
}

const struct tally_entry *tally_first(const struct tally *t)
{
    const struct entry *e = TAILQ_FIRST(&t->all);
    return e ? &e->shown : NULL;
}

const struct tally_entry *tally_next(const struct tally_entry *entry)
{
    const struct entry *e = (const struct entry *)(const void *)entry;
    const struct entry *next = TAILQ_NEXT(e, all);
    return next ? &next->shown : NULL;
}
