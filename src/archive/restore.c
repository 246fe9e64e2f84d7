/*
 * restore.c - first looks up which bytes of the wanted sources are where (pieces), sorts those,
 * checks which are missing, then reads and writes them in order.
 */
#include "archive/restore.h"

#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "archive/pieces.h"
#include "base/crew.h"
#include "base/lower_bound.h"

enum {
    BLOCK_CACHE = 4
}; /* decoded blocks kept: generations of a file often share a block; beside
      those that are decoded ahead */

struct cached_block {
    struct segment *segment;
    size_t file; /* of the open segment */
    size_t part; /* of the block in `raw`; SIZE_MAX if there is none */
    struct buf raw;
    uint64_t used; /* when, for the choice which to give up */
    bool begun;    /* it's being decoded, and wasn't waited for yet */
    struct work work;
};

struct restore {
    struct archive_snapshot *snapshot;
    const char *pattern;
    struct positions sources; /* that match; `next` as the journals say, 0 if they don't */
    struct pieces pieces;     /* files are the segments, then the journals */
    struct cached_block *cache;
    size_t cache_count;
    struct crew *crew;
    size_t ahead; /* so many blocks may be begun before their turn */
    size_t begun;
    size_t next; /* the first piece that wasn't thought of yet */
    uint64_t clock;
    lgz_write_fn *write;
    void *context;
    struct restore_result *result;
    struct lgz_error *err;
};

/* Looking up. */

static bool has_name(const struct restore *r, const struct source *source)
{
    return strcmp(source->name, r->pattern) == 0;
}

static bool matches(void *context, const struct source *source)
{
    const struct restore *r = context;
    return has_name(r, source) || fnmatch(r->pattern, source->name, 0) == 0;
}

static int add_source(struct restore *r, const struct source *source, uint64_t next)
{
    const struct source_position *known = positions_find(&r->sources, source->id);
    if (known && known->next > next)
        next = known->next;
    return positions_put(&r->sources, source, next, r->err);
}

/* pieces_wanted_fn */
static bool is_wanted(void *context, uint64_t source_id)
{
    const struct restore *r = context;
    return positions_find(&r->sources, source_id) != NULL;
}

static int look_into_segment(struct restore *r, size_t file)
{
    struct segment *s;
    bool wanted = false;
    int code = archive_segment_open(&s, &r->snapshot->segments[file], r->err);
    if (code == LGZ_ERR_IO && errno == ENOENT) {
        error_forget(r->err); /* expired since the snapshot */
        return LGZ_OK;
    }
    if (code != LGZ_OK)
        return code;
    for (size_t i = 0; code == LGZ_OK && i < segment_source_count(s); i++) {
        if (!matches(r, segment_source(s, i)))
            continue;
        wanted = true;
        code = add_source(r, segment_source(s, i), 0);
    }
    if (code == LGZ_OK && wanted)
        code = pieces_add_segment(&r->pieces, s, (uint32_t)file, is_wanted, r, r->err);
    segment_close(s);
    return code;
}

static int look_into_journals(struct restore *r)
{
    struct journal_index index = {0};
    int code = LGZ_OK;
    for (size_t i = 0; code == LGZ_OK && i < r->snapshot->journal_count; i++) {
        journal_rewind(r->snapshot->journals[i]);
        code = journal_index_add(&index, r->snapshot->journals[i], matches, r, r->err);
    }
    for (size_t i = 0; code == LGZ_OK && i < index.sources.items.len; i++)
        code = add_source(r, &index.sources.items.data[i].source, index.sources.items.data[i].next);
    if (code == LGZ_OK)
        code = pieces_add_journals(&r->pieces, &index, (uint32_t)r->snapshot->segment_count,
                                   is_wanted, r, r->err);
    journal_index_clear(&index);
    return code;
}

/* If a source has exactly the name, those that only match it as a pattern are left out. */
static void prefer_exact(struct restore *r)
{
    size_t kept = 0;
    bool exact = false;
    for (size_t i = 0; i < r->sources.items.len; i++)
        exact = exact || has_name(r, &r->sources.items.data[i].source);
    if (!exact)
        return;
    for (size_t i = 0; i < r->sources.items.len; i++) {
        struct source_position *item = &r->sources.items.data[i];
        if (has_name(r, &item->source))
            r->sources.items.data[kept++] = *item;
        else
            source_clear(&item->source);
    }
    r->sources.items.len = kept;
    kept = 0;
    for (size_t i = 0; i < r->pieces.list.len; i++)
        if (positions_find(&r->sources, r->pieces.list.data[i].source_id))
            r->pieces.list.data[kept++] = r->pieces.list.data[i];
    r->pieces.list.len = kept;
}

/* Checking. */

static int add_note(struct restore *r, const struct source *source, uint64_t first_offset)
{
    struct restore_result *result = r->result;
    struct restore_note *note = &result->notes[result->note_count];
    note->name = strdup(source->name);
    if (!note->name)
        return error_memory(r->err);
    note->source_id = source->id;
    note->first_offset = first_offset;
    result->note_count++;
    return LGZ_OK;
}

static int add_hole(struct restore *r, const struct source *source, uint64_t from, uint64_t to)
{
    struct restore_hole hole = {source->id, strdup(source->name), from, to};
    if (hole.name && vec_push(&r->result->holes, hole))
        return LGZ_OK;
    free(hole.name);
    return error_memory(r->err);
}

/* Check one source, whose pieces start at `*at`; moves `*at` behind them. */
static int check_source(struct restore *r, const struct source_position *item, size_t *at)
{
    const struct piece *pieces = r->pieces.list.data;
    const struct source *source = &item->source;
    bool any = *at < r->pieces.list.len && pieces[*at].source_id == source->id;
    uint64_t first = any ? pieces[*at].offset : item->next;
    uint64_t end = first;
    int code = first ? add_note(r, source, first) : LGZ_OK;
    for (; *at < r->pieces.list.len && pieces[*at].source_id == source->id; ++*at) {
        const struct piece *piece = &pieces[*at];
        if (code == LGZ_OK && piece->offset > end)
            code = add_hole(r, source, end, piece->offset);
        if (piece->offset + piece->length > end)
            end = piece->offset + piece->length;
    }
    if (code == LGZ_OK && item->next > end)
        code = add_hole(r, source, end, item->next);
    return code;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int count_names(struct restore *r)
{
    size_t count = r->sources.items.len;
    const char **names = calloc(count, sizeof(*names));
    if (!names)
        return error_memory(r->err);
    for (size_t i = 0; i < count; i++)
        names[i] = r->sources.items.data[i].source.name;
    qsort(names, count, sizeof(*names), by_name);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(names[i - 1], names[i]) != 0)
            r->result->names++;
    free(names);
    return LGZ_OK;
}

static int check(struct restore *r)
{
    size_t at = 0, count = r->sources.items.len;
    size_t imported = lower_bound(&r->sources.items, source.id, SOURCE_IMPORTED);
    int code;
    if (count == 0)
        return error_set(r->err, LGZ_ERR_NOT_FOUND, "%s: no source has this name or matches it",
                         r->pattern);
    r->result->sources = count;
    r->result->notes = calloc(count, sizeof(*r->result->notes));
    code = r->result->notes ? count_names(r) : error_memory(r->err);
    for (size_t i = 0; code == LGZ_OK && i < count; i++)
        code = check_source(r, &r->sources.items.data[(imported + i) % count], &at);
    return code;
}

/* Reading and writing. */

/* work_part */
static int decode_block(struct worker *me, void *context, size_t index, struct lgz_error *err)
{
    struct cached_block *slot = context;
    (void)me;
    (void)index;
    return segment_read_block(slot->segment, slot->part, &slot->raw, err);
}

/* Have a block decoded, which takes its place in the slot. */
static int begin_block(struct restore *r, struct cached_block *slot, const struct piece *piece,
                       struct lgz_error *err)
{
    slot->part = SIZE_MAX;
    buf_clear(&slot->raw);
    if (!slot->segment || slot->file != piece->file) {
        segment_close(slot->segment);
        slot->segment = NULL;
        int code = archive_segment_open(&slot->segment, &r->snapshot->segments[piece->file], err);
        if (code != LGZ_OK)
            return code;
        slot->file = piece->file;
    }
    if (piece->part >= segment_block_count(slot->segment))
        return error_set(err, LGZ_ERR_CORRUPT, "%s: changed while it was read",
                         segment_path(slot->segment));
    slot->part = piece->part;
    slot->begun = true;
    r->begun++;
    workers_submit(crew_caller(r->crew), &slot->work, 1, decode_block, slot);
    return LGZ_OK;
}

/* Wait for a block that was begun. */
static int settle_block(struct restore *r, struct cached_block *slot, struct lgz_error *err)
{
    if (!slot->begun)
        return LGZ_OK;
    int code = workers_wait(crew_caller(r->crew), &slot->work, err);
    slot->begun = false;
    r->begun--;
    if (code != LGZ_OK)
        slot->part = SIZE_MAX;
    return code;
}

/* The slot that has the piece's block, decoded or begun; NULL if none has. */
static struct cached_block *find_block(struct restore *r, const struct piece *piece)
{
    for (size_t i = 0; i < r->cache_count; i++) {
        struct cached_block *slot = &r->cache[i];
        if (slot->segment && slot->file == piece->file && slot->part == piece->part)
            return slot;
    }
    return NULL;
}

/* The slot that was used longest ago. Not all of them are begun. */
static struct cached_block *oldest_block(struct restore *r)
{
    struct cached_block *oldest = NULL;
    for (size_t i = 0; i < r->cache_count; i++)
        if (!r->cache[i].begun && (!oldest || r->cache[i].used < oldest->used))
            oldest = &r->cache[i];
    return oldest;
}

/* Begin the blocks of the pieces that come next, one for each thread. What goes wrong is told when
   it's their turn. */
static void look_ahead(struct restore *r)
{
    while (r->begun < r->ahead && r->next < r->pieces.list.len) {
        const struct piece *piece = &r->pieces.list.data[r->next++];
        if (piece->file < r->snapshot->segment_count && !find_block(r, piece)) {
            struct cached_block *slot = oldest_block(r);
            slot->used = ++r->clock;
            begin_block(r, slot, piece, NULL);
        }
    }
}

static int read_block(struct restore *r, const struct piece *piece, struct span *data)
{
    int code = LGZ_OK;
    struct cached_block *slot = find_block(r, piece);
    if (!slot) {
        slot = oldest_block(r);
        code = begin_block(r, slot, piece, r->err);
    }
    slot->used = ++r->clock;
    look_ahead(r);
    if (code == LGZ_OK)
        code = settle_block(r, slot, r->err);
    if (code != LGZ_OK)
        return code;
    return pieces_in_block(piece, slot->segment, buf_span(&slot->raw), data, r->err);
}

/* The piece isn't needed: what it has was in those before it. */
static void pass_piece(struct restore *r, const struct piece *piece)
{
    struct cached_block *slot = find_block(r, piece);
    if (slot)
        settle_block(r, slot, NULL);
}

static int read_record(struct restore *r, const struct piece *piece, struct span *data)
{
    const size_t journal = piece->file - r->snapshot->segment_count;
    return pieces_read_record(piece, r->snapshot->journals[journal], data, r->err);
}

static int write_pieces(struct restore *r)
{
    uint64_t source_id = 0, end = 0;
    for (size_t i = 0; i < r->pieces.list.len; i++) {
        const struct piece *piece = &r->pieces.list.data[i];
        struct span data = {0};
        if (piece->source_id != source_id || piece->offset > end)
            end = piece->offset; /* a source begins, or goes on behind a hole */
        source_id = piece->source_id;
        r->next = r->next > i ? r->next : i + 1;
        if (piece->offset + piece->length <= end) {
            pass_piece(r, piece);
            continue;
        }
        int code = piece->file < r->snapshot->segment_count ? read_block(r, piece, &data)
                                                            : read_record(r, piece, &data);
        if (code != LGZ_OK)
            return code;
        size_t skip = (size_t)(end - piece->offset);
        r->err->code = LGZ_OK;
        if (r->write(r->context, data.data + skip, data.len - skip) != 0)
            return r->err->code ? r->err->code
                                : error_set(r->err, LGZ_ERR_CANCELLED, "the restore was stopped");
        r->result->bytes += data.len - skip;
        end = piece->offset + piece->length;
    }
    return LGZ_OK;
}

static void clear(struct restore *r)
{
    crew_free(r->crew);
    for (size_t i = 0; i < r->cache_count; i++) {
        segment_close(r->cache[i].segment);
        buf_free(&r->cache[i].raw);
    }
    free(r->cache);
    positions_clear(&r->sources);
    vec_free(&r->pieces.list);
}

/* Get ready to read blocks: a piece is work for one thread. */
static int make_cache(struct restore *r, unsigned threads)
{
    if (threads > r->pieces.list.len)
        threads = r->pieces.list.len ? (unsigned)r->pieces.list.len : 1;
    r->ahead = threads > 1 ? threads : 0;
    r->cache = calloc(BLOCK_CACHE + r->ahead, sizeof(*r->cache));
    if (!r->cache)
        return error_memory(r->err);
    r->cache_count = BLOCK_CACHE + r->ahead;
    return crew_new(&r->crew, threads, r->err);
}

int archive_restore(struct archive_snapshot *s, const char *pattern, unsigned threads,
                    lgz_write_fn *write, void *context, struct restore_result *result,
                    struct lgz_error *err)
{
    struct lgz_error own = {0}; /* the write callback may share it */
    struct restore r = {
        .snapshot = s,
        .pattern = pattern,
        .write = write,
        .context = context,
        .result = result,
        .err = err ? err : &own,
    };
    *result = (struct restore_result){0};
    int code = LGZ_OK;
    for (size_t i = 0; code == LGZ_OK && i < s->segment_count; i++)
        code = look_into_segment(&r, i);
    if (code == LGZ_OK)
        code = look_into_journals(&r);
    if (code == LGZ_OK) {
        prefer_exact(&r);
        pieces_sort(&r.pieces);
        code = check(&r);
    }
    if (code == LGZ_OK)
        code = make_cache(&r, threads);
    if (code == LGZ_OK)
        code = write_pieces(&r);
    clear(&r);
    return code;
}

void restore_result_clear(struct restore_result *result)
{
    for (size_t i = 0; i < result->note_count; i++)
        free(result->notes[i].name);
    for (size_t i = 0; i < result->holes.len; i++)
        free(result->holes.data[i].name);
    vec_free(&result->holes);
    free(result->notes);
    *result = (struct restore_result){0};
}
