/*
 * where_required.c - which strings a line must hold for an expression to be true of it.
 *
 * A string of a field's value or name is in the line as it is, or JSON has written at least one of
 * its characters as "\u00.." (for which the string has only characters that have no other escape).
 * So that is one of the strings of each clause.
 */
#include <stdlib.h>

#include "base/ascii.h"
#include "query/json.h"
#include "query/literal.h"
#include "query/where_inside.h"

static const char escape[] = "\\u00";

/* Which lines is it about? */
enum lines {
    LINES_BARE,      /* without a `format`: a field's name is in the text, too */
    LINES_FORMATTED, /* with one */
};

/* May the character be written in several ways? */
static bool unsteady(uint8_t c)
{
    return c < 0x20 || c >= 0x7f || c == '"' || c == '\'' || c == '\\' || c == '/';
}

/* The longest part of the text whose characters stand for themselves. */
static struct span steady_part(struct span text)
{
    struct span best = {text.data, 0};
    for (size_t i = 0, start = 0; i <= text.len; i++) {
        if (i == text.len || unsteady(text.data[i])) {
            if (i - start > best.len)
                best = (struct span){text.data + start, i - start};
            start = i + 1;
        }
    }
    return best;
}

/*
 * A clause of these texts' steady parts; none if one has no such part.
 *
 * @param other  what the line may have instead; NULL: nothing
 */
static int add_clause(struct need *need, const struct need_string *texts, size_t count,
                      const char *other, struct lgz_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (steady_part(texts[i].bytes).len == 0)
            return LGZ_OK;
    int code = need_add_clause(need, err);
    for (size_t i = 0; i < count && code == LGZ_OK; i++)
        code = need_add_string(need, steady_part(texts[i].bytes), texts[i].folded, err);
    if (code == LGZ_OK && other)
        code = need_add_string(need, json_span(other), false, err);
    return code;
}

/* The parts of a name between its dots; those of digits may be the places in an array. */
static int require_name(struct need *need, struct span name, struct lgz_error *err)
{
    int code = LGZ_OK;
    for (size_t at = 0; at < name.len && code == LGZ_OK;) {
        const uint8_t *dot = memchr(name.data + at, '.', name.len - at);
        size_t len = dot ? (size_t)(dot - name.data) - at : name.len - at;
        const struct need_string part = {{name.data + at, len}, false};
        bool number = true;
        for (size_t i = 0; i < len; i++)
            number = number && ascii_is_digit(part.bytes.data[i]);
        if (!number)
            code = add_clause(need, &part, 1, NULL, err);
        at += len + 1;
    }
    return code;
}

/* The values of which the field has to be one, if they are texts. */
static int require_values(struct need *need, const struct where_node *node, const char *other,
                          struct lgz_error *err)
{
    bool texts = node->kind == WHERE_COMPARE && node->op == WHERE_EQUAL;
    for (size_t i = 0; i < node->values.len && texts; i++)
        texts = !node->values.data[i].is_number;
    if (!texts)
        return LGZ_OK;
    struct need_string *strings = calloc(node->values.len, sizeof(*strings));
    if (!strings)
        return error_memory(err);
    for (size_t i = 0; i < node->values.len; i++)
        strings[i].bytes = node->values.data[i].text;
    int code = add_clause(need, strings, node->values.len, other, err);
    free(strings);
    return code;
}

static int require_match(struct need *need, const struct where_node *node, const char *other,
                         struct lgz_error *err)
{
    struct need value;
    if (node->kind != WHERE_SEARCH || node->op != WHERE_MATCH || strchr(node->regex, '\n'))
        return LGZ_OK;
    int code = literal_need(node->regex, false, &value, err);
    for (size_t i = 0; i < value.clauses.len && code == LGZ_OK; i++) {
        const struct need_clause *clause = &value.clauses.data[i];
        code = add_clause(need, clause->strings.data, clause->strings.len, other, err);
    }
    need_clear(&value);
    return code;
}

static int require_test(struct need *need, const struct where *w, const struct where_node *node,
                        enum lines lines, struct lgz_error *err)
{
    const char *name = record_name(w->record, node->field);
    enum record_origin origin = record_origin(name);
    const char *other = origin == RECORD_LEVEL ? "<" : NULL; /* of a priority */
    int code = LGZ_OK;
    if (origin == RECORD_TEXT && lines == LINES_BARE)
        code = require_name(need, json_span(name), err);
    if (origin == RECORD_MADE || origin == RECORD_TIME)
        return code;
    if (code == LGZ_OK)
        code = require_values(need, node, other, err);
    return code == LGZ_OK ? require_match(need, node, other, err) : code;
}

/* The need of a node, of those of the nodes that it's made of, which are used up. */
static int require_node(struct need *needs, const struct where *w, size_t index, enum lines lines,
                        struct lgz_error *err)
{
    const struct where_node *node = &w->nodes.data[index];
    struct need *own = &needs[index];
    int code = LGZ_OK;
    switch (node->kind) {
    case WHERE_AND:
        code = need_and(own, &needs[node->left], err);
        return code == LGZ_OK ? need_and(own, &needs[node->right], err) : code;
    case WHERE_OR:
        code = need_and(own, &needs[node->left], err);
        return code == LGZ_OK ? need_or(own, &needs[node->right], err) : code;
    case WHERE_NOT:
        return code;
    default:
        return require_test(own, w, node, lines, err);
    }
}

/* What the whole expression needs; each clause may be met by an escape instead. */
static int require(const struct where *w, enum lines lines, struct need *out, struct lgz_error *err)
{
    const size_t count = w->nodes.len;
    struct need *needs = calloc(count, sizeof(*needs));
    int code = needs ? LGZ_OK : error_memory(err);
    for (size_t i = 0; i < count && code == LGZ_OK; i++)
        code = require_node(needs, w, i, lines, err);
    for (size_t i = 0; code == LGZ_OK && i < needs[count - 1].clauses.len; i++) {
        struct need one = {.clauses = {&needs[count - 1].clauses.data[i], 1, 1}};
        code = need_add_string(&one, json_span(escape), false, err);
    }
    if (code == LGZ_OK)
        code = need_and(out, &needs[count - 1], err);
    for (size_t i = 0; needs && i < count; i++)
        need_clear(&needs[i]);
    free(needs);
    return code;
}

int where_require(struct where *w, struct lgz_error *err)
{
    int code = require(w, LINES_BARE, &w->need, err);
    return code == LGZ_OK ? require(w, LINES_FORMATTED, &w->formatted_need, err) : code;
}

/* How much a clause is worth: the length of its shortest string, but for the escape, its last. */
static size_t worth(const struct need_clause *clause)
{
    const struct need_clause others = {{clause->strings.data, clause->strings.len - 1, 0}};
    return need_clause_shortest(&others);
}

/* The best clause that always holds; NULL if there is none. */
static const struct need_clause *leader(const struct where *w)
{
    const struct need_clause *best = NULL;
    for (size_t i = 0; i < w->formatted_need.clauses.len; i++) {
        const struct need_clause *clause = &w->formatted_need.clauses.data[i];
        if (!best || worth(clause) > worth(best))
            best = clause;
    }
    return best;
}

bool where_leads(const struct where *w)
{
    return w->probes.len && !leader(w);
}

int where_prefilter(const struct where *w, struct pattern **out, struct lgz_error *err)
{
    struct pattern_options options = {.fixed = true};
    const struct need_clause *best = leader(w);
    VEC(const char *) texts = {0};
    struct buf strings = {0};
    for (size_t i = 0; best && i < best->strings.len; i++) {
        const struct need_string *string = &best->strings.data[i];
        buf_append(&strings, string->bytes.data, string->bytes.len);
        buf_push(&strings, '\0');
        options.ignore_case |= string->folded;
    }
    buf_push(&strings, '\0');
    bool sound = !strings.failed;
    for (size_t at = 0; sound && (at == 0 || at + 1 < strings.len);) {
        const char *text = (const char *)strings.data + at;
        sound = vec_push(&texts, text);
        at += strlen(text) + 1;
    }
    int code =
        sound ? pattern_compile(out, texts.data, texts.len, &options, err) : error_memory(err);
    vec_free(&texts);
    buf_free(&strings);
    return code;
}
