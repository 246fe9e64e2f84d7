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

typedef VEC(struct where_choice) choice_list;

void where_choice_clear(struct where_choice *choice)
{
    for (size_t i = 0; i < choice->strings.len; i++)
        free((void *)choice->strings.data[i].data);
    vec_free(&choice->strings);
}

static void clear_list(choice_list *list)
{
    for (size_t i = 0; i < list->len; i++)
        where_choice_clear(&list->data[i]);
    vec_free(list);
}

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

static bool add_string(struct where_choice *choice, struct span string)
{
    uint8_t *copy = malloc(string.len);
    if (!copy)
        return false;
    memcpy(copy, string.data, string.len);
    if (vec_push(&choice->strings, ((struct span){copy, string.len})))
        return true;
    free(copy);
    return false;
}

/*
 * A clause of these texts' steady parts; none if one has no such part.
 *
 * @param other  what the line may have instead; NULL: nothing
 */
static bool add_choice(choice_list *list, const struct span *texts, size_t count, bool by_name,
                       const char *other)
{
    struct where_choice choice = {.by_name = by_name};
    bool sound = true;
    for (size_t i = 0; i < count; i++)
        if (steady_part(texts[i]).len == 0)
            return true;
    for (size_t i = 0; i < count && sound; i++)
        sound = add_string(&choice, steady_part(texts[i]));
    sound = sound && (!other || add_string(&choice, json_span(other)));
    sound = sound && add_string(&choice, json_span(escape)) && vec_push(list, choice);
    if (!sound)
        where_choice_clear(&choice);
    return sound;
}

/* The parts of a name between its dots; those of digits may be the places in an array. */
static bool require_name(choice_list *list, struct span name)
{
    bool sound = true;
    for (size_t at = 0; at < name.len && sound;) {
        const uint8_t *dot = memchr(name.data + at, '.', name.len - at);
        size_t len = dot ? (size_t)(dot - name.data) - at : name.len - at;
        struct span part = {name.data + at, len};
        bool number = true;
        for (size_t i = 0; i < len; i++)
            number = number && ascii_is_digit(part.data[i]);
        if (!number)
            sound = add_choice(list, &part, 1, true, NULL);
        at += len + 1;
    }
    return sound;
}

/* The values of which the field has to be one, if they are texts. */
static bool require_values(choice_list *list, const struct where_node *node, const char *other)
{
    bool texts = node->kind == WHERE_COMPARE && node->op == WHERE_EQUAL;
    for (size_t i = 0; i < node->values.len && texts; i++)
        texts = !node->values.data[i].is_number;
    if (!texts)
        return true;
    struct span *spans = malloc(node->values.len * sizeof(*spans));
    for (size_t i = 0; spans && i < node->values.len; i++)
        spans[i] = node->values.data[i].span;
    bool sound = spans && add_choice(list, spans, node->values.len, false, other);
    free(spans);
    return sound;
}

static bool require_match(choice_list *list, const struct where_node *node, const char *other)
{
    struct buf literal = {0};
    if (node->kind != WHERE_SEARCH || node->op != WHERE_MATCH || strchr(node->regex, '\n'))
        return true;
    literal_required(node->regex, &literal);
    struct span text = buf_span(&literal);
    bool sound = !literal.failed && (!text.len || add_choice(list, &text, 1, false, other));
    buf_free(&literal);
    return sound;
}

static bool require_test(choice_list *list, const struct where *w, const struct where_node *node)
{
    const char *name = record_name(w->record, node->field);
    enum record_origin origin = record_origin(name);
    const char *other = origin == RECORD_LEVEL ? "<" : NULL; /* of a priority */
    if (origin == RECORD_TEXT && !require_name(list, json_span(name)))
        return false;
    return origin == RECORD_MADE || origin == RECORD_TIME ||
           (require_values(list, node, other) && require_match(list, node, other));
}

/* How much a clause is worth: the length of its shortest string, but for the escape, its last. */
static size_t worth(const struct where_choice *choice)
{
    size_t least = SIZE_MAX;
    for (size_t i = 0; i + 1 < choice->strings.len; i++)
        if (choice->strings.data[i].len < least)
            least = choice->strings.data[i].len;
    return 2 * least + !choice->by_name;
}

static const struct where_choice *best_of(const choice_list *list)
{
    const struct where_choice *best = NULL;
    for (size_t i = 0; i < list->len; i++)
        if (!best || worth(&list->data[i]) > worth(best))
            best = &list->data[i];
    return best;
}

/* Either of the lists holds: one clause is made of the best of both. */
static bool join_either(choice_list *into, const choice_list *a, const choice_list *b)
{
    const struct where_choice *both[] = {best_of(a), best_of(b)};
    struct where_choice choice = {0};
    bool sound = true;
    if (!both[0] || !both[1])
        return true;
    choice.by_name = both[0]->by_name || both[1]->by_name;
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k + 1 < both[i]->strings.len && sound; k++)
            sound = add_string(&choice, both[i]->strings.data[k]);
    sound = sound && add_string(&choice, json_span(escape)) && vec_push(into, choice);
    if (!sound)
        where_choice_clear(&choice);
    return sound;
}

/* Both lists hold. */
static bool join_both(choice_list *into, choice_list *from)
{
    if (!vec_reserve(into, into->len + from->len))
        return false;
    for (size_t i = 0; i < from->len; i++)
        into->data[into->len++] = from->data[i];
    from->len = 0;
    return true;
}

/* The clauses of a node, of those of the nodes that it's made of, which are used up. */
static bool require_node(choice_list *lists, const struct where *w, size_t index)
{
    const struct where_node *node = &w->nodes.data[index];
    choice_list *own = &lists[index];
    switch (node->kind) {
    case WHERE_AND:
        return join_both(own, &lists[node->left]) && join_both(own, &lists[node->right]);
    case WHERE_OR:
        return join_either(own, &lists[node->left], &lists[node->right]);
    case WHERE_NOT:
        return true;
    default:
        return require_test(own, w, node);
    }
}

/* The best clause that always holds; NULL if there is none. */
static const struct where_choice *leader(const struct where *w)
{
    const struct where_choice *best = NULL;
    for (size_t i = 0; i < w->choices.len; i++)
        if (!w->choices.data[i].by_name && (!best || worth(&w->choices.data[i]) > worth(best)))
            best = &w->choices.data[i];
    return best;
}

bool where_leads(const struct where *w)
{
    return w->probes.len && !leader(w);
}

int where_prefilter(const struct where *w, struct pattern **out, struct lgz_error *err)
{
    static const struct pattern_options options = {.fixed = true};
    const struct where_choice *best = leader(w);
    VEC(const char *) texts = {0};
    struct buf strings = {0};
    for (size_t i = 0; best && i < best->strings.len; i++) {
        buf_append(&strings, best->strings.data[i].data, best->strings.data[i].len);
        buf_push(&strings, '\0');
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

int where_require(struct where *w, struct lgz_error *err)
{
    const size_t count = w->nodes.len;
    choice_list *lists = calloc(count, sizeof(*lists));
    bool sound = lists;
    for (size_t i = 0; i < count && sound; i++)
        sound = require_node(lists, w, i);
    sound = sound && vec_reserve(&w->choices, lists[count - 1].len);
    for (size_t i = 0; sound && i < lists[count - 1].len; i++)
        w->choices.data[w->choices.len++] = lists[count - 1].data[i];
    if (sound)
        lists[count - 1].len = 0;
    for (size_t i = 0; lists && i < count; i++)
        clear_list(&lists[i]);
    free(lists);
    return sound ? LGZ_OK : error_memory(err);
}
