/*
 * block_walk.c - a row of steps for each template, made for the columns that are open. Lines that
 * are left out cost no more than a count, where nothing that follows needs their values.
 */
#include "segment/block_walk.h"

#include <stdlib.h>

#include "segment/field_columns.h"

enum { MOST_STEPS = 4 /* for a slot of a line that is put together */ };

static const uint8_t newline[1 + SLACK] = "\n";

int block_walk_init(struct block_walk *w, struct block_columns *b, struct lgz_error *err)
{
    w->b = b;
    w->open = calloc(b->count + 1, sizeof(*w->open));
    w->kept = calloc(b->count + 1, sizeof(*w->kept));
    w->timed = calloc(b->count + 1, sizeof(*w->timed));
    w->tested = calloc(WALK_TESTED, sizeof(*w->tested));
    return w->open && w->kept && w->timed && w->tested ? LGZ_OK : error_memory(err);
}

void block_walk_look_for(struct block_walk *w, const struct need_clause *clause)
{
    w->clause = clause;
    if (clause->strings.len == 1 && !clause->strings.data[0].folded)
        w->finder = finder_of(clause->strings.data[0].bytes);
}

void block_walk_clear(struct block_walk *w)
{
    free(w->open);
    free(w->kept);
    free(w->timed);
    free(w->steps);
    free(w->templates);
    free(w->waiting);
    free(w->tested);
    free(w->bytes);
    *w = (struct block_walk){0};
}

/* Open what an open column follows from, too. @return was another one opened? */
static bool open_followed(struct block_walk *w, size_t column)
{
    uint32_t followed[TEXT_FOLLOWS];
    const struct block_column *c = &w->b->columns[column];
    bool more = false;
    if (c->time) {
        const uint32_t other = c->time->compared;
        if (other == TEXT_NO_COLUMN)
            return false;
        more = !w->open[other];
        w->open[other] = true;
        w->timed[other] = true;
        w->timed[column] = true;
        return more;
    }
    const size_t count = text_follows(c->text, followed);
    for (size_t i = 0; i < count; i++) {
        if (followed[i] >= w->b->count)
            continue; /* it's damaged, which will be seen */
        more |= !w->open[followed[i]];
        w->open[followed[i]] = true;
        w->kept[followed[i]] = true;
    }
    w->kept[column] |= c->text->encoding == &text_keyed;
    return more;
}

static void open_all_followed(struct block_walk *w)
{
    bool more = true;
    while (more) {
        more = false;
        for (size_t i = 0; i < w->b->count; i++)
            if (w->open[i])
                more |= open_followed(w, i);
    }
}

static int open_columns(struct block_walk *w, struct lgz_error *err)
{
    open_all_followed(w);
    int code = block_columns_open_lines(w->b, err);
    for (size_t i = 0; i < w->b->count && code == LGZ_OK; i++)
        if (w->open[i])
            code = block_columns_open(w->b, i, err);
    return code;
}

/* What is done with a value that is looked into, */
static uint8_t test_kind(const struct block_walk *w, const struct step *step)
{
    if (step->time)
        return STEP_TEST_TIME;
    return w->kept[step->column] ? STEP_TEST_KEPT : STEP_TEST;
}

/* and with one that is left out. */
static uint8_t pass_kind(const struct block_walk *w, const struct step *step)
{
    if (w->kept[step->column])
        return step->time ? step->kind : STEP_KEEP;
    if (!step->time)
        return STEP_PASS;
    return w->timed[step->column] ? STEP_TAKE_TIME : STEP_PASS_TIME;
}

typedef uint8_t kind_fn(const struct block_walk *w, const struct step *step);

/* The steps of a template that put no line together: for the columns that are open. */
static struct step *bare_steps(const struct block_walk *w, size_t template, const bool *ahead,
                               kind_fn *kind, struct step *step)
{
    for (size_t i = 0; i < w->b->set.list.data[template].slot_count; i++) {
        struct step one = block_step(w->b, template, i, ahead[i]);
        if (!w->open[one.column])
            continue;
        one.len = 0;
        one.kind = kind(w, &one);
        *step++ = one;
    }
    *step = block_step_end(w->b, template);
    step->len = 0;
    return step + 1;
}

/* The steps of a template that put a line together: where a column isn't open, a newline stands,
   which the serialized template has behind the literal. */
static struct step *put_steps(const struct block_walk *w, size_t template, const bool *ahead,
                              struct step *step)
{
    for (size_t i = 0; i < w->b->set.list.data[template].slot_count; i++, step++) {
        *step = block_step(w->b, template, i, ahead[i]);
        if (!w->open[step->column]) {
            step->kind = STEP_LITERAL;
            step->len++;
        }
    }
    *step = block_step_end(w->b, template);
    return step + 1;
}

static const struct step newline_step = {.literal = newline, .len = 1, .kind = STEP_LITERAL};

/* Put a part of a literal; newlines stand for what is left out before and behind it. */
static struct step *part_steps(struct span literal, const struct field_part *part, bool joined,
                               struct step *step)
{
    if (part->from >= part->to)
        return step;
    if (!joined)
        *step++ = newline_step;
    *step++ = (struct step){.literal = literal.data + part->from,
                            .len = (uint32_t)(part->to - part->from),
                            .kind = STEP_LITERAL};
    if (part->to < literal.len || !part->value)
        *step++ = newline_step;
    return step;
}

/* The steps of a template that put together what fields need of its lines. */
static struct step *field_steps(const struct block_walk *w, size_t template, const bool *ahead,
                                struct field_part *parts, struct step *step)
{
    const struct template *t = &w->b->set.list.data[template];
    bool joined = false;
    field_parts(w->b, template, w->fields->names, w->fields->count, parts);
    for (size_t i = 0; i < t->slot_count; i++) {
        struct step one = block_step(w->b, template, i, ahead[i]);
        step = part_steps(t->slots[i].literal, &parts[i], joined, step);
        joined = parts[i].value;
        if (!w->open[one.column])
            continue;
        one.len = 0;
        one.kind = joined ? one.kind : pass_kind(w, &one);
        *step++ = one;
    }
    step = part_steps(t->tail, &parts[t->slot_count], joined, step);
    *step = newline_step;
    step->kind = STEP_END;
    return step + 1;
}

static enum walk_pass manner_of(const struct step *step)
{
    const bool any = step->kind != STEP_END;
    while (step->kind == STEP_PASS || step->kind == STEP_PASS_TIME)
        step++;
    return step->kind != STEP_END ? PASS_ALONG : any ? PASS_WAITS : PASS_NOTHING;
}

static void make_template(struct block_walk *w, size_t template, const bool *ahead,
                          struct field_part *parts, struct step **step)
{
    struct template_walk *t = &w->templates[template];
    t->put = *step;
    if (w->looks && w->looks[template])
        *step = bare_steps(w, template, ahead, test_kind, *step);
    else if (w->fields && w->fields->only[template])
        *step = field_steps(w, template, ahead, parts, *step);
    else
        *step = put_steps(w, template, ahead, *step);
    t->pass = *step;
    *step = bare_steps(w, template, ahead, pass_kind, *step);
    t->manner = manner_of(t->pass);
}

static int make_steps(struct block_walk *w, struct lgz_error *err)
{
    const size_t count = w->b->set.list.len;
    size_t all = 0;
    for (size_t i = 0; i < count; i++)
        all += (MOST_STEPS + 1) * (w->b->set.list.data[i].slot_count + 1);
    free(w->steps);
    free(w->templates);
    free(w->waiting);
    w->steps = malloc(all * sizeof(*w->steps));
    w->templates = calloc(count, sizeof(*w->templates));
    w->waiting = malloc(count * sizeof(*w->waiting));
    w->waiting_count = 0;
    uint32_t *first = calloc(w->b->count + 1, sizeof(*first));
    const size_t most = template_set_most_slots(&w->b->set);
    bool *ahead = calloc(most, sizeof(*ahead));
    struct field_part *parts = calloc(most + 1, sizeof(*parts));
    bool ok = w->steps && w->templates && w->waiting && first && ahead && parts;
    struct step *step = w->steps;
    for (size_t i = 0; i < count && ok; i++) {
        block_columns_ahead(w->b, i, first, ahead);
        make_template(w, i, ahead, parts, &step);
    }
    free(first);
    free(ahead);
    free(parts);
    return ok ? LGZ_OK : error_memory(err);
}

/* Does a value hold a string that is looked for? */
static bool holds(const struct block_walk *w, struct span value)
{
    return w->finder.string.len ? finder_holds(&w->finder, value)
                                : need_clause_met(w->clause, value);
}

/* The same of one that stays where it is: it may come again. */
static bool holds_once(struct block_walk *w, struct span value)
{
    const uintptr_t at = (uintptr_t)value.data;
    struct tested *known = &w->tested[(at ^ at >> 8) & (WALK_TESTED - 1)];
    if (!value.data || value.data != known->value.data || value.len != known->value.len)
        *known = (struct tested){value, holds(w, value)};
    return known->found;
}

/* Take a text that others need: it's put out if it doesn't stay where it is. Room is taken in any
   case, which bounds what the others make of long values. */
static bool keep_text(const struct step *step, struct sink *out)
{
    struct span value;
    step->text->batch.ahead = step->ahead;
    if (!text_take(step->text, &value))
        return false;
    *step->last = value;
    if (!step->text->batch.stays) {
        step->last->data = out->at;
        return sink_put(out, value.data, value.len);
    }
    const bool room = (size_t)(out->end - out->at) >= value.len;
    out->end -= room ? value.len : 0;
    return room;
}

/* Go along a step that looks into a value. */
static bool test_step(struct block_walk *w, const struct step *step)
{
    struct span value;
    uint8_t *start = w->out.at;
    bool stays = false;
    if (step->time) {
        if (!step_put_time(w->b, step, &w->out))
            return false;
        value = (struct span){start, (size_t)(w->out.at - start)};
        if (!w->kept[step->column])
            w->out.at = start;
    } else if (step->kind == STEP_TEST_KEPT) {
        if (!keep_text(step, &w->out))
            return false;
        value = *step->last;
        stays = true;
    } else {
        step->text->batch.ahead = step->ahead;
        if (!text_take(step->text, &value))
            return false;
        stays = step->text->batch.stays;
    }
    w->found |= stays ? holds_once(w, value) : holds(w, value);
    return true;
}

/* Do what a step does behind its literal. @return false on damage */
static inline bool do_step(struct block_walk *w, const struct step *step)
{
    uint64_t time;
    switch (step->kind) {
    case STEP_LITERAL:
        return true;
    case STEP_KEEP:
        return keep_text(step, &w->out);
    case STEP_PASS:
        return text_pass(step->text);
    case STEP_PASS_TIME:
        number_pass(&step->time->numbers);
        return true;
    case STEP_TAKE_TIME:
        return block_columns_time(w->b, step->column, &time);
    case STEP_TEST:
    case STEP_TEST_KEPT:
    case STEP_TEST_TIME:
        return test_step(w, step);
    case SLOT_TIME:
        return step_put_time(w->b, step, &w->out);
    default:
        return step_put_text(step, &w->out);
    }
}

/* Go along steps. @return false on damage */
static bool go_along(struct block_walk *w, const struct step *step)
{
    for (;; step++) {
        if (!sink_put(&w->out, step->literal, step->len))
            return false;
        if (step->kind == STEP_END)
            return true;
        if (!do_step(w, step))
            return false;
    }
}

/* The same where there are no literals. */
static bool go_bare(struct block_walk *w, const struct step *step)
{
    while (step->kind != STEP_END && do_step(w, step))
        step++;
    return step->kind == STEP_END;
}

/* Leave out the lines that had to wait. */
static bool settle(struct block_walk *w)
{
    bool ok = true;
    for (; w->waiting_count && ok; w->waiting_count--) {
        struct template_walk *t = &w->templates[w->waiting[w->waiting_count - 1]];
        for (const struct step *step = t->pass; ok && step->kind != STEP_END; step++)
            if (step->time)
                number_pass_many(&step->time->numbers, t->passed);
            else
                ok = text_pass_many(step->text, t->passed);
        t->passed = 0;
    }
    return ok;
}

bool block_walk_pass(struct block_walk *w, uint64_t template)
{
    struct template_walk *t = &w->templates[template];
    if (t->manner == PASS_ALONG)
        return go_bare(w, t->pass);
    if (t->manner == PASS_WAITS && t->passed++ == 0)
        w->waiting[w->waiting_count++] = (uint32_t) template;
    return true;
}

bool block_walk_put(struct block_walk *w, uint64_t template)
{
    const struct step *put = w->templates[template].put;
    if (w->waiting_count && !settle(w))
        return false;
    return w->looks && w->looks[template] ? go_bare(w, put) : go_along(w, put);
}

/* Room for whatever lines may be put together: the raw bytes, and a newline for each line. */
static int make_room(struct block_walk *w, struct lgz_error *err)
{
    const uint64_t most = w->b->head.raw_len * 2;
    if (!w->bytes)
        w->bytes = malloc(most + OUTPUT_SLACK);
    w->out = (struct sink){w->bytes, w->bytes + most};
    return w->bytes ? LGZ_OK : error_memory(err);
}

int block_walk_begin(struct block_walk *w, const bool *looks, struct lgz_error *err)
{
    w->looks = looks;
    int code = open_columns(w, err);
    if (code == LGZ_OK)
        code = make_steps(w, err);
    return code == LGZ_OK ? make_room(w, err) : code;
}

int block_walk_again(struct block_walk *w, struct lgz_error *err)
{
    memset(w->open, 0, w->b->count * sizeof(*w->open));
    memset(w->kept, 0, w->b->count * sizeof(*w->kept));
    memset(w->timed, 0, w->b->count * sizeof(*w->timed));
    w->fields = NULL;
    return block_columns_again(w->b, err);
}

bool block_walk_keeps(const struct block_walk *w)
{
    bool any = false;
    for (size_t i = 0; i < w->b->count; i++)
        any |= w->open[i] && w->kept[i];
    return any;
}
