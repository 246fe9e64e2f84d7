/*
 * transform.h - turns files into other files in gzip's manner: FILE becomes OUTPUT, which has the
 * mode, the owner (where permitted) and the times of FILE, and FILE is removed when OUTPUT is
 * complete and on the disk. compress and decompress say only what a file becomes.
 */
#ifndef LOGZIP_CLI_TRANSFORM_H
#define LOGZIP_CLI_TRANSFORM_H

#include <sys/stat.h>

#include "archive/names.h"
#include "cli/command.h"

#define TRANSFORM_SUFFIX NAMES_SEGMENT

/* Exit statuses, as gzip's. */
enum { TRANSFORM_OK = 0, TRANSFORM_ERROR = 1, TRANSFORM_WARNING = 2 };

struct transform_options {
    bool to_stdout;
    bool keep;
    bool force;
    const char *output;   /**< NULL: named after the input */
    const void *settings; /**< for codec.open */
};

/** What happens to the bytes. */
struct codec {
    bool packs; /**< the output is compressed, the input is not */

    /** The output's name (to be freed). NULL, with the reason in `err`: leave the file alone. */
    char *(*rename)(const char *input, struct lgz_error *err);

    /** Start a stream. `st` is the input's; `name` is NULL for standard input. */
    int (*open)(void **state, const void *settings, const char *name, const struct stat *st,
                lgz_write_fn *write, void *sink, struct lgz_error *err);
    int (*write)(void *state, const void *data, size_t size, struct lgz_error *err);
    int (*finish)(void *state, struct lgz_error *err);
    void (*free)(void *state);
};

/* The options that all transformations have, for option_next(). */
#define TRANSFORM_SHORTS "ckfo:"
/* clang-format off */
#define TRANSFORM_LONGS                       \
    {"stdout", no_argument, NULL, 'c'},       \
    {"keep", no_argument, NULL, 'k'},         \
    {"force", no_argument, NULL, 'f'},        \
    {"output", required_argument, NULL, 'o'}, \
    {"help", no_argument, NULL, OPTION_HELP}
/* clang-format on */

/** Has a file's name the suffix, behind something? */
bool transform_has_suffix(const char *input);

/** Take one of these options, but for --help. @return false if it's another one */
bool transform_option(struct transform_options *options, int option, const char *value);

/** Transform the files; none: standard input. @return an exit status */
int transform_files(const struct command *self, const struct codec *codec,
                    const struct transform_options *options, char *const *files, size_t count);

#endif
