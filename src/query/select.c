/*
 * select.c - joins pieces into whole lines, matches them, dates those that match.
 *
 * Whole lines are matched where they lie; only a line that is cut is copied. Stamps are looked for
 * only where a selected line needs them, walking back from it, and never twice in the same line.
 */
#include "query/select.h"

#include "line/lines.h"
#include "line/timestamp.h"
#include "query/found.h"
#include "query/select_inside.h"
#include "query/where.h"

/* No log has lines like that; a file without any newline shall not take all memory. */
#define LINE_MAX_BYTES ((size_t)1 << 30)

static bool line_stamp(const struct selection *s, struct span line, int64_t reference,
                       int64_t *time, unsigned *digits)
{
    struct timestamp_found found;
    if (!timestamp_first(line.data, line.len, &found))
        return false;
    *time = timestamp_instant(&found.stamp, found.zone, reference);
    if (timestamp_is_local(line.data, line.len, &found))
        *time = zone_instant(s->zone, *time);
    *digits = found.stamp.digits;
    return true;
}

/* The last stamp in the lines between `from` and `to`, both of which are at line starts. */
static bool last_stamp(const struct selection *s, struct span lines, size_t from, size_t to,
                       int64_t reference, int64_t *time, unsigned *digits)
{
    while (to > from) {
        size_t end = to - 1;
        const uint8_t *newline = memrchr(lines.data + from, '\n', end - from);
        size_t start = newline ? (size_t)(newline - lines.data) + 1 : from;
        if (line_stamp(s, (struct span){lines.data + start, end - start}, reference, time, digits))
            return true;
        to = start;
    }
    return false;
}

bool select_last_stamp(const struct selection *s, struct span lines, int64_t reference,
                       int64_t *time, unsigned *digits)
{
    return last_stamp(s, lines, 0, lines.len, reference, time, digits);
}

void select_date_up_to(const struct selection *s, struct chunk *c, size_t at)
{
    struct query_source *source = c->source;
    if (at > c->dated_to && last_stamp(s, c->lines, c->dated_to, at, source->read_time,
                                       &source->stamp, &source->stamp_digits))
        source->dated = true;
    c->dated_to = at;
}

void select_date_line(const struct selection *s, struct chunk *c, size_t start, size_t end,
                      struct query_line *line)
{
    struct query_source *source = c->source;
    struct span text = {c->lines.data + start, end - start};
    if (line_stamp(s, text, source->read_time, &line->time, &line->time_digits)) {
        source->dated = true;
        source->stamp = line->time;
        source->stamp_digits = line->time_digits;
    } else {
        select_date_up_to(s, c, start);
        line->time = source->dated ? source->stamp : source->read_time;
        line->time_digits = source->dated ? source->stamp_digits : 9;
    }
    c->dated_to = end + 1;
}

/* A line that matches as wanted: if its time and fields are, too, hand it on. */
static int take_line(struct selection *s, struct chunk *c, size_t start, size_t end,
                     struct lgz_error *err)
{
    struct query_source *source = c->source;
    struct query_line line = {.text = {c->lines.data + start, end - start},
                              .place.offset = c->offset + start};
    if (select_full(s, source))
        return LGZ_OK;
    if (select_timed(s))
        select_date_line(s, c, start, end, &line);
    int code = select_takes(s, source, &line, err);
    if (code != 1)
        return code;
    code = select_pass_lines(s, c, start, err);
    if (code != LGZ_OK)
        return code;
    line.place = select_place(s, c, start, false);
    c->shown_to = end + 1;
    return select_emit(s, source, &line, err);
}

/* Take all lines from the line start `at` up to the line start `to`. */
static int take_lines(struct selection *s, struct chunk *c, size_t at, size_t to,
                      struct lgz_error *err)
{
    int code = LGZ_OK;
    while (at < to && code == LGZ_OK) {
        const uint8_t *newline = memchr(c->lines.data + at, '\n', to - at);
        size_t end = newline ? (size_t)(newline - c->lines.data) : to;
        code = take_line(s, c, at, end, err);
        at = end + 1;
    }
    return code;
}

/* After a chunk: what was not selected, and the state at its end. */
static int finish_chunk(struct selection *s, struct chunk *c, struct lgz_error *err)
{
    int code = select_pass_lines(s, c, c->lines.len, err);
    if (select_done(s, c->source))
        return code;
    if (select_timed(s) && c->lines.data[c->lines.len - 1] == '\n')
        select_date_up_to(s, c, c->lines.len);
    select_count_up_to(s, c, c->lines.len);
    return code;
}

/* How the lines of a chunk are found. */
enum finding { BY_PATTERN, BY_WHERE, FOUND_BEFORE };

/* The next line that may be wanted. Same result as pattern_next(). */
static int next_line(struct selection *s, enum finding finding, struct span lines, size_t from,
                     size_t *start, size_t *end, struct lgz_error *err)
{
    if (finding == BY_WHERE)
        return where_next(s->where, from, start, end);
    if (finding == FOUND_BEFORE)
        return found_next(s->found, lines, from, start, end, err);
    return pattern_next(s->pattern, from, start, end, err);
}

static enum finding start_finding(struct selection *s, const struct query_source *source,
                                  struct span lines)
{
    if (s->where_first && !(source->dialect && source->dialect->format)) {
        where_start(s->where, lines);
        return BY_WHERE;
    }
    if (s->found && found_unknown(s->found, lines) == 0)
        return FOUND_BEFORE;
    pattern_start(s->pattern, lines);
    return BY_PATTERN;
}

/* Hand all lines on as one. */
static int take_run(struct selection *s, struct query_source *source, uint64_t offset,
                    struct span lines, struct lgz_error *err)
{
    const bool ended = lines.data[lines.len - 1] == '\n';
    struct query_line line = {
        .place = {.offset = offset, .read_time = source->read_time},
        .text = {lines.data, lines.len - ended},
    };
    source->name->count += lines_count(line.text.data, line.text.len);
    return select_emit(s, source, &line, err);
}

/* Match whole lines; only the last of them may lack its newline. */
static int match_lines(struct selection *s, struct query_source *source, uint64_t offset,
                       struct span lines, struct lgz_error *err)
{
    struct chunk c = {source, lines, offset, 0, 0, 0};
    const enum finding finding = start_finding(s, source, lines);
    int code = LGZ_OK;
    for (size_t at = 0; at < lines.len && code == LGZ_OK && !select_full(s, source);) {
        size_t start, end;
        int found = next_line(s, finding, lines, at, &start, &end, err);
        if (found < 0) {
            error_prefix(err, "%s", source->name->text);
            code = found;
        } else if (s->invert) {
            code = take_lines(s, &c, at, found ? start : lines.len, err);
        } else if (found) {
            code = take_line(s, &c, start, end, err);
        }
        at = found > 0 ? end + 1 : lines.len;
    }
    return code == LGZ_OK ? finish_chunk(s, &c, err) : code;
}

static int select_lines(struct selection *s, struct query_source *source, uint64_t offset,
                        struct span lines, struct lgz_error *err)
{
    int code = s->runs ? take_run(s, source, offset, lines, err)
                       : match_lines(s, source, offset, lines, err);
    if (code != LGZ_OK)
        s->fatal = true;
    return code;
}

/* Whole lines that are next in their source. */
static int select_whole(struct selection *s, struct query_source *source, uint64_t offset,
                        struct span lines, struct lgz_error *err)
{
    if (select_events_of(s, source))
        return select_events(s, source, offset, lines, err);
    size_t unknown = s->found ? found_unknown(s->found, lines) : lines.len;
    if (unknown && unknown < lines.len) {
        int code = select_lines(s, source, offset, (struct span){lines.data, unknown}, err);
        if (code != LGZ_OK)
            return code;
        lines = (struct span){lines.data + unknown, lines.len - unknown};
        offset += unknown;
    }
    return select_lines(s, source, offset, lines, err);
}

/* Put off `rest`, the start of a line. */
static int carry(struct selection *s, struct query_source *source, struct span rest,
                 struct lgz_error *err)
{
    if (rest.len > LINE_MAX_BYTES || source->carry.len > LINE_MAX_BYTES - rest.len)
        return error_set(err, LGZ_ERR_LIMIT, "%s: a line is longer than %zu bytes",
                         source->name->text, LINE_MAX_BYTES);
    buf_append(&source->carry, rest.data, rest.len);
    if (source->carry.failed) {
        s->fatal = true;
        return error_memory(err);
    }
    return LGZ_OK;
}

int select_end(struct selection *s, struct query_source *source, struct lgz_error *err)
{
    int code = LGZ_OK;
    if (source->carry.len && !select_done(s, source))
        code = select_whole(s, source, source->next - source->carry.len, buf_span(&source->carry),
                            err);
    buf_free(&source->carry);
    return code == LGZ_OK ? select_finish_event(s, source, err) : code;
}

/* Complete the line that was put off with the bytes at `offset`, and match it. @return how much of
   `data` that took */
static int finish_carry(struct selection *s, struct query_source *source, uint64_t offset,
                        struct span data, size_t *taken, struct lgz_error *err)
{
    enum { KEEP = 1 << 16 };
    offset -= source->carry.len;
    const uint8_t *newline = memchr(data.data, '\n', data.len);
    *taken = newline ? (size_t)(newline - data.data) + 1 : data.len;
    int code = carry(s, source, (struct span){data.data, *taken}, err);
    if (code == LGZ_OK && newline) {
        code = select_whole(s, source, offset, buf_span(&source->carry), err);
        if (source->carry.cap > KEEP)
            buf_free(&source->carry);
        buf_clear(&source->carry);
    }
    return code;
}

int select_feed(struct selection *s, struct query_source *source, uint64_t offset,
                int64_t read_time, struct span data, struct lgz_error *err)
{
    int code = LGZ_OK;
    size_t taken = 0;
    if (select_done(s, source) || data.len == 0)
        return LGZ_OK;
    if (source->started && offset < source->next) {
        uint64_t known = source->next - offset;
        if (known >= data.len)
            return LGZ_OK;
        data = (struct span){data.data + known, data.len - (size_t)known};
        offset = source->next;
    } else if (source->started && offset > source->next) {
        code = select_end(s, source, err);
        before_clear(&source->before);
        source->after = 0;
    }
    source->read_time = read_time;
    source->started = true;
    source->next = offset + data.len;
    if (code == LGZ_OK && source->carry.len)
        code = finish_carry(s, source, offset, data, &taken, err);
    data = (struct span){data.data + taken, data.len - taken};
    if (code != LGZ_OK || data.len == 0)
        return code;
    const uint8_t *newline = memrchr(data.data, '\n', data.len);
    size_t whole = newline ? (size_t)(newline - data.data) + 1 : 0;
    if (whole)
        code = select_whole(s, source, offset + taken, (struct span){data.data, whole}, err);
    if (code == LGZ_OK && whole < data.len)
        code = carry(s, source, (struct span){data.data + whole, data.len - whole}, err);
    return code;
}
