/*
 * sealer.h - turns ended journals into segments on the thread pool, oldest first, one at a time. A
 * seal that fails is tried again after a pause that doubles from 5 seconds to 5 minutes; the
 * journals wait, and are as good as a segment meanwhile.
 */
#ifndef LOGZIP_DAEMON_SEALER_H
#define LOGZIP_DAEMON_SEALER_H

#include <uv.h>

#include "archive/archive.h"
#include "archive/config.h"
#include "daemon/log.h"
#include "daemon/tally.h"
#include "daemon/timing.h"

struct sealer;

struct sealer_totals {
    uint64_t segments;
    uint64_t raw_bytes;
    uint64_t stored_bytes;
    uint64_t lines;
    struct timing seals; /**< those that made a segment */
};

/**
 * @param log, tally  borrowed for the sealer's life
 * @param changed     called on the loop after each attempt
 */
int sealer_open(struct sealer **out, uv_loop_t *loop, const struct config *config, struct log *log,
                struct tally *tally, void (*changed)(void *context), void *context,
                struct lgz_error *err);

/** Take over level and threads. */
void sealer_configure(struct sealer *s, const struct config *config);

/**
 * Seal this journal, too, as soon as those before it are.
 *
 * @param with_next  it goes into one segment with the next journal that will be added
 * @param since      when its first byte was read, clock_monotonic()
 */
int sealer_add(struct sealer *s, const char *journal, bool with_next, int64_t since,
               struct lgz_error *err);

/** Don't wait for the end of a pause. */
void sealer_hurry(struct sealer *s);

/** Begin no other seal; the journals are left to the next start. */
void sealer_stop(struct sealer *s);

/** Journals that wait or are being sealed. */
size_t sealer_pending(const struct sealer *s);

/** Since when the first of them waits, as told to sealer_add(); 0: there is none. */
int64_t sealer_oldest(const struct sealer *s);

/** Is work on the pool? Then sealer_close() has to wait. */
bool sealer_busy(const struct sealer *s);

/** Why the last attempt failed; NULL if it didn't. */
const char *sealer_failure(const struct sealer *s);

/** Since the start. */
const struct sealer_totals *sealer_totals(const struct sealer *s);

/** Close. The loop must run once more to close the timer. NULL is allowed. */
void sealer_close(struct sealer *s);

#endif
