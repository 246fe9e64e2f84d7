/*
 * where_parse.c - recursive descent, one function for each level of binding. The depth is limited,
 * so is the number of tests; nodes stand behind those that they are made of.
 */
#include <stdlib.h>

#include "query/query_time.h"
#include "query/where_inside.h"

enum { DEPTH_MAX = 100, NODES_MAX = 1000 };

struct parser {
    struct where *where;
    struct where_lexer lexer;
    int64_t now;
    unsigned depth;
};

static int next(struct parser *p, struct lgz_error *err)
{
    return where_lex(&p->lexer, err);
}

static bool at_keyword(const struct parser *p, const char *keyword)
{
    return p->lexer.token == WHERE_WORD && strcmp((char *)p->lexer.word.data, keyword) == 0;
}

static int expected(const struct parser *p, const char *what, struct lgz_error *err)
{
    struct buf message = {0};
    if (p->lexer.token == WHERE_END)
        buf_printf(&message, "%s is expected, not the end", what);
    else
        buf_printf(&message, "%s is expected, not '%.*s'", what,
                   (int)(p->lexer.at - p->lexer.start < 40 ? p->lexer.at - p->lexer.start : 40),
                   p->lexer.text + p->lexer.start);
    buf_push(&message, '\0');
    int code = message.failed ? error_memory(err)
                              : where_lex_error(p->lexer.start, (char *)message.data, err);
    buf_free(&message);
    return code;
}

/* A new last node. */
static int add_node(struct parser *p, struct where_node node, struct lgz_error *err)
{
    if (p->where->nodes.len >= NODES_MAX)
        return where_lex_error(p->lexer.start, "the expression is too long", err);
    return vec_push(&p->where->nodes, node) ? LGZ_OK : error_memory(err);
}

static struct where_node *last_node(struct parser *p)
{
    return &p->where->nodes.data[p->where->nodes.len - 1];
}

/* The word or string at hand as one more value of the last node. */
static int take_value(struct parser *p, struct lgz_error *err)
{
    struct where_node *node = last_node(p);
    const bool word = p->lexer.token == WHERE_WORD;
    if (!word && p->lexer.token != WHERE_STRING)
        return expected(p, "a value", err);
    char *text = strdup((char *)p->lexer.word.data);
    const struct where_value value = {.text = {(uint8_t *)text, p->lexer.word.len}};
    if (!text || !vec_push(&node->values, value)) {
        free(text);
        return error_memory(err);
    }
    struct where_value *v = &node->values.data[node->values.len - 1];
    v->is_number = word && quantity_parse(v->text, &v->number);
    v->is_time = record_origin(record_name(p->where->record, node->field)) == RECORD_TIME &&
                 query_time_parse(text, p->now, &v->time, NULL) == LGZ_OK;
    return next(p, err);
}

/* "(a, b)" */
static int take_list(struct parser *p, struct lgz_error *err)
{
    int code = next(p, err);
    if (code == LGZ_OK && p->lexer.token != WHERE_OPEN)
        return expected(p, "'('", err);
    while (code == LGZ_OK && (p->lexer.token == WHERE_OPEN || p->lexer.token == WHERE_COMMA)) {
        code = next(p, err);
        if (code == LGZ_OK)
            code = take_value(p, err);
    }
    if (code == LGZ_OK && p->lexer.token != WHERE_CLOSE)
        return expected(p, "',' or ')'", err);
    return code == LGZ_OK ? next(p, err) : code;
}

static int take_regex(struct parser *p, struct lgz_error *err)
{
    static const struct pattern_options options = {0};
    struct where_node *node = last_node(p);
    if (p->lexer.token != WHERE_WORD && p->lexer.token != WHERE_STRING)
        return expected(p, "a regular expression", err);
    node->regex = strdup((char *)p->lexer.word.data);
    if (!node->regex)
        return error_memory(err);
    const char *text = node->regex;
    int code = pattern_compile(&node->pattern, &text, 1, &options, err);
    if (code != LGZ_OK)
        return error_prefix(err, "character %zu", p->lexer.start + 1);
    return next(p, err);
}

/* What stands behind a name. */
static int take_comparison(struct parser *p, struct lgz_error *err)
{
    struct where_node *node = last_node(p);
    const enum where_token op = p->lexer.token;
    if (at_keyword(p, "in")) {
        node->kind = WHERE_COMPARE;
        node->op = WHERE_EQUAL;
        return take_list(p, err);
    }
    if (op < WHERE_EQUAL)
        return LGZ_OK;
    node->op = op;
    int code = next(p, err);
    if (code != LGZ_OK)
        return code;
    if (op == WHERE_MATCH || op == WHERE_NO_MATCH) {
        node->kind = WHERE_SEARCH;
        return take_regex(p, err);
    }
    node->kind = WHERE_COMPARE;
    return take_value(p, err);
}

static int take_test(struct parser *p, struct lgz_error *err)
{
    struct where_node node = {.kind = WHERE_EXISTS};
    const char *name = (char *)p->lexer.word.data;
    if (p->lexer.token == WHERE_WORD &&
        (at_keyword(p, "and") || at_keyword(p, "or") || at_keyword(p, "in")))
        return expected(p, "the name of a field", err);
    if (p->lexer.token != WHERE_WORD && p->lexer.token != WHERE_STRING)
        return expected(p, "the name of a field", err);
    int code = record_want(p->where->record, name, &node.field, err);
    if (code != LGZ_OK)
        return code == LGZ_ERR_ARGUMENT ? error_prefix(err, "character %zu", p->lexer.start + 1)
                                        : code;
    p->where->needs_time |= record_origin(name) == RECORD_TIME;
    code = add_node(p, node, err);
    if (code == LGZ_OK)
        code = next(p, err);
    return code == LGZ_OK ? take_comparison(p, err) : code;
}

static int take_or(struct parser *p, struct lgz_error *err);

static int take_group(struct parser *p, struct lgz_error *err)
{
    int code = next(p, err);
    if (code == LGZ_OK)
        code = take_or(p, err);
    if (code == LGZ_OK && p->lexer.token != WHERE_CLOSE)
        return expected(p, "'and', 'or' or ')'", err);
    return code == LGZ_OK ? next(p, err) : code;
}

static int take_unary(struct parser *p, struct lgz_error *err)
{
    int code;
    if (++p->depth > DEPTH_MAX)
        return where_lex_error(p->lexer.start, "nested too deeply", err);
    if (at_keyword(p, "not")) {
        code = next(p, err);
        if (code == LGZ_OK)
            code = take_unary(p, err);
        if (code == LGZ_OK)
            code = add_node(
                p, (struct where_node){.kind = WHERE_NOT, .left = p->where->nodes.len - 1}, err);
    } else {
        code = p->lexer.token == WHERE_OPEN ? take_group(p, err) : take_test(p, err);
    }
    p->depth--;
    return code;
}

/* `part` several times, with the keyword between them. */
static int take_chain(struct parser *p, const char *keyword, enum where_kind kind,
                      int (*part)(struct parser *, struct lgz_error *), struct lgz_error *err)
{
    int code = part(p, err);
    while (code == LGZ_OK && at_keyword(p, keyword)) {
        struct where_node node = {.kind = kind, .left = p->where->nodes.len - 1};
        code = next(p, err);
        if (code == LGZ_OK)
            code = part(p, err);
        node.right = p->where->nodes.len - 1;
        if (code == LGZ_OK)
            code = add_node(p, node, err);
    }
    return code;
}

static int take_and(struct parser *p, struct lgz_error *err)
{
    return take_chain(p, "and", WHERE_AND, take_unary, err);
}

static int take_or(struct parser *p, struct lgz_error *err)
{
    return take_chain(p, "or", WHERE_OR, take_and, err);
}

int where_parse(struct where *w, const char *text, int64_t now, struct lgz_error *err)
{
    struct parser p = {.where = w, .lexer = {.text = text}, .now = now};
    int code = next(&p, err);
    if (code == LGZ_OK)
        code = take_or(&p, err);
    if (code == LGZ_OK && p.lexer.token != WHERE_END)
        code = expected(&p, "an operator, 'and', 'or' or the end", err);
    buf_free(&p.lexer.word);
    return code;
}
