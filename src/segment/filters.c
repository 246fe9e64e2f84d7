/*
 * filters.c - reading the part, and asking it.
 */
#include "segment/filters.h"

#include <stdlib.h>

#include "segment/filter_worth.h"
#include "segment/index.h"

enum {
    STRINGS_MAX = 1024, /* of a clause; asking for more takes longer than it saves */
    CHECKS = 512,       /* lines of a block that are asked for by a check */
};

struct segment_filters {
    uint8_t *part;
    struct filter *list; /* one for each block */
    size_t count;
};

void segment_filters_free(struct segment_filters *f)
{
    if (!f)
        return;
    for (size_t i = 0; f->list && i < f->count; i++)
        filter_clear(&f->list[i]);
    free(f->list);
    free(f->part);
    free(f);
}

/* A plane of a filter's set, the last one if all behind it are left out. */
struct plane {
    double worth; /* for each of its bytes */
    size_t filter;
    uint8_t family;
    uint8_t number; /* from 1 on */
};

struct planes {
    struct plane *data;
    size_t len;
    size_t cap;
};

static int least_first(const void *a, const void *b)
{
    const struct plane *x = a;
    const struct plane *y = b;
    if (x->worth != y->worth)
        return x->worth < y->worth ? -1 : 1;
    if (x->filter != y->filter)
        return x->filter < y->filter ? -1 : 1;
    if (x->family != y->family)
        return x->family - y->family;
    return y->number - x->number;
}

/* All planes of a set. @return false when memory is out */
static bool add_planes(struct planes *planes, const struct filter_set *set, struct plane plane,
                       double cost)
{
    const enum gram_family family = (enum gram_family)plane.family;
    for (unsigned k = 1; set->known && k <= set->planes; k++) {
        plane.number = (uint8_t)k;
        plane.worth =
            cost *
            (filter_worth(family, set->window, k) - filter_worth(family, set->window, k - 1)) /
            (double)set->words;
        if (!vec_push(planes, plane))
            return false;
    }
    return true;
}

static size_t size_of_all(const struct filter *filters, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += filter_size(&filters[i]);
    return size;
}

/* Leave out the planes that are worth least, until all filters have no more than `most` bytes. */
static int trim(struct filter *filters, const struct block_info *blocks, size_t count, size_t most,
                struct lgz_error *err)
{
    struct planes planes = {0};
    size_t size = size_of_all(filters, count);
    bool ok = true;
    if (size <= most)
        return LGZ_OK;
    for (size_t i = 0; i < count; i++)
        for (unsigned f = 1; f < GRAMS_END && ok; f++)
            ok = add_planes(&planes, &filters[i].sets[f],
                            (struct plane){.filter = i, .family = (uint8_t)f},
                            filter_search_cost(blocks[i].stored_len));
    if (ok && planes.len)
        qsort(planes.data, planes.len, sizeof(*planes.data), least_first);
    for (size_t i = 0; i < planes.len && ok && size > most; i++) {
        struct filter *filter = &filters[planes.data[i].filter];
        struct filter_set *set = &filter->sets[planes.data[i].family];
        size -= filter_size(filter);
        set->planes--;
        set->known = set->planes > 0;
        size += filter_size(filter);
    }
    vec_free(&planes);
    for (size_t i = 0; i < count && size > most; i++) { /* no plane is left */
        size -= filter_size(&filters[i]);
        filter_clear(&filters[i]);
    }
    return ok ? LGZ_OK : error_memory(err);
}

/* The lengths of all filters, and the filters; frees both. */
static int put_part(struct buf *lengths, struct buf *bytes, struct buf *out, struct lgz_error *err)
{
    if (bytes->len) {
        buf_push(out, SEGMENT_FILTERS);
        varint_put(out, lengths->len + bytes->len);
        buf_append(out, lengths->data, lengths->len);
        buf_append(out, bytes->data, bytes->len);
    }
    bool failed = lengths->failed || bytes->failed || out->failed;
    buf_free(lengths);
    buf_free(bytes);
    return failed ? error_memory(err) : LGZ_OK;
}

int filters_write(struct filter *filters, const struct block_info *blocks, size_t count,
                  size_t most, struct buf *out, struct lgz_error *err)
{
    struct buf lengths = {0};
    struct buf bytes = {0};
    int code = trim(filters, blocks, count, most, err);
    if (code != LGZ_OK)
        return code;
    for (size_t i = 0; i < count; i++) {
        size_t start = bytes.len;
        filter_write(&filters[i], &bytes);
        varint_put(&lengths, bytes.len - start);
    }
    return put_part(&lengths, &bytes, out, err);
}

/* The filters in a body: the lengths of all stand in front of them. */
struct parts {
    struct reader lengths;
    struct reader filters;
};

static void begin_parts(struct parts *p, struct span body, size_t count)
{
    p->lengths = p->filters = reader_of(body.data, body.len);
    for (size_t i = 0; i < count; i++)
        reader_varint(&p->filters);
}

static struct span next_part(struct parts *p)
{
    return reader_bytes(&p->filters, reader_varint(&p->lengths));
}

/* Was it all right, and was it all? */
static bool ends_parts(const struct parts *p)
{
    return !p->filters.failed && !reader_left(&p->filters);
}

int filters_select(struct span part, const bool *wanted, size_t count, struct buf *out,
                   struct lgz_error *err)
{
    struct buf lengths = {0};
    struct buf bytes = {0};
    struct parts parts;
    struct span body;
    const bool sound = segment_part_read(part, SEGMENT_FILTERS, &body);
    begin_parts(&parts, body, count);
    for (size_t i = 0; i < count; i++) {
        const struct span filter = next_part(&parts);
        if (!wanted[i])
            continue;
        varint_put(&lengths, filter.len);
        buf_append(&bytes, filter.data, filter.len);
    }
    if (!sound || !ends_parts(&parts)) /* a forged one: there are better things to do without */
        buf_clear(&bytes);
    return put_part(&lengths, &bytes, out, err);
}

static int read_part(struct segment_filters *f, struct span body, struct lgz_error *err)
{
    struct parts parts;
    begin_parts(&parts, body, f->count);
    for (size_t i = 0; i < f->count && !parts.filters.failed; i++) {
        int code = filter_read(&f->list[i], next_part(&parts), err);
        if (code == LGZ_ERR_MEMORY)
            return code;
        parts.filters.failed |= code != LGZ_OK;
    }
    return ends_parts(&parts) ? LGZ_OK : LGZ_ERR_CORRUPT;
}

int segment_filters_open(struct segment_filters **out, const struct segment *s,
                         struct lgz_error *err)
{
    struct span body = {0};
    *out = NULL;
    struct segment_filters *f = calloc(1, sizeof(*f));
    if (!f)
        return error_memory(err);
    int code = segment_read_filters(s, &f->part, &body, err);
    if (code == LGZ_OK && !f->part) {
        segment_filters_free(f);
        return LGZ_OK;
    }
    f->count = segment_block_count(s);
    f->list = calloc(f->count + 1, sizeof(*f->list));
    if (code == LGZ_OK)
        code = f->list ? read_part(f, body, err) : error_memory(err);
    if (code == LGZ_OK) {
        *out = f;
        return LGZ_OK;
    }
    if (code == LGZ_ERR_CORRUPT)
        error_set(err, code, "%s: damaged filters", segment_path(s));
    segment_filters_free(f);
    return code;
}

static bool may_meet(const struct filter *filter, const struct need_clause *clause)
{
    if (clause->strings.len > STRINGS_MAX)
        return true;
    for (size_t i = 0; i < clause->strings.len; i++)
        if (filter_may_hold(filter, &clause->strings.data[i]))
            return true;
    return false;
}

bool segment_filters_may_hold(const struct segment_filters *f, size_t block,
                              const struct need *need)
{
    bool may = true;
    if (!f)
        return true;
    for (size_t i = 0; i < need->clauses.len && may; i++)
        may = may_meet(&f->list[block], &need->clauses.data[i]);
    return may;
}

int segment_filters_check(const struct segment_filters *f, size_t block, struct span raw,
                          struct lgz_error *err)
{
    const size_t step = raw.len / CHECKS + 1;
    const uint8_t *end = raw.data + raw.len;
    for (const uint8_t *at = raw.data; f && at < end;) {
        const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
        const size_t len = (size_t)((newline ? newline : end) - at);
        const struct need_string line = {{at, len}, false};
        if (!filter_may_hold(&f->list[block], &line))
            return error_set(err, LGZ_ERR_CORRUPT,
                             "the filter of block %zu denies the line at its byte %zu", block,
                             (size_t)(at - raw.data));
        /* On to the line behind the next step. */
        size_t skip = len + 1 > step ? len + 1 : step;
        at += skip < (size_t)(end - at) ? skip : (size_t)(end - at);
        newline = skip > len + 1 ? memchr(at, '\n', (size_t)(end - at)) : at - 1;
        at = newline ? newline + 1 : end;
    }
    return LGZ_OK;
}
