/*
 * render.c - lines, matches and counts as text or JSON.
 */
#include "query/render.h"

#include <errno.h>
#include <inttypes.h>
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

void render_clear(struct render *r)
{
    buf_free(&r->out);
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

static void put_json(struct render *r, const struct query_line *line, const char *member,
                     struct span text)
{
    buf_append_string(&r->out, "{\"time\":\"");
    query_time_print(&r->out, line->time, line->time_digits);
    buf_append_string(&r->out, "\",");
    json_member(&r->out, "source", json_span(line->source));
    buf_push(&r->out, ',');
    json_member(&r->out, member, text);
    buf_append_string(&r->out, "}\n");
}

static void put_match(struct render *r, const struct query_line *line, struct span match)
{
    if (r->options.json) {
        put_json(r, line, "match", match);
        return;
    }
    if (r->options.names)
        put_name(r, line->source);
    put_colored(r, COLOR_MATCH, match.data, match.len);
    buf_push(&r->out, '\n');
}

/* Walk over the line's matches that aren't empty: show each by itself, or the line with colours. */
static int put_matches(struct render *r, const struct query_line *line, struct lgz_error *err)
{
    struct span text = line->text;
    bool whole = !r->options.only_matching;
    size_t shown = 0, from = 0;
    while (from <= text.len) {
        size_t start, end;
        int rc = pattern_find(r->options.pattern, text, from, &start, &end, err);
        if (rc < 0)
            return rc;
        if (rc == 0)
            break;
        if (start == end || start < from) {
            from = end > from ? end : from + 1;
            continue;
        }
        if (whole) {
            buf_append(&r->out, text.data + shown, start - shown);
            put_colored(r, COLOR_MATCH, text.data + start, end - start);
        } else {
            put_match(r, line, (struct span){text.data + start, end - start});
        }
        shown = from = end;
    }
    if (whole && shown < text.len)
        buf_append(&r->out, text.data + shown, text.len - shown);
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
        put_json(r, line, "line", line->text);
    } else {
        if (o->names)
            put_name(r, line->source);
        if (o->color && !o->invert)
            code = put_matches(r, line, err);
        else if (line->text.len)
            buf_append(&r->out, line->text.data, line->text.len);
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
