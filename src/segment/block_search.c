/*
 * block_search.c - goes over a block's lines twice, or once, or not at all: over those that may
 * meet the need, with the columns in which its strings may lie; then over those that do.
 */
#include "segment/block_search.h"

#include <stdlib.h>

#include "segment/block.h"
#include "segment/block_walk.h"
#include "segment/field_columns.h"
#include "segment/template_fit.h"

enum {
    LOOK_BYTES = 64 << 10, /* of lines that are searched at once */
    MOST_COLUMNS = 1 << 15,
    MOST_TEXT = 1 << 22, /* bytes of all templates, for some strings, */
    MANY_STRINGS = 4,    /* and for more of them less */
    MOST_HITS = 8,       /* of so many lines, one may be wanted: else decoding costs no more */
    HIT_BYTES = 32,      /* for so many raw bytes there is one hit at most: what they take */
};

/* A line, or what of it is needed to search it. */
struct looked_at {
    uint64_t line;
    uint64_t template;
    const uint8_t *start;
    size_t len;
    bool hit;
};

struct searching {
    const struct block_search *search;
    struct need need; /* the same with strings that aren't too long */
    bool exact;       /* a line that meets it is one */
    bool texts;       /* lines are put together */
    bool total;       /* they are counted only */
    struct block_columns b;
    uint8_t *fits;        /* of each template, enum template_fit */
    bool *only;           /* only what fields need of a template's lines is put together */
    struct finder *names; /* of the fields; NULL: there are none */
    size_t name_count;
    bool *inside; /* the strings lie within single values of a template's lines */
    bool *hit;    /* a line of the template was found */
    struct block_walk walk;
    VEC(struct looked_at) looked;
    struct block_hits *hits;
};

static void searching_clear(struct searching *s)
{
    for (size_t i = 0; i < s->need.clauses.len; i++)
        vec_free(&s->need.clauses.data[i].strings);
    vec_free(&s->need.clauses);
    block_walk_clear(&s->walk);
    block_columns_clear(&s->b);
    free(s->fits);
    free(s->only);
    free(s->names);
    free(s->inside);
    free(s->hit);
    vec_free(&s->looked);
}

/* --- searching -----------------------------------------------------------------------------------
 */

static bool add_hit(struct searching *s, uint64_t line, uint64_t template)
{
    s->hits->total++;
    s->hit[template] = true;
    return s->total || vec_push(&s->hits->list, ((struct block_hit){.line = line}));
}

/* All lines that are looked at. */
static struct span looked_text(const struct searching *s)
{
    const struct looked_at *last = &s->looked.data[s->looked.len - 1];
    const uint8_t *start = s->looked.data[0].start;
    return (struct span){start, (size_t)(last->start + last->len - start)};
}

/* A place of what is looked for, in these lines; SIZE_MAX if there is none. */
static size_t next_place(const struct searching *s, struct span text, size_t from)
{
    if (s->search->fields)
        return s->search->fields->next(s->search->fields->context, from);
    return finder_next(&s->walk.finder, text, from);
}

/* Find the lines with a place, in all that are looked at. */
static void mark_places(struct searching *s)
{
    const struct span text = looked_text(s);
    size_t i = 0;
    for (size_t at = 0; (at = next_place(s, text, at)) != SIZE_MAX;) {
        while (i + 1 < s->looked.len && s->looked.data[i + 1].start <= text.data + at)
            i++;
        struct looked_at *l = &s->looked.data[i];
        l->hit |= at < (size_t)(l->start + l->len - text.data);
        if (++i == s->looked.len)
            return;
        at = (size_t)(s->looked.data[i].start - text.data);
    }
}

/* Of lines that fields let pass, those that meet the need as well. */
static void mark_fields(struct searching *s)
{
    const struct field_search *fields = s->search->fields;
    fields->start(fields->context, looked_text(s));
    mark_places(s);
    for (size_t i = 0; i < s->looked.len; i++) {
        struct looked_at *l = &s->looked.data[i];
        l->hit = l->hit && need_met(&s->need, (struct span){l->start, l->len});
    }
}

/* Search the lines that are looked at. */
static int search_looked(struct searching *s, struct lgz_error *err)
{
    bool ok = true;
    if (s->looked.len == 0)
        return LGZ_OK;
    if (s->search->fields)
        mark_fields(s);
    else if (s->need.clauses.len == 1 && s->walk.finder.string.len)
        mark_places(s);
    else
        for (size_t i = 0; i < s->looked.len; i++) {
            struct looked_at *l = &s->looked.data[i];
            l->hit |= need_met(&s->need, (struct span){l->start, l->len});
        }
    for (size_t i = 0; i < s->looked.len && ok; i++)
        if (s->looked.data[i].hit)
            ok = add_hit(s, s->looked.data[i].line, s->looked.data[i].template);
    s->looked.len = 0;
    return ok ? LGZ_OK : error_memory(err);
}

/* Find the lines that meet the need. */
static int find_lines(struct searching *s, struct lgz_error *err)
{
    struct block_walk *w = &s->walk;
    const bool keeps = block_walk_keeps(w);
    const size_t most = (size_t)(s->b.head.raw_len / HIT_BYTES) + LOOK_BYTES;
    int code = LGZ_OK;
    const uint8_t *from = w->out.at;
    for (uint64_t i = 0; i < s->b.lines && code == LGZ_OK; i++) {
        uint64_t template;
        const uint8_t *start = w->out.at;
        if (!block_columns_next(&s->b, &template))
            return block_columns_damaged(&s->b, i, err);
        const uint8_t fit = s->fits[template];
        w->found = fit == FIT_ALWAYS;
        if (!(fit == FIT_PERHAPS ? block_walk_put(w, template) : block_walk_pass(w, template)))
            return block_columns_damaged(&s->b, i, err);
        const bool put = fit == FIT_PERHAPS && !s->inside[template];
        if (!put && !w->found)
            continue;
        if (!put && (s->total || s->looked.len == 0)) {
            if (!add_hit(s, i, template))
                return error_memory(err);
            continue;
        }
        const size_t len = put ? (size_t)(w->out.at - start) - 1 : 0;
        if (!vec_push(&s->looked, ((struct looked_at){i, template, start, len, w->found})))
            return error_memory(err);
        if (w->out.at - from < LOOK_BYTES && s->looked.len < LOOK_BYTES)
            continue;
        code = search_looked(s, err);
        if (!keeps)
            w->out.at = w->bytes;
        from = w->out.at;
        if (s->hits->list.len > most)
            break;
    }
    if (code == LGZ_OK)
        code = search_looked(s, err);
    s->hits->declined = s->hits->list.len > most;
    return code;
}

/* Put the lines together that were found. */
static int put_hits(struct searching *s, struct lgz_error *err)
{
    struct block_hit *hit = s->hits->list.data;
    struct block_hit *end = hit + s->hits->list.len;
    struct block_walk *w = &s->walk;
    for (uint64_t i = 0; hit < end; i++) {
        uint64_t template;
        if (!block_columns_next(&s->b, &template))
            return block_columns_damaged(&s->b, i, err);
        const bool wanted = hit->line == i;
        const uint8_t *start = w->out.at;
        if (!(wanted ? block_walk_put(w, template) : block_walk_pass(w, template)))
            return block_columns_damaged(&s->b, i, err);
        if (wanted)
            (hit++)->text = (struct span){start, (size_t)(w->out.at - start) - 1};
    }
    return LGZ_OK;
}

/* The columns of the lines that were found. */
static int open_hits(struct searching *s, struct lgz_error *err)
{
    int code = block_walk_again(&s->walk, err);
    for (size_t i = 0; i < s->b.set.list.len; i++)
        for (size_t k = 0; s->hit[i] && k < s->b.set.list.data[i].slot_count; k++)
            s->walk.open[s->b.layout.column_of[i][k]] = true;
    return code == LGZ_OK ? block_walk_begin(&s->walk, NULL, err) : code;
}

static int put_texts(struct searching *s, struct lgz_error *err)
{
    int code = s->hits->list.len ? open_hits(s, err) : LGZ_OK;
    if (code == LGZ_OK && s->hits->list.len)
        code = put_hits(s, err);
    s->hits->bytes = s->walk.bytes;
    s->walk.bytes = NULL;
    return code;
}

/* --- what is looked for --------------------------------------------------------------------------
 */

/* The need with the front of strings that are too long. @return false when memory is out */
static bool take_need(struct searching *s)
{
    const struct need *need = s->search->need;
    s->exact = need->exact;
    for (size_t i = 0; i < need->clauses.len; i++) {
        const struct need_clause *from = &need->clauses.data[i];
        if (!vec_push(&s->need.clauses, (struct need_clause){0}))
            return false;
        struct need_clause *clause = &s->need.clauses.data[i];
        for (size_t k = 0; k < from->strings.len; k++) {
            struct need_string string = from->strings.data[k];
            s->exact &= string.bytes.len <= PASSAGE_MAX;
            if (string.bytes.len > PASSAGE_MAX)
                string.bytes.len = PASSAGE_MAX;
            if (!vec_push(&clause->strings, string))
                return false;
        }
    }
    return true;
}

static size_t count_strings(const struct need *need)
{
    size_t count = 0;
    for (size_t i = 0; i < need->clauses.len; i++)
        count += need->clauses.data[i].strings.len;
    return count;
}

/* --- the whole -----------------------------------------------------------------------------------
 */

/* Is the need no more than that there is a name? */
static bool needs_names_only(const struct searching *s)
{
    const struct need_clause *own = &s->need.clauses.data[0];
    const struct need_clause *names = s->search->fields->names;
    bool same = s->need.clauses.len == 1 && own->strings.len == names->strings.len;
    for (size_t i = 0; i < own->strings.len && same; i++)
        same = !own->strings.data[i].folded &&
               span_equal(own->strings.data[i].bytes, names->strings.data[i].bytes);
    return same;
}

/* A template's lines that may have a field are looked at: what its value is in has to be open. */
static void open_fields(struct searching *s, size_t template, bool parted)
{
    const uint32_t *columns = s->b.layout.column_of[template];
    s->fits[template] = FIT_PERHAPS;
    s->inside[template] = false;
    s->only[template] = !parted && needs_names_only(s);
    if (!parted)
        field_columns(&s->b, template, s->names, s->name_count, s->walk.open);
    else
        for (size_t i = 0; i < s->b.set.list.data[template].slot_count; i++)
            s->walk.open[columns[i]] = true;
}

/* Leave out the templates whose lines have no name of a field. */
static int fit_names(struct searching *s, struct template_fits *told, struct lgz_error *err)
{
    struct need_clause names = *s->search->fields->names;
    const struct need need = {.clauses = {&names, 1, 1}};
    s->names = calloc(names.strings.len, sizeof(*s->names));
    s->only = calloc(s->b.set.list.len, sizeof(*s->only));
    if (!told->fits || !told->inside || !told->parted || !s->names || !s->only)
        return error_memory(err);
    for (; s->name_count < names.strings.len; s->name_count++)
        s->names[s->name_count] = finder_of(names.strings.data[s->name_count].bytes);
    int code = template_fit_all(&s->b, &need, told, err);
    for (size_t i = 0; i < s->b.set.list.len && code == LGZ_OK; i++) {
        if (told->fits[i] == FIT_NEVER)
            s->fits[i] = FIT_NEVER;
        if (s->fits[i] != FIT_NEVER)
            open_fields(s, i, told->parted[i]);
    }
    return code;
}

static int fit_fields(struct searching *s, struct lgz_error *err)
{
    const size_t count = s->b.set.list.len;
    struct template_fits told = {.fits = calloc(count, 1),
                                 .inside = calloc(count, sizeof(bool)),
                                 .parted = calloc(count, sizeof(bool)),
                                 .columns = s->walk.open,
                                 .any_lines = true};
    const int code = fit_names(s, &told, err);
    free(told.fits);
    free(told.inside);
    free(told.parted);
    return code;
}

static int fit_need(struct searching *s, struct lgz_error *err)
{
    struct template_fits told = {.fits = s->fits,
                                 .inside = s->inside,
                                 .columns = s->walk.open,
                                 .any_lines = s->search->fields};
    int code = LGZ_OK;
    if (s->search->fields && needs_names_only(s))
        memset(s->fits, FIT_ALWAYS, s->b.set.list.len);
    else
        code = template_fit_all(&s->b, &s->need, &told, err);
    block_walk_look_for(&s->walk, &s->need.clauses.data[told.clause]);
    return code;
}

/* May any line meet the need? */
static bool fits_any(const struct searching *s)
{
    bool any = false;
    for (size_t i = 0; i < s->b.set.list.len; i++)
        any |= s->fits[i] != FIT_NEVER;
    return any;
}

static int fit_templates(struct searching *s, struct lgz_error *err)
{
    s->fits = calloc(s->b.set.list.len, sizeof(*s->fits));
    s->inside = calloc(s->b.set.list.len, sizeof(*s->inside));
    s->hit = calloc(s->b.set.list.len, sizeof(*s->hit));
    if (!s->fits || !s->inside || !s->hit)
        return error_memory(err);
    int code = block_walk_init(&s->walk, &s->b, err);
    if (code == LGZ_OK)
        code = fit_need(s, err);
    /* Where no template fits, columns that were gone through don't begin again. */
    if (code == LGZ_OK && s->search->fields && fits_any(s))
        code = fit_fields(s, err);
    return code;
}

/* Blocks of logs are far from this; what a damaged one may cost is bounded by it. */
static bool is_too_much(const struct searching *s, size_t strings)
{
    return s->b.count > MOST_COLUMNS ||
           s->b.set.text_len > MOST_TEXT / (strings / MANY_STRINGS + 1);
}

/* How many lines meet the need in any case, and may some others meet it? */
static uint64_t count_always(const struct searching *s, const uint64_t *counts, bool *others)
{
    uint64_t always = 0;
    *others = false;
    for (size_t i = 0; i < s->b.set.list.len; i++) {
        *others |= s->fits[i] == FIT_PERHAPS;
        if (s->fits[i] == FIT_ALWAYS && __builtin_add_overflow(always, counts[i], &always))
            always = UINT64_MAX;
    }
    return always;
}

/* Some strings were looked for in part only. */
static void drop_others(struct searching *s)
{
    struct block_hits *hits = s->hits;
    size_t kept = 0;
    for (size_t i = 0; i < hits->list.len; i++)
        if (need_met(s->search->need, hits->list.data[i].text))
            hits->list.data[kept++] = hits->list.data[i];
    hits->list.len = kept;
    hits->total = kept;
}

static int search_columns(struct searching *s, struct lgz_error *err)
{
    const struct walk_fields fields = {s->only, s->names, s->name_count};
    s->walk.fields = s->only ? &fields : NULL;
    int code = block_walk_begin(&s->walk, s->inside, err);
    s->walk.fields = NULL;
    if (code == LGZ_OK)
        code = find_lines(s, err);
    if (code != LGZ_OK || s->hits->declined || !s->texts)
        return code;
    code = put_texts(s, err);
    if (code == LGZ_OK && s->search->need->exact && !s->exact)
        drop_others(s);
    return code;
}

static int search_block(struct searching *s, const uint64_t *counts, struct lgz_error *err)
{
    bool others;
    int code = fit_templates(s, err);
    if (code != LGZ_OK)
        return code;
    const uint64_t always = count_always(s, counts, &others);
    if (!others && (always == 0 || s->total)) {
        s->hits->total = always;
        return LGZ_OK;
    }
    s->hits->declined = s->search->never || (s->texts && always > s->b.lines / MOST_HITS);
    return s->hits->declined ? LGZ_OK : search_columns(s, err);
}

int block_search(struct span body, const struct block_search *search, const uint64_t *counts,
                 size_t count, struct block_hits *hits, struct lgz_error *err)
{
    struct searching s = {.search = search, .hits = hits};
    const size_t strings = count_strings(search->need);
    hits->declined = search->need->clauses.len == 0 || strings > FIT_STRINGS;
    if (hits->declined)
        return LGZ_OK;
    /* Lines that aren't put together cost time that only their number bounds. */
    int code = take_need(&s) ? block_columns_parse(&s.b, body, err) : error_memory(err);
    s.texts = search->texts || !s.exact;
    s.total = search->total && !s.texts;
    if (code == LGZ_OK && (s.b.lines > s.b.head.raw_len + 1 || s.b.set.list.len != count))
        code = error_set(err, LGZ_ERR_CORRUPT, "isn't the block that the footer speaks of");
    hits->declined = code == LGZ_OK && is_too_much(&s, strings);
    if (code == LGZ_OK && !hits->declined)
        code = search_block(&s, counts, err);
    searching_clear(&s);
    return code;
}

void block_hits_clear(struct block_hits *hits)
{
    vec_free(&hits->list);
    free(hits->bytes);
    *hits = (struct block_hits){0};
}

int segment_search_block(const struct segment *s, size_t index, const struct block_search *search,
                         struct block_hits *hits, struct lgz_error *err)
{
    const struct block_info *info = segment_block(s, index);
    struct span body;
    uint8_t *stored = NULL;
    hits->declined = info->plain || !info->stored_known;
    if (hits->declined)
        return LGZ_OK;
    int code = segment_load_block(s, index, &stored, &body, err);
    if (code == LGZ_OK)
        code = block_search(body, search, info->template_counts, info->template_count, hits, err);
    free(stored);
    if (code == LGZ_OK)
        return LGZ_OK;
    block_hits_clear(hits);
    return segment_block_error(s, index, code, err);
}
