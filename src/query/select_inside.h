/*
 * select_inside.h - what select.c (lines) and select_events.c (events) share; for nobody else.
 */
#ifndef LOGZIP_QUERY_SELECT_INSIDE_H
#define LOGZIP_QUERY_SELECT_INSIDE_H

#include "query/select.h"

/** Whole lines of one source, and how far their times are known. */
struct chunk {
    struct query_source *source;
    struct span lines;
    size_t dated_to; /**< the source's stamp is the one in force at this offset */
};

/** Bring the source's stamp up to the line start `at`. */
void select_date_up_to(struct chunk *c, size_t at);

/** The time of the line from `start` to `end`, which is not before those that were dated. */
void select_date_line(struct chunk *c, size_t start, size_t end, struct query_line *line);

/** A dated line or event that matches as wanted: if its time does, too, count it, hand it on. */
int select_emit(struct selection *s, struct query_source *source, const struct query_line *line,
                struct lgz_error *err);

/** Select from whole lines of a source that has events. */
int select_events(struct selection *s, struct query_source *source, struct span lines,
                  struct lgz_error *err);

/** The event under way has no further line. */
int select_finish_event(struct selection *s, struct query_source *source, struct lgz_error *err);

#endif
