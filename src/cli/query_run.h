/*
 * query_run.h - runs a query, from what the command line asks for to what is printed; for those
 * commands that are queries.
 */
#ifndef LOGZIP_CLI_QUERY_RUN_H
#define LOGZIP_CLI_QUERY_RUN_H

#include "cli/query_options.h"
#include "query/render.h"

/** grep's exit statuses. */
enum { QUERY_FOUND = 0, QUERY_NONE = 1, QUERY_ERROR = 2 };

/**
 * Search the paths of the options, or the configured archive, and show what is found. What goes
 * wrong is told on standard error.
 *
 * @param write  takes what is shown, with `context`
 * @return the exit status
 */
int query_run(const struct query_options *options, render_write_fn *write, void *context);

#endif
