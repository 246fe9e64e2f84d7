/*
 * events.c - walks over lines, back to where an event begins and on to where it ends.
 */
#include "query/events.h"

/* The offset behind the line that starts at `at`. */
static size_t line_end(struct span lines, size_t at)
{
    const uint8_t *newline = memchr(lines.data + at, '\n', lines.len - at);
    return newline ? (size_t)(newline - lines.data) + 1 : lines.len;
}

/* Does this line begin an event? @return 1, 0 or a negative code */
static int is_start(struct pattern *start, struct span lines, size_t at, size_t end,
                    struct lgz_error *err)
{
    size_t a, b;
    size_t len = end - at;
    if (len && lines.data[end - 1] == '\n')
        len--;
    return pattern_find(start, (struct span){lines.data + at, len}, 0, &a, &b, err);
}

int events_of_line(struct pattern *start, struct span lines, size_t floor, size_t at,
                   struct event *event, struct lgz_error *err)
{
    const size_t end = line_end(lines, at);
    size_t begin = at, behind = end;
    *event = (struct event){.begin = at, .end = end, .lines = 1};
    for (size_t n = 1;; n++) {
        int found = is_start(start, lines, begin, behind, err);
        if (found < 0)
            return found;
        if (found) {
            *event = (struct event){.begin = begin, .end = end, .lines = n, .open = true};
            return 0;
        }
        if (n == EVENT_LINES_MAX)
            return 0;
        event->unknown = begin == floor;
        if (begin == floor)
            return 0;
        behind = begin;
        const uint8_t *newline =
            behind - floor < 2 ? NULL : memrchr(lines.data + floor, '\n', behind - 1 - floor);
        begin = newline ? (size_t)(newline - lines.data) + 1 : floor;
        if (end - begin > EVENT_BYTES_MAX)
            return 0;
    }
}

int events_extend(struct pattern *start, struct span lines, struct event *event, size_t *at,
                  struct lgz_error *err)
{
    while (*at < lines.len) {
        size_t end = line_end(lines, *at);
        if (event->lines == EVENT_LINES_MAX ||
            end - *at + (event->end - event->begin) > EVENT_BYTES_MAX)
            return EVENT_NEXT;
        int found = is_start(start, lines, *at, end, err);
        if (found)
            return found < 0 ? found : EVENT_NEXT;
        event->lines++;
        event->end += end - *at;
        *at = end;
    }
    return EVENT_CUT;
}
