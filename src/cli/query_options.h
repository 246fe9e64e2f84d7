/*
 * query_options.h - the options of logzipctl query: what the command line asks for.
 *
 * The options are rows of a table in query_options.c. A row says the option's letter, its name, its
 * line in the usage text, and where its value goes in struct query_options, so that a new option is
 * a row and a member. Options that don't go together are rows of a second table.
 */
#ifndef LOGZIP_CLI_QUERY_OPTIONS_H
#define LOGZIP_CLI_QUERY_OPTIONS_H

#include "base/buf.h"
#include "cli/command.h"
#include "query/pattern.h"

typedef VEC(const char *) string_list;

enum query_color { QUERY_COLOR_AUTO, QUERY_COLOR_ALWAYS, QUERY_COLOR_NEVER };

/** What was asked for. The strings are the command line's, and not freed. */
struct query_options {
    struct pattern_options pattern;
    string_list patterns; /**< at least one */
    string_list globs;    /**< of source names */
    string_list fields;
    char *field_text; /**< what the list points into */
    const char *since;
    const char *until;
    const char *config;
    uint64_t max_count; /**< UINT64_MAX: all */
    bool invert;
    bool count;
    bool only_matching;
    bool json;
    bool lines;
    bool with_names;
    bool without_names;
    enum query_color color;
    const char *const *paths; /**< what is to be searched; may be none */
    size_t path_count;
};

/**
 * Read the command line.
 *
 * @param status  set to the exit status if there is nothing more to do
 * @return false if help was asked for, or after a message; query_options_clear() in either case
 */
bool query_options_parse(const struct command *self, int argc, char **argv,
                         struct query_options *options, int *status);

void query_options_clear(struct query_options *options);

/** Print the usage text. */
void query_options_help(const struct command *self);

#endif
