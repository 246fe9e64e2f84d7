/*
 * render.c - lines, matches and counts as text or JSON.
 */
#include "query/render.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "query/json.h"
#include "query/query_time.h"

enum { FLUSH_AT = 1 << 16 };

/* grep's colours: matches bold red, names magenta, separators cyan. */
#define COLOR_MATCH     "\33[1;31m"
#define COLOR_NAME      "\33[35m"
#define COLOR_SEPARATOR "\33[36m"
#define COLOR_END       "\33[m"

int render_flush(struct render *r, struct lgz_error *err)
{
    if (r->out.failed)
        return error_memory(err);
    int code = file_write(r->fd, r->out.data, r->out.len, "standard output", err);
    if (code == LGZ_ERR_IO && errno == EPIPE)
        code = error_set(err, LGZ_ERR_CANCELLED, "nobody reads the output");
    buf_clear(&r->out);
    return code;
}

int render_init(struct render *r, const struct render_options *options, int fd,
                struct lgz_error *err)
{
    *r = (struct render){.options = *options, .fd = fd};
    r->known = calloc(options->field_count + 1, sizeof(*r->known));
    return r->known ? LGZ_OK : error_memory(err);
}

void render_clear(struct render *r)
{
    buf_free(&r->out);
    free(r->known);
    vec_free(&r->values);
}

const char *render_unknown_field(const struct render *r)
{
    for (size_t i = 0; i < r->options.field_count; i++)
        if (!r->known[i])
            return r->options.fields[i];
    return NULL;
}

static int flush_if_full(struct render *r, struct lgz_error *err)
{
    if (r->out.failed || r->options.unbuffered || r->out.len >= FLUSH_AT)
        return render_flush(r, err);
    return LGZ_OK;
}

static void put_colored(struct render *r, const char *color, const void *text, size_t len)
{
    if (r->options.color)
        buf_append_string(&r->out, color);
    buf_append(&r->out, text, len);
    if (r->options.color)
        buf_append_string(&r->out, COLOR_END);
}

static void put_name(struct render *r, const char *name)
{
    put_colored(r, COLOR_NAME, name, strlen(name));
    put_colored(r, COLOR_SEPARATOR, ":", 1);
}

/* Bytes of a line or event: each line of it has the name in front, if names are wanted. */
static void put_text(struct render *r, const struct query_line *line, const char *color,
                     const uint8_t *text, size_t len)
{
    while (len) {
        const uint8_t *newline = line->event && r->options.names ? memchr(text, '\n', len) : NULL;
        size_t part = newline ? (size_t)(newline - text) : len;
        if (color && part)
            put_colored(r, color, text, part);
        else
            buf_append(&r->out, text, part);
        if (newline) {
            buf_push(&r->out, '\n');
            put_name(r, line->source);
            part++;
        }
        text += part;
        len -= part;
    }
}

/* Find the line's fields. A format that takes too much work isn't tried again. @return 1, 0 if it
   has none, or a negative code */
static int find_fields(struct render *r, const struct query_line *line, struct lgz_error *err)
{
    struct fields *format = line->dialect ? line->dialect->format : NULL;
    struct lgz_error reason = {0};
    if (!format || line->dialect->refused)
        return 0;
    if (!vec_reserve(&r->values, fields_count(format)))
        return error_memory(err);
    int found = fields_extract(format, line->text, r->values.data, &reason);
    if (found >= 0)
        return found;
    if (found == LGZ_ERR_MEMORY)
        return error_memory(err);
    error_prefix(&reason, "%s: lines are shown without fields: format", line->source);
    if (r->refused.code == LGZ_OK)
        r->refused = reason;
    line->dialect->refused = true;
    return 0;
}

/* The wanted field's place in the line's format; SIZE_MAX if it has none. */
static size_t place_of_field(struct render *r, const struct query_line *line, size_t wanted)
{
    struct fields *format = line->dialect ? line->dialect->format : NULL;
    size_t at = format ? fields_find(format, r->options.fields[wanted]) : SIZE_MAX;
    r->known[wanted] |= at != SIZE_MAX;
    return at;
}

/* A value between tabs: what would end it, or the line, is escaped. */
static void put_value(struct buf *out, struct span value)
{
    for (size_t i = 0; i < value.len; i++) {
        uint8_t byte = value.data[i];
        if (byte == '\t' || byte == '\n' || byte == '\\') {
            buf_push(out, '\\');
            byte = byte == '\t' ? 't' : byte == '\n' ? 'n' : '\\';
        }
        buf_push(out, byte);
    }
}

static int put_fields(struct render *r, const struct query_line *line, struct lgz_error *err)
{
    int found = find_fields(r, line, err);
    if (found < 0)
        return found;
    if (r->options.names)
        put_name(r, line->source);
    for (size_t i = 0; i < r->options.field_count; i++) {
        size_t at = place_of_field(r, line, i);
        if (i)
            buf_push(&r->out, '\t');
        if (found && at != SIZE_MAX)
            put_value(&r->out, r->values.data[at]);
    }
    buf_push(&r->out, '\n');
    return LGZ_OK;
}

static void put_json_field(struct buf *out, const char *name, struct span value, bool *any)
{
    if (!value.data)
        return;
    buf_append_string(out, *any ? "," : ",\"fields\":{");
    json_member(out, name, value);
    *any = true;
}

/* The member with the wanted fields (all, if none is named) that the line has. */
static int put_json_fields(struct render *r, const struct query_line *line, struct lgz_error *err)
{
    bool any = false;
    int found = find_fields(r, line, err);
    if (found != 1)
        return found;
    const struct fields *format = line->dialect->format;
    for (size_t i = 0; i < r->options.field_count; i++) {
        size_t at = place_of_field(r, line, i);
        if (at != SIZE_MAX)
            put_json_field(&r->out, fields_name(format, at), r->values.data[at], &any);
    }
    for (size_t i = 0; r->options.field_count == 0 && i < fields_count(format); i++)
        put_json_field(&r->out, fields_name(format, i), r->values.data[i], &any);
    if (any)
        buf_push(&r->out, '}');
    return LGZ_OK;
}

static int put_json(struct render *r, const struct query_line *line, const char *member,
                    struct span text, struct lgz_error *err)
{
    buf_append_string(&r->out, "{\"time\":\"");
    query_time_print(&r->out, line->time, line->time_digits);
    buf_append_string(&r->out, "\",");
    json_member(&r->out, "source", json_span(line->source));
    buf_push(&r->out, ',');
    json_member(&r->out, member, text);
    int code = put_json_fields(r, line, err);
    buf_append_string(&r->out, "}\n");
    return code;
}

static int put_match(struct render *r, const struct query_line *line, struct span match,
                     struct lgz_error *err)
{
    if (r->options.json)
        return put_json(r, line, "match", match, err);
    if (r->options.names)
        put_name(r, line->source);
    put_text(r, line, COLOR_MATCH, match.data, match.len);
    buf_push(&r->out, '\n');
    return LGZ_OK;
}

/* Walk over the line's matches that aren't empty: show each by itself, or the line with colours. */
static int put_matches(struct render *r, const struct query_line *line, struct lgz_error *err)
{
    struct span text = line->text;
    struct pattern *pattern = line->event ? r->options.event_pattern : r->options.pattern;
    bool whole = !r->options.only_matching;
    size_t shown = 0, from = 0;
    while (from <= text.len) {
        size_t start, end;
        int rc = pattern_find(pattern, text, from, &start, &end, err);
        if (rc < 0)
            return rc;
        if (rc == 0)
            break;
        if (start == end || start < from) {
            from = end > from ? end : from + 1;
            continue;
        }
        if (whole) {
            put_text(r, line, NULL, text.data + shown, start - shown);
            put_text(r, line, COLOR_MATCH, text.data + start, end - start);
        } else {
            rc = put_match(r, line, (struct span){text.data + start, end - start}, err);
            if (rc < 0)
                return rc;
        }
        shown = from = end;
    }
    if (whole && shown < text.len)
        put_text(r, line, NULL, text.data + shown, text.len - shown);
    return LGZ_OK;
}

int render_line(struct render *r, const struct query_line *line, struct lgz_error *err)
{
    const struct render_options *o = &r->options;
    int code = LGZ_OK;
    if (o->only_matching) {
        /* Lines that don't match have no matches. */
        code = o->invert ? LGZ_OK : put_matches(r, line, err);
    } else if (o->json) {
        code = put_json(r, line, "line", line->text, err);
    } else if (o->field_count) {
        code = put_fields(r, line, err);
    } else {
        if (o->names)
            put_name(r, line->source);
        if (o->color && !o->invert)
            code = put_matches(r, line, err);
        else
            put_text(r, line, NULL, line->text.data, line->text.len);
        buf_push(&r->out, '\n');
    }
    return code == LGZ_OK ? flush_if_full(r, err) : code;
}

int render_count(struct render *r, const char *name, uint64_t count, struct lgz_error *err)
{
    if (r->options.json) {
        buf_push(&r->out, '{');
        if (name) {
            json_member(&r->out, "source", json_span(name));
            buf_push(&r->out, ',');
        }
        buf_printf(&r->out, "\"count\":%" PRIu64 "}\n", count);
    } else {
        if (name)
            put_name(r, name);
        buf_printf(&r->out, "%" PRIu64 "\n", count);
    }
    return flush_if_full(r, err);
}
