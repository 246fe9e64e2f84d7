/*
 * select_context.c - numbers of lines, and what is shown around those that are selected.
 *
 * Lines that aren't selected are only walked over where they may be shown: behind one that was
 * selected, forwards; before one, backwards from it, or from the end of the bytes at hand, where
 * the last ones are kept for the lines that come next.
 */
#include "line/lines.h"
#include "query/select_inside.h"
#include "query/template_finder.h"
#include "query/where.h"

void select_count_up_to(const struct selection *s, struct chunk *c, size_t at)
{
    if (!s->numbered || at <= c->counted_to)
        return;
    size_t to = at < c->lines.len ? at : c->lines.len;
    c->source->lines += lines_count(c->lines.data + c->counted_to, to - c->counted_to);
    /* The end of a run without a newline ends a line, too. */
    if (to == c->lines.len && c->lines.data[to - 1] != '\n')
        c->source->lines++;
    c->counted_to = at;
}

struct line_place select_place(const struct selection *s, struct chunk *c, size_t at, bool event)
{
    select_count_up_to(s, c, at);
    return (struct line_place){
        .offset = c->offset + at,
        .number = s->numbered ? c->source->lines + 1 : 0,
        .read_time = c->source->read_time,
        .event = event,
    };
}

/* What is known of a line because it's the source's. */
static void identify(const struct query_source *source, struct query_line *line)
{
    line->source = source->name->text;
    line->input = source->input;
    line->origin = source;
    line->dialect = source->dialect;
}

/* Find the line's template, if that wasn't done. @return LGZ_OK or a negative code */
static int find_template(struct selection *s, const struct query_source *source,
                         struct query_line *line, struct lgz_error *err)
{
    const struct template_name *name;
    struct span text = line->text;
    if (line->templated)
        return LGZ_OK;
    if (line->place.event) {
        const uint8_t *newline = memchr(text.data, '\n', text.len);
        text.len = newline ? (size_t)(newline - text.data) : text.len;
    }
    int found = template_finder_get(s->templates, source->id, line->place.offset, text, &name, err);
    if (found == 1) {
        line->templated = true;
        line->template_id = name->id;
        line->template_text = name->text;
    }
    s->fatal |= found < 0;
    return found < 0 ? found : LGZ_OK;
}

/* Hand on a line. */
static int show(struct selection *s, struct query_source *source, struct query_line *line,
                struct lgz_error *err)
{
    if (!s->emit)
        return LGZ_OK;
    if (s->templates && !line->context) {
        int code = find_template(s, source, line, err);
        if (code != LGZ_OK)
            return code;
    }
    identify(source, line);
    line->apart = !source->shown || source->shown_to != line->place.offset;
    source->shown = true;
    source->shown_to = line->place.offset + line->text.len + 1;
    return s->emit(s->context, source, line, err);
}

static int show_context(struct selection *s, struct query_source *source,
                        const struct line_place *place, struct span text, struct lgz_error *err)
{
    struct query_line line = {.place = *place, .context = true, .text = text};
    return show(s, source, &line, err);
}

static int show_before(struct selection *s, struct query_source *source, struct lgz_error *err)
{
    int code = LGZ_OK;
    for (size_t i = 0; i < before_count(&source->before) && code == LGZ_OK; i++) {
        struct span text;
        const struct line_place *place = before_at(&source->before, i, &text);
        code = show_context(s, source, place, text, err);
    }
    before_clear(&source->before);
    return code;
}

int select_takes(struct selection *s, const struct query_source *source, struct query_line *line,
                 struct lgz_error *err)
{
    if (select_limited(s) && (line->time < s->since || line->time > s->until))
        return 0;
    if (s->by_template) {
        int code = find_template(s, source, line, err);
        if (code != LGZ_OK)
            return code;
        if (!line->templated || line->template_id != s->template_id)
            return 0;
    }
    if (!s->where)
        return 1;
    identify(source, line);
    int matches = where_matches(s->where, line, err);
    if (matches < 0) {
        error_prefix(err, "%s", source->name->text);
        s->fatal = true;
    }
    return matches;
}

int select_emit(struct selection *s, struct query_source *source, struct query_line *line,
                struct lgz_error *err)
{
    source->name->count++;
    s->total++;
    int code = show_before(s, source, err);
    source->after = s->emit ? s->after : 0;
    return code == LGZ_OK ? show(s, source, line, err) : code;
}

int select_pass(struct selection *s, struct query_source *source, const struct line_place *place,
                struct span text, struct lgz_error *err)
{
    if (!select_has_context(s))
        return LGZ_OK;
    if (source->after) {
        source->after--;
        return show_context(s, source, place, text, err);
    }
    return before_add(&source->before, place, text, s->before) ? LGZ_OK : error_memory(err);
}

/* The line start in the chunk that is `count` lines before the line start `at`, but not before
   `from`. */
static size_t lines_before(const struct chunk *c, size_t from, size_t at, uint64_t count)
{
    while (count-- && at > from) {
        const uint8_t *newline = memrchr(c->lines.data + from, '\n', at - 1 - from);
        at = newline ? (size_t)(newline - c->lines.data) + 1 : from;
    }
    return at;
}

static int pass_line(struct selection *s, struct chunk *c, size_t *at, struct lgz_error *err)
{
    const uint8_t *newline = memchr(c->lines.data + *at, '\n', c->lines.len - *at);
    size_t end = newline ? (size_t)(newline - c->lines.data) : c->lines.len;
    struct line_place place = select_place(s, c, *at, false);
    struct span text = {c->lines.data + *at, end - *at};
    *at = end + 1;
    return select_pass(s, c->source, &place, text, err);
}

int select_pass_lines(struct selection *s, struct chunk *c, size_t to, struct lgz_error *err)
{
    int code = LGZ_OK;
    size_t at = c->shown_to;
    if (!select_has_context(s))
        return LGZ_OK;
    while (c->source->after && at < to && code == LGZ_OK)
        code = pass_line(s, c, &at, err);
    if (at < to && !select_full(s, c->source)) {
        at = lines_before(c, at, to, s->before);
        while (at < to && code == LGZ_OK)
            code = pass_line(s, c, &at, err);
    }
    c->shown_to = to;
    return code;
}

int64_t select_read_time(const struct read_times *times, const struct query_source *source,
                         uint64_t offset)
{
    for (size_t i = times->list.len; i > 0; i--) {
        const struct read_span *span = &times->list.data[i - 1];
        if (span->offset <= offset && offset < span->end)
            return span->read_time;
    }
    return source->read_time;
}

int select_resume_before(const struct selection *s, struct query_source *source,
                         const struct before *known, struct span lines, uint64_t offset,
                         const struct read_times *times, struct lgz_error *err)
{
    const struct chunk c = {.source = source, .lines = lines};
    size_t at = lines_before(&c, 0, lines.len, s->before);
    bool kept = true;
    before_clear(&source->before);
    for (size_t i = 0; i < before_count(known) && kept; i++) {
        struct span text;
        const struct line_place *place = before_at(known, i, &text);
        kept = before_add(&source->before, place, text, s->before);
    }
    while (at < lines.len && kept) {
        const uint8_t *newline = memchr(lines.data + at, '\n', lines.len - at);
        size_t end = newline ? (size_t)(newline - lines.data) : lines.len;
        struct line_place place = {.offset = offset + at,
                                   .read_time = select_read_time(times, source, offset + end)};
        /* The newlines of the bytes that were left out are counted already. */
        if (s->numbered)
            place.number = source->lines - lines_count(lines.data + at, lines.len - at) + 1;
        kept = before_add(&source->before, &place, (struct span){lines.data + at, end - at},
                          s->before);
        at = end + 1;
    }
    return kept ? LGZ_OK : error_memory(err);
}
