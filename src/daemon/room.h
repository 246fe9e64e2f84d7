/*
 * room.h - the reserve on the archive's file system (min_free): how much is free, and whether that
 * is too little to read on.
 *
 * Only reading stops below the reserve. What was read already is still journaled, and journals are
 * still sealed: a segment is smaller than the journals that it replaces, so the reserve is the room
 * in which sealing makes room. Reading goes on when there is an eighth more than the reserve.
 *
 * The file system is asked on the thread pool, since one that hangs must not hang the loop; after
 * each room_check(), and while there is too little, every two seconds.
 */
#ifndef LOGZIP_DAEMON_ROOM_H
#define LOGZIP_DAEMON_ROOM_H

#include <uv.h>

#include "archive/config.h"
#include "daemon/log.h"

struct room;

/**
 * Ask for the first time, before it returns.
 *
 * @param log      borrowed; told when it's too little, and when it's enough again
 * @param changed  called on the loop after that
 */
int room_open(struct room **out, uv_loop_t *loop, const struct config *config, struct log *log,
              void (*changed)(void *context), void *context, struct lgz_error *err);

/** Take over min_free. */
void room_configure(struct room *r, const struct config *config);

/** Something was written or removed: ask soon. */
void room_check(struct room *r);

/** Why reading has to wait; NULL if it hasn't. */
const char *room_shortage(const struct room *r);

/** Bytes that were free when the file system was asked last; UINT64_MAX if it can't tell. */
uint64_t room_free(const struct room *r);

/** Is work on the pool? Then room_close() has to wait. */
bool room_busy(const struct room *r);

/** Close. The loop must run once more to close the timer. NULL is allowed. */
void room_close(struct room *r);

#endif
