/*
 * select_events.c - from whole lines to the events that a query wants.
 *
 * The pattern is searched for first, in all lines at once where that is possible; where an event
 * begins and ends is looked for only around what could be a match, and at the end of the lines: the
 * last event is put off until a line of the next comes.
 */
#include "line/lines.h"
#include "query/select_inside.h"

static struct span without_newline(struct span text)
{
    if (text.len && text.data[text.len - 1] == '\n')
        text.len--;
    return text;
}

/* An error in an expression isn't the input's. */
static int refuse(struct selection *s, const struct query_source *source, const char *what,
                  int code, struct lgz_error *err)
{
    error_prefix(err, "%s%s", source->name->text, what);
    s->fatal = true;
    return code;
}

static int refuse_start(struct selection *s, const struct query_source *source, int code,
                        struct lgz_error *err)
{
    return refuse(s, source, ": multiline_start (--lines does without it)", code, err);
}

/* Is this an event that is wanted, but for its time? @return 1, 0 or a negative code */
static int is_wanted(struct selection *s, const struct query_source *source, struct span text,
                     struct lgz_error *err)
{
    if (select_full(s, source))
        return 0;
    int found = pattern_matches(s->event_pattern, text, err);
    return found < 0 ? refuse(s, source, "", found, err) : (found == 1) != s->invert;
}

void select_drop_event(struct query_source *source)
{
    enum { KEEP = 1 << 16 };
    if (source->pending.text.cap > KEEP)
        buf_free(&source->pending.text);
    buf_clear(&source->pending.text);
    source->pending.event = (struct event){0};
}

/* Select an event, or pass it by. Its time is known if that matters. */
static int settle_event(struct selection *s, struct query_source *source, bool wanted,
                        struct query_line *line, struct lgz_error *err)
{
    int takes = wanted ? select_takes(s, source, line, err) : 0;
    if (takes < 0)
        return takes;
    return takes ? select_emit(s, source, line, err)
                 : select_pass(s, source, &line->place, line->text, err);
}

int select_finish_event(struct selection *s, struct query_source *source, struct lgz_error *err)
{
    const struct pending_event *p = &source->pending;
    if (!p->event.open)
        return LGZ_OK;
    struct query_line line = {
        .time = p->time,
        .time_digits = p->time_digits,
        .place = p->place,
        .text = without_newline(buf_span(&p->text)),
    };
    int wanted = is_wanted(s, source, line.text, err);
    int code = wanted < 0 ? wanted : settle_event(s, source, wanted == 1, &line, err);
    select_drop_event(source);
    if (code != LGZ_OK)
        s->fatal = true;
    return code;
}

int select_dialect(struct selection *s, struct query_source *source, struct dialect *dialect,
                   struct lgz_error *err)
{
    if (source->dialect == dialect)
        return LGZ_OK;
    int code = select_finish_event(s, source, err);
    source->dialect = dialect;
    return code;
}

/* Put off an event whose lines begin in the chunk. */
static int put_off(struct selection *s, struct chunk *c, const struct event *event,
                   struct lgz_error *err)
{
    struct pending_event *p = &c->source->pending;
    const uint8_t *from = c->lines.data + event->begin;
    buf_clear(&p->text);
    buf_append(&p->text, from, event->end - event->begin);
    if (p->text.failed) {
        s->fatal = true;
        return error_memory(err);
    }
    p->event = *event;
    p->place = select_place(s, c, event->begin, true);
    if (select_timed(s)) {
        struct query_line first;
        const uint8_t *newline = memchr(from, '\n', event->end - event->begin);
        size_t end = newline ? (size_t)(newline - c->lines.data) : event->end;
        select_date_line(s, c, event->begin, end, &first);
        p->time = first.time;
        p->time_digits = first.time_digits;
    }
    return LGZ_OK;
}

int select_resume_event(const struct selection *s, struct query_source *source, struct span text,
                        uint64_t offset, const struct read_times *times, const struct event *event,
                        struct lgz_error *err)
{
    struct chunk c = {source, text, offset, 0, 0, 0};
    struct selection limited = {.dated = true, .zone = s->zone};
    const uint8_t *newline = memchr(text.data + event->begin, '\n', text.len - event->begin);
    const int64_t read_time = source->read_time;
    if (newline)
        source->read_time =
            select_read_time(times, source, offset + (uint64_t)(newline - text.data));
    int code = put_off(&limited, &c, event, err);
    source->read_time = read_time;
    if (code == LGZ_OK)
        select_date_up_to(s, &c, text.len);
    /* The newlines of the bytes that were left out are counted already. */
    if (s->numbered)
        source->pending.place.number =
            source->lines - lines_count(text.data + event->begin, text.len - event->begin) + 1;
    return code;
}

/* Add to the event under way what the chunk begins with of it. @return how much that is, in `at` */
static int go_on(struct selection *s, struct chunk *c, size_t *at, struct lgz_error *err)
{
    struct query_source *source = c->source;
    struct pending_event *p = &source->pending;
    if (!p->event.open)
        return LGZ_OK;
    int stop = events_extend(source->dialect->start, c->lines, &p->event, at, err);
    if (stop < 0)
        return refuse_start(s, source, stop, err);
    buf_append(&p->text, c->lines.data, *at);
    if (p->text.failed) {
        s->fatal = true;
        return error_memory(err);
    }
    return stop == EVENT_NEXT ? select_finish_event(s, source, err) : LGZ_OK;
}

/* A whole event of the chunk: hand it on if it's wanted. */
static int take_event(struct selection *s, struct chunk *c, const struct event *event,
                      struct lgz_error *err)
{
    struct query_source *source = c->source;
    struct query_line line = {.text = without_newline((struct span){c->lines.data + event->begin,
                                                                    event->end - event->begin})};
    int wanted = is_wanted(s, source, line.text, err);
    if (wanted < 0 || (wanted == 0 && !select_has_context(s)))
        return wanted;
    if (wanted && select_timed(s)) {
        const uint8_t *newline = memchr(line.text.data, '\n', line.text.len);
        size_t len = newline ? (size_t)(newline - line.text.data) : line.text.len;
        select_date_line(s, c, event->begin, event->begin + len, &line);
    }
    line.place = select_place(s, c, event->begin, true);
    return settle_event(s, source, wanted == 1, &line, err);
}

/*
 * The event of the line that `place` lies in, as far as it's in the chunk.
 *
 * @return an enum event_stop, or a negative code
 */
static int event_at(struct selection *s, const struct chunk *c, size_t floor, size_t place,
                    struct event *event, struct lgz_error *err)
{
    const struct span lines = c->lines;
    struct pattern *start = c->source->dialect->start;
    const uint8_t *newline = memrchr(lines.data + floor, '\n', place - floor);
    size_t at = newline ? (size_t)(newline - lines.data) + 1 : floor;
    int stop = events_of_line(start, lines, floor, at, event, err);
    size_t behind = event->end;
    if (stop == 0)
        stop = event->open ? events_extend(start, lines, event, &behind, err) : EVENT_NEXT;
    return stop < 0 ? refuse_start(s, c->source, stop, err) : stop;
}

/* Take the wanted events from `*at` on; but for one under way, at which `*at` then is. */
static int take_events(struct selection *s, struct chunk *c, size_t *at, struct lgz_error *err)
{
    struct event event;
    const bool each = s->invert || select_has_context(s);
    while (*at < c->lines.len && !select_done(s, c->source)) {
        size_t place = *at;
        int found = each ? 1 : pattern_candidate(s->event_pattern, *at, &place, err);
        if (found < 0)
            return refuse(s, c->source, "", found, err);
        if (found == 0)
            return LGZ_OK;
        int stop = event_at(s, c, *at, place, &event, err);
        if (stop < 0)
            return stop;
        if (stop == EVENT_CUT) {
            *at = event.begin;
            return LGZ_OK;
        }
        int code = take_event(s, c, &event, err);
        if (code != LGZ_OK)
            return code;
        *at = event.end;
    }
    return LGZ_OK;
}

/* Put off the event that the chunk ends with, if more lines may belong to it. */
static int put_off_last(struct selection *s, struct chunk *c, size_t floor, struct lgz_error *err)
{
    struct event event;
    if (floor >= c->lines.len)
        return LGZ_OK;
    int stop = event_at(s, c, floor, c->lines.len - 1, &event, err);
    if (stop < 0)
        return stop;
    return event.open ? put_off(s, c, &event, err) : LGZ_OK;
}

int select_events(struct selection *s, struct query_source *source, uint64_t offset,
                  struct span lines, struct lgz_error *err)
{
    struct chunk c = {source, lines, offset, 0, 0, 0};
    size_t at = 0;
    int code = go_on(s, &c, &at, err);
    pattern_start(s->event_pattern, lines);
    if (code == LGZ_OK)
        code = take_events(s, &c, &at, err);
    if (code == LGZ_OK && !select_done(s, source))
        code = put_off_last(s, &c, at, err);
    if (code != LGZ_OK)
        s->fatal = true;
    else if (select_timed(s) && !select_done(s, source) && lines.data[lines.len - 1] == '\n')
        select_date_up_to(s, &c, lines.len);
    select_count_up_to(s, &c, lines.len);
    return code;
}
