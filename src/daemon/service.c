/*
 * service.c - the loop and its callbacks.
 *
 * Reading: inotify wakes the loop; events are taken together after SETTLE_MS, so that a file that
 * is written line by line costs a few reads a second, not one for each line. Then an idle handle
 * reads in turns until all is read or the store has no room. With nothing to read, only the rescan
 * timer wakes the process.
 */
#include <signal.h>
#include <stdlib.h>

#include "base/clock.h"
#include "daemon/service_inside.h"

enum {
    SETTLE_MS = 20,
    SCAN_SOON_MS = 50,   /* at least so long after names have changed */
    SCAN_SHARE = 10,     /* and so many times as long as the last scan took */
    RESCAN_SHARE = 300,  /* the CPU time of a scan is at most such a part of the time between two */
    TURN_BYTES = 1 << 20 /* read before the loop looks at other things */
};

const char *service_waiting(const struct service *s)
{
    const char *failure = store_failure(s->store);
    return failure ? failure : room_shortage(s->room);
}

/* What the tail finds goes into the batch that fills. */

static bool sink_source(void *context, const struct source *source, uint64_t next)
{
    struct service *s = context;
    return batch_source(store_batch(s->store), source, next);
}

static void *sink_reserve(void *context, size_t *room)
{
    struct service *s = context;
    if (service_waiting(s))
        return NULL;
    return batch_reserve(store_batch(s->store), room);
}

/* What waits at sockets when the daemon ends may have the reserve. */
static void *streams_reserve(void *context, size_t *room)
{
    struct service *s = context;
    if (store_failure(s->store) || (service_waiting(s) && !s->draining))
        return NULL;
    return batch_reserve(store_batch(s->store), room);
}

static bool sink_data(void *context, uint64_t source_id, uint64_t offset, size_t len)
{
    struct service *s = context;
    return batch_data(store_batch(s->store), source_id, offset, len);
}

static bool sink_drop(void *context, uint64_t source_id)
{
    struct service *s = context;
    return batch_drop(store_batch(s->store), source_id);
}

static void sink_say(void *context, enum config_log_level level, const char *message)
{
    struct service *s = context;
    if (level <= CONFIG_LOG_WARNING)
        faults_note(&s->faults, FAULT_READ, message);
    log_say(s->log, level, "%s", message);
}

/* Reading. */

static void scan_soon(struct service *s);

static void on_turn(uv_idle_t *turn)
{
    struct service *s = turn->data;
    bool room = tail_read(s->tail, TURN_BYTES, clock_monotonic());
    store_added(s->store);
    if (!room)
        store_flush(s->store);
    if (room && listen_pending(s->listen))
        room = service_read_streams(s);
    if (!room || (!tail_ready(s->tail) && !listen_pending(s->listen)))
        uv_idle_stop(turn);
    if (tail_wants_scan(s->tail))
        scan_soon(s);
    if (barrier_active(s->barrier))
        barrier_advance(s->barrier);
}

void service_read_on(struct service *s)
{
    if (!s->ended && (tail_ready(s->tail) || listen_pending(s->listen)) && !service_waiting(s))
        uv_idle_start(&s->turn, on_turn);
    service_poll_streams(s);
}

static void on_rescan(uv_timer_t *timer);

void service_scan(struct service *s)
{
    struct lgz_error err = {0};
    int64_t before = clock_monotonic();
    int64_t cpu = clock_thread_cpu();
    if (tail_scan(s->tail, before, &err) != LGZ_OK)
        sink_say(s, CONFIG_LOG_ERROR, err.message);
    listen_scan(s->listen, before);
    s->scan_took_ms = (clock_monotonic() - before) / (NS_PER_SECOND / 1000);
    s->scan_soon = false;
    store_added(s->store);
    cpu = clock_thread_cpu() - cpu;
    /* One that took up many files doesn't say what the next will cost. */
    int64_t rare = (cpu < s->scan_cpu ? cpu : s->scan_cpu) * RESCAN_SHARE;
    int64_t period = s->config->rescan > rare ? s->config->rescan : rare;
    s->scan_cpu = cpu;
    uv_timer_start(&s->rescan, on_rescan, (uint64_t)(period / (NS_PER_SECOND / 1000)), 0);
}

static void on_rescan(uv_timer_t *timer)
{
    struct service *s = timer->data;
    service_scan(s);
    service_read_on(s);
    if (!s->stopping)
        service_serve(s, s->config, NULL); /* in case that somebody had the port */
    manager_status(s->manager, false);
    if (barrier_active(s->barrier))
        barrier_advance(s->barrier);
}

/* Names have changed: scan before long, but never spend more than a share of the time on it. */
static void scan_soon(struct service *s)
{
    if (s->scan_soon)
        return;
    s->scan_soon = true;
    int64_t ms = s->scan_took_ms * SCAN_SHARE;
    uv_timer_start(&s->rescan, on_rescan, (uint64_t)(ms < SCAN_SOON_MS ? SCAN_SOON_MS : ms), 0);
}

static void on_events(uv_poll_t *poll, int status, int events);

static void on_settled(uv_timer_t *timer)
{
    struct service *s = timer->data;
    tail_events(s->tail);
    if (tail_wants_scan(s->tail))
        scan_soon(s);
    store_added(s->store);
    service_read_on(s);
    uv_poll_start(&s->events, UV_READABLE, on_events);
}

static void on_events(uv_poll_t *poll, int status, int events)
{
    struct service *s = poll->data;
    (void)status;
    (void)events;
    uv_poll_stop(poll);
    uv_timer_start(&s->settle, on_settled, SETTLE_MS, 0);
}

/* What a barrier begins with. */
static void scan_and_mark(void *context)
{
    struct service *s = context;
    if (s->draining)
        return;
    tail_events(s->tail);
    service_scan(s);
    tail_mark(s->tail, clock_monotonic());
    listen_mark(s->listen, s->stopping);
    if (tail_wants_scan(s->tail))
        scan_soon(s);
    service_read_on(s);
}

/* Sealing. */

static void on_age(uv_timer_t *timer);

/*
 * The journal holds the last of what was read before room became short. Sealed with the rest it
 * makes room; what is still in memory would only get into the next journal, and stay there.
 */
static bool is_last_before_shortage(const struct service *s)
{
    return room_shortage(s->room) && store_data_bytes(s->store) &&
           store_durable(s->store) >= store_serial(s->store);
}

void service_check_seal(struct service *s)
{
    int64_t oldest = store_oldest(s->store);
    /* The file is larger than its data if it has very many small records. */
    if (store_data_bytes(s->store) >= s->config->seal_size ||
        store_journal_bytes(s->store) >= s->config->seal_size || is_last_before_shortage(s)) {
        store_rotate(s->store);
    } else if (oldest) {
        int64_t left = oldest + s->config->seal_age - clock_monotonic();
        if (left <= 0)
            store_rotate(s->store);
        else
            uv_timer_start(&s->age, on_age, (uint64_t)(left / (NS_PER_SECOND / 1000)) + 1, 0);
    }
}

static void on_age(uv_timer_t *timer)
{
    service_check_seal(timer->data);
}

static void on_progress(void *context)
{
    struct service *s = context;
    if (s->ended)
        return;
    if (s->failing && !store_failure(s->store)) {
        s->failing = false;
        manager_status(s->manager, true);
        sealer_hurry(s->sealer); /* a seal may have failed for the same reason */
    }
    room_check(s->room);
    service_check_seal(s);
    service_read_on(s);
    barrier_advance(s->barrier);
    if (s->draining && !barrier_active(s->barrier))
        service_end_waiting(s);
}

static void on_journal_ended(void *context, const char *path, bool with_next)
{
    struct service *s = context;
    struct lgz_error err = {0};
    int64_t since = store_oldest(s->store);
    if (sealer_add(s->sealer, path, with_next, since ? since : clock_monotonic(), &err) != LGZ_OK)
        log_say(s->log, CONFIG_LOG_ERROR, "%s stays unsealed until the next start: %s", path,
                err.message);
}

static void on_failed(void *context, const char *reason)
{
    struct service *s = context;
    faults_note(&s->faults, FAULT_WRITE, reason);
    s->failing = true;
    if (!s->barrier)
        return; /* it hasn't started yet */
    manager_status(s->manager, true);
    barrier_fail(s->barrier, reason);
}

/* Too little room: what was read is written and sealed, which makes some. Or enough again. */
void service_room_changed(void *context)
{
    struct service *s = context;
    const char *shortage = room_shortage(s->room);
    if (s->ended)
        return;
    if (shortage) {
        on_failed(s, shortage);
        store_flush(s->store);
        service_check_seal(s); /* or when that is written */
        sealer_hurry(s->sealer);
        if (s->stopping)
            service_end_waiting(s);
    } else {
        service_read_on(s);
        if (s->barrier)
            manager_status(s->manager, true);
    }
}

void service_sealer_changed(void *context)
{
    struct service *s = context;
    if (sealer_failure(s->sealer))
        faults_note(&s->faults, FAULT_SEAL, sealer_failure(s->sealer));
    if (s->ended)
        return;
    room_check(s->room);
    barrier_advance(s->barrier);
}

/* Signals. */

static void on_signal(uv_signal_t *handle, int number)
{
    struct service *s = handle->data;
    struct lgz_error err = {0};
    if (number != SIGHUP)
        service_stop(s);
    else if (!s->stopping)
        service_reload(s, &err);
}

struct store_events service_store_events(struct service *s)
{
    return (struct store_events){s, on_progress, on_journal_ended, on_failed};
}

static void read_for_barrier(void *context)
{
    service_read_on(context);
}

struct barrier_events service_barrier_events(struct service *s)
{
    return (struct barrier_events){s, scan_and_mark, read_for_barrier, service_finished};
}

struct tail_sink service_sink(struct service *s)
{
    return (struct tail_sink){.context = s,
                              .source = sink_source,
                              .reserve = sink_reserve,
                              .data = sink_data,
                              .drop = sink_drop,
                              .say = sink_say};
}

struct tail_sink service_streams_sink(struct service *s)
{
    struct tail_sink sink = service_sink(s);
    sink.reserve = streams_reserve;
    return sink;
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

int service_init_handles(struct service *s, struct lgz_error *err)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    int result = uv_poll_init(&s->loop, &s->events, tail_fd(s->tail));
    if (result != 0)
        return error_set(err, LGZ_ERR_IO, "cannot poll inotify: %s", uv_strerror(result));
    s->events.data = s;
    int code = service_init_streams(s, err);
    if (code != LGZ_OK) {
        close_handle((uv_handle_t *)&s->events);
        return code;
    }
    uv_timer_init(&s->loop, &s->settle);
    uv_timer_init(&s->loop, &s->rescan);
    uv_timer_init(&s->loop, &s->age);
    uv_idle_init(&s->loop, &s->turn);
    s->settle.data = s->rescan.data = s->age.data = s->turn.data = s;
    for (size_t i = 0; i < 3; i++) {
        uv_signal_init(&s->loop, &s->signals[i]);
        s->signals[i].data = s;
    }
    s->handles = true;
    for (size_t i = 0; i < 3; i++) {
        result = uv_signal_start(&s->signals[i], on_signal, numbers[i]);
        if (result != 0)
            return error_set(err, LGZ_ERR_IO, "cannot catch signals: %s", uv_strerror(result));
    }
    uv_poll_start(&s->events, UV_READABLE, on_events);
    return LGZ_OK;
}

int service_run(struct service *s)
{
    if (s->config->standard_input)
        log_say(s->log, CONFIG_LOG_INFO, "logzipd %s: standard input as %s, archive %s",
                lgz_version(), s->config->standard_input, s->config->directory);
    else
        log_say(s->log, CONFIG_LOG_INFO, "logzipd %s: %zu files in %zu inputs, archive %s",
                lgz_version(), tail_followed(s->tail), s->config->input_count,
                s->config->directory);
    manager_ready(s->manager);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    return s->status;
}

static void close_handles(struct service *s)
{
    if (!s->handles)
        return;
    close_handle((uv_handle_t *)&s->events);
    close_handle((uv_handle_t *)&s->streams);
    for (size_t i = 0; i < 3; i++)
        close_handle((uv_handle_t *)&s->signals[i]);
    close_handle((uv_handle_t *)&s->settle);
    close_handle((uv_handle_t *)&s->rescan);
    close_handle((uv_handle_t *)&s->age);
    close_handle((uv_handle_t *)&s->turn);
}

void service_close(struct service *s)
{
    if (!s)
        return;
    s->ended = true;
    barrier_free(s->barrier); /* answers who waits */
    s->barrier = NULL;
    if (s->sealer)
        sealer_stop(s->sealer);
    if (s->census)
        census_hurry(s->census);
    control_close(s->control);
    http_close(s->http);
    close_handles(s);
    /* Work on the pool can't be called back: wait for it, and for the last answers. */
    while ((s->store && store_busy(s->store)) || (s->sealer && sealer_busy(s->sealer)) ||
           (s->census && census_busy(s->census)) || (s->room && room_busy(s->room)))
        uv_run(&s->loop, UV_RUN_ONCE);
    manager_close(s->manager);
    census_close(s->census);
    store_close(s->store);
    sealer_close(s->sealer);
    room_close(s->room);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    uv_loop_close(&s->loop);
    listen_close(s->listen);
    tail_close(s->tail);
    ledger_free(s->ledger);
    tally_free(s->tally);
    archive_unlock(s->lock);
    config_free(s->config);
    free(s->http_at);
    free(s);
}
