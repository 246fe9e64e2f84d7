/*
 * render.c - lines, matches and counts as text or JSON.
 */
#include "query/render.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "line/lines.h"
#include "query/json.h"
#include "query/query_time.h"

enum { FLUSH_AT = 1 << 16 };

int render_to_standard_output(void *context, struct span text, struct lgz_error *err)
{
    (void)context;
    int code = file_write(STDOUT_FILENO, text.data, text.len, "standard output", err);
    if (code == LGZ_ERR_IO && errno == EPIPE)
        code = error_set(err, LGZ_ERR_CANCELLED, "nobody reads the output");
    return code;
}

static int write_out(struct render *r, struct span text, struct lgz_error *err)
{
    return text.len ? r->write(r->context, text, err) : LGZ_OK;
}

int render_flush(struct render *r, struct lgz_error *err)
{
    if (r->out.failed)
        return error_memory(err);
    int code = write_out(r, buf_span(&r->out), err);
    buf_clear(&r->out);
    return code;
}

int render_init(struct render *r, const struct render_options *options, render_write_fn *write,
                void *context, struct lgz_error *err)
{
    *r = (struct render){.options = *options, .write = write, .context = context};
    if (options->color)
        colors_set(&r->colors, options->colors);
    int code = row_new(&r->row, options->fields, options->field_count, err);
    if (code == LGZ_OK && options->csv)
        row_comma_names(r->row, &r->out);
    return code;
}

void render_clear(struct render *r)
{
    buf_free(&r->out);
    row_free(r->row);
}

static int flush_if_full(struct render *r, struct lgz_error *err)
{
    if (r->out.failed || r->options.unbuffered || r->out.len >= FLUSH_AT)
        return render_flush(r, err);
    return LGZ_OK;
}

/* Text in a colour, if there are any. */
static void put_colored(struct render *r, enum color color, const void *text, size_t len)
{
    colors_begin(&r->colors, color, &r->out);
    buf_append(&r->out, text, len);
    colors_end(&r->colors, color, &r->out);
}

static void put_separator(struct render *r, char separator)
{
    put_colored(r, COLOR_SEPARATOR, &separator, 1);
}

static void put_name(struct render *r, const char *name, char separator)
{
    put_colored(r, COLOR_NAME, name, strlen(name));
    if (r->options.nul)
        buf_push(&r->out, '\0');
    else
        put_separator(r, separator);
}

static void put_number(struct render *r, enum color color, uint64_t number, char separator)
{
    colors_begin(&r->colors, color, &r->out);
    buf_printf(&r->out, "%" PRIu64, number);
    colors_end(&r->colors, color, &r->out);
    put_separator(r, separator);
}

/* What stands in front of the bytes of a line, or of an event or match from the offset `at` on. */
static void put_prefix(struct render *r, const struct query_line *line, size_t at)
{
    const struct render_options *o = &r->options;
    char separator = line->context ? '-' : ':';
    if (o->names)
        put_name(r, line->source, separator);
    if (o->numbers) {
        size_t before = line->place.event ? lines_count(line->text.data, at) : 0;
        put_number(r, COLOR_NUMBER, line->place.number + before, separator);
    }
    if (o->offsets)
        put_number(r, COLOR_OFFSET, line->place.offset + at, separator);
}

/* The bytes of a line or event from `at` to `end`: each line of it has its prefix. */
static void put_text(struct render *r, const struct query_line *line, size_t at, size_t end,
                     const enum color *color)
{
    const bool split =
        line->place.event && (r->options.names || r->options.numbers || r->options.offsets);
    const uint8_t *text = line->text.data;
    while (at < end) {
        const uint8_t *newline = split ? memchr(text + at, '\n', end - at) : NULL;
        size_t stop = newline ? (size_t)(newline - text) : end;
        if (color && stop > at)
            put_colored(r, *color, text + at, stop - at);
        else
            buf_append(&r->out, text + at, stop - at);
        at = stop;
        if (newline) {
            buf_push(&r->out, '\n');
            put_prefix(r, line, ++at);
        }
    }
}

static int put_fields(struct render *r, const struct query_line *line, struct lgz_error *err)
{
    put_prefix(r, line, 0);
    int code = row_tabs(r->row, line, &r->out, err);
    buf_push(&r->out, '\n');
    return code;
}

static int put_json(struct render *r, const struct query_line *line, const char *member,
                    struct span text, struct lgz_error *err)
{
    buf_append_string(&r->out, "{\"time\":\"");
    query_time_print(&r->out, line->time, line->time_digits);
    buf_append_string(&r->out, "\",");
    json_member(&r->out, "source", json_span(line->source));
    buf_push(&r->out, ',');
    if (r->options.numbers)
        buf_printf(&r->out, "\"number\":%" PRIu64 ",", line->place.number);
    json_member(&r->out, member, text);
    if (line->templated)
        buf_printf(&r->out, ",\"template\":\"%016" PRIx64 "\"", line->template_id);
    int code = row_json(r->row, line, &r->out, err);
    buf_append_string(&r->out, "}\n");
    return code;
}

static int put_match(struct render *r, const struct query_line *line, size_t start, size_t end,
                     struct lgz_error *err)
{
    static const enum color match = COLOR_MATCH, context_match = COLOR_CONTEXT_MATCH;
    if (r->options.json)
        return put_json(r, line, "match", (struct span){line->text.data + start, end - start}, err);
    put_prefix(r, line, start);
    put_text(r, line, start, end, line->context ? &context_match : &match);
    buf_push(&r->out, '\n');
    return LGZ_OK;
}

/* The line's next match at or behind `*from` that isn't empty. `*from` moves behind it. @return 1,
   0 or a negative code */
static int next_match(struct render *r, const struct query_line *line, size_t *from, size_t *start,
                      size_t *end, struct lgz_error *err)
{
    struct pattern *pattern = line->place.event ? r->options.event_pattern : r->options.pattern;
    while (*from <= line->text.len) {
        int rc = pattern_find(pattern, line->text, *from, start, end, err);
        if (rc != 1)
            return rc;
        if (*start < *end && *start >= *from) {
            *from = *end;
            return 1;
        }
        *from = *end > *from ? *end : *from + 1;
    }
    return 0;
}

/* Each match by itself. */
static int put_only_matches(struct render *r, const struct query_line *line, struct lgz_error *err)
{
    size_t from = 0, start, end;
    int rc;
    while ((rc = next_match(r, line, &from, &start, &end, err)) == 1) {
        int code = put_match(r, line, start, end, err);
        if (code != LGZ_OK)
            return code;
    }
    return rc;
}

/* The line in colours. Lines that don't match have no matches. */
static int put_in_color(struct render *r, const struct query_line *line, bool matches,
                        struct lgz_error *err)
{
    const bool reversed = r->options.invert && r->colors.reversed;
    const enum color whole = line->context == reversed ? COLOR_SELECTED : COLOR_CONTEXT;
    const enum color match = line->context ? COLOR_CONTEXT_MATCH : COLOR_MATCH;
    size_t shown = 0, from = 0, start, end, len = line->text.len;
    int rc = 0;
    while (matches && *r->colors.codes[match] &&
           (rc = next_match(r, line, &from, &start, &end, err)) == 1) {
        colors_begin(&r->colors, whole, &r->out);
        put_text(r, line, shown, start, NULL);
        put_text(r, line, start, end, &match);
        shown = end;
    }
    if (*r->colors.codes[whole]) {
        size_t tail = len > shown && line->text.data[len - 1] == '\r' ? len - 1 : len;
        put_text(r, line, shown, tail, &whole);
        shown = tail;
    }
    put_text(r, line, shown, len, NULL);
    return rc;
}

/* What stands between lines that aren't next to each other. */
static void put_group_separator(struct render *r, const struct query_line *line)
{
    const struct render_options *o = &r->options;
    if (o->groups && o->separator && !o->json && !o->csv && r->origin &&
        (line->apart || line->origin != r->origin)) {
        put_colored(r, COLOR_SEPARATOR, o->separator, strlen(o->separator));
        buf_push(&r->out, '\n');
    }
    r->origin = line->origin;
}

bool render_is_plain(const struct render_options *o)
{
    return !o->field_count && !o->only_matching && !o->names && !o->numbers && !o->offsets &&
           !o->groups && !o->color && !o->json && !o->csv && !o->unbuffered;
}

/* What is large isn't copied. */
static int show_large(struct render *r, struct span text, struct lgz_error *err)
{
    int code = render_flush(r, err);
    if (code == LGZ_OK)
        code = write_out(r, text, err);
    buf_push(&r->out, '\n');
    return code;
}

int render_line(struct render *r, const struct query_line *line, struct lgz_error *err)
{
    const struct render_options *o = &r->options;
    const bool matches = line->context == o->invert;
    int code = LGZ_OK;
    if (line->text.len >= FLUSH_AT && render_is_plain(o))
        return show_large(r, line->text, err);
    put_group_separator(r, line);
    if (o->only_matching) {
        code = matches ? put_only_matches(r, line, err) : LGZ_OK;
    } else if (o->json) {
        code = put_json(r, line, "line", line->text, err);
    } else if (o->csv) {
        code = row_commas(r->row, line, &r->out, err);
    } else if (o->field_count) {
        code = put_fields(r, line, err);
    } else {
        put_prefix(r, line, 0);
        if (o->color)
            code = put_in_color(r, line, matches, err);
        else
            put_text(r, line, 0, line->text.len, NULL);
        buf_push(&r->out, '\n');
    }
    if (code == LGZ_ERR_LIMIT)
        error_prefix(err, "%s", line->source);
    return code == LGZ_OK ? flush_if_full(r, err) : code;
}

int render_name(struct render *r, const char *name, struct lgz_error *err)
{
    if (r->options.json) {
        buf_push(&r->out, '{');
        json_member(&r->out, "source", json_span(name));
        buf_append_string(&r->out, "}\n");
    } else {
        put_colored(r, COLOR_NAME, name, strlen(name));
        buf_push(&r->out, r->options.nul ? '\0' : '\n');
    }
    return flush_if_full(r, err);
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
            put_name(r, name, ':');
        buf_printf(&r->out, "%" PRIu64 "\n", count);
    }
    return flush_if_full(r, err);
}

int render_text(struct render *r, struct span text, struct lgz_error *err)
{
    buf_append(&r->out, text.data, text.len);
    return flush_if_full(r, err);
}
