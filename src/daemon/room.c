/*
 * room.c - one statvfs(2) at a time on the pool, and a timer while there is too little.
 */
#include "daemon/room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

enum {
    ASK_AGAIN_MS = 2000,
    MARGIN_SHARE = 8, /* of the reserve: so much more before reading goes on */
};

struct room {
    uv_loop_t *loop;
    uv_work_t work;
    uv_timer_t timer;
    struct log *log;
    void (*changed)(void *context);
    void *context;
    char *directory;
    uint64_t min_free;
    uint64_t free;
    char shortage[300];
    bool busy;
    bool again; /* asked for while the pool was at it */

    uint64_t found; /* belongs to the pool while it's busy */
};

static uint64_t ask(const char *directory)
{
    uint64_t bytes;
    file_free_bytes(directory, &bytes, NULL); /* where it can't be told, writing will */
    return bytes;
}

/* Take over what was found. @return whether reading may go on now, or has to stop now */
static bool decide(struct room *r, uint64_t found)
{
    bool was_short = r->shortage[0] != '\0';
    uint64_t enough = was_short ? r->min_free + r->min_free / MARGIN_SHARE : r->min_free;
    r->free = found;
    if (was_short == (found < enough))
        return false;
    if (was_short) {
        r->shortage[0] = '\0';
        log_say(r->log, CONFIG_LOG_INFO, "%s: there is room again; reading goes on", r->directory);
        return true;
    }
    snprintf(r->shortage, sizeof(r->shortage),
             "%.200s: %llu KiB are free, less than min_free (%llu KiB)", r->directory,
             (unsigned long long)found / 1024, (unsigned long long)r->min_free / 1024);
    log_say(r->log, CONFIG_LOG_WARNING,
            "%s; reading waits, and nothing is lost as long as the log files stay", r->shortage);
    return true;
}

int room_open(struct room **out, uv_loop_t *loop, const struct config *config, struct log *log,
              void (*changed)(void *context), void *context, struct lgz_error *err)
{
    struct room *r = calloc(1, sizeof(*r));
    if (!r || !(r->directory = strdup(config->directory))) {
        free(r);
        return error_memory(err);
    }
    r->loop = loop;
    r->log = log;
    r->changed = changed;
    r->context = context;
    r->min_free = config->min_free;
    uv_timer_init(loop, &r->timer);
    r->timer.data = r;
    decide(r, ask(r->directory));
    if (r->shortage[0])
        room_check(r); /* begins to wait for room */
    *out = r;
    return LGZ_OK;
}

void room_configure(struct room *r, const struct config *config)
{
    r->min_free = config->min_free;
    room_check(r);
}

/* On the pool. */
static void run(uv_work_t *work)
{
    struct room *r = work->data;
    r->found = ask(r->directory);
}

static void on_timer(uv_timer_t *timer)
{
    room_check(timer->data);
}

static void done(uv_work_t *work, int status)
{
    struct room *r = work->data;
    (void)status;
    r->busy = false;
    bool news = decide(r, r->found);
    if (r->again)
        room_check(r);
    else if (r->shortage[0])
        uv_timer_start(&r->timer, on_timer, ASK_AGAIN_MS, 0);
    if (news)
        r->changed(r->context);
}

void room_check(struct room *r)
{
    r->again = r->busy;
    if (r->busy || (!r->min_free && !r->shortage[0]))
        return;
    r->busy = true;
    r->work.data = r;
    uv_timer_stop(&r->timer);
    uv_queue_work(r->loop, &r->work, run, done); /* it only fails for want of a function */
}

const char *room_shortage(const struct room *r)
{
    return r->shortage[0] ? r->shortage : NULL;
}

uint64_t room_free(const struct room *r)
{
    return r->free;
}

bool room_busy(const struct room *r)
{
    return r->busy;
}

static void on_closed(uv_handle_t *handle)
{
    struct room *r = handle->data;
    free(r->directory);
    free(r);
}

void room_close(struct room *r)
{
    if (r)
        uv_close((uv_handle_t *)&r->timer, on_closed);
}
