/*
 * select_inside.h - what select.c (lines), select_events.c (events) and select_context.c (what is
 * shown around them) share; for nobody else.
 */
#ifndef LOGZIP_QUERY_SELECT_INSIDE_H
#define LOGZIP_QUERY_SELECT_INSIDE_H

#include "query/select.h"

/** Whole lines of one source, and how far their times and numbers are known. */
struct chunk {
    struct query_source *source;
    struct span lines;
    uint64_t offset;   /**< of the first one in its source */
    size_t dated_to;   /**< the source's stamp is the one in force at this offset */
    size_t counted_to; /**< the source's `lines` are those before this offset */
    size_t shown_to;   /**< all before this offset was shown, or looked at */
};

/** When the byte at `offset`, a newline, of the source was read. */
int64_t select_read_time(const struct read_times *times, const struct query_source *source,
                         uint64_t offset);

/** Bring the source's stamp up to the line start `at`. */
void select_date_up_to(const struct selection *s, struct chunk *c, size_t at);

/** The time of the line from `start` to `end`, which is not before those that were dated. */
void select_date_line(const struct selection *s, struct chunk *c, size_t start, size_t end,
                      struct query_line *line);

/** Bring the source's number of lines up to `at`, if lines are numbered. */
void select_count_up_to(const struct selection *s, struct chunk *c, size_t at);

/** The place of the line or event that starts at `at`, which isn't before those counted. */
struct line_place select_place(const struct selection *s, struct chunk *c, size_t at, bool event);

/**
 * Is a line or event that matches as wanted selected, for its time and its fields?
 *
 * @param line  its text is set, and its time if that matters
 * @return 1, 0 or a negative code
 */
int select_takes(struct selection *s, const struct query_source *source, struct query_line *line,
                 struct lgz_error *err);

/**
 * A line or event is selected: count it; show what is to be shown before it, and itself.
 *
 * @param line  its text and place are set
 */
int select_emit(struct selection *s, struct query_source *source, struct query_line *line,
                struct lgz_error *err);

/** A line or event isn't selected: show it if it's behind one that was, or keep it. */
int select_pass(struct selection *s, struct query_source *source, const struct line_place *place,
                struct span text, struct lgz_error *err);

/**
 * The lines of a chunk up to the line start `to` aren't selected: show those that are behind one
 * that was, and keep those that could be before one.
 */
int select_pass_lines(struct selection *s, struct chunk *c, size_t to, struct lgz_error *err);

/** Is anything shown around lines that are selected? */
static inline bool select_has_context(const struct selection *s)
{
    return s->emit && (s->before || s->after);
}

/** Select from whole lines of a source that has events. */
int select_events(struct selection *s, struct query_source *source, uint64_t offset,
                  struct span lines, struct lgz_error *err);

#endif
