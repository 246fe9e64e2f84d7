/*
 * barrier.h - those who wait for something to be durable: "sync" (what could be read), "seal" (and
 * is in a segment), and the end of the daemon, which is a seal that nobody asked for by socket.
 *
 * Requests that come while others are being served wait for the next round, so that each round has
 * one beginning: the moment at which the files' lengths are noted.
 */
#ifndef LOGZIP_DAEMON_BARRIER_H
#define LOGZIP_DAEMON_BARRIER_H

#include "daemon/control.h"
#include "daemon/sealer.h"
#include "daemon/store.h"
#include "listen/listen.h"
#include "tail/tail.h"

struct barrier;

struct barrier_events {
    void *context;
    void (*scan)(void *context);                          /**< scan the files now, then read */
    void (*read)(void *context);                          /**< go on reading */
    void (*finished)(void *context, const char *failure); /**< of barrier_finish(); NULL: well */
};

/** All are borrowed. @return NULL when memory is out */
struct barrier *barrier_new(struct tail *tail, struct listen *listen, struct store *store,
                            struct sealer *sealer, const struct barrier_events *events);
void barrier_free(struct barrier *b);

/** Serve a client. @return false when memory is out, and the client was refused */
bool barrier_add(struct barrier *b, struct server_client *client, bool seal);

/** Seal everything and call `finished`. */
void barrier_finish(struct barrier *b);

/** Something has progressed: look whether a step is done. */
void barrier_advance(struct barrier *b);

/** Something failed that may be waited for: answer those who wait. */
void barrier_fail(struct barrier *b, const char *reason);

/** Is anybody being served? */
bool barrier_active(const struct barrier *b);

#endif
