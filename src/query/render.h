/*
 * render.h - shows selected lines: as grep does, as one JSON object per line, or as the fields of
 * each, with tabs between them.
 *
 * Output is buffered and flushed when the buffer is full or when render_flush() is called.
 */
#ifndef LOGZIP_QUERY_RENDER_H
#define LOGZIP_QUERY_RENDER_H

#include "query/colors.h"
#include "query/row.h"

/**
 * Take a part of the output. LGZ_ERR_CANCELLED: nobody reads it any more.
 *
 * @param context  of render_init()
 */
typedef int render_write_fn(void *context, struct span text, struct lgz_error *err);

/** To standard output; `context` is NULL. */
int render_to_standard_output(void *context, struct span text, struct lgz_error *err);

struct render_options {
    struct pattern *pattern;       /**< for colour and only_matching; borrowed */
    struct pattern *event_pattern; /**< the same for events */
    const char *const *fields;     /**< names of the fields that are shown; borrowed */
    size_t field_count;            /**< 0: whole lines, with --json and all fields */
    bool invert;                   /**< the lines don't match, or there are no patterns */
    bool only_matching;            /**< the matches of a line, each by itself */
    bool names;                    /**< put the source's name before each line */
    bool nul;                      /**< behind which is a NUL byte, no separator */
    bool numbers;                  /**< and its number */
    bool offsets;                  /**< and where it, or its match, is in the source */
    bool groups;                   /**< lines that aren't next to each other are kept apart */
    const char *separator;         /**< what stands between those; NULL: nothing */
    bool color;
    const char *colors; /**< which ones, as GREP_COLORS has it; NULL: grep's */
    bool json;
    bool csv;        /**< fields with commas between them, under a line of their names */
    bool unbuffered; /**< flush after each line: somebody is watching */
};

struct render {
    struct render_options options;
    render_write_fn *write;
    void *context;
    struct buf out;
    struct colors colors;
    const void *origin; /**< of the last line; NULL: there was none */
    struct row *row;
};

/**
 * Set the options up.
 *
 * @param write  takes what is shown
 * @return LGZ_OK, LGZ_ERR_MEMORY, or LGZ_ERR_ARGUMENT for the names of the fields; render_clear()
 * in any case
 */
int render_init(struct render *r, const struct render_options *options, render_write_fn *write,
                void *context, struct lgz_error *err);

/** Are lines shown as they are, so that many may be given as one? */
bool render_is_plain(const struct render_options *o);

/** Show one line. @return LGZ_ERR_CANCELLED if nobody reads the output any more */
int render_line(struct render *r, const struct query_line *line, struct lgz_error *err);

/** Show a source's name by itself. */
int render_name(struct render *r, const char *name, struct lgz_error *err);

/** Show a count; `name` is NULL for a total. */
int render_count(struct render *r, const char *name, uint64_t count, struct lgz_error *err);

/** Show text that is ready. */
int render_text(struct render *r, struct span text, struct lgz_error *err);

/** Write out what is buffered. */
int render_flush(struct render *r, struct lgz_error *err);

/** Free the buffer; what is in it is lost. */
void render_clear(struct render *r);

#endif
