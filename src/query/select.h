/*
 * select.h - from a source's bytes, as they come, to the lines or events that a query wants.
 *
 * Bytes of one source are fed in the order of their offsets, in pieces of any size. A line that is
 * cut by the end of a piece waits until the rest comes, so a match doesn't depend on where blocks,
 * records or reads end. Bytes that were fed before are dropped; where bytes are missing, the line
 * ends.
 *
 * Where a source's dialect says how its events begin (events.h), whole events are selected, as
 * single lines are elsewhere: an event matches if the pattern is found in it, is counted once, and
 * has its first line's time. An event under way waits, too, until a line of another comes. It ends
 * where the dialect changes.
 *
 * Lines around those that are selected can be asked for, as grep's -A and -B do; so can numbers.
 * Where events are selected, events are shown around them. A line's number is one more than the
 * newlines that the archive holds of its source before it (and the ends of runs without one).
 *
 * The time of a line is its first time stamp's; one without a zone is the host's wall clock's. A
 * line without one has the time of the nearest line of its source before it that has one; if there
 * is none, it has the time when it was read.
 */
#ifndef LOGZIP_QUERY_SELECT_H
#define LOGZIP_QUERY_SELECT_H

#include "base/zone.h"
#include "query/before.h"
#include "query/dialect.h"
#include "query/events.h"

/** A file's name: shared by the sources that were, one after the other, the file of that name. */
struct query_name {
    char *text;
    bool wanted;    /**< one of its sources is, at least */
    uint64_t count; /**< lines selected so far */
};

/** A block that was left out, and may have to be looked at again. */
struct skipped_block {
    size_t segment; /**< number in its archive */
    size_t block; /**< BLOCKS_PASSED: those of all segments from `floor` up to this one, exclusive,
                       that were passed over (shortlist.h) */
    size_t floor;
};

#define BLOCKS_PASSED SIZE_MAX

/** What was under way when blocks were left out for their text (prune_text.h). */
struct left_out {
    bool known;     /**< the last of them was left out for that */
    uint64_t lacks; /**< what the line or event under way doesn't have so far */
    size_t *starts; /**< of strings, with which it could end; owned; NULL: not needed yet */
};

/** An event under way: its lines so far. */
struct pending_event {
    struct buf text;
    struct event event; /**< `open` if there is one */
    int64_t time;       /**< as in struct query_line */
    unsigned time_digits;
    struct line_place place;
};

/** One incarnation of a file. */
struct query_source {
    uint64_t id;
    struct query_name *name;
    bool wanted;             /**< its name and its input are */
    char *input;             /**< as the segment or journal at hand says; NULL: nothing yet */
    struct dialect *dialect; /**< of the bytes that come next; NULL: none */
    bool started;            /**< `next` is known */
    uint64_t next;           /**< offset of the byte that is expected */
    int64_t read_time;       /**< of the last bytes that were fed */
    struct buf carry;        /**< a line's bytes, its end not seen yet */
    struct pending_event pending;
    bool dated; /**< a line with a stamp was seen: its time is */
    int64_t stamp;
    unsigned stamp_digits;
    VEC(struct skipped_block) skipped; /**< since the last byte that was fed */
    uint64_t skipped_from;             /**< the position when the first of them was left out */
    bool cut;                          /**< the last one may end within a line */
    bool doubtful;                     /**< the stamp in force may be one in them */
    struct left_out left;
    size_t seen;  /**< one more than the last segment that was opened and has bytes of it */
    int passed;   /**< since then segments were passed over that are on this side of the time range
                       (shortlist.h); 0: none */
    bool awaited; /**< such segments are to be looked up */
    uint64_t lines;       /**< before the one that begins next, if lines are numbered */
    struct before before; /**< the last lines, none of which was shown */
    uint64_t after;       /**< so many lines are still to be shown behind one that was selected */
    bool shown;           /**< a line was shown: up to the offset `shown_to` */
    uint64_t shown_to;
};

/** A line or event that was selected, or is shown with one that was. */
struct query_line {
    const char *source;
    const char *input;       /**< the source's; NULL or empty: not known */
    const void *origin;      /**< tells the source from others of the same archive */
    int64_t time;            /**< valid if the selection asks for times */
    unsigned time_digits;    /**< of the second's fraction that are known */
    struct line_place place; /**< an event may have newlines inside */
    struct dialect *dialect; /**< the source's */
    bool context;            /**< it wasn't selected, and has no time */
    bool apart;              /**< it's not next to the one of its source that was shown before */
    bool templated;          /**< its template is known (of an event: its first line's) */
    uint64_t template_id;
    struct span template_text; /**< of that, for people; empty in lines that had to be sorted */
    struct span text;          /**< without the last newline; valid during the call only */
};

/** Gets a line. Anything but LGZ_OK stops the query. */
typedef int query_line_fn(void *context, struct query_source *source, const struct query_line *line,
                          struct lgz_error *err);

struct where;
struct found_lines;
struct template_finder;

/** Of which lines templates are wanted. */
enum template_use {
    TEMPLATES_NONE,
    TEMPLATES_SEALED, /**< of those in segments */
    TEMPLATES_ALL,    /**< of others, too: these are gathered and clustered */
};

struct selection {
    struct pattern *pattern;
    struct pattern *event_pattern;     /**< the same for texts of lines; NULL: lines, not events */
    struct where *where;               /**< true of the lines that are wanted; NULL: of any */
    bool where_first;                  /**< `where` finds lines, too, where there is no format */
    bool invert;                       /**< lines that don't match */
    struct template_finder *templates; /**< of the lines that are fed; NULL: they aren't wanted */
    bool by_template;                  /**< only lines that have `template_id` */
    uint64_t template_id;
    bool dated;                /**< times are wanted */
    int64_t since;             /**< INT64_MIN: from the beginning */
    int64_t until;             /**< inclusive; INT64_MAX: to the end */
    struct zone *zone;         /**< for stamps without one; borrowed */
    uint64_t max_count;        /**< lines of each name; UINT64_MAX: all */
    uint64_t max_total;        /**< lines in all; 0: all */
    uint64_t total;            /**< lines selected so far */
    bool numbered;             /**< the lines' numbers are wanted */
    bool unplaced;             /**< their offsets are not */
    bool sorted;               /**< lines that are handed on are put in order by reading times */
    uint64_t before;           /**< lines to be shown before each that is selected */
    uint64_t after;            /**< and behind it */
    struct found_lines *found; /**< of what is being fed, matched before; NULL: nothing */
    bool runs;                 /**< all lines are wanted, and nothing but their text: many at
                                    once are handed on as one, with newlines between them */
    query_line_fn *emit;       /**< NULL: lines are counted only */
    void *context;
    bool fatal; /**< set when an error isn't the input's: there is no use in going on */
};

/** Are no more lines of this source to be selected? */
static inline bool select_full(const struct selection *s, const struct query_source *source)
{
    return !source->wanted || source->name->count >= s->max_count ||
           (s->max_total && s->total >= s->max_total);
}

/** Are no more lines of this source wanted, not even behind one that was selected? */
static inline bool select_done(const struct selection *s, const struct query_source *source)
{
    return select_full(s, source) && source->after == 0;
}

/** Is there a time range? */
static inline bool select_limited(const struct selection *s)
{
    return s->since != INT64_MIN || s->until != INT64_MAX;
}

/** Do times matter? */
static inline bool select_timed(const struct selection *s)
{
    return s->dated || select_limited(s);
}

/** Are this source's events wanted, not its lines? */
static inline bool select_events_of(const struct selection *s, const struct query_source *source)
{
    return s->event_pattern && source->dialect && source->dialect->start;
}

/** Bytes of a source, and when they were read. */
struct read_span {
    uint64_t offset;
    uint64_t end;
    int64_t read_time;
};

struct read_times {
    VEC(struct read_span) list;
};

/** What is fed next has this dialect; an event under way of another one ends. */
int select_dialect(struct selection *s, struct query_source *source, struct dialect *dialect,
                   struct lgz_error *err);

/**
 * After bytes were left out: this event is under way.
 *
 * @param text    its whole lines, the last ones before what is fed next
 * @param offset  of the text in its source
 * @param times   of the text
 */
int select_resume_event(const struct selection *s, struct query_source *source, struct span text,
                        uint64_t offset, const struct read_times *times, const struct event *event,
                        struct lgz_error *err);

/**
 * After bytes were left out: these lines stand before what is fed next, and weren't shown.
 *
 * @param known   the ones before them, none of which was shown
 * @param lines   whole ones
 * @param offset  of the first in its source
 * @param times   of the lines
 */
int select_resume_before(const struct selection *s, struct query_source *source,
                         const struct before *known, struct span lines, uint64_t offset,
                         const struct read_times *times, struct lgz_error *err);

/** The event under way, if there is one, has no further line. */
int select_finish_event(struct selection *s, struct query_source *source, struct lgz_error *err);

/** Forget the event under way. */
void select_drop_event(struct query_source *source);

/** Feed `data`, read from `offset` of the source on at `read_time`. */
int select_feed(struct selection *s, struct query_source *source, uint64_t offset,
                int64_t read_time, struct span data, struct lgz_error *err);

/** No more bytes come: what is left is a line. */
int select_end(struct selection *s, struct query_source *source, struct lgz_error *err);

/**
 * The last stamp in whole lines.
 *
 * @param lines      ends at the end of a line
 * @param reference  when they were read
 * @return false if there is none
 */
bool select_last_stamp(const struct selection *s, struct span lines, int64_t reference,
                       int64_t *time, unsigned *digits);

#endif
