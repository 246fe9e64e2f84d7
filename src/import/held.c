/*
 * held.c - a source is looked at if it has the file's name and first bytes; then all that the
 * archive has of it is decoded and compared.
 */
#include "import/held.h"

#include <errno.h>
#include <stdlib.h>

#include "archive/archive.h"
#include "archive/catalog.h"
#include "archive/names.h"
#include "archive/pieces.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/lower_bound.h"

enum {
    COMPARED = 1 << 16, /* bytes that are compared at once */
    TIME_SHIFT = 22,    /* in an id, seconds stand above these bits */
    TIME_BITS = 40,
    IN_JOURNALS = -1,
};

/* Where a source was found: `segment` is an index of `paths`, or IN_JOURNALS. */
struct sighting {
    struct source source;
    int segment;
};

/* What is had of one source, that a file agrees with. */
struct range {
    uint64_t id;
    uint64_t first;
    uint64_t end;
    bool more; /* the file has bytes behind it */
};

struct held {
    struct archive_snapshot *snapshot; /* for its journals */
    VEC(char *) paths;                 /* of segments */
    VEC(struct sighting) sightings;
    VEC(uint64_t) ids; /* of imported files, ascending */
    struct journal_index journals;
    uint64_t last_number;
    held_wanted_fn *wanted;
    void *context;
};

/* Looking through an archive. */

static int note_id(struct held *h, uint64_t id, struct lgz_error *err)
{
    size_t at = lower_bound_plain(&h->ids, id);
    if (at < h->ids.len && h->ids.data[at] == id)
        return LGZ_OK;
    return vec_insert(&h->ids, at, id) ? LGZ_OK : error_memory(err);
}

static int note_source(struct held *h, const struct source *source, int segment,
                       struct lgz_error *err)
{
    struct sighting found = {.segment = segment};
    int code = source_is_imported(source->id) ? note_id(h, source->id, err) : LGZ_OK;
    if (code != LGZ_OK || source->fingerprint_len == 0 || source->fingerprint_len > HELD_HEAD ||
        !h->wanted(h->context, source->name))
        return code;
    code = source_copy(&found.source, source, err);
    if (code == LGZ_OK && !vec_push(&h->sightings, found)) {
        source_clear(&found.source);
        code = error_memory(err);
    }
    return code;
}

static int note_segment(struct held *h, const struct segment *s, struct lgz_error *err)
{
    int code = LGZ_OK;
    char *path = strdup(segment_path(s));
    if (!path || !vec_push(&h->paths, path)) {
        free(path);
        return error_memory(err);
    }
    for (size_t i = 0; code == LGZ_OK && i < segment_source_count(s); i++)
        code = note_source(h, segment_source(s, i), (int)h->paths.len - 1, err);
    return code;
}

/* A segment that is damaged says nothing of what it has: better twice than never. */
static int read_segment(struct held *h, const struct archive_segment *listed, struct lgz_error *err)
{
    struct segment *s;
    struct lgz_error reason = {0};
    struct segment_name name;
    if (names_parse_segment(file_name(listed->path), &name) && name.import > h->last_number)
        h->last_number = name.import;
    int code = archive_segment_open(&s, listed, &reason);
    if (code == LGZ_ERR_MEMORY)
        return error_memory(err);
    if (code != LGZ_OK)
        return LGZ_OK;
    code = note_segment(h, s, err);
    segment_close(s);
    return code;
}

static bool is_wanted(void *context, const struct source *source)
{
    const struct held *h = context;
    return h->wanted(h->context, source->name);
}

static int read_journals(struct held *h, struct lgz_error *err)
{
    int code = LGZ_OK;
    for (size_t i = 0; code == LGZ_OK && i < h->snapshot->journal_count; i++)
        code = journal_index_add(&h->journals, h->snapshot->journals[i], is_wanted, h, err);
    journal_index_sort(&h->journals);
    for (size_t i = 0; code == LGZ_OK && i < h->journals.sources.items.len; i++)
        code = note_source(h, &h->journals.sources.items.data[i].source, IN_JOURNALS, err);
    return code;
}

/* A name that the catalog still has, of a segment that is gone, isn't given to another one: readers
   would take it for that. Imports come first in it. */
static void note_cataloged(struct held *h, const char *directory)
{
    struct catalog *catalog;
    if (catalog_open(&catalog, directory, NULL) != LGZ_OK)
        return; /* then nobody reads it */
    for (size_t i = 0; i < catalog_count(catalog); i++) {
        struct catalog_key key;
        catalog_key_at(catalog, i, &key);
        if (!key.name.import)
            break;
        if (key.name.import > h->last_number)
            h->last_number = key.name.import;
    }
    catalog_close(catalog);
}

int held_open(struct held **out, const char *directory, bool planned, held_wanted_fn *wanted,
              void *context, struct lgz_error *err)
{
    struct held *h = calloc(1, sizeof(*h));
    *out = NULL;
    if (!h)
        return error_memory(err);
    h->wanted = wanted;
    h->context = context;
    int code = archive_snapshot_open(&h->snapshot, directory, err);
    if (planned && code == LGZ_ERR_NOT_FOUND) {
        error_forget(err);
        *out = h;
        return LGZ_OK;
    }
    for (size_t i = 0; code == LGZ_OK && i < h->snapshot->segment_count; i++)
        code = read_segment(h, &h->snapshot->segments[i], err);
    if (code == LGZ_OK)
        code = read_journals(h, err);
    note_cataloged(h, directory);
    if (code != LGZ_OK)
        held_close(h);
    else
        *out = h;
    return code;
}

void held_close(struct held *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < h->paths.len; i++)
        free(h->paths.data[i]);
    for (size_t i = 0; i < h->sightings.len; i++)
        source_clear(&h->sightings.data[i].source);
    vec_free(&h->paths);
    vec_free(&h->sightings);
    vec_free(&h->ids);
    journal_index_clear(&h->journals);
    archive_snapshot_close(h->snapshot);
    free(h);
}

int held_add(struct held *h, const char *path, struct lgz_error *err)
{
    struct segment *s;
    int code = segment_open(&s, path, err);
    if (code != LGZ_OK)
        return code;
    h->last_number++;
    code = note_segment(h, s, err);
    segment_close(s);
    return code;
}

const char *held_newest(const struct held *h)
{
    return h->paths.len ? h->paths.data[h->paths.len - 1] : NULL;
}

uint64_t held_next_number(const struct held *h)
{
    return h->last_number + 1;
}

int held_new_id(struct held *h, int64_t time, uint64_t after, uint64_t *id, struct lgz_error *err)
{
    uint64_t seconds = time < 0 ? 0 : (uint64_t)(time / NS_PER_SECOND);
    *id = SOURCE_IMPORTED | (seconds & ((UINT64_C(1) << TIME_BITS) - 1)) << TIME_SHIFT;
    if (*id <= after)
        *id = after + 1;
    for (size_t i = lower_bound_plain(&h->ids, *id); i < h->ids.len && h->ids.data[i] == *id; i++)
        ++*id;
    return note_id(h, *id, err);
}

/* All pieces of one source. Their files are the segments, then the journals. */

/* pieces_wanted_fn */
static bool has_id(void *context, uint64_t source_id)
{
    const uint64_t *id = context;
    return source_id == *id;
}

static int add_segment(const struct held *h, struct pieces *p, int segment, uint64_t id,
                       struct lgz_error *err)
{
    struct segment *s;
    int code = segment_open(&s, h->paths.data[segment], err);
    if (code != LGZ_OK)
        return code;
    code = pieces_add_segment(p, s, (uint32_t)segment, has_id, &id, err);
    segment_close(s);
    return code;
}

static int gather(const struct held *h, struct pieces *p, uint64_t id, struct lgz_error *err)
{
    int code = LGZ_OK;
    for (size_t i = 0; code == LGZ_OK && i < h->sightings.len; i++) {
        const struct sighting *s = &h->sightings.data[i];
        if (s->source.id == id && s->segment == IN_JOURNALS)
            code = pieces_add_journals(p, &h->journals, (uint32_t)h->paths.len, has_id, &id, err);
        else if (s->source.id == id)
            code = add_segment(h, p, s->segment, id, err);
    }
    pieces_sort(p);
    return code;
}

/* Comparing them with a file. */

struct comparison {
    const struct held *h;
    struct log_file *file;
    struct segment *segment; /* that is open; NULL: none is */
    uint32_t opened;         /* its number */
    uint32_t part;           /* the block of it that is in `raw` */
    bool decoded;
    struct buf raw;
    uint64_t position; /* of the file */
    bool ended;        /* the file is at its end */
    bool differs;
};

static int open_segment(struct comparison *c, uint32_t file, struct lgz_error *err)
{
    if (c->segment && c->opened == file)
        return LGZ_OK;
    segment_close(c->segment);
    c->segment = NULL;
    c->opened = file;
    c->decoded = false;
    return segment_open(&c->segment, c->h->paths.data[file], err);
}

static int decode(struct comparison *c, uint32_t part, struct lgz_error *err)
{
    if (c->decoded && c->part == part)
        return LGZ_OK;
    buf_clear(&c->raw);
    c->part = part;
    c->decoded = false;
    if (part >= segment_block_count(c->segment)) /* a dry run takes no lock */
        return error_set(err, LGZ_ERR_BUSY, "%s: changed while it was read",
                         segment_path(c->segment));
    int code = segment_read_block(c->segment, part, &c->raw, err);
    c->decoded = code == LGZ_OK;
    return code;
}

/* The bytes of a piece. */
static int read_piece(struct comparison *c, const struct piece *piece, struct span *data,
                      struct lgz_error *err)
{
    const size_t segments = c->h->paths.len;
    if (piece->file >= segments)
        return pieces_read_record(piece, c->h->snapshot->journals[piece->file - segments], data,
                                  err);
    int code = open_segment(c, piece->file, err);
    if (code == LGZ_OK)
        code = decode(c, piece->part, err);
    return code == LGZ_OK ? pieces_in_block(piece, c->segment, buf_span(&c->raw), data, err) : code;
}

/* Read as many bytes of the file, and compare. */
static int compare_bytes(struct comparison *c, struct span data, struct lgz_error *err)
{
    uint8_t own[COMPARED];
    while (data.len && !c->ended && !c->differs) {
        size_t want = data.len < sizeof(own) ? data.len : sizeof(own);
        ssize_t n = log_file_read(c->file, own, want, err);
        if (n < 0)
            return (int)n;
        c->ended = (size_t)n < want;
        c->differs = memcmp(own, data.data, (size_t)n) != 0;
        c->position += (uint64_t)n;
        data.data += n;
        data.len -= (size_t)n;
    }
    return LGZ_OK;
}

/* Are there more bytes in the file? */
static int look_behind(struct comparison *c, bool *more, struct lgz_error *err)
{
    uint8_t byte;
    ssize_t n = c->ended ? 0 : log_file_read(c->file, &byte, 1, err);
    *more = n > 0;
    return n < 0 ? (int)n : LGZ_OK;
}

static int compare_pieces(struct comparison *c, const struct pieces *p, struct range *range,
                          struct lgz_error *err)
{
    int code = LGZ_OK;
    range->first = range->end = p->list.data[0].offset;
    c->position = range->first;
    for (size_t i = 0; code == LGZ_OK && i < p->list.len && !c->ended && !c->differs; i++) {
        const struct piece *piece = &p->list.data[i];
        struct span data = {0};
        if (piece->offset > range->end)
            break; /* what was there has expired */
        if (piece->offset + piece->length <= range->end)
            continue;
        code = read_piece(c, piece, &data, err);
        size_t skip = (size_t)(range->end - piece->offset);
        if (code == LGZ_OK)
            code = compare_bytes(c, (struct span){data.data + skip, data.len - skip}, err);
        range->end = piece->offset + piece->length;
    }
    return code == LGZ_OK && !c->differs ? look_behind(c, &range->more, err) : code;
}

/* Does the file have what there is of a source? */
static int compare(const struct held *h, struct log_file *file, uint64_t id, struct range *range,
                   bool *same, struct lgz_error *err)
{
    struct pieces p = {0};
    struct comparison c = {.h = h, .file = file};
    *range = (struct range){.id = id};
    *same = false;
    int code = gather(h, &p, id, err);
    if (code == LGZ_OK && p.list.len) {
        code = log_file_rewind(file, err);
        if (code == LGZ_OK)
            code = log_file_skip(file, p.list.data[0].offset, NULL);
        if (code == LGZ_OK) {
            code = compare_pieces(&c, &p, range, err);
            *same = code == LGZ_OK && !c.differs && c.position > range->first;
        } else if (code == LGZ_ERR_CORRUPT) {
            code = LGZ_OK; /* it's shorter, or damaged, which will be told when it's read */
        }
    }
    segment_close(c.segment);
    buf_free(&c.raw);
    vec_free(&p.list);
    return code;
}

struct ranges {
    VEC(struct range) list;
};

static bool is_known(const struct ranges *r, uint64_t id)
{
    for (size_t i = 0; i < r->list.len; i++)
        if (r->list.data[i].id == id)
            return true;
    return false;
}

/* All sources that begin like the file, and go on like it as far as they are there. */
static int find_ranges(const struct held *h, const char *name, struct span head,
                       struct log_file *file, struct ranges *ranges, struct lgz_error *err)
{
    struct ranges tried = {0};
    int code = LGZ_OK;
    for (size_t i = 0; code == LGZ_OK && i < h->sightings.len; i++) {
        const struct source *s = &h->sightings.data[i].source;
        struct range range;
        bool same;
        if (strcmp(s->name, name) != 0 || s->fingerprint_len > head.len ||
            is_known(&tried, s->id) || hash_bytes(head.data, s->fingerprint_len) != s->fingerprint)
            continue;
        code = compare(h, file, s->id, &range, &same, err);
        if (code == LGZ_OK &&
            (!vec_push(&tried.list, range) || (same && !vec_push(&ranges->list, range))))
            code = error_memory(err);
    }
    vec_free(&tried.list);
    return code;
}

/* The range that goes furthest of those that have the byte at `offset`. */
static const struct range *range_at(const struct ranges *ranges, uint64_t offset)
{
    const struct range *best = NULL;
    for (size_t i = 0; i < ranges->list.len; i++) {
        const struct range *r = &ranges->list.data[i];
        if (r->first <= offset && r->end > offset && (!best || r->end > best->end))
            best = r;
    }
    return best;
}

/* Where the next range behind `offset` begins. */
static uint64_t next_range(const struct ranges *ranges, uint64_t offset)
{
    uint64_t next = UINT64_MAX;
    for (size_t i = 0; i < ranges->list.len; i++)
        if (ranges->list.data[i].first >= offset && ranges->list.data[i].first < next)
            next = ranges->list.data[i].first;
    return next;
}

/* Was a part of the file imported before, of which the beginning has expired? */
static bool has_expired(const struct ranges *ranges)
{
    for (size_t i = 0; i < ranges->list.len; i++)
        if (source_is_imported(ranges->list.data[i].id) && ranges->list.data[i].first > 0)
            return true;
    return false;
}

static void judge(const struct ranges *ranges, struct held_verdict *v)
{
    const struct range *last = NULL;
    *v = (struct held_verdict){.to = UINT64_MAX};
    for (const struct range *r; (r = range_at(ranges, v->from));) {
        last = r;
        v->from = r->end;
        if (!r->more)
            v->whole = true;
    }
    v->to = next_range(ranges, v->from);
    if (v->whole || (!last && has_expired(ranges)))
        v->whole = true;
    else if (last && source_is_imported(last->id))
        v->id = last->id;
    else if (last)
        v->partly = true;
}

int held_find(struct held *h, const char *name, struct span head, struct log_file *file,
              struct held_verdict *verdict, struct lgz_error *err)
{
    struct ranges ranges = {0};
    int code = find_ranges(h, name, head, file, &ranges, err);
    judge(&ranges, verdict);
    vec_free(&ranges.list);
    return code;
}
