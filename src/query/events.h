/*
 * events.h - which lines are one event.
 *
 * A line in which the expression `start` is found begins an event. A line behind it belongs to the
 * event up to the next such line, as long as the event then has no more than EVENT_LINES_MAX lines
 * and EVENT_BYTES_MAX bytes. All other lines, those before the first start and those behind the
 * limit, are events by themselves. So what a line belongs to depends on no more than so many lines
 * and bytes before it, and an expression that never matches joins nothing.
 */
#ifndef LOGZIP_QUERY_EVENTS_H
#define LOGZIP_QUERY_EVENTS_H

#include "query/pattern.h"

enum {
    EVENT_LINES_MAX = 1000,
    EVENT_BYTES_MAX = 1 << 20, /**< newlines included; a first line may be longer */
};

/** An event, or as much of it as is known. */
struct event {
    size_t begin; /**< offset of its first line */
    size_t end;   /**< offset behind its last line, the newline included */
    size_t lines;
    bool open;    /**< it began with a start: more lines may belong to it */
    bool unknown; /**< what is before the floor would be needed to tell */
};

/**
 * The event of one line, as far as the end of this line.
 *
 * @param lines  whole lines; only the last may lack its newline
 * @param floor  offset where an event or a line by itself begins; not looked at before it
 * @param at     where the line starts
 * @return 0, or LGZ_ERR_LIMIT if `start` takes too much work on a line
 */
int events_of_line(struct pattern *start, struct span lines, size_t floor, size_t at,
                   struct event *event, struct lgz_error *err);

/** Why an event has no further line. */
enum event_stop {
    EVENT_NEXT, /**< the next line begins an event, or this one is as long as it may be */
    EVENT_CUT,  /**< the lines end: what follows may belong to it */
};

/**
 * Add to an open event the lines from `*at` on that belong to it.
 *
 * @param event  its `lines` and its bytes, `end` less `begin`, become more; need not be in `lines`
 * @param at     moved behind the last line that was added
 * @return an enum event_stop, or LGZ_ERR_LIMIT
 */
int events_extend(struct pattern *start, struct span lines, struct event *event, size_t *at,
                  struct lgz_error *err);

#endif
