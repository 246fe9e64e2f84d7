/*
 * interrupt.h - leaves nothing unfinished when the user stops the program by SIGINT, SIGTERM or
 * SIGHUP.
 *
 * While a guard is active, a thread waits for these. If one comes, it removes a file and lets the
 * signal end the process as if it had not been caught. Who has more to do than that holds them
 * back, asks now and then whether one has come, and lets it end the process when all is in order.
 */
#ifndef LOGZIP_CLI_INTERRUPT_H
#define LOGZIP_CLI_INTERRUPT_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

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

/** From now on signals wait. @param before  set to what interrupt_release() wants */
void interrupt_hold(sigset_t *before);

/** Has one come that waits? Then it's so until interrupt_release(). */
bool interrupt_came(void);

/** All is as before interrupt_hold(); a signal that has come ends the process. */
void interrupt_release(const sigset_t *before);

#endif
