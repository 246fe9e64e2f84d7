/*
 * command.h - what a sub-command is, and what all of them share: options, messages, numbers.
 *
 * A new sub-command is one file with one `struct command`, and one line in main.c's table.
 */
#ifndef LOGZIP_CLI_COMMAND_H
#define LOGZIP_CLI_COMMAND_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

#include "archive/config.h"
#include "base/buf.h"
#include "base/error.h"

struct command {
    const char *name;
    const char *summary;                            /**< for the list of commands */
    const char *help;                               /**< usage and options */
    void (*print_help)(const struct command *self); /**< prints them; NULL: `help` is printed */
    int error_status;                               /**< the exit status for wrong usage */
    int (*run)(const struct command *self, int argc, char **argv);
};

extern const struct command command_compress;
extern const struct command command_decompress;
extern const struct command command_import;
extern const struct command command_info;
extern const struct command command_list;
extern const struct command command_verify;
extern const struct command command_salvage;
extern const struct command command_scrub;
extern const struct command command_query;
extern const struct command command_restore;
extern const struct command command_export;
extern const struct command command_merge;
extern const struct command command_rotate;
extern const struct command command_expire;
extern const struct command command_keep;
extern const struct command command_status;
extern const struct command command_metrics;
extern const struct command command_seal;
extern const struct command command_reload;
extern const struct command command_templates;
extern const struct command command_stats;

/* Options. */

enum {
    OPTION_END = -1,
    OPTION_BAD = '?',  /**< told the user; exit with error_status */
    OPTION_HELP = 256, /**< every command has it: {"help", no_argument, NULL, OPTION_HELP} */
    OPTION_MAX_TIME,   /**< see chore.h */
    OPTION_FIRST,      /**< long options without a letter start here */
};

/** The next option as getopt_long(3) gives it; `shorts` starts with ":". */
int option_next(const struct command *c, int argc, char **argv, const char *shorts,
                const struct option *longs);

/** Print the command's help. @return 0 */
int option_help(const struct command *c);

/** Say what's wrong with the command line and where to find help. @return error_status */
int option_misuse(const struct command *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** For a command that takes options only: is there anything else? @return OPTION_END, or
 * error_status after a message */
int option_last(const struct command *c, int argc, char **argv);

/** Parse a whole number up to `max`. */
bool option_number(const char *text, uint64_t max, uint64_t *value);

/** One thread for each processor that there is; at most 256. */
unsigned option_processors(void);

/** Parse the value of -T, 1 to 256; 0 means one for each processor. @return false: told the user */
bool option_threads(const struct command *c, const char *text, unsigned *threads);

/* Messages, on standard error: "logzipctl: ...". */

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Say why something failed. */
void say_error(const struct lgz_error *err);

/* Output. */

/** Write the buffer to standard output and free it. @return false, after a message, on failure */
bool output_buffer(struct buf *out);

/** "1.5 MiB", or "512 B". */
void output_size(struct buf *out, uint64_t bytes);

/** "fast", "default" or "best". */
const char *level_name(enum lgz_level level);

/** Load the configuration, saying what is wrong with it. NULL: the default path. */
struct config *load_config(const char *path);

#endif
