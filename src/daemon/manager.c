/*
 * manager.c - two timers, and the status that was told last.
 */
#include "daemon/manager.h"

#include <stdlib.h>

#include "base/clock.h"
#include "daemon/notify.h"

struct manager {
    void (*line)(void *context, struct buf *out);
    void *context;
    uv_timer_t watchdog;
    uv_timer_t extend;
    int open_handles;
    bool wanted;
    struct buf told; /* the status */
    int64_t told_at; /* clock_monotonic(), 0: never */
    int64_t stopping_since;
};

static void on_watchdog(uv_timer_t *timer)
{
    (void)timer;
    notify_send("WATCHDOG=1");
}

int manager_open(struct manager **out, uv_loop_t *loop,
                 void (*line)(void *context, struct buf *out), void *context, struct lgz_error *err)
{
    struct manager *m = calloc(1, sizeof(*m));
    if (!m)
        return error_memory(err);
    m->line = line;
    m->context = context;
    m->wanted = notify_wanted();
    uv_timer_init(loop, &m->watchdog);
    uv_timer_init(loop, &m->extend);
    m->watchdog.data = m->extend.data = m;
    m->open_handles = 2;
    uint64_t watchdog = notify_watchdog_ms();
    if (m->wanted && watchdog)
        uv_timer_start(&m->watchdog, on_watchdog, watchdog, watchdog);
    *out = m;
    return LGZ_OK;
}

/* The line goes behind "STATUS=", with the variables before it that are told at the same time. */
static void tell(struct manager *m, const char *variables, bool urgent)
{
    struct buf line = {0};
    int64_t now = clock_monotonic();
    if (!m->wanted)
        return;
    if (!urgent && m->told_at && now - m->told_at < MANAGER_STATUS_SECONDS * NS_PER_SECOND)
        return;
    m->line(m->context, &line);
    bool changed =
        line.len != m->told.len || (line.len && memcmp(line.data, m->told.data, line.len) != 0);
    if (!line.failed && (changed || *variables)) {
        notify_send("%sSTATUS=%.*s", variables, (int)(line.len < 300 ? line.len : 300),
                    (const char *)line.data);
        m->told_at = now;
        buf_swap(&m->told, &line);
    }
    buf_free(&line);
}

void manager_status(struct manager *m, bool urgent)
{
    tell(m, "", urgent);
}

void manager_ready(struct manager *m)
{
    tell(m, "READY=1\n", true);
}

void manager_reloading(struct manager *m)
{
    if (m->wanted)
        notify_reloading();
}

static void ask_for_time(struct manager *m)
{
    char text[60];
    if (clock_monotonic() - m->stopping_since >= MANAGER_STOP_SECONDS * NS_PER_SECOND) {
        uv_timer_stop(&m->extend);
        return;
    }
    snprintf(text, sizeof(text), "EXTEND_TIMEOUT_USEC=%d\n", MANAGER_EXTEND_SECONDS * 1000000);
    tell(m, text, true);
}

static void on_extend(uv_timer_t *timer)
{
    ask_for_time(timer->data);
}

void manager_stopping(struct manager *m)
{
    tell(m, "STOPPING=1\n", true);
    m->stopping_since = clock_monotonic();
    if (!m->wanted)
        return;
    ask_for_time(m);
    uv_timer_start(&m->extend, on_extend, MANAGER_ASK_MS, MANAGER_ASK_MS);
}

static void on_closed(uv_handle_t *handle)
{
    struct manager *m = handle->data;
    if (--m->open_handles)
        return;
    buf_free(&m->told);
    free(m);
}

void manager_close(struct manager *m)
{
    if (!m)
        return;
    uv_close((uv_handle_t *)&m->watchdog, on_closed);
    uv_close((uv_handle_t *)&m->extend, on_closed);
}
