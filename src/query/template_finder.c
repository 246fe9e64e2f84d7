/*
 * template_finder.c - texts with the templates of their lines, and the pieces of sources in them.
 */
#include "query/template_finder.h"

#include <stdlib.h>

#include "base/lower_bound.h"
#include "line/lines.h"

/* A text, and what is known of its lines once that was asked for. */
struct unit {
    const struct segment *segment; /* the text is a block of it; NULL: it isn't */
    size_t block;
    struct span text; /* empty: it isn't there any more */
    struct buf own;   /* the text, if it's ours */
    bool ready;
    struct line_templates templates;
    size_t at;   /* a place in the text, */
    size_t line; /* and so many newlines before it */
};

/* Bytes of a source within a text. */
struct piece {
    uint64_t source;
    uint64_t offset; /* in the source */
    uint64_t len;
    size_t unit;
    size_t at; /* in the unit's text */
};

struct template_finder {
    enum template_use use;
    VEC(struct unit) units;
    VEC(struct piece) pieces; /* by source and offset */
    size_t last;              /* the piece that was looked up last */
    struct known_templates *known;
    const struct archive_snapshot *snapshot; /* whose newest segment isn't known yet; or NULL */
    struct line_templates alone;             /* of a line by itself */
};

int template_finder_new(struct template_finder **out, enum template_use use, struct lgz_error *err)
{
    struct template_finder *f = calloc(1, sizeof(*f));
    *out = f;
    if (!f)
        return error_memory(err);
    f->use = use;
    return LGZ_OK;
}

static void clear_units(struct template_finder *f)
{
    for (size_t i = 0; i < f->units.len; i++) {
        line_templates_clear(&f->units.data[i].templates);
        buf_free(&f->units.data[i].own);
    }
    f->units.len = 0;
    f->pieces.len = 0;
    f->last = 0;
}

void template_finder_reset(struct template_finder *f)
{
    if (!f)
        return;
    clear_units(f);
    line_templates_clear(&f->alone);
    known_free(f->known);
    f->known = NULL;
    f->snapshot = NULL;
}

void template_finder_free(struct template_finder *f)
{
    if (!f)
        return;
    template_finder_reset(f);
    vec_free(&f->units);
    vec_free(&f->pieces);
    free(f);
}

bool template_finder_wants_text(const struct template_finder *f)
{
    return f && f->use == TEMPLATES_ALL;
}

void template_finder_leave(struct template_finder *f)
{
    for (size_t i = 0; f && i < f->units.len; i++) {
        f->units.data[i].text = (struct span){0};
        f->units.data[i].segment = NULL;
    }
}

/* --- what is told --- */

static int compare_pieces(const void *a, const void *b)
{
    const struct piece *x = a, *y = b;
    if (x->source != y->source)
        return x->source < y->source ? -1 : 1;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

int template_finder_block(struct template_finder *f, const struct segment *segment, size_t number,
                          struct span raw, struct lgz_error *err)
{
    const struct block_info *block = segment_block(segment, number);
    const struct unit unit = {.segment = segment, .block = number, .text = raw};
    size_t at = 0;
    clear_units(f);
    bool kept = vec_push(&f->units, unit);
    for (size_t i = 0; i < block->extent_count && kept; i++) {
        const struct extent *e = &block->extents[i];
        const struct piece piece = {segment_source(segment, e->source)->id, e->offset, e->length, 0,
                                    at};
        if (e->length > raw.len - at)
            break; /* who feeds the block will see that, too */
        kept = vec_push(&f->pieces, piece);
        at += (size_t)e->length;
    }
    if (!kept)
        return error_memory(err);
    if (f->pieces.len)
        qsort(f->pieces.data, f->pieces.len, sizeof(*f->pieces.data), compare_pieces);
    return LGZ_OK;
}

int template_finder_text(struct template_finder *f, uint64_t source, uint64_t offset,
                         struct span text, struct lgz_error *err)
{
    const struct unit unit = {.text = text};
    const struct piece piece = {source, offset, text.len, 0, 0};
    clear_units(f);
    return vec_push(&f->units, unit) && vec_push(&f->pieces, piece) ? LGZ_OK : error_memory(err);
}

/* --- a journal: bytes by source, put together to texts as large as blocks --- */

/* Bytes of one source without a gap. */
struct run {
    uint64_t source;
    uint64_t offset;
    struct buf bytes;
};

struct gathered {
    VEC(struct run) runs; /* by source and offset */
    uint64_t bytes;
};

/* The index behind the source's last run. */
static size_t behind_source(const struct gathered *g, uint64_t source)
{
    return source == UINT64_MAX ? g->runs.len : lower_bound(&g->runs, source, source + 1);
}

static int gather_record(struct gathered *g, const struct journal_record *record,
                         struct lgz_error *err)
{
    size_t at = behind_source(g, record->source_id);
    struct span data = record->data;
    uint64_t offset = record->offset;
    struct run *last =
        at && g->runs.data[at - 1].source == record->source_id ? &g->runs.data[at - 1] : NULL;
    const uint64_t end = last ? last->offset + last->bytes.len : offset;
    if (last && offset < end) { /* what was read twice */
        if (end - offset >= data.len)
            return LGZ_OK;
        data = (struct span){data.data + (end - offset), data.len - (size_t)(end - offset)};
        offset = end;
    }
    if (!last || offset > end) {
        const struct run run = {.source = record->source_id, .offset = offset};
        if (!vec_insert(&g->runs, at, run))
            return error_memory(err);
        last = &g->runs.data[at];
    }
    buf_append(&last->bytes, data.data, data.len);
    g->bytes += data.len;
    return last->bytes.failed ? error_memory(err) : LGZ_OK;
}

/* What can't be read is told by who reads the journal next. */
static int gather_journal(struct gathered *g, struct journal_reader *journal, struct lgz_error *err)
{
    struct journal_record record;
    int code = LGZ_OK;
    while (code == LGZ_OK && g->bytes < FINDER_JOURNAL && journal_next(journal, &record, NULL) == 1)
        if (record.kind == JOURNAL_DATA)
            code = gather_record(g, &record, err);
    journal_rewind(journal);
    return code;
}

static bool put_run(struct template_finder *f, struct run *run)
{
    struct unit *unit = f->units.len ? &f->units.data[f->units.len - 1] : NULL;
    if (!unit || unit->own.len + run->bytes.len > FINDER_TEXT) {
        if (!vec_push(&f->units, (struct unit){0}))
            return false;
        unit = &f->units.data[f->units.len - 1];
    }
    if (unit->own.len && unit->own.data[unit->own.len - 1] != '\n')
        buf_push(&unit->own, '\n');
    const struct piece piece = {run->source, run->offset, run->bytes.len, f->units.len - 1,
                                unit->own.len};
    if (unit->own.len == 0)
        buf_swap(&unit->own, &run->bytes);
    else
        buf_append(&unit->own, run->bytes.data, run->bytes.len);
    buf_free(&run->bytes);
    return !unit->own.failed && vec_push(&f->pieces, piece);
}

int template_finder_journal(struct template_finder *f, struct journal_reader *journal,
                            const struct archive_snapshot *snapshot, struct lgz_error *err)
{
    struct gathered g = {0};
    clear_units(f);
    f->snapshot = f->known ? NULL : snapshot;
    int code = gather_journal(&g, journal, err);
    for (size_t i = 0; i < g.runs.len; i++) {
        if (code == LGZ_OK && !put_run(f, &g.runs.data[i]))
            code = error_memory(err);
        buf_free(&g.runs.data[i].bytes);
    }
    vec_free(&g.runs);
    for (size_t i = 0; i < f->units.len; i++)
        f->units.data[i].text = buf_span(&f->units.data[i].own);
    return code;
}

/* --- what is asked --- */

/* What is known before any text was clustered: what the newest segment knows. */
static int recall(struct template_finder *f, struct lgz_error *err)
{
    const struct archive_snapshot *s = f->snapshot;
    struct segment *newest = NULL;
    int code = LGZ_OK;
    if (!f->known && !(f->known = known_new()))
        return error_memory(err);
    f->snapshot = NULL;
    if (!s || s->segment_count == 0 ||
        archive_segment_open(&newest, &s->segments[s->segment_count - 1], NULL) != LGZ_OK)
        return LGZ_OK;
    code = segment_recall(newest, FINDER_JOURNAL, f->known, err);
    segment_close(newest);
    return code;
}

/* Make the unit's templates known. @return 1, 0 if they aren't wanted or can't be, or a code */
static int prepare(struct template_finder *f, struct unit *u, struct lgz_error *err)
{
    int code = LGZ_OK;
    const bool structured = u->segment && !segment_block(u->segment, u->block)->plain;
    if (u->ready)
        return 1;
    if (u->text.len == 0 || (!structured && f->use != TEMPLATES_ALL))
        return 0;
    if (structured) {
        code = segment_line_templates(u->segment, u->block, &u->templates, err);
    } else {
        code = recall(f, err);
        if (code == LGZ_OK)
            code = line_templates_find(&u->templates, u->text, f->known, err);
    }
    u->ready = code == LGZ_OK;
    return u->ready ? 1 : code;
}

static bool is_in(const struct piece *p, uint64_t source, uint64_t offset)
{
    return p->source == source && offset >= p->offset && offset - p->offset < p->len;
}

/* The piece with that byte of a source; NULL if it isn't there. */
static const struct piece *find_piece(struct template_finder *f, uint64_t source, uint64_t offset)
{
    size_t low = 0, high = f->pieces.len;
    if (f->last < high && is_in(&f->pieces.data[f->last], source, offset))
        return &f->pieces.data[f->last];
    const struct piece key = {.source = source, .offset = offset};
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare_pieces(&f->pieces.data[middle], &key) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || !is_in(&f->pieces.data[low - 1], source, offset))
        return NULL;
    f->last = low - 1;
    return &f->pieces.data[low - 1];
}

/* Is what lies in the text from `at` on a whole line of it? */
static bool is_line(const struct unit *u, size_t at, size_t len)
{
    if (at > u->text.len || len > u->text.len - at || (at && u->text.data[at - 1] != '\n'))
        return false;
    return at + len == u->text.len || u->text.data[at + len] == '\n';
}

/* The number of the line that begins at `at`. */
static size_t line_number(struct unit *u, size_t at)
{
    if (at < u->at)
        u->at = u->line = 0;
    u->line += lines_count(u->text.data + u->at, at - u->at);
    u->at = at;
    return u->line;
}

/* A line that is cut: by the templates that its end is among, or by itself. */
static int get_alone(struct template_finder *f, struct unit *u, struct span text,
                     const struct template_name **name, struct lgz_error *err)
{
    static const struct span empty = {(const uint8_t *)"\n", 1};
    size_t number = 0;
    int found = u ? prepare(f, u, err) : 0;
    if (found == 1)
        found = line_templates_match(&u->templates, text, &number, err);
    if (found == 1)
        *name = &u->templates.names[number];
    if (found || f->use != TEMPLATES_ALL)
        return found;
    line_templates_clear(&f->alone);
    int code = recall(f, err);
    if (code == LGZ_OK)
        code = line_templates_find(&f->alone, text.len ? text : empty, f->known, err);
    if (code == LGZ_OK)
        *name = &f->alone.names[f->alone.of_line[0]];
    return code == LGZ_OK ? 1 : code;
}

int template_finder_get(struct template_finder *f, uint64_t source, uint64_t offset,
                        struct span text, const struct template_name **name, struct lgz_error *err)
{
    const struct piece *piece = find_piece(f, source, offset);
    struct unit *u = piece ? &f->units.data[piece->unit] : f->units.len ? f->units.data : NULL;
    const size_t at = piece ? piece->at + (size_t)(offset - piece->offset) : 0;
    if (!piece || !is_line(u, at, text.len))
        return get_alone(f, u, text, name, err);
    int ready = prepare(f, u, err);
    if (ready != 1)
        return ready;
    const size_t line = line_number(u, at);
    if (line >= u->templates.lines)
        return get_alone(f, u, text, name, err);
    *name = &u->templates.names[u->templates.of_line[line]];
    return 1;
}
