/*
 * record.c - asks the places where a field may be one after the other, and remembers for the line
 * at hand what it took to do so.
 */
#include "query/record.h"

#include <stdlib.h>

#include "query/header.h"
#include "query/json.h"
#include "query/json_find.h"
#include "query/pairs.h"
#include "query/query_time.h"

/* Names that a line has anyway. */
enum own {
    OWN_NONE,
    OWN_LEVEL,
    OWN_HOST,
    OWN_PROGRAM,
    OWN_PID,
    OWN_MESSAGE,
    OWN_SOURCE,
    OWN_INPUT,
    OWN_TIME,
};

struct wanted {
    char *name;
    struct span span; /* the same */
    enum own own;
    uint64_t line; /* number of the line that the answer is about */
    bool found;
    struct field_value value;
    struct buf text; /* what an escaped value means */
};

struct record {
    VEC(struct wanted) wanted;
    const struct query_line *line;
    uint64_t number;    /* of the line, from 1 on */
    uint64_t json_line; /* about which line `json` is known, and so on */
    uint64_t format_line;
    uint64_t header_line;
    struct span json; /* the object; empty: there is none */
    struct header header;
    bool matched; /* the format did */
    VEC(struct span) groups;
    struct lgz_error refused;
    struct buf name; /* of the field at hand in record_all(), and its value, if they are escaped */
    struct buf value;
    struct buf names; /* that record_all() has met */
    VEC(size_t) name_ends;
};

static const char *const own_names[] = {"",        "level",  "host",  "program", "pid",
                                        "message", "source", "input", "time"};

static enum own own_of(const char *name)
{
    for (enum own i = OWN_LEVEL; i <= OWN_TIME; i++)
        if (strcmp(own_names[i], name) == 0)
            return i;
    return OWN_NONE;
}

enum record_origin record_origin(const char *name)
{
    switch (own_of(name)) {
    case OWN_NONE:
        return RECORD_TEXT;
    case OWN_TIME:
        return RECORD_TIME;
    case OWN_LEVEL:
        return RECORD_LEVEL;
    case OWN_SOURCE:
    case OWN_INPUT:
        return RECORD_MADE;
    default:
        return RECORD_HEADER;
    }
}

int record_new(struct record **out, struct lgz_error *err)
{
    *out = calloc(1, sizeof(**out));
    return *out ? LGZ_OK : error_memory(err);
}

void record_free(struct record *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->wanted.len; i++) {
        free(r->wanted.data[i].name);
        buf_free(&r->wanted.data[i].text);
    }
    vec_free(&r->wanted);
    vec_free(&r->groups);
    buf_free(&r->name);
    buf_free(&r->value);
    buf_free(&r->names);
    vec_free(&r->name_ends);
    free(r);
}

int record_want(struct record *r, const char *name, size_t *index, struct lgz_error *err)
{
    const size_t len = strlen(name);
    if (len == 0 || len > RECORD_NAME_MAX)
        return error_set(err, LGZ_ERR_ARGUMENT, "the name of a field is %s",
                         len ? "too long" : "empty");
    for (*index = 0; *index < r->wanted.len; ++*index)
        if (strcmp(r->wanted.data[*index].name, name) == 0)
            return LGZ_OK;
    struct wanted w = {.name = strdup(name), .own = own_of(name)};
    w.span = (struct span){(const uint8_t *)w.name, len};
    if (w.name && vec_push(&r->wanted, w))
        return LGZ_OK;
    free(w.name);
    return error_memory(err);
}

size_t record_count(const struct record *r)
{
    return r->wanted.len;
}

const char *record_name(const struct record *r, size_t index)
{
    return r->wanted.data[index].name;
}

void record_start(struct record *r, const struct query_line *line)
{
    r->line = line;
    r->number++;
}

const struct lgz_error *record_refused(const struct record *r)
{
    return &r->refused;
}

/* Run the line's format, once. @return 1 if it has one that matches, 0, or LGZ_ERR_MEMORY */
static int match_format(struct record *r, struct lgz_error *err)
{
    struct dialect *dialect = r->line->dialect;
    struct lgz_error reason = {0};
    if (!dialect || !dialect->format || dialect->refused)
        return 0;
    if (r->format_line == r->number)
        return r->matched;
    if (!vec_reserve(&r->groups, fields_count(dialect->format)))
        return error_memory(err);
    r->format_line = r->number;
    int found = fields_extract(dialect->format, r->line->text, r->groups.data, &reason);
    r->matched = found == 1;
    if (found == LGZ_ERR_MEMORY)
        return error_memory(err);
    if (found < 0) {
        error_prefix(&reason, "%s: from here on without fields: format", r->line->source);
        if (r->refused.code == LGZ_OK)
            r->refused = reason;
        dialect->refused = true;
    }
    return r->matched;
}

static int find_in_format(struct record *r, struct wanted *w, struct lgz_error *err)
{
    int matched = match_format(r, err);
    if (matched != 1)
        return matched;
    size_t at = fields_find(r->line->dialect->format, w->name);
    if (at == SIZE_MAX || !r->groups.data[at].data)
        return 0;
    w->value = (struct field_value){.text = r->groups.data[at]};
    return 1;
}

static const struct header *line_header(struct record *r)
{
    if (r->header_line != r->number)
        header_parse(r->line->text, &r->header);
    r->header_line = r->number;
    return &r->header;
}

/* The JSON object in the line: all of it, or the message. */
static struct span line_json(struct record *r)
{
    static const char cookie[] = "@cee:";
    struct span text = r->line->text;
    if (r->json_line == r->number)
        return r->json;
    size_t at = 0;
    r->json_line = r->number;
    r->json = (struct span){0};
    while (at < text.len && (text.data[at] == ' ' || text.data[at] == '\t'))
        at++;
    if (at < text.len && text.data[at] == '{') {
        r->json = text;
    } else if (at < text.len && memchr(text.data, '{', text.len)) {
        struct span message = line_header(r)->message;
        size_t skip = sizeof(cookie) - 1;
        if (message.len > skip && memcmp(message.data, cookie, skip) == 0) {
            message.data += skip;
            message.len -= skip;
        }
        while (message.len && *message.data == ' ') {
            message.data++;
            message.len--;
        }
        if (message.len && *message.data == '{')
            r->json = message;
    }
    return r->json;
}

/* An escaped value, by what it means. */
static int unescape(struct wanted *w, void (*how)(struct span, struct buf *), struct lgz_error *err)
{
    buf_clear(&w->text);
    how(w->value.text, &w->text);
    if (w->text.failed)
        return error_memory(err);
    w->value.text = buf_span(&w->text);
    return 1;
}

static enum field_kind kind_of(enum json_kind kind)
{
    static const enum field_kind kinds[] = {[JSON_STRING] = FIELD_TEXT,
                                            [JSON_NUMBER] = FIELD_NUMBER,
                                            [JSON_LITERAL] = FIELD_LITERAL,
                                            [JSON_OBJECT] = FIELD_NESTED,
                                            [JSON_ARRAY] = FIELD_NESTED};
    return kinds[kind];
}

/* @param known  set if the line is an object, so that a name it doesn't have is no pair's either */
static int find_in_json(struct record *r, struct wanted *w, bool *known, struct lgz_error *err)
{
    struct json_value value;
    struct span json = line_json(r);
    enum json_result result = json.len ? json_find(json, w->span, &value) : JSON_INVALID;
    *known = result != JSON_INVALID;
    if (result != JSON_FOUND)
        return 0;
    w->value = (struct field_value){.text = value.text, .kind = kind_of(value.kind)};
    return value.escaped ? unescape(w, json_unescape, err) : 1;
}

static int find_in_pairs(struct record *r, struct wanted *w, struct lgz_error *err)
{
    struct pair pair;
    if (!pairs_find(r->line->text, w->span, &pair))
        return 0;
    w->value = (struct field_value){.text = pair.value};
    return pair.escaped ? unescape(w, pair_unescape, err) : 1;
}

static int find_in_header(struct record *r, struct wanted *w)
{
    const struct header *h = line_header(r);
    const struct span parts[] = {[OWN_LEVEL] = h->level,
                                 [OWN_HOST] = h->host,
                                 [OWN_PROGRAM] = h->program,
                                 [OWN_PID] = h->pid,
                                 [OWN_MESSAGE] = h->message};
    w->value = (struct field_value){.text = parts[w->own]};
    return w->value.text.data != NULL;
}

/* What is known of the line beside its text. */
static int find_outside(struct record *r, struct wanted *w, struct lgz_error *err)
{
    const char *text = w->own == OWN_SOURCE ? r->line->source : r->line->input;
    if (w->own == OWN_TIME) {
        buf_clear(&w->text);
        query_time_print(&w->text, r->line->time, r->line->time_digits);
        if (w->text.failed)
            return error_memory(err);
        w->value = (struct field_value){buf_span(&w->text), FIELD_TIME, r->line->time};
        return 1;
    }
    if (!text || !*text)
        return 0;
    w->value = (struct field_value){.text = json_span(text)};
    return 1;
}

static int find(struct record *r, struct wanted *w, struct lgz_error *err)
{
    bool json = false;
    int found = find_in_format(r, w, err);
    if (found == 0)
        found = find_in_json(r, w, &json, err);
    if (found == 0 && !json)
        found = find_in_pairs(r, w, err);
    if (found == 0 && w->own >= OWN_LEVEL && w->own <= OWN_MESSAGE)
        found = find_in_header(r, w);
    if (found == 0 && w->own >= OWN_SOURCE)
        found = find_outside(r, w, err);
    return found;
}

int record_get(struct record *r, size_t index, struct field_value *value, struct lgz_error *err)
{
    struct wanted *w = &r->wanted.data[index];
    if (w->line != r->number) {
        int found = find(r, w, err);
        if (found < 0)
            return found;
        w->line = r->number;
        w->found = found;
    }
    *value = w->value;
    return w->found;
}

/* --- all fields of a line --- */

struct all {
    struct record *record;
    record_field_fn *field;
    void *context;
};

/* Is the name one that was met before? If not, it is now. @return 1, 0, or LGZ_ERR_MEMORY */
static int meet_name(struct record *r, struct span name, struct lgz_error *err)
{
    size_t at = 0;
    for (size_t i = 0; i < r->name_ends.len; at = r->name_ends.data[i++])
        if (span_equal(name, (struct span){r->names.data + at, r->name_ends.data[i] - at}))
            return 1;
    buf_append(&r->names, name.data, name.len);
    if (r->names.failed || !vec_push(&r->name_ends, r->names.len))
        return error_memory(err);
    return 0;
}

/* Hand on a field whose name wasn't met before. */
static int hand_on(const struct all *all, struct span name, const struct field_value *value,
                   struct lgz_error *err)
{
    if (all->record->name_ends.len >= RECORD_ALL_MAX || !value->text.data)
        return LGZ_OK;
    int met = meet_name(all->record, name, err);
    return met ? met < 0 ? met : LGZ_OK : all->field(all->context, name, value, err);
}

/* What `text` means, if it's escaped. The buffer has it as long as it isn't used again. */
static struct span meaning(struct span text, bool escaped, struct buf *buf,
                           void (*how)(struct span, struct buf *))
{
    if (!escaped)
        return text;
    buf_clear(buf);
    buf_push(buf, 0); /* an empty meaning has data, too */
    how(text, buf);
    return (struct span){buf->data + 1, buf->len - 1};
}

static int all_groups(const struct all *all, struct lgz_error *err)
{
    struct record *r = all->record;
    int code = match_format(r, err);
    const struct fields *format = code == 1 ? r->line->dialect->format : NULL;
    if (code == 1)
        code = LGZ_OK;
    for (size_t i = 0; format && i < fields_count(format) && code == LGZ_OK; i++) {
        struct field_value value = {.text = r->groups.data[i]};
        code = hand_on(all, json_span(fields_name(format, i)), &value, err);
    }
    return code;
}

/* @param known  as in find_in_json() */
static int all_members(const struct all *all, bool *known, struct lgz_error *err)
{
    struct record *r = all->record;
    struct json_walk walk;
    struct json_value name, value;
    struct span json = line_json(r);
    enum json_result result = JSON_INVALID;
    int code = LGZ_OK;
    bool object = json.len && json_walk_start(&walk, json);
    while (object && code == LGZ_OK &&
           (result = json_walk_next(&walk, &name, &value)) == JSON_FOUND) {
        struct field_value field = {.kind = kind_of(value.kind)};
        struct span text = meaning(name.text, name.escaped, &r->name, json_unescape);
        field.text = meaning(value.text, value.escaped, &r->value, json_unescape);
        code =
            r->name.failed || r->value.failed ? error_memory(err) : hand_on(all, text, &field, err);
    }
    *known = result != JSON_INVALID;
    return code;
}

static int all_pairs(const struct all *all, struct lgz_error *err)
{
    struct record *r = all->record;
    struct pair pair;
    size_t at = 0;
    int code = LGZ_OK;
    while (code == LGZ_OK && pairs_next(r->line->text, &at, &pair)) {
        struct field_value field = {0};
        field.text = meaning(pair.value, pair.escaped, &r->value, pair_unescape);
        code = r->value.failed ? error_memory(err) : hand_on(all, pair.name, &field, err);
    }
    return code;
}

static int all_parts(const struct all *all, struct lgz_error *err)
{
    const struct header *h = line_header(all->record);
    const struct span parts[] = {h->level, h->host, h->program, h->pid, h->message};
    int code = LGZ_OK;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && code == LGZ_OK; i++) {
        struct field_value field = {.text = parts[i]};
        code = hand_on(all, json_span(own_names[OWN_LEVEL + i]), &field, err);
    }
    return code;
}

int record_all(struct record *r, record_field_fn *field, void *context, struct lgz_error *err)
{
    const struct all all = {r, field, context};
    bool json = false;
    buf_clear(&r->names);
    r->name_ends.len = 0;
    int code = all_groups(&all, err);
    if (code == LGZ_OK)
        code = all_members(&all, &json, err);
    if (code == LGZ_OK && !json)
        code = all_pairs(&all, err);
    return code == LGZ_OK ? all_parts(&all, err) : code;
}
