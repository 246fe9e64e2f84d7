/*
 * where.c - compiles an expression, and evaluates it on a line: a field is looked for only when the
 * tests before it haven't decided.
 */
#include "query/where.h"

#include <stdlib.h>

#include "query/where_inside.h"

int where_compile(struct where **out, const char *text, int64_t now, struct lgz_error *err)
{
    struct where *w = calloc(1, sizeof(*w));
    *out = NULL;
    if (!w)
        return error_memory(err);
    w->now = now;
    w->text = strdup(text);
    int code = w->text ? record_new(&w->record, err) : error_memory(err);
    if (code == LGZ_OK)
        code = where_parse(w, text, now, err);
    if (code == LGZ_OK)
        code = where_require(w, err);
    if (code == LGZ_OK)
        code = where_probe(w, err);
    if (code == LGZ_OK)
        *out = w;
    else
        where_free(w);
    return code;
}

int where_twin(struct where **out, const struct where *w, struct lgz_error *err)
{
    return where_compile(out, w->text, w->now, err);
}

static void clear_node(struct where_node *node)
{
    for (size_t i = 0; i < node->values.len; i++)
        free((void *)node->values.data[i].text.data);
    vec_free(&node->values);
    free(node->regex);
    pattern_free(node->pattern);
}

void where_free(struct where *w)
{
    if (!w)
        return;
    for (size_t i = 0; i < w->nodes.len; i++)
        clear_node(&w->nodes.data[i]);
    vec_free(&w->nodes);
    need_clear(&w->need);
    need_clear(&w->formatted_need);
    where_probes_clear(&w->probes);
    need_clear(&w->names);
    free(w->text);
    record_free(w->record);
    free(w);
}

bool where_needs_time(const struct where *w)
{
    return w->needs_time;
}

const struct lgz_error *where_refused(const struct where *w)
{
    return record_refused(w->record);
}

static int sign_of(bool more, bool less)
{
    return more - less;
}

/* Is the order of a field's value and what it's compared with one that the operator asks for? */
static bool holds(enum where_token op, int order)
{
    switch (op) {
    case WHERE_EQUAL:
        return order == 0;
    case WHERE_UNEQUAL:
        return order != 0;
    case WHERE_LESS:
        return order < 0;
    case WHERE_LESS_EQUAL:
        return order <= 0;
    case WHERE_MORE:
        return order > 0;
    default:
        return order >= 0;
    }
}

static bool compare(enum where_token op, const struct field_value *field,
                    const struct where_value *value)
{
    struct quantity number;
    if (field->kind == FIELD_TIME && value->is_time)
        return holds(op, sign_of(field->time > value->time, field->time < value->time));
    if (value->is_number) {
        if (quantity_parse(field->text, &number) && number.unit == value->number.unit)
            return holds(op, sign_of(number.value > value->number.value,
                                     number.value < value->number.value));
        if (op != WHERE_EQUAL && op != WHERE_UNEQUAL)
            return false;
    }
    return holds(op, span_order(field->text, value->text));
}

static int search(const struct where *w, const struct where_node *node, struct span text,
                  struct lgz_error *err)
{
    size_t start, end;
    int found = pattern_find(node->pattern, text, 0, &start, &end, err);
    if (found < 0)
        return error_prefix(err, "field '%s' ~ '%s'", record_name(w->record, node->field),
                            node->regex);
    return found == (node->op == WHERE_MATCH);
}

int where_passes(const struct where *w, const struct where_node *node,
                 const struct field_value *field, struct lgz_error *err)
{
    if (node->kind == WHERE_EXISTS)
        return 1;
    if (node->kind == WHERE_SEARCH)
        return search(w, node, field->text, err);
    for (size_t i = 0; i < node->values.len; i++)
        if (compare(node->op, field, &node->values.data[i]))
            return 1;
    return 0;
}

static int test(struct where *w, const struct where_node *node, struct lgz_error *err)
{
    struct field_value field;
    int found = record_get(w->record, node->field, &field, err);
    return found == 1 ? where_passes(w, node, &field, err) : found;
}

/* No deeper than there are nodes, which where_parse() limits. */
static int evaluate(struct where *w, size_t index, struct lgz_error *err)
{
    const struct where_node *node = &w->nodes.data[index];
    int result;
    switch (node->kind) {
    case WHERE_NOT:
        result = evaluate(w, node->left, err);
        return result < 0 ? result : !result;
    case WHERE_AND:
    case WHERE_OR:
        result = evaluate(w, node->left, err);
        if (result < 0 || result == (node->kind == WHERE_OR))
            return result;
        return evaluate(w, node->right, err);
    default:
        return test(w, node, err);
    }
}

int where_matches(struct where *w, const struct query_line *line, struct lgz_error *err)
{
    record_start(w->record, line);
    return evaluate(w, w->nodes.len - 1, err);
}

const struct need *where_need(const struct where *w, bool formatted)
{
    return formatted ? &w->formatted_need : &w->need;
}
