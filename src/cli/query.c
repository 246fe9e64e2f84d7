/*
 * query.c - logzipctl query.
 */
#include "cli/command.h"
#include "cli/query_run.h"

static int run(const struct command *self, int argc, char **argv)
{
    struct query_options options = {0};
    int status;
    if (query_options_parse(self, argc, argv, &options, &status))
        status = query_run(&options, render_to_standard_output, NULL);
    query_options_clear(&options);
    return status;
}

const struct command command_query = {
    .name = "query",
    .summary = "print the lines that match a pattern",
    .print_help = query_options_help,
    .error_status = QUERY_ERROR,
    .run = run,
};
