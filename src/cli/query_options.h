/*
 * query_options.h - the options of logzipctl query: what the command line asks for.
 *
 * The options are rows of a table (option_table.h) in query_options.c. A row says the option's
 * letter, its name, its line in the usage text, and where its value goes in struct query_options,
 * so that a new option is a row and a member. Options that don't go together are rows of a second
 * table.
 */
#ifndef LOGZIP_CLI_QUERY_OPTIONS_H
#define LOGZIP_CLI_QUERY_OPTIONS_H

#include "base/buf.h"
#include "cli/option_table.h"
#include "query/pattern.h"

enum query_color { QUERY_COLOR_AUTO, QUERY_COLOR_ALWAYS, QUERY_COLOR_NEVER };

/** What was asked for. The strings are the command line's, and not freed. */
struct query_options {
    struct pattern_options pattern;
    string_list patterns; /**< none: nothing matches, but for `any` */
    VEC(char *) texts;    /**< those that were read of files */
    bool any;             /**< there are none because --where does without them */
    bool from_file;       /**< there was a file, maybe an empty one */
    string_list globs;    /**< of source names */
    string_list inputs;
    string_list fields;
    char *field_text; /**< what the list points into */
    string_list count_by;
    char *count_by_text;
    uint64_t top; /**< groups to show; UINT64_MAX: all */
    const char *since;
    const char *until;
    const char *where;
    bool by_template; /**< only lines that have this one */
    uint64_t template_id;
    const char *config;
    uint64_t max_count; /**< UINT64_MAX: all */
    unsigned threads;   /**< that search */
    uint64_t before;    /**< lines to be shown around each one; UINT64_MAX: not given */
    uint64_t after;
    uint64_t around;       /**< for the two, where one isn't given */
    const char *separator; /**< of what isn't next to each other; NULL: none */
    bool invert;
    bool count;
    bool list;        /**< only the names of sources with selected lines */
    bool list_others; /**< of those without */
    bool quiet;       /**< only the exit status */
    bool no_messages; /**< of what can't be read */
    bool numbers;
    bool offsets;
    bool nul;
    bool unbuffered;
    bool follow;
    bool explain;
    bool no_index;
    bool text; /**< nothing: all is text */
    bool only_matching;
    bool json;
    bool csv;
    bool lines;
    bool hist; /**< a histogram over time */
    bool with_names;
    bool without_names;
    enum query_color color;
    const char *const *paths; /**< what is to be searched; may be none */
    size_t path_count;
};

/** What holds if the command line says nothing. */
void query_options_default(struct query_options *options);

/**
 * The row of the option `name`, for another command's table whose struct begins with
 * struct query_options.
 */
const struct option_row *query_options_row(const char *name);

/**
 * Read the command line.
 *
 * @param status  set to the exit status if there is nothing more to do
 * @return false if help was asked for, or after a message; query_options_clear() in either case
 */
bool query_options_parse(const struct command *self, int argc, char **argv,
                         struct query_options *options, int *status);

/** Are lines around those that are selected asked for? */
bool query_options_context(const struct query_options *options);

void query_options_clear(struct query_options *options);

/** Print the usage text. */
void query_options_help(const struct command *self);

#endif
