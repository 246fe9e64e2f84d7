/*
 * world.h - what one run of the crash sweep has around it: a directory with log files, an archive
 * and a configuration; what was written to each log; a daemon that may be dead or refuse to start
 * at any moment, and must not for any other reason than what was injected.
 *
 * Functions that can fail give up the run: world_fail() writes the reason, and what the daemon had
 * to say is in the file `messages`. A run is a process of its own.
 */
#ifndef LOGZIP_TESTS_WORLD_H
#define LOGZIP_TESTS_WORLD_H

#include "base/buf.h"
#include "inject.h"

/** A log: all that was ever written under its name. */
struct log {
    char *name; /**< of the file, in the directory of logs */
    struct buf written;
    size_t may_lack;  /**< so many bytes of its beginning may not be in the archive */
    size_t must_lack; /**< and so many must not be */
};

struct world {
    const char *programs; /**< directory with logzipd and logzipctl */
    char *root;           /**< all is in this directory */
    char *archive;
    char *control;
    char *conf;
    int messages; /**< descriptor: standard error of all programs */
    struct inject *inject;
    struct inject_program daemon; /**< pid 0: none runs */
    bool excused;                 /**< an end by the injection was seen already */
    VEC(struct log) logs;
    const char *step;              /**< what is being done, for messages */
    void (*look)(struct world *w); /**< after a failure, before it's tried again; or NULL */
    int clock;    /**< descriptor of the file that shifts the programs' clocks, or -1 */
    int patience; /**< seconds that one thing may take, however busy the machine */
};

enum { WORLD_STEP_SECONDS = 60 }; /**< the patience that a world begins with */

/** Make the directories. `root` must exist and be empty. */
void world_open(struct world *w, const char *programs, const char *root, struct inject *inject);
void world_close(struct world *w);

/**
 * Write the configuration.
 *
 * @param archive  further lines of its section
 * @param inputs   the sections of inputs
 */
void world_configure(struct world *w, const char *archive, const char *inputs);

/** Let the wall clock of all programs that are started from now on be what world_set_clock() says:
 * by tests/clock.so beside them, which is tests/simulate/clock.c. */
void world_shift_clock(struct world *w);

/** It is `now`, in nanoseconds since the epoch, for all of them, and goes on from there. */
void world_set_clock(struct world *w, int64_t now);

/** Say why, and end the process with status 1. */
_Noreturn void world_fail(struct world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** The path of a file in the directory of logs; to be freed. */
char *world_path(const struct world *w, const char *name);

/** The log of that name, new if there is none. */
struct log *world_log(struct world *w, const char *name);

/** Append to the file `file` in the directory of logs. */
void world_append(struct world *w, const char *file, const uint8_t *data, size_t len);

/** Append `count` lines to the file `file`, which hold what belongs to the log `name`. */
void world_write(struct world *w, const char *name, const char *file, int count);

/** The same with `bytes` of lines that don't compress. */
void world_write_noise(struct world *w, const char *name, const char *file, size_t bytes);

/** Start the daemon if none runs, and wait until it answers. */
void world_run(struct world *w);

/** Ask the daemon until it says "ok", starting it when it is dead. */
void world_ask(struct world *w, const char *request);

/** Let the daemon seal and end; or end it by SIGKILL. */
void world_stop(struct world *w);
void world_kill(struct world *w);

/**
 * Run logzipctl with these arguments, NULL behind the last; once more if the injection made it
 * fail.
 *
 * @param output  gets its standard output, or NULL
 */
void world_ctl(struct world *w, struct buf *output, ...) __attribute__((sentinel));

/** The same once, whatever comes of it. @return its status, as waitpid(2) gives it */
int world_ctl_once(struct world *w, struct buf *output, ...) __attribute__((sentinel));

/** No daemon runs: one journal is left, and nothing lies around in the archive but damaged
 * segments. */
void world_check_names(struct world *w);

#endif
