/*
 * inject.h - runs a program as a tracer does, counts its system calls that change files below a
 * directory, and makes one of them go wrong.
 *
 * What strace's inject= can do, and what it can't: calls are counted over all threads, and over
 * all programs that share a struct inject; a call on another file, a socket or an eventfd doesn't
 * count; a write can really be cut to half of its bytes. x86-64 only, as registers are changed.
 */
#ifndef LOGZIP_TESTS_INJECT_H
#define LOGZIP_TESTS_INJECT_H

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "power.h"

enum inject_action {
    INJECT_NOTHING,     /**< programs run without a tracer */
    INJECT_COUNT,       /**< only count */
    INJECT_KILL_BEFORE, /**< SIGKILL, and the call isn't made */
    INJECT_KILL_AFTER,  /**< SIGKILL as soon as it is made */
    INJECT_KILL_WITHIN, /**< SIGKILL when half of a write is made; only writes count */
    INJECT_POWER,       /**< as INJECT_KILL_BEFORE, and the disk loses what was not synced */
    INJECT_ENOSPC,      /**< the call isn't made and fails */
    INJECT_EIO,
    INJECT_SHORT, /**< half of a write is made and returned; only writes count */
    INJECT_ACTIONS
};

/** The name of an action, as in "kill-before". */
const char *inject_name(enum inject_action action);

/** Is the action the death of the program? */
bool inject_kills(enum inject_action action);

/** A plan and what came of it. It lies in memory that tracer and test share. */
struct inject {
    enum inject_action action;
    long at;                  /**< the call that goes wrong, 1 is the first */
    char directory[PATH_MAX]; /**< calls on it and on what is below it count */
    char disk[PATH_MAX];      /**< the one below it whose files an INJECT_POWER strikes */
    atomic_long calls;        /**< counted so far */
    atomic_long writes;       /**< those of them that an action which only counts writes can hit */
    atomic_bool happened;     /**< the call was reached; from then on nothing is counted */
    struct power power;       /**< what was synced, for INJECT_POWER */
    char call[400];           /**< which one: its name and its file */
};

/** A program that runs. */
struct inject_program {
    pid_t tracer; /**< to wait for: it ends as the program does */
    pid_t pid;    /**< to send signals to */
};

/**
 * Start a program, traced if there is something left to do.
 *
 * @param output  descriptor for its standard output, or -1: thrown away
 * @param error   descriptor for its standard error
 * @return false if it can't be started; errno says why
 */
bool inject_start(struct inject *shared, struct inject_program *program, char *const argv[],
                  int output, int error);

/** Can this machine do it? If not, `*reason` says why. */
bool inject_possible(const char **reason);

#endif
