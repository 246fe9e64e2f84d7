/*
 * plan.c - the clauses of a pattern and of an expression, and their strings, in one list each.
 */
#include "query/plan.h"

#include <stdlib.h>

#include "base/ascii.h"

enum {
    PATTERN_MAX = 24,  /* clauses of the pattern */
    WHERE_MAX = 20,    /* of the expression, for lines with a format, and without */
    STRINGS_MAX = 256, /* of a clause: with more, hardly a block lacks it */
};

#define FROM_PATTERN   ((UINT64_C(1) << PATTERN_MAX) - 1)
#define FROM_FORMATTED (((UINT64_C(1) << WHERE_MAX) - 1) << PATTERN_MAX)
#define FROM_BARE      (((UINT64_C(1) << WHERE_MAX) - 1) << (PATTERN_MAX + WHERE_MAX))

_Static_assert(PATTERN_MAX + 2 * WHERE_MAX <= 64, "a clause is a bit");

struct planned_string {
    const struct need_string *string;
    plan_clauses clause;
};

struct planned_clause {
    struct need need; /* that only; borrowed */
    plan_clauses clause;
};

struct plan {
    VEC(struct planned_clause) clauses;
    VEC(struct planned_string) strings;
    size_t longest;
};

static int add_clause(struct plan *p, struct need_clause *clause, plan_clauses bit,
                      struct lgz_error *err)
{
    const struct planned_clause planned = {.need = {.clauses = {clause, 1, 1}}, .clause = bit};
    bool sound = vec_push(&p->clauses, planned);
    for (size_t i = 0; i < clause->strings.len && sound; i++) {
        const struct planned_string string = {&clause->strings.data[i], bit};
        sound = vec_push(&p->strings, string);
        if (string.string->bytes.len > p->longest)
            p->longest = string.string->bytes.len;
    }
    return sound ? LGZ_OK : error_memory(err);
}

/* Add the clauses as the bits from `first` on, as far as there are `most`. */
static int add_need(struct plan *p, const struct need *need, unsigned first, size_t most,
                    struct lgz_error *err)
{
    int code = LGZ_OK;
    for (size_t i = 0; i < need->clauses.len && i < most && code == LGZ_OK; i++)
        if (need->clauses.data[i].strings.len <= STRINGS_MAX)
            code = add_clause(p, &need->clauses.data[i], UINT64_C(1) << (first + i), err);
    return code;
}

int plan_new(struct plan **out, const struct need *pattern, const struct where *where,
             struct lgz_error *err)
{
    struct plan *p = calloc(1, sizeof(*p));
    int code = p ? LGZ_OK : error_memory(err);
    *out = NULL;
    if (code == LGZ_OK && pattern)
        code = add_need(p, pattern, 0, PATTERN_MAX, err);
    if (code == LGZ_OK && where)
        code = add_need(p, where_need(where, true), PATTERN_MAX, WHERE_MAX, err);
    if (code == LGZ_OK && where)
        code = add_need(p, where_need(where, false), PATTERN_MAX + WHERE_MAX, WHERE_MAX, err);
    if (code == LGZ_OK)
        *out = p;
    else
        plan_free(p);
    return code;
}

void plan_free(struct plan *p)
{
    if (!p)
        return;
    vec_free(&p->clauses);
    vec_free(&p->strings);
    free(p);
}

bool plan_is_empty(const struct plan *p)
{
    return p->clauses.len == 0;
}

static void describe_string(const struct need_string *string, struct buf *out)
{
    buf_push(out, '"');
    for (size_t i = 0; i < string->bytes.len; i++) {
        const uint8_t byte = string->bytes.data[i];
        if (byte < ' ' || byte == 0x7f)
            buf_printf(out, "\\x%02x", byte);
        else if (byte == '"' || byte == '\\')
            buf_printf(out, "\\%c", byte);
        else
            buf_push(out, byte);
    }
    buf_append_string(out, string->folded ? "\"i" : "\"");
}

void plan_describe(const struct plan *p, struct buf *out)
{
    enum { SHOWN_MAX = 8 };
    const char *between = "";
    for (size_t i = 0; i < p->clauses.len; i++) {
        const struct need_clause *clause = &p->clauses.data[i].need.clauses.data[0];
        if (p->clauses.data[i].clause & FROM_FORMATTED)
            continue; /* they are among those of other lines */
        buf_append_string(out, between);
        for (size_t k = 0; k < clause->strings.len && k < SHOWN_MAX; k++) {
            buf_append_string(out, k ? "|" : "");
            describe_string(&clause->strings.data[k], out);
        }
        if (clause->strings.len > SHOWN_MAX)
            buf_printf(out, "|... (%zu)", clause->strings.len);
        between = " and ";
    }
}

plan_clauses plan_needed(const struct plan *p, bool formatted)
{
    plan_clauses all = 0;
    for (size_t i = 0; i < p->clauses.len; i++)
        all |= p->clauses.data[i].clause;
    return formatted ? all & (FROM_PATTERN | FROM_FORMATTED) : all;
}

size_t plan_longest(const struct plan *p)
{
    return p->longest;
}

plan_clauses plan_lacks(const struct plan *p, const struct segment_filters *filters, size_t block)
{
    plan_clauses lacks = 0;
    for (size_t i = 0; i < p->clauses.len; i++)
        if (!segment_filters_may_hold(filters, block, &p->clauses.data[i].need))
            lacks |= p->clauses.data[i].clause;
    return lacks;
}

plan_clauses plan_text_lacks(const struct plan *p, struct span text)
{
    plan_clauses lacks = 0;
    for (size_t i = 0; i < p->clauses.len; i++)
        if (!need_met(&p->clauses.data[i].need, text))
            lacks |= p->clauses.data[i].clause;
    return lacks;
}

/* --- what goes on over a border --- */

static bool make_room(const struct plan *p, struct plan_reach *reach)
{
    if (!reach->lens)
        reach->lens = calloc(p->strings.len + 1, sizeof(*reach->lens));
    return reach->lens;
}

/* May the block hold this part of a string? */
static bool may_hold(const struct segment_filters *filters, size_t block,
                     const struct need_string *string, struct span part)
{
    struct need_string one = {part, string->folded};
    struct need_clause clause = {.strings = {&one, 1, 1}};
    const struct need need = {.clauses = {&clause, 1, 1}};
    return segment_filters_may_hold(filters, block, &need);
}

bool plan_starts(const struct plan *p, const struct segment_filters *filters, size_t block,
                 struct plan_reach *reach)
{
    if (!make_room(p, reach))
        return false;
    for (size_t i = 0; i < p->strings.len; i++) {
        const struct need_string *string = p->strings.data[i].string;
        struct span part = {string->bytes.data, 1};
        while (part.len < string->bytes.len && may_hold(filters, block, string, part))
            part.len++;
        reach->lens[i] = part.len - 1;
    }
    return true;
}

bool plan_ends(const struct plan *p, const struct segment_filters *filters, size_t block,
               struct plan_reach *reach)
{
    if (!make_room(p, reach))
        return false;
    for (size_t i = 0; i < p->strings.len; i++) {
        const struct need_string *string = p->strings.data[i].string;
        const struct span bytes = string->bytes;
        size_t len = 1;
        while (len < bytes.len &&
               may_hold(filters, block, string, (struct span){bytes.data + bytes.len - len, len}))
            len++;
        reach->lens[i] = len - 1;
    }
    return true;
}

bool plan_text_starts(const struct plan *p, struct span text, struct plan_reach *reach)
{
    if (!make_room(p, reach))
        return false;
    for (size_t i = 0; i < p->strings.len; i++) {
        struct need_string start = *p->strings.data[i].string;
        start.bytes.len -= 1;
        if (start.bytes.len > text.len)
            start.bytes.len = text.len;
        const struct span end = {text.data + text.len, 0};
        while (start.bytes.len &&
               !need_string_in(&start, (struct span){end.data - start.bytes.len, start.bytes.len}))
            start.bytes.len--;
        reach->lens[i] = start.bytes.len;
    }
    return true;
}

bool plan_reach_copy(const struct plan *p, const struct plan_reach *from, struct plan_reach *to)
{
    if (!make_room(p, to))
        return false;
    memcpy(to->lens, from->lens, p->strings.len * sizeof(*to->lens));
    return true;
}

void plan_reach_clear(struct plan_reach *reach)
{
    free(reach->lens);
    reach->lens = NULL;
}

plan_clauses plan_across(const struct plan *p, const struct plan_reach *starts,
                         const struct plan_reach *ends)
{
    plan_clauses across = 0;
    for (size_t i = 0; i < p->strings.len && starts->lens; i++)
        if (starts->lens[i] + ends->lens[i] >= p->strings.data[i].string->bytes.len)
            across |= p->strings.data[i].clause;
    return across;
}
