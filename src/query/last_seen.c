/*
 * last_seen.c - a sorted array of sources and segments.
 */
#include "query/last_seen.h"

#include <stdlib.h>

#include "base/lower_bound.h"
#include "segment/reader.h"

/* A source that is in a journal goes on behind all segments. */
#define IN_JOURNAL SIZE_MAX

struct place {
    uint64_t id;
    size_t segment;
};

struct last_seen {
    VEC(struct place) places; /* of each source the last one, by id */
};

static int by_id(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return (x->segment > y->segment) - (x->segment < y->segment);
}

/* A segment that the catalog knows. */
static int add_known(struct last_seen *l, const struct catalog *catalog, uint32_t set,
                     size_t number, struct lgz_error *err)
{
    struct catalog_walk walk = catalog_set_begin(catalog, set);
    for (size_t source; catalog_set_next(&walk, &source);) {
        const struct place place = {catalog_source(catalog, source).id, number};
        if (!vec_push(&l->places, place))
            return error_memory(err);
    }
    return LGZ_OK;
}

static int add_segment(struct last_seen *l, const struct archive_segment *listed, size_t number,
                       const struct catalog *catalog, struct lgz_error *err)
{
    struct catalog_key key = {.set = CATALOG_ANY};
    if (catalog && listed->mark)
        catalog_key_at(catalog, listed->mark - 1, &key);
    if (key.set != CATALOG_ANY)
        return add_known(l, catalog, key.set, number, err);

    struct segment *segment = NULL;
    int code = LGZ_OK;
    if (archive_segment_open(&segment, listed, NULL) != LGZ_OK)
        return LGZ_OK;
    for (size_t i = 0; i < segment_source_count(segment) && code == LGZ_OK; i++) {
        struct place place = {segment_source(segment, i)->id, number};
        if (!vec_push(&l->places, place))
            code = error_memory(err);
    }
    segment_close(segment);
    return code;
}

/* A journal starts with all sources that may go on; those behind its first data are new. */
static int add_journal(struct last_seen *l, struct journal_reader *journal, struct lgz_error *err)
{
    struct journal_record record;
    int code = LGZ_OK;
    while (code == LGZ_OK && journal_next(journal, &record, NULL) == 1 &&
           record.kind != JOURNAL_DATA) {
        struct place place = {record.source_id, IN_JOURNAL};
        if (record.kind == JOURNAL_SOURCE && !vec_push(&l->places, place))
            code = error_memory(err);
    }
    journal_rewind(journal);
    return code;
}

/* Sort, and keep the last place of each source. */
static void arrange(struct last_seen *l)
{
    size_t kept = 0;
    if (l->places.len)
        qsort(l->places.data, l->places.len, sizeof(*l->places.data), by_id);
    for (size_t i = 0; i < l->places.len; i++)
        if (i + 1 == l->places.len || l->places.data[i + 1].id != l->places.data[i].id)
            l->places.data[kept++] = l->places.data[i];
    l->places.len = kept;
}

int last_seen_new(struct last_seen **out, const struct archive_snapshot *snapshot,
                  const struct catalog *catalog, struct lgz_error *err)
{
    int code = LGZ_OK;
    *out = NULL;
    struct last_seen *l = calloc(1, sizeof(*l));
    if (!l)
        return error_memory(err);
    for (size_t i = 0; i < snapshot->segment_count && code == LGZ_OK; i++)
        code = add_segment(l, &snapshot->segments[i], i, catalog, err);
    for (size_t i = 0; i < snapshot->journal_count && code == LGZ_OK; i++)
        code = add_journal(l, snapshot->journals[i], err);
    arrange(l);
    if (code == LGZ_OK)
        *out = l;
    else
        last_seen_free(l);
    return code;
}

bool last_seen_in(const struct last_seen *l, uint64_t id, size_t segment)
{
    size_t at = lower_bound(&l->places, id, id);
    return at == l->places.len || l->places.data[at].id != id ||
           l->places.data[at].segment <= segment;
}

void last_seen_free(struct last_seen *l)
{
    if (!l)
        return;
    vec_free(&l->places);
    free(l);
}
