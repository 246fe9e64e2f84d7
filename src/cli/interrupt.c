/*
 * interrupt.c - a thread in sigwait(3), or signals that are blocked and pending: no handler, which
 * would need global state.
 */
#include "cli/interrupt.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The signals by which a user ends a program, but for those that are ignored. */
static sigset_t signals(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct sigaction action;
        /* nohup(1) has SIGHUP ignored: let it be. */
        if (sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&set, numbers[i]);
    }
    return set;
}

static void *wait_for_signal(void *context)
{
    struct interrupt_guard *g = context;
    sigset_t set = signals();
    int number;
    if (sigwait(&set, &number) == 0) {
        unlink(g->path);
        sigset_t one;
        sigemptyset(&one);
        sigaddset(&one, number);
        pthread_sigmask(SIG_UNBLOCK, &one, NULL);
        raise(number);
    }
    return NULL;
}

void interrupt_begin(struct interrupt_guard *g, const char *path)
{
    sigset_t set = signals();
    g->active = false;
    g->path = strdup(path);
    if (!g->path || pthread_sigmask(SIG_BLOCK, &set, &g->before) != 0) {
        free(g->path);
        return;
    }
    g->active = pthread_create(&g->thread, NULL, wait_for_signal, g) == 0;
    if (!g->active) {
        pthread_sigmask(SIG_SETMASK, &g->before, NULL);
        free(g->path);
    }
}

void interrupt_end(struct interrupt_guard *g)
{
    if (!g->active)
        return;
    pthread_cancel(g->thread);
    pthread_join(g->thread, NULL);
    pthread_sigmask(SIG_SETMASK, &g->before, NULL);
    free(g->path);
    g->active = false;
}

void interrupt_hold(sigset_t *before)
{
    const sigset_t set = signals();
    pthread_sigmask(SIG_BLOCK, &set, before);
}

bool interrupt_came(void)
{
    const sigset_t set = signals();
    sigset_t pending, both;
    return sigpending(&pending) == 0 && sigandset(&both, &pending, &set) == 0 &&
           !sigisemptyset(&both);
}

void interrupt_release(const sigset_t *before)
{
    pthread_sigmask(SIG_SETMASK, before, NULL);
}
