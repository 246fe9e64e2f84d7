/*
 * template_fit.c - goes along each template with each string of a need: forward for where in the
 * string one may be, backward for which of these places lead to its end.
 */
#include "segment/template_fit.h"

#include <stdlib.h>

#include "base/find.h"
#include "column/row_search.h"

enum {
    STAMPS = 16,          /* formats that are remembered */
    LOOK_LEAST = 1 << 20, /* bytes that are looked at for a string, */
    LOOK_SHARE = 8,       /* and one for so many raw ones; */
    SCAN_SHARE = 2,       /* of values that are gone through, one for so many raw ones, */
    SCAN_VALUE = 4,       /* each taken to be so much longer */
};

/* What the string does in time stamps. */
struct stamp_passage {
    uint8_t format;
    uint8_t digits;
    struct passage passage;
};

/* A column where a part of a string may lie in lines of a template. */
struct part {
    uint32_t template;
    uint32_t column;
};

#define SEVERAL SIZE_MAX

/* Is it known what the string does in a column? */
enum knowing { NOT_ASKED, ASKED, KNOWN };

struct fitting {
    struct block_columns *b;
    const struct need_string *sought;
    struct finder finder; /* of that, unless it's folded */
    struct passage_string string;
    struct passage any;    /* what it does in values of which nothing is known */
    struct passage *known; /* and in each column, */
    uint8_t *state;        /* if that is known: enum knowing */
    struct text_look look;
    struct stamp_passage stamps[STAMPS];
    size_t stamp_count; /* of all that were made; the last ones are there */
    uint64_t *places;   /* in front of the value of each slot */
    VEC(struct part) parts;
    bool *inside; /* of each template */
    size_t
        *open; /* of each: one more than the clause that isn't met in any case; SEVERAL of them */
    bool any_lines;
    uint64_t scan_left;
    bool scanned; /* there are columns that aren't at their beginning any more */
    bool no_memory;
};

static const struct passage *passage_of_stamp(struct fitting *f, const struct slot *slot)
{
    for (size_t i = 0; i < f->stamp_count && i < STAMPS; i++)
        if (f->stamps[i].format == slot->format && f->stamps[i].digits == slot->digits)
            return &f->stamps[i].passage;
    struct stamp_passage *stamp = &f->stamps[f->stamp_count++ % STAMPS];
    *stamp = (struct stamp_passage){.format = slot->format, .digits = slot->digits};
    passage_stamp(&stamp->passage, &f->string, slot->format, slot->digits);
    return &stamp->passage;
}

/* Open the column that has a column's values, in whatever order. @return NULL if it can't be gone
 * through by itself, or needn't: what it has is known */
static struct text_column *open_values(struct fitting *f, uint32_t column)
{
    struct text_column *c = f->b->columns[column].text;
    struct text_column *values = c;
    struct lgz_error err = {0};
    while (values->encoding->values)
        values = values->encoding->values(values->state);
    if (values->encoding->in_step || values->encoding->each)
        return NULL;
    f->scanned = true;
    const int code = values == c ? block_columns_open(f->b, column, &err)
                                 : text_open(values, f->b->streams, f->b->head.raw_len, &err);
    return code == LGZ_OK ? values : NULL;
}

/* The bytes of values, if they lie one behind the other; else nothing. */
static struct span all_of(const struct span *values, size_t count)
{
    struct span all = values[0];
    for (size_t i = 1; i < count; i++) {
        if (values[i].data != all.data + all.len)
            return (struct span){0};
        all.len += values[i].len;
    }
    return all;
}

/* Is the string in the text? */
static bool is_in(const struct fitting *f, struct span text)
{
    return f->sought->folded ? need_string_in(f->sought, text) : finder_holds(&f->finder, text);
}

/* Is the string in one of the values? */
static bool is_in_one(const struct fitting *f, const struct span *values, size_t count)
{
    const struct span all = all_of(values, count);
    bool found = false;
    if (!f->sought->folded && all.len && finder_next(&f->finder, all, 0) == SIZE_MAX)
        return false;
    for (size_t i = 0; i < count && !found; i++)
        found = is_in(f, values[i]);
    return found;
}

/* Take what going through values costs. @return false if it's too much */
static bool take_scan(struct fitting *f, const struct span *values, size_t count)
{
    uint64_t cost = count * SCAN_VALUE;
    for (size_t i = 0; i < count; i++)
        cost += values[i].len;
    const bool enough = cost <= f->scan_left;
    f->scan_left -= enough ? cost : f->scan_left;
    return enough;
}

/* Is the string in none of a column's values? Then it may have been gone through, to no avail. */
static bool is_in_none(struct fitting *f, uint32_t column)
{
    if (text_lacks(f->b->columns[column].text, &f->look))
        return true;
    struct text_column *c = open_values(f, column);
    if (!c)
        return false;
    if (!f->sought->folded) {
        struct row_list rows = {0};
        const enum row_search_result result = row_search(c, f->sought->bytes, &f->scan_left, &rows);
        row_list_clear(&rows);
        if (result != ROWS_UNTOLD)
            return result == ROWS_LACK;
    }
    for (; text_refill(c); c->next = c->count)
        if (!take_scan(f, c->batch.values, c->count) || is_in_one(f, c->batch.values, c->count))
            return false;
    return !stream_reader_no_memory(f->b->streams);
}

static const struct passage *passage_of_column(struct fitting *f, uint32_t column)
{
    struct passage *known = &f->known[column];
    if (f->state[column] == KNOWN)
        return known;
    /* A column may be asked for what is made of it. */
    if (f->state[column] == ASKED || !f->b->columns[column].text)
        return &f->any;
    const bool rough = f->look.rough;
    f->state[column] = ASKED;
    f->look.rough = false;
    *known = (struct passage){0};
    text_passage(f->b->columns[column].text, &f->look, known);
    if (known->ends & 1 && is_in_none(f, column))
        known->ends &= ~UINT64_C(1);
    f->state[column] = KNOWN;
    f->look.rough = rough;
    return known;
}

/* struct text_look */
static const struct passage *passage_of_other(void *context, uint32_t column)
{
    struct fitting *f = context;
    return column < f->b->count ? passage_of_column(f, column) : &f->any;
}

/* struct text_look: times that are differences to others' aren't known. */
static bool range_of_other(void *context, uint32_t column, bool time, struct number_range *range)
{
    struct fitting *f = context;
    if (column >= f->b->count || time != (f->b->columns[column].time != NULL))
        return false;
    if (!time)
        return f->b->columns[column].text &&
               text_range(f->b->columns[column].text, &f->look, range);
    const struct time_column *c = f->b->columns[column].time;
    *range = number_range(&c->numbers);
    return c->compared == TEXT_NO_COLUMN;
}

/* What the string does in the value of a slot. */
static const struct passage *passage_of(struct fitting *f, size_t template, size_t slot)
{
    const struct slot *s = &f->b->set.list.data[template].slots[slot];
    return s->kind == SLOT_TIME ? passage_of_stamp(f, s)
                                : passage_of_column(f, f->b->layout.column_of[template][slot]);
}

static bool is_constant(const struct fitting *f, size_t template, size_t slot)
{
    const struct text_column *c = f->b->columns[f->b->layout.column_of[template][slot]].text;
    return c && c->encoding == &text_constant;
}

/* Go forward along a template. */
static enum template_fit go_forward(struct fitting *f, size_t template)
{
    const struct template *t = &f->b->set.list.data[template];
    uint64_t places = 1;
    uint64_t sure = 1; /* the places where one is in any case */
    bool perhaps = false, always = false;
    for (size_t i = 0; i < t->slot_count; i++) {
        const struct span literal = t->slots[i].literal;
        places = passage_over(&f->string, places, literal, &perhaps);
        sure = passage_over(&f->string, sure, literal, &always);
        f->places[i] = places;
        const struct passage *value = passage_of(f, template, i);
        places = passage_through(value, places, &perhaps);
        sure = is_constant(f, template, i) ? passage_through(value, sure, &always) : 1;
    }
    passage_over(&f->string, places, t->tail, &perhaps);
    passage_over(&f->string, sure, t->tail, &always);
    return always ? FIT_ALWAYS : perhaps ? FIT_PERHAPS : FIT_NEVER;
}

/* And back: note the columns that take part. */
static void go_back(struct fitting *f, size_t template)
{
    const struct template *t = &f->b->set.list.data[template];
    uint64_t wanted = passage_back_over(&f->string, 0, t->tail);
    for (size_t i = t->slot_count; i-- > 0;) {
        const struct passage *value = passage_of(f, template, i);
        /* From before the value into it, or from it to what is behind. */
        if (passage_takes_part(value, f->places[i] & ~UINT64_C(1), wanted) ||
            (value->from[0] & wanted & ~UINT64_C(1)))
            f->inside[template] = false;
        if (passage_takes_part(value, f->places[i], wanted))
            f->no_memory |= !vec_push(
                &f->parts,
                ((struct part){(uint32_t) template, f->b->layout.column_of[template][i]}));
        wanted =
            passage_back_over(&f->string, passage_back_through(value, wanted), t->slots[i].literal);
    }
}

/* Columns that were gone through begin again. */
static int begin_again(struct fitting *f, struct lgz_error *err)
{
    const bool scanned = f->scanned;
    f->scanned = false;
    return scanned ? block_columns_again(f->b, err) : LGZ_OK;
}

/* Begin with a string. */
static int begin_string(struct fitting *f, const struct need_string *string, struct lgz_error *err)
{
    passage_string_init(&f->string, string->bytes, string->folded);
    f->sought = string;
    f->finder = finder_of(string->bytes);
    f->any = (struct passage){0};
    passage_any(&f->any, &f->string);
    memset(f->state, NOT_ASKED, f->b->count);
    f->stamp_count = 0;
    f->look = (struct text_look){.streams = f->b->streams,
                                 .string = &f->string,
                                 .of = passage_of_other,
                                 .range = range_of_other,
                                 .context = f,
                                 .steps = LOOK_LEAST + f->b->head.raw_len / LOOK_SHARE};
    return begin_again(f, err);
}

/* Does a literal of the template hold the string? Then nothing is asked of values. */
static bool is_in_literals(const struct fitting *f, const struct template *t)
{
    bool found = is_in(f, t->tail);
    for (size_t i = 0; i < t->slot_count && !found; i++)
        found = is_in(f, t->slots[i].literal);
    return found;
}

/* Does one more string change what is known of a clause? */
static int fit_string(struct fitting *f, const struct need_string *string, uint8_t *clause,
                      const uint8_t *wanted, struct lgz_error *err)
{
    const int code = begin_string(f, string, err);
    if (code != LGZ_OK)
        return code;
    for (size_t i = 0; i < f->b->set.list.len; i++) {
        if (!f->any_lines && wanted[i] != FIT_NEVER && clause[i] != FIT_ALWAYS &&
            is_in_literals(f, &f->b->set.list.data[i]))
            clause[i] = FIT_ALWAYS;
        if (!f->any_lines && clause[i] == FIT_ALWAYS)
            continue;
        const uint8_t fit = wanted[i] == FIT_NEVER ? FIT_NEVER : (uint8_t)go_forward(f, i);
        if (fit != FIT_NEVER)
            go_back(f, i);
        clause[i] = fit > clause[i] ? fit : clause[i];
    }
    return LGZ_OK;
}

static bool fits_any(const uint8_t *fits, size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count; i++)
        any |= fits[i] != FIT_NEVER;
    return any;
}

/* Formats come from the file: they are in the table, since templates were parsed. */
static int fit_clauses(struct fitting *f, const struct need *need, uint8_t *fits,
                       struct lgz_error *err)
{
    const size_t count = f->b->set.list.len;
    uint8_t *clause = malloc(count);
    if (!clause)
        return error_memory(err);
    int code = LGZ_OK;
    memset(fits, FIT_ALWAYS, count);
    for (size_t i = 0; i < need->clauses.len && code == LGZ_OK; i++) {
        const struct need_clause *c = &need->clauses.data[i];
        memset(clause, FIT_NEVER, count);
        for (size_t k = 0; k < c->strings.len && code == LGZ_OK; k++)
            code = fit_string(f, &c->strings.data[k], clause, fits, err);
        for (size_t t = 0; t < count; t++) {
            fits[t] = clause[t] < fits[t] ? clause[t] : fits[t];
            if (clause[t] != FIT_ALWAYS)
                f->open[t] = f->open[t] ? SEVERAL : i + 1;
        }
    }
    free(clause);
    return code == LGZ_OK && fits_any(fits, count) ? begin_again(f, err) : code;
}

/* Lines are looked at by one clause, that of the first template that is left to it. */
static void choose_clause(const struct fitting *f, struct template_fits *out)
{
    size_t chosen = 0;
    for (size_t i = 0; i < f->b->set.list.len && !chosen; i++)
        if (out->fits[i] == FIT_PERHAPS && f->open[i] != SEVERAL)
            chosen = f->open[i];
    for (size_t i = 0; i < f->b->set.list.len; i++)
        out->inside[i] &= f->open[i] == chosen;
    out->clause = chosen ? chosen - 1 : 0;
}

/* What the parts of the strings are in: columns of templates that fit, and these templates. */
static void take_parts(const struct fitting *f, const struct template_fits *out)
{
    for (size_t i = 0; i < f->parts.len; i++) {
        const struct part *part = &f->parts.data[i];
        const uint8_t fit = out->fits[part->template];
        if (fit == FIT_PERHAPS || (fit == FIT_ALWAYS && out->any_lines))
            out->columns[part->column] = true;
        if (out->parted)
            out->parted[part->template] = true;
    }
}

int template_fit_all(struct block_columns *b, const struct need *need, struct template_fits *out,
                     struct lgz_error *err)
{
    const size_t count = b->set.list.len;
    struct fitting f = {
        .b = b,
        .known = malloc((b->count + 1) * sizeof(*f.known)),
        .state = malloc(b->count + 1),
        .inside = out->inside,
        .open = calloc(count, sizeof(*f.open)),
        .any_lines = out->any_lines,
        .places = malloc(template_set_most_slots(&b->set) * sizeof(*f.places)),
        .scan_left = b->head.raw_len / SCAN_SHARE,
    };
    memset(out->inside, true, count * sizeof(*out->inside));
    int code = f.known && f.state && f.places && f.open ? fit_clauses(&f, need, out->fits, err)
                                                        : error_memory(err);
    if (code == LGZ_OK && f.no_memory)
        code = error_memory(err);
    if (code == LGZ_OK) {
        choose_clause(&f, out);
        take_parts(&f, out);
    }
    vec_free(&f.parts);
    free(f.known);
    free(f.state);
    free(f.open);
    free(f.places);
    return code;
}
