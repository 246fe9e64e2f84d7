/*
 * manager.h - what the service manager is told, and when (notify.h: how). Without one nothing is
 * told, and no timer runs.
 *
 *   ready, reload      when they are; a reload with the time stamp of Type=notify-reload
 *   watchdog           twice as often as it wants to hear of it, from the loop: a loop that hangs
 *                      is silent
 *   status             one line, when it has changed, at most every MANAGER_STATUS_SECONDS, unless
 *                      it's urgent
 *   the end            as long as it takes, more time is asked for, up to MANAGER_STOP_SECONDS: a
 *                      seal may take minutes; one that hangs shall not last for ever
 */
#ifndef LOGZIP_DAEMON_MANAGER_H
#define LOGZIP_DAEMON_MANAGER_H

#include <uv.h>

#include "base/buf.h"
#include "base/error.h"

enum {
    MANAGER_STATUS_SECONDS = 10,
    MANAGER_EXTEND_SECONDS = 30, /**< asked for each time ... */
    MANAGER_ASK_MS = 1000,       /**< ... and how often */
    MANAGER_STOP_SECONDS = 1800,
};

struct manager;

/** @param line  appends the status; called when it may be told */
int manager_open(struct manager **out, uv_loop_t *loop,
                 void (*line)(void *context, struct buf *out), void *context,
                 struct lgz_error *err);

/** The daemon is ready; also after manager_reloading(), whether that went well or not. */
void manager_ready(struct manager *m);
void manager_reloading(struct manager *m);

/** The end has begun. */
void manager_stopping(struct manager *m);

/** The status may have changed. */
void manager_status(struct manager *m, bool urgent);

/** The loop must run once more. NULL is allowed. */
void manager_close(struct manager *m);

#endif
