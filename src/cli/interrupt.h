/*
 * interrupt.h - removes an unfinished file when the user stops the program.
 *
 * While a guard is active, a thread waits for SIGINT, SIGTERM and SIGHUP. If one comes, it removes
 * the file and lets the signal end the process as if it had not been caught.
 */
#ifndef LOGZIP_CLI_INTERRUPT_H
#define LOGZIP_CLI_INTERRUPT_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

/** The signals by which a user ends a program, but for those that are ignored. */
sigset_t interrupt_signals(void);

struct interrupt_guard {
    pthread_t thread;
    sigset_t before;
    char *path;
    bool active;
};

/** Guard `path` (copied). Where no thread can be started there is no guard. */
void interrupt_begin(struct interrupt_guard *g, const char *path);

/** The file is complete or gone. */
void interrupt_end(struct interrupt_guard *g);

#endif
