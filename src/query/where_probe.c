/*
 * where_probe.c - searches many lines for those of which an expression may be true, without looking
 * for where the lines begin and end, let alone taking them apart.
 *
 * A field that isn't in a header, nor a group of a format, has its name in the text. Where the name
 * is found, as that of a member of JSON, its value stands behind it. If no such place in a line has
 * a value that passes the test, the field, which is at one of them, doesn't. Places that aren't as
 * simple as that pass: the name of a pair, a value with escapes, and any name with an escape.
 */
#include <stdlib.h>

#include "base/ascii.h"
#include "column/passage.h"
#include "query/json.h"
#include "query/json_find.h"
#include "query/where_inside.h"
#include "segment/block_search.h"

static const char escape[] = "\\u00";

void where_probes_clear(where_probes *probes)
{
    for (size_t i = 0; i < probes->len; i++)
        free(probes->data[i].name);
    vec_free(probes);
}

/* Bytes that JSON has no other way to write than by "\u00". */
static bool is_plain(const char *text)
{
    bool digits = true;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text <= ' ' || *text >= '\x7f' || strchr("\"\\/", *text))
            return false;
        digits = digits && ascii_is_digit((uint8_t)*text);
    }
    return !digits; /* those may be the place in an array */
}

/* The probe of one test, if there can be one. */
static bool probe_test(where_probes *probes, const struct where *w, const struct where_node *node)
{
    const char *name = record_name(w->record, node->field);
    const char *dot = strrchr(name, '.');
    const char *last = dot ? dot + 1 : name;
    if (record_origin(name) != RECORD_TEXT || !is_plain(last))
        return true;
    struct where_probe probe = {.node = node, .name = strdup(last)};
    if (probe.name && vec_push(probes, probe))
        return true;
    free(probe.name);
    return false;
}

/* How good a list is: the fewer and the longer the names, the better. */
static size_t worth(const where_probes *probes)
{
    size_t least = probes->len ? SIZE_MAX : 0;
    for (size_t i = 0; i < probes->len; i++) {
        size_t len = strlen(probes->data[i].name);
        least = len < least ? len : least;
    }
    return probes->len ? 1 + 8 * least / probes->len : 0;
}

static void move(where_probes *to, where_probes *from)
{
    *to = *from;
    *from = (where_probes){0};
}

/* Lines pass one of either's. */
static bool join(where_probes *own, where_probes *a, where_probes *b)
{
    if (a->len == 0 || b->len == 0)
        return true;
    if (!vec_reserve(a, a->len + b->len))
        return false;
    for (size_t i = 0; i < b->len; i++)
        a->data[a->len++] = b->data[i];
    b->len = 0;
    move(own, a);
    return true;
}

/* The probes of a node, of those of the nodes that it's made of, which are used up. */
static bool probe_node(where_probes *lists, const struct where *w, size_t index)
{
    const struct where_node *node = &w->nodes.data[index];
    where_probes *own = &lists[index], *left = &lists[node->left], *right = &lists[node->right];
    switch (node->kind) {
    case WHERE_AND:
        move(own, worth(right) > worth(left) ? right : left);
        return true;
    case WHERE_OR:
        return join(own, left, right);
    case WHERE_NOT:
        return true;
    default:
        return probe_test(own, w, node);
    }
}

/* Get the probes' finders, and their strings as a clause. */
static int name_strings(struct where *w, struct lgz_error *err)
{
    int code = w->probes.len ? need_add_clause(&w->names, err) : LGZ_OK;
    bool fit = true;
    for (size_t i = 0; code == LGZ_OK && i < w->probes.len; i++) {
        struct where_probe *probe = &w->probes.data[i];
        const struct span text = json_span(probe->name ? probe->name : escape);
        probe->finder = finder_of(text);
        fit &= text.len <= PASSAGE_MAX;
        code = need_add_string(&w->names, text, false, err);
    }
    if (!fit)
        need_clear(&w->names);
    return code;
}

int where_probe(struct where *w, struct lgz_error *err)
{
    const size_t count = w->nodes.len;
    where_probes *lists = calloc(count, sizeof(*lists));
    bool sound = lists;
    for (size_t i = 0; i < count && sound; i++)
        sound = probe_node(lists, w, i);
    if (sound) {
        move(&w->probes, &lists[count - 1]);
        sound = !w->probes.len || vec_push(&w->probes, (struct where_probe){0});
    }
    for (size_t i = 0; lists && i < count; i++)
        where_probes_clear(&lists[i]);
    free(lists);
    return sound ? name_strings(w, err) : error_memory(err);
}

/* Remember a number, which often comes again: nothing behind the byte that ends it matters. */
static void note_known(struct where_probe *probe, struct span line, size_t at,
                       const struct json_value *value, bool passes)
{
    const size_t end = (size_t)(value->text.data - line.data) + value->text.len;
    probe->known_len = 0;
    if (value->kind != JSON_NUMBER || end >= line.len || end - at >= WHERE_KNOWN)
        return;
    probe->known_len = end - at + 1;
    memcpy(probe->known, line.data + at, probe->known_len);
    probe->known_passes = passes;
}

/* The same for a name in quotes. */
static bool accepts_member(const struct where *w, struct where_probe *probe, size_t at)
{
    const struct span text = w->lines;
    struct json_value value;
    struct lgz_error ignored = {0};
    const uint8_t *newline = memchr(text.data + at, '\n', text.len - at);
    const struct span line = {text.data, newline ? (size_t)(newline - text.data) : text.len};
    enum json_result result = json_value_behind(line, at, &value);
    if (result != JSON_FOUND || value.escaped || value.kind == JSON_OBJECT ||
        value.kind == JSON_ARRAY)
        return result != JSON_ABSENT;
    const struct field_value field = {
        .text = value.text,
        .kind = value.kind == JSON_NUMBER ? FIELD_NUMBER : FIELD_TEXT,
    };
    const bool passes = where_passes(w, probe->node, &field, &ignored) != 0;
    note_known(probe, line, at, &value, passes);
    return passes;
}

/* May the field be here, with a value that passes? `at`: behind its name in the line, or in several
   lines if the value is none of JSON. */
static bool accepts(const struct where *w, struct where_probe *probe, size_t at)
{
    const struct span text = w->lines;
    if (!probe->name)
        return true;
    if (at == text.len || text.data[at] != '"')
        return at < text.len && text.data[at] == '=';
    if (probe->known_len && probe->known_len <= text.len - at &&
        memcmp(text.data + at, probe->known, probe->known_len) == 0)
        return probe->known_passes;
    return accepts_member(w, probe, at);
}

/* Set the probe's line to its first one at or behind `from`. */
static void advance(const struct where *w, struct where_probe *probe, size_t from)
{
    const struct span lines = w->lines;
    size_t at = from;
    probe->found = false;
    while (!probe->found && (at = finder_next(&probe->finder, lines, at)) != SIZE_MAX) {
        at += probe->finder.string.len;
        probe->found = accepts(w, probe, at);
    }
    probe->over = !probe->found;
    if (!probe->found)
        return;
    const uint8_t *before = memrchr(lines.data + from, '\n', at - from);
    const uint8_t *newline = memchr(lines.data + at, '\n', lines.len - at);
    probe->start = before ? (size_t)(before - lines.data) + 1 : from;
    probe->end = newline ? (size_t)(newline - lines.data) : lines.len;
}

void where_start(struct where *w, struct span lines)
{
    w->lines = lines;
    for (size_t i = 0; i < w->probes.len; i++)
        w->probes.data[i].found = w->probes.data[i].over = false;
}

bool where_next(struct where *w, size_t from, size_t *start, size_t *end)
{
    const struct where_probe *first = NULL;
    for (size_t i = 0; i < w->probes.len; i++) {
        struct where_probe *probe = &w->probes.data[i];
        if (!probe->over && (!probe->found || probe->start < from))
            advance(w, probe, from);
        if (probe->found && (!first || probe->start < first->start))
            first = probe;
    }
    if (first) {
        *start = first->start;
        *end = first->end;
    }
    return first;
}

/* struct field_search */
static void start_fields(void *context, struct span lines)
{
    where_start(context, lines);
}

/* A place within the line: its beginning may be behind other bytes here. */
static size_t next_field(void *context, size_t from)
{
    size_t start;
    size_t end;
    if (!where_next(context, from, &start, &end))
        return SIZE_MAX;
    return end > start ? end - 1 : end;
}

bool where_fields(struct where *w, struct field_search *fields)
{
    if (!where_leads(w) || !w->names.clauses.len)
        return false;
    *fields = (struct field_search){
        .names = &w->names.clauses.data[0],
        .context = w,
        .start = start_fields,
        .next = next_field,
    };
    return true;
}
