/*
 * option_table.h - options as rows of a table, for a command that has many: what a row says is
 * enough to parse the option, to store its value, and to print its line of the usage text.
 */
#ifndef LOGZIP_CLI_OPTION_TABLE_H
#define LOGZIP_CLI_OPTION_TABLE_H

#include "cli/command.h"

enum { OPTION_ROWS_MAX = 128 }; /**< of a table */

typedef VEC(const char *) string_list;

/** How a value gets into the member of the command's struct of options. */
enum option_kind {
    OPTION_KIND_FLAG,   /**< bool: set */
    OPTION_KIND_TEXT,   /**< const char *: the last one given */
    OPTION_KIND_LIST,   /**< string_list: one more */
    OPTION_KIND_NUMBER, /**< uint64_t */
    OPTION_KIND_TAKE,   /**< by the row's function */
    OPTION_KIND_HELP,
};

/** @param value  NULL: none was given. @return false after a message */
typedef bool option_take_fn(const struct command *self, void *options, const char *value);

struct option_row {
    char letter; /**< 0: none */
    enum option_kind kind;
    const char *name;
    const char *value; /**< as in the usage text, "=N" or "[=WHEN]"; NULL: it has none */
    const char *usage; /**< NULL: another spelling, not shown */
    size_t member;     /**< offset in the struct */
    option_take_fn *take;
};

struct option_table {
    const struct option_row *rows; /**< in the order of the usage text */
    size_t count;
    const char *const (*titles)[2]; /**< an option's name, and what stands above it */
    size_t title_count;
    const char *const (*exclusive)[2]; /**< pairs of names that mean nothing together */
    size_t exclusive_count;
    const char *digits; /**< name of the option that -N stands for, a number; NULL: none */
};

/**
 * Read the options of a command line into `options`; what follows them begins at optind.
 *
 * @return OPTION_END, or OPTION_HELP or OPTION_BAD after telling the user
 */
int option_table_parse(const struct command *self, const struct option_table *table, int argc,
                       char **argv, void *options);

/** Print the options' part of the usage text. */
void option_table_print(const struct option_table *table);

#endif
