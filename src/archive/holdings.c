/*
 * holdings.c - takes what there is to know from the catalog or from the footers, and puts the
 * segments in order.
 */
#include "archive/holdings.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/share.h"

/* Segments while they are looked at. */
struct look {
    struct holdings *out;
    const struct retention_classes *classes;
    uint64_t *raw; /* of each class */
};

/* Fill in what the catalog says. @return 1, 0 if it doesn't say enough, or LGZ_ERR_MEMORY */
static int ask_catalog(struct look *look, const struct stat *st, struct holding *holding,
                       struct lgz_error *err)
{
    struct catalog_entry entry;
    size_t class;
    if (!class_catalog_find(&look->out->known, &holding->name, st, &entry, &class))
        return 0;
    holding->set = entry.key.set;
    holding->checksum = entry.key.footer_checksum;
    if (class == RETENTION_CLASS_SEVERAL)
        return 0;
    const struct holding_share all = {class, holding->bytes};
    if (!vec_push(&look->out->shares, all))
        return error_memory(err);
    holding->share_count = 1;
    holding->cataloged = true;
    if (entry.key.read_max != SEGMENT_NO_TIME && entry.key.read_max > holding->newest)
        holding->newest = entry.key.read_max;
    return 1;
}

static int64_t newest_read(const struct segment *segment, int64_t newest)
{
    for (size_t i = 0; i < segment_block_count(segment); i++) {
        const struct block_info *block = segment_block(segment, i);
        for (size_t k = 0; k < block->extent_count; k++)
            if (block->extents[k].read_time > newest)
                newest = block->extents[k].read_time;
    }
    return newest;
}

/* How many raw bytes each class has. @return those of all together */
static uint64_t count_raw(const struct look *look, const struct segment *segment)
{
    uint64_t total = 0;
    memset(look->raw, 0, retention_class_count(look->classes) * sizeof(*look->raw));
    for (size_t i = 0; i < segment_block_count(segment); i++) {
        const struct block_info *block = segment_block(segment, i);
        for (size_t k = 0; k < block->extent_count; k++) {
            const struct extent *extent = &block->extents[k];
            const char *input = segment_source(segment, extent->source)->input;
            look->raw[retention_class_of(look->classes, input)] += extent->length;
        }
        total += block->raw_len;
    }
    return total;
}

/* Add the shares of a segment's classes, which are all of its bytes together. */
static int add_shares(const struct look *look, const struct segment *segment,
                      struct holding *holding, struct lgz_error *err)
{
    const uint64_t total = count_raw(look, segment);
    uint64_t at = 0;
    for (size_t class = 0; class < retention_class_count(look->classes); class ++) {
        const uint64_t raw = look->raw[class];
        if (!raw)
            continue;
        struct holding_share part = {class, share_of(holding->bytes, at, at + raw, total)};
        if (!vec_push(&look->out->shares, part))
            return error_memory(err);
        holding->share_count++;
        at += raw;
    }
    return LGZ_OK;
}

/* Read a segment's footer. One that can't be read is as old as its name says. */
static int read_segment(const struct look *look, struct holding *holding, struct lgz_error *err)
{
    struct segment *segment;
    struct lgz_error reason = {0};
    int code = segment_open(&segment, holding->path, &reason);
    if (code == LGZ_ERR_MEMORY)
        return error_memory(err);
    if (code != LGZ_OK) {
        holding->problem = strdup(reason.message);
        return holding->problem ? LGZ_OK : error_memory(err);
    }
    if (segment_checksum(segment) != holding->checksum)
        holding->set = CATALOG_ANY;
    holding->newest = newest_read(segment, holding->newest);
    code = add_shares(look, segment, holding, err);
    segment_close(segment);
    return code;
}

/* Add a segment, unless it's gone. */
static int add_segment(struct look *look, const struct listed_segment *listed,
                       struct lgz_error *err)
{
    struct stat st;
    if (stat(listed->path, &st) != 0)
        return errno == ENOENT ? LGZ_OK : error_io(err, "%s: cannot stat", listed->path);
    struct holding holding = {
        .path = listed->path,
        .name = listed->name,
        .bytes = (uint64_t)st.st_size,
        .disk = (uint64_t)st.st_blocks * 512,
        .newest = listed->name.time,
        .set = CATALOG_ANY,
    };
    int code = ask_catalog(look, &st, &holding, err);
    if (code >= 0)
        code = code ? LGZ_OK : read_segment(look, &holding, err);
    if (code == LGZ_OK && !vec_push(&look->out->list, holding))
        code = error_memory(err);
    if (code != LGZ_OK)
        free(holding.problem);
    return code;
}

static bool has_same_journals(const struct holding *a, const struct holding *b)
{
    return a->name.first == b->name.first && a->name.last == b->name.last;
}

/*
 * No segment of journals is older than one with journals before its own. Parts of one have
 * different sources.
 */
static void keep_order_of_journals(struct holdings *h)
{
    int64_t newest = INT64_MIN, next = INT64_MIN;
    for (size_t i = 0; i < h->list.len; i++) {
        struct holding *holding = &h->list.data[i];
        if (holding->name.import)
            continue;
        if (i && !has_same_journals(holding - 1, holding))
            newest = next;
        if (holding->newest < newest)
            holding->newest = newest;
        if (next < holding->newest)
            next = holding->newest;
    }
}

static int by_age(const void *a, const void *b)
{
    const struct holding *x = a, *y = b;
    if (x->newest != y->newest)
        return x->newest < y->newest ? -1 : 1;
    if (x->name.first != y->name.first)
        return x->name.first < y->name.first ? -1 : 1;
    if (x->name.import != y->name.import)
        return x->name.import < y->name.import ? -1 : 1;
    return (x->name.part > y->name.part) - (x->name.part < y->name.part);
}

int holdings_open(struct holdings *out, const char *directory,
                  const struct retention_classes *classes, struct lgz_error *err)
{
    struct look look = {.out = out, .classes = classes};
    *out = (struct holdings){0};
    int code = listing_open(&out->found, directory, err);
    if (code != LGZ_OK)
        return code;
    look.raw = calloc(retention_class_count(classes), sizeof(*look.raw));
    code = look.raw ? class_catalog_open(&out->known, directory, classes, err) : error_memory(err);
    for (size_t i = 0; code == LGZ_OK && i < out->found.segments.len; i++)
        code = add_segment(&look, &out->found.segments.data[i], err);
    free(look.raw);
    size_t at = 0;
    for (size_t i = 0; i < out->list.len; i++) {
        out->list.data[i].shares = out->shares.data + at;
        at += out->list.data[i].share_count;
    }
    keep_order_of_journals(out);
    if (out->list.len)
        qsort(out->list.data, out->list.len, sizeof(*out->list.data), by_age);
    return code;
}

void holdings_clear(struct holdings *h)
{
    for (size_t i = 0; i < h->list.len; i++)
        free(h->list.data[i].problem);
    vec_free(&h->list);
    vec_free(&h->shares);
    listing_clear(&h->found);
    class_catalog_close(&h->known);
}
