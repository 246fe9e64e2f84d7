/*
 * template_table.h - what is known of each template of a scan's lines: how many there are, how many
 * bytes, when the first and the last one was, and how they are spread over time.
 *
 * Memory is bounded: TEMPLATE_TABLE_MAX templates; lines of those that come later are one row.
 */
#ifndef LOGZIP_QUERY_TEMPLATE_TABLE_H
#define LOGZIP_QUERY_TEMPLATE_TABLE_H

#include "query/select.h"

enum {
    TEMPLATE_TABLE_MAX = 1 << 16,
    TREND_MAX = 16, /**< stretches of time that lines are counted in; when full at least half */
};

struct template_row {
    uint64_t id;
    struct span text; /**< valid until the next template_table_add() */
    uint64_t lines;
    uint64_t bytes; /**< newlines included */
    int64_t first;  /**< times; with their digits of the second's fraction */
    int64_t last;
    unsigned first_digits;
    unsigned last_digits;
    uint64_t trend[TREND_MAX];
};

struct template_table;

int template_table_new(struct template_table **out, struct lgz_error *err);

/** NULL is allowed. */
void template_table_free(struct template_table *t);

/** A line with its time; one without a template isn't counted. */
int template_table_add(struct template_table *t, const struct query_line *line,
                       struct lgz_error *err);

/** The templates, in the order of their first line. */
size_t template_table_len(const struct template_table *t);
struct template_row template_table_at(const struct template_table *t, size_t index);

/** The lines of templates that came too late: without id, text and times. */
struct template_row template_table_others(const struct template_table *t);

/** The stretches of the rows' trends. */
struct template_trend {
    int64_t start;   /**< of the first one, seconds since the epoch */
    int64_t seconds; /**< of each */
    size_t count;    /**< at most TREND_MAX; 0 without lines */
};
struct template_trend template_table_trend(const struct template_table *t);

#endif
