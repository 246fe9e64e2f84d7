/*
 * block_search.c - goes over a block's lines twice, or once, or not at all: over those that may
 * meet the need, with the columns in which its strings may lie; then over those that do.
 */
#include "segment/block_search.h"

#include <stdlib.h>

#include "base/find.h"
#include "segment/block.h"
#include "segment/block_steps.h"
#include "segment/template_fit.h"

enum {
    LOOK_BYTES = 64 << 10, /* of lines that are searched at once */
    SHORT_VALUE = 64,      /* bytes */
    MOST_COLUMNS = 1 << 15,
    MOST_TEXT = 1 << 22, /* bytes of all templates, for some strings, */
    MANY_STRINGS = 4,    /* and for more of them less */
    MOST_HITS = 8,       /* of so many lines, one may be wanted: else decoding costs no more */
    HIT_BYTES = 32,      /* for so many raw bytes there is one hit at most: what they take */
};

/* A line, or what of it is needed to search it. */
struct looked_at {
    uint64_t line;
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
    bool *inside;         /* the strings lie within single values of a template's lines */
    struct finder finder; /* if there is a single string, which isn't folded */
    bool found;           /* a value holds a string */
    bool *open;           /* for each column */
    bool *kept;           /* what the column puts out is looked at by others, or by itself */
    bool *timed;          /* the same, of the times as numbers */
    struct step *steps;
    struct step **put;  /* of each template: putting a line together, as far as columns are open */
    struct step **pass; /* and leaving it out */
    uint64_t *passed;   /* so many lines are to be left out, which can wait; */
    bool any_passed;    /* of one template at least */
    uint8_t *bytes;
    struct sink out;
    VEC(struct looked_at) looked;
    struct block_hits *hits;
};

static void searching_clear(struct searching *s)
{
    for (size_t i = 0; i < s->need.clauses.len; i++)
        vec_free(&s->need.clauses.data[i].strings);
    vec_free(&s->need.clauses);
    block_columns_clear(&s->b);
    free(s->fits);
    free(s->open);
    free(s->kept);
    free(s->timed);
    free(s->steps);
    free(s->put);
    free(s->pass);
    free(s->passed);
    free(s->inside);
    free(s->bytes);
    vec_free(&s->looked);
}

/* --- which columns -------------------------------------------------------------------------------
 */

/* Open what an open column follows from, too. @return was another one opened? */
static bool open_followed(struct searching *s, size_t column)
{
    uint32_t followed[TEXT_FOLLOWS];
    const struct block_column *c = &s->b.columns[column];
    bool more = false;
    if (c->time) {
        const uint32_t other = c->time->compared;
        if (other == TEXT_NO_COLUMN)
            return false;
        more = !s->open[other];
        s->open[other] = true;
        s->timed[other] = true;
        s->timed[column] = true;
        return more;
    }
    const size_t count = text_follows(c->text, followed);
    for (size_t i = 0; i < count; i++) {
        if (followed[i] >= s->b.count)
            continue; /* it's damaged, which will be seen */
        more |= !s->open[followed[i]];
        s->open[followed[i]] = true;
        s->kept[followed[i]] = true;
    }
    s->kept[column] |= c->text->encoding == &text_keyed;
    return more;
}

static void open_all_followed(struct searching *s)
{
    bool more = true;
    while (more) {
        more = false;
        for (size_t i = 0; i < s->b.count; i++)
            if (s->open[i])
                more |= open_followed(s, i);
    }
}

static int open_columns(struct searching *s, struct lgz_error *err)
{
    open_all_followed(s);
    int code = block_columns_open_lines(&s->b, err);
    for (size_t i = 0; i < s->b.count && code == LGZ_OK; i++)
        if (s->open[i])
            code = block_columns_open(&s->b, i, err);
    return code;
}

/* --- steps ---------------------------------------------------------------------------------------
 */

/* The steps that look into single values. */
static struct step *test_steps(const struct searching *s, size_t template, const bool *ahead,
                               struct step *step)
{
    for (size_t i = 0; i < s->b.set.list.data[template].slot_count; i++) {
        struct step one = block_step(&s->b, template, i, ahead[i]);
        if (!s->open[one.column])
            continue;
        one.len = 0;
        if (one.time)
            one.kind = STEP_TEST_TIME;
        else
            one.kind = s->kept[one.column] ? STEP_TEST_KEPT : STEP_TEST;
        *step++ = one;
    }
    *step = block_step_end(&s->b, template);
    step->len = 0;
    return step + 1;
}

/* The steps of a template that put a line together: where a column isn't open, a newline stands,
   which the serialized template has behind the literal. */
static struct step *put_steps(const struct searching *s, size_t template, const bool *ahead,
                              struct step *step)
{
    for (size_t i = 0; i < s->b.set.list.data[template].slot_count; i++, step++) {
        *step = block_step(&s->b, template, i, ahead[i]);
        if (!s->open[step->column]) {
            step->kind = STEP_LITERAL;
            step->len++;
        }
    }
    *step = block_step_end(&s->b, template);
    return step + 1;
}

/* The steps that leave it out. */
static struct step *pass_steps(const struct searching *s, size_t template, const bool *ahead,
                               struct step *step)
{
    for (size_t i = 0; i < s->b.set.list.data[template].slot_count; i++) {
        struct step one = block_step(&s->b, template, i, ahead[i]);
        if (!s->open[one.column])
            continue;
        one.len = 0;
        if (!s->kept[one.column])
            one.kind = !one.time              ? STEP_PASS
                       : s->timed[one.column] ? STEP_TAKE_TIME
                                              : STEP_PASS_TIME;
        *step++ = one;
    }
    *step = block_step_end(&s->b, template);
    step->len = 0;
    return step + 1;
}

/* `look`: lines are looked at, not put together as a whole. */
static int make_steps(struct searching *s, bool look, struct lgz_error *err)
{
    const size_t count = s->b.set.list.len;
    size_t all = 0;
    for (size_t i = 0; i < count; i++)
        all += 2 * (s->b.set.list.data[i].slot_count + 1);
    free(s->steps);
    free(s->put);
    free(s->pass);
    s->steps = malloc(all * sizeof(*s->steps));
    s->put = malloc(count * sizeof(struct step *));
    s->pass = malloc(count * sizeof(struct step *));
    free(s->passed);
    s->passed = calloc(count, sizeof(*s->passed));
    s->any_passed = false;
    uint32_t *first = calloc(s->b.count + 1, sizeof(*first));
    bool *ahead = calloc(template_set_most_slots(&s->b.set), sizeof(*ahead));
    bool ok = s->steps && s->put && s->pass && s->passed && first && ahead;
    struct step *step = s->steps;
    for (size_t i = 0; i < count && ok; i++) {
        block_columns_ahead(&s->b, i, first, ahead);
        s->put[i] = step;
        step = look && s->inside[i] ? test_steps(s, i, ahead, step) : put_steps(s, i, ahead, step);
        s->pass[i] = step;
        step = pass_steps(s, i, ahead, step);
    }
    free(first);
    free(ahead);
    return ok ? LGZ_OK : error_memory(err);
}

/* Most values are so short that it takes longer to get ready than to look. */
static bool holds(const struct finder *f, struct span value)
{
    const uint8_t *string = f->string.data;
    const size_t len = f->string.len;
    if (value.len > SHORT_VALUE)
        return finder_next(f, value, 0) != SIZE_MAX;
    for (const uint8_t *at = value.data; len <= value.len; at++, value.len--)
        if (at[f->first] == string[f->first] && at[f->second] == string[f->second] &&
            memcmp(at, string, len) == 0)
            return true;
    return false;
}

/* Does a value hold a string of the need, which has one clause? */
static void test(struct searching *s, struct span value)
{
    if (s->finder.string.len)
        s->found |= holds(&s->finder, value);
    else
        s->found |= need_clause_met(&s->need.clauses.data[0], value);
}

/* Go along a step of test_steps(). */
static bool test_step(struct searching *s, const struct step *step)
{
    struct span value;
    uint8_t *start = s->out.at;
    bool ok;
    if (step->kind == STEP_TEST) {
        step->text->batch.ahead = step->ahead;
        ok = text_take(step->text, &value);
    } else {
        ok = step->time ? step_put_time(&s->b, step, &s->out) : step_put_text(step, &s->out);
        value = (struct span){start, (size_t)(s->out.at - start)};
    }
    if (ok)
        test(s, value);
    if (!s->kept[step->column])
        s->out.at = start;
    return ok;
}

/* Go along steps. @return false on damage */
static bool go_along(struct searching *s, const struct step *step)
{
    struct sink *out = &s->out;
    uint64_t time;
    bool ok = true;
    for (; ok; step++) {
        if (!sink_put(out, step->literal, step->len))
            return false;
        switch (step->kind) {
        case STEP_END:
            return true;
        case STEP_LITERAL:
            break;
        case STEP_PASS:
            ok = text_pass(step->text);
            break;
        case STEP_PASS_TIME:
            number_pass(&step->time->numbers);
            break;
        case STEP_TAKE_TIME:
            ok = block_columns_time(&s->b, step->column, &time);
            break;
        case STEP_TEST:
        case STEP_TEST_KEPT:
        case STEP_TEST_TIME:
            ok = test_step(s, step);
            break;
        case SLOT_TIME:
            ok = step_put_time(&s->b, step, out);
            break;
        default:
            ok = step_put_text(step, out);
            break;
        }
    }
    return false;
}

/* Leave out the lines that had to wait. */
static bool settle(struct searching *s)
{
    bool ok = true;
    for (size_t i = 0; i < s->b.set.list.len && ok; i++) {
        const uint64_t count = s->passed[i];
        s->passed[i] = 0;
        for (const struct step *step = s->pass[i]; count && ok && step->kind != STEP_END; step++)
            if (step->time)
                number_pass_many(&step->time->numbers, count);
            else
                ok = text_pass_many(step->text, count);
    }
    s->any_passed = false;
    return ok;
}

/* Can lines of a template be left out later than those behind them? */
static bool can_wait(const struct step *step)
{
    while (step->kind == STEP_PASS || step->kind == STEP_PASS_TIME)
        step++;
    return step->kind == STEP_END;
}

/* A line isn't wanted. @return false on damage */
static bool pass_line(struct searching *s, uint64_t template)
{
    if (!can_wait(s->pass[template]))
        return go_along(s, s->pass[template]);
    s->passed[template]++;
    s->any_passed = true;
    return true;
}

/* It may be wanted. */
static bool put_line(struct searching *s, uint64_t template)
{
    return (!s->any_passed || settle(s)) && go_along(s, s->put[template]);
}

/* --- searching -----------------------------------------------------------------------------------
 */

static int damaged(const struct searching *s, uint64_t line, struct lgz_error *err)
{
    if (stream_reader_no_memory(s->b.streams))
        return error_memory(err);
    return error_set(err, LGZ_ERR_CORRUPT, "damaged columns: line %llu can't be restored",
                     (unsigned long long)line + 1);
}

/* Room for whatever lines may be put together: the raw bytes, and a newline for each line. */
static int make_room(struct searching *s, struct lgz_error *err)
{
    const uint64_t most = s->b.head.raw_len * 2;
    if (!s->bytes)
        s->bytes = malloc(most + OUTPUT_SLACK);
    s->out = (struct sink){s->bytes, s->bytes + most};
    return s->bytes ? LGZ_OK : error_memory(err);
}

static bool add_hit(struct searching *s, uint64_t line)
{
    s->hits->total++;
    return s->total || vec_push(&s->hits->list, ((struct block_hit){.line = line}));
}

/* Find one string in all lines that are looked at. */
static void mark_by_finder(struct searching *s, const struct need_string *string)
{
    const struct finder finder = finder_of(string->bytes);
    const struct looked_at *last = &s->looked.data[s->looked.len - 1];
    const uint8_t *start = s->looked.data[0].start;
    const struct span text = {start, (size_t)(last->start + last->len - start)};
    size_t i = 0;
    for (size_t at = 0; (at = finder_next(&finder, text, at)) != SIZE_MAX;) {
        while (i + 1 < s->looked.len && s->looked.data[i + 1].start <= start + at)
            i++;
        struct looked_at *l = &s->looked.data[i];
        l->hit |= at < (size_t)(l->start + l->len - start);
        if (++i == s->looked.len)
            return;
        at = (size_t)(s->looked.data[i].start - start);
    }
}

/* Search the lines that are looked at. */
static int search_looked(struct searching *s, struct lgz_error *err)
{
    const struct need_clause *first = &s->need.clauses.data[0];
    const bool single = s->need.clauses.len == 1 && first->strings.len == 1;
    bool ok = true;
    if (s->looked.len == 0)
        return LGZ_OK;
    if (single && !first->strings.data[0].folded)
        mark_by_finder(s, &first->strings.data[0]);
    else
        for (size_t i = 0; i < s->looked.len; i++) {
            struct looked_at *l = &s->looked.data[i];
            l->hit |= need_met(&s->need, (struct span){l->start, l->len});
        }
    for (size_t i = 0; i < s->looked.len && ok; i++)
        if (s->looked.data[i].hit)
            ok = add_hit(s, s->looked.data[i].line);
    s->looked.len = 0;
    return ok ? LGZ_OK : error_memory(err);
}

static bool keeps_any(const struct searching *s)
{
    bool any = false;
    for (size_t i = 0; i < s->b.count; i++)
        any |= s->open[i] && s->kept[i];
    return any;
}

/* Find the lines that meet the need. */
static int find_lines(struct searching *s, struct lgz_error *err)
{
    const bool keeps = keeps_any(s);
    const size_t most = (size_t)(s->b.head.raw_len / HIT_BYTES) + LOOK_BYTES;
    int code = make_room(s, err);
    const uint8_t *from = s->out.at;
    for (uint64_t i = 0; i < s->b.lines && code == LGZ_OK; i++) {
        uint64_t template;
        const uint8_t *start = s->out.at;
        if (!block_columns_next(&s->b, &template))
            return damaged(s, i, err);
        const uint8_t fit = s->fits[template];
        s->found = fit == FIT_ALWAYS;
        if (!(fit == FIT_PERHAPS ? put_line(s, template) : pass_line(s, template)))
            return damaged(s, i, err);
        const bool put = fit == FIT_PERHAPS && !s->inside[template];
        if (!put && !s->found)
            continue;
        const size_t len = put ? (size_t)(s->out.at - start) - 1 : 0;
        if (!vec_push(&s->looked, ((struct looked_at){i, start, len, s->found})))
            return error_memory(err);
        if (s->out.at - from < LOOK_BYTES && s->looked.len < LOOK_BYTES)
            continue;
        code = search_looked(s, err);
        if (!keeps)
            s->out.at = s->bytes;
        from = s->out.at;
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
    int code = make_room(s, err);
    for (uint64_t i = 0; hit < end && code == LGZ_OK; i++) {
        uint64_t template;
        if (!block_columns_next(&s->b, &template))
            return damaged(s, i, err);
        const bool wanted = hit->line == i;
        const uint8_t *start = s->out.at;
        if (!(wanted ? put_line(s, template) : pass_line(s, template)))
            return damaged(s, i, err);
        if (wanted)
            (hit++)->text = (struct span){start, (size_t)(s->out.at - start) - 1};
    }
    return code;
}

/* The columns of the lines that were found. */
static int open_hits(struct searching *s, struct lgz_error *err)
{
    const struct block_hit *hit = s->hits->list.data;
    const struct block_hit *end = hit + s->hits->list.len;
    int code = block_columns_again(&s->b, err);
    if (code == LGZ_OK)
        code = block_columns_open_lines(&s->b, err);
    memset(s->open, 0, s->b.count * sizeof(*s->open));
    memset(s->kept, 0, s->b.count * sizeof(*s->kept));
    memset(s->timed, 0, s->b.count * sizeof(*s->timed));
    for (uint64_t i = 0; hit < end && code == LGZ_OK; i++) {
        uint64_t template;
        if (!block_columns_next(&s->b, &template))
            return damaged(s, i, err);
        if (hit->line != i)
            continue;
        hit++;
        for (size_t k = 0; k < s->b.set.list.data[template].slot_count; k++)
            s->open[s->b.layout.column_of[template][k]] = true;
    }
    if (code == LGZ_OK)
        code = block_columns_again(&s->b, err);
    return code == LGZ_OK ? open_columns(s, err) : code;
}

static int put_texts(struct searching *s, struct lgz_error *err)
{
    int code = s->hits->list.len ? open_hits(s, err) : LGZ_OK;
    if (code == LGZ_OK && s->hits->list.len)
        code = make_steps(s, false, err);
    if (code == LGZ_OK && s->hits->list.len)
        code = put_hits(s, err);
    s->hits->bytes = s->bytes;
    s->bytes = NULL;
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

static int fit_templates(struct searching *s, struct lgz_error *err)
{
    s->fits = calloc(s->b.set.list.len, sizeof(*s->fits));
    s->open = calloc(s->b.count + 1, sizeof(*s->open));
    s->kept = calloc(s->b.count + 1, sizeof(*s->kept));
    s->timed = calloc(s->b.count + 1, sizeof(*s->timed));
    s->inside = calloc(s->b.set.list.len, sizeof(*s->inside));
    if (!s->fits || !s->open || !s->kept || !s->timed || !s->inside)
        return error_memory(err);
    int code = template_fit_all(&s->b, &s->need, s->fits, s->inside, s->open, err);
    const struct need_clause *first = &s->need.clauses.data[0];
    for (size_t i = 0; i < s->b.set.list.len && s->need.clauses.len > 1; i++)
        s->inside[i] = false;
    if (first->strings.len == 1 && !first->strings.data[0].folded)
        s->finder = finder_of(first->strings.data[0].bytes);
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
    int code = open_columns(s, err);
    if (code == LGZ_OK)
        code = make_steps(s, true, err);
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
