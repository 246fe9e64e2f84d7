/*
 * chore.h - what the sub-commands share that do steps of an archive's upkeep: merge, expire, scrub,
 * import, and rotate, which does all of them. A command says which step, and what it came to.
 *
 * A step works on the configured archive, as its owner, and alone (archive_rotate_lock()), but for
 * a dry run. What it does is told on standard output, what is wrong on standard error; then comes a
 * summary. A signal by which a user ends programs waits until the step has a moment for it: the
 * step ends, its summary is printed, no draft is left behind, and then the signal ends the process.
 */
#ifndef LOGZIP_CLI_CHORE_H
#define LOGZIP_CLI_CHORE_H

#include "archive/archive.h"
#include "archive/upkeep.h"
#include "cli/command.h"
#include "cli/interrupt.h"

/** Begins as zeros, and what isn't for chore_begin() to fill. */
struct chore {
    struct upkeep upkeep; /**< without a `note`, each line is printed at once */
    const char *path;     /**< of the configuration; NULL: the default one */
    int64_t max_time;     /**< nanoseconds; 0: as long as it takes */
    bool quiet;           /**< print nothing but problems */
    bool failed;          /**< something is wrong: the exit status tells */
    struct config *config;
    sigset_t signals; /**< what was held back before */
    void *own;        /**< the command's */
};

/* The options that all of them have, for option_next(); and two that most of them have. */
#define CHORE_SHORTS "c:nq"
/* clang-format off */
#define CHORE_LONGS                           \
    {"config", required_argument, NULL, 'c'}, \
    {"dry-run", no_argument, NULL, 'n'},      \
    {"help", no_argument, NULL, OPTION_HELP}
#define CHORE_QUIET {"quiet", no_argument, NULL, 'q'}
#define CHORE_TIME  {"max-time", required_argument, NULL, OPTION_MAX_TIME}
/* clang-format on */

/**
 * Take one of these options.
 *
 * @return OPTION_END, or an exit status: it was --help, it's wrong, or it's none of them
 */
int chore_option(struct chore *c, const struct command *self, int option);

/** Take all options of a command that has no others, and no arguments. @return the same */
int chore_options(struct chore *c, const struct command *self, int argc, char **argv,
                  const struct option *longs);

/**
 * The step itself.
 *
 * @param summary  to add to what it came to, also after a failure
 */
typedef int chore_fn(struct chore *c, struct buf *summary, struct lgz_error *err);

/** Do a step, from the configuration to the summary. @return the exit status */
int chore_run(struct chore *c, const struct command *self, chore_fn *step);

/* Its parts, for who does more than one step. */

/** Load the configuration, and hold signals back. @return false after a message */
bool chore_begin(struct chore *c);

/** Become the archive's owner and, unless it's a dry run, the one who changes its segments. */
int chore_lock(const struct chore *c, const struct command *self, struct archive_lock **lock,
               struct lgz_error *err);

/** After chore_begin(). A signal that has come meanwhile ends the process here. */
void chore_end(struct chore *c);

/** upkeep_note_fn, with a chore as context. */
void chore_note(void *chore, enum upkeep_note note, const char *text);

/** Why a step has ended before all was done. */
const char *chore_stopped(void);

#endif
