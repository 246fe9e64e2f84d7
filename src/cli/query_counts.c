/*
 * query_counts.c - options to counters, and the terminal to the size of a histogram.
 */
#include "cli/query_counts.h"

#include <stdlib.h>

#include "cli/terminal.h"
#include "query/count_by.h"
#include "query/histogram.h"

/* Where there is no terminal, or it's too small. */
enum { COLUMNS = 80, COLUMNS_LEAST = 40, ROWS = 40, ROWS_LEAST = 10, ROWS_MOST = 60 };

struct query_counts {
    const struct query_options *options;
    struct count_by *by;
    struct histogram *histogram;
};

int query_counts_new(struct query_counts **out, const struct query_options *options,
                     struct lgz_error *err)
{
    *out = NULL;
    if (options->count_by.len == 0 && !options->hist)
        return LGZ_OK;
    struct query_counts *q = calloc(1, sizeof(*q));
    if (!q)
        return error_memory(err);
    q->options = options;
    int code = options->hist
                   ? histogram_new(&q->histogram, err)
                   : count_by_new(&q->by, options->count_by.data, options->count_by.len, err);
    if (code == LGZ_OK)
        *out = q;
    else
        query_counts_free(q);
    return code;
}

void query_counts_free(struct query_counts *q)
{
    if (!q)
        return;
    count_by_free(q->by);
    histogram_free(q->histogram);
    free(q);
}

bool query_counts_need_time(const struct query_options *options)
{
    return options->hist || count_by_needs_time(options->count_by.data, options->count_by.len);
}

bool query_counts_need_template(const struct query_options *options)
{
    return count_by_needs_template(options->count_by.data, options->count_by.len);
}

bool query_counts_are_of_names(const struct query_options *options)
{
    return count_by_is_source(options->count_by.data, options->count_by.len);
}

int query_counts_line(struct query_counts *q, const struct query_line *line, struct lgz_error *err)
{
    return q->histogram ? histogram_add(q->histogram, line->time, err)
                        : count_by_line(q->by, line, err);
}

static unsigned within(unsigned value, unsigned least, unsigned most)
{
    return value < least ? least : value > most ? most : value;
}

static int print_histogram(struct query_counts *q, struct render *out, struct lgz_error *err)
{
    const struct terminal terminal = terminal_look();
    const struct histogram_options options = {
        .json = q->options->json,
        .csv = q->options->csv,
        .blocks = terminal.utf8,
        /* The prompt is below. */
        .rows = terminal.rows ? within(terminal.rows - 1, ROWS_LEAST, ROWS_MOST) : ROWS,
        .columns = terminal.columns > COLUMNS_LEAST ? terminal.columns : COLUMNS,
    };
    return histogram_print(q->histogram, &options, out, err);
}

static int print_groups(struct query_counts *q, const struct scan *scan, struct render *out,
                        struct lgz_error *err)
{
    const struct count_by_options options = {q->options->json, q->options->csv, q->options->top};
    int code = LGZ_OK;
    if (query_counts_are_of_names(q->options))
        for (size_t i = 0; i < scan_name_count(scan) && code == LGZ_OK; i++) {
            const struct query_name *name = scan_name(scan, i);
            if (name->count)
                code = count_by_source(q->by, name->text, name->count, err);
        }
    return code == LGZ_OK ? count_by_print(q->by, &options, out, err) : code;
}

int query_counts_print(struct query_counts *q, const struct scan *scan, struct render *out,
                       struct lgz_error *err)
{
    return q->histogram ? print_histogram(q, out, err) : print_groups(q, scan, out, err);
}

const char *query_counts_unknown(const struct query_counts *q)
{
    return q->by ? count_by_unknown(q->by) : NULL;
}

const struct lgz_error *query_counts_refused(const struct query_counts *q)
{
    static const struct lgz_error none;
    return q->by ? count_by_refused(q->by) : &none;
}
