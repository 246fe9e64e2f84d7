/*
 * render.h - shows selected lines: as grep does, or as one JSON object per line.
 *
 * Output is buffered and flushed when the buffer is full or when render_flush() is called.
 */
#ifndef LOGZIP_QUERY_RENDER_H
#define LOGZIP_QUERY_RENDER_H

#include "query/select.h"

struct render_options {
    struct pattern *pattern; /**< for colour and only_matching; borrowed */
    bool invert;             /**< the lines don't match */
    bool only_matching;      /**< the matches of a line, each by itself */
    bool names;              /**< put the source's name before each line */
    bool color;
    bool json;
    bool unbuffered; /**< flush after each line: somebody is watching */
};

struct render {
    struct render_options options;
    int fd;
    struct buf out;
};

/** Show one line. @return LGZ_ERR_CANCELLED if nobody reads the output any more */
int render_line(struct render *r, const struct query_line *line, struct lgz_error *err);

/** Show a count; `name` is NULL for a total. */
int render_count(struct render *r, const char *name, uint64_t count, struct lgz_error *err);

/** Write out what is buffered. */
int render_flush(struct render *r, struct lgz_error *err);

/** Free the buffer; what is in it is lost. */
void render_clear(struct render *r);

#endif
