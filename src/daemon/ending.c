/*
 * ending.c - how the daemon ends: when it is asked to, as far as there is room, and with which
 * status. Nothing is lost by an end at any moment, but what was taken from sockets and isn't
 * durable: so that comes first.
 */
#include <unistd.h>

#include "daemon/service_inside.h"

static void end(struct service *s, const char *failure)
{
    if (s->ended)
        return;
    s->ended = true;
    s->status = failure ? 1 : 0;
    if (failure)
        log_say(s->log, CONFIG_LOG_ERROR, "ending without a seal (%s); %s", failure,
                service_streams_safe(s)
                    ? "the journal has all that was read"
                    : "what came from sockets or standard input and isn't in the journal is lost");
    else if (room_shortage(s->room))
        log_say(s->log, CONFIG_LOG_WARNING,
                "%s: what was read is sealed, what else is in the log files is for the next start",
                room_shortage(s->room));
    uv_idle_stop(&s->turn);
    uv_poll_stop(&s->streams);
    sealer_stop(s->sealer);
    census_hurry(s->census); /* who waits for a report gets it */
    control_close(s->control);
    http_close(s->http);
    s->control = NULL;
    s->http = NULL;
    uv_stop(&s->loop);
}

void service_finished(void *context, const char *failure)
{
    struct service *s = context;
    if (!failure || failure != room_shortage(s->room))
        end(s, failure);
}

void service_end_waiting(struct service *s)
{
    if (s->ended)
        return;
    if (!s->draining)
        listen_mark(s->listen, true);
    s->draining = true;
    if (!store_failure(s->store)) {
        while (listen_pending(s->listen) && service_read_streams(s))
            continue;
        if (!service_streams_safe(s)) {
            store_flush(s->store);
            return;
        }
    }
    if (store_failure(s->store))
        end(s, store_failure(s->store));
    else
        barrier_finish(s->barrier);
}

void service_stop(struct service *s)
{
    if (s->stopping && !service_streams_safe(s) && !store_failure(s->store)) {
        log_say(s->log, CONFIG_LOG_WARNING,
                "asked twice to end: first writing what came from sockets and standard input");
        return;
    }
    if (s->stopping) {
        /* Nothing is lost by it: this is what kill -9 does, but for the socket. */
        log_say(s->log, CONFIG_LOG_WARNING,
                "asked twice to end: leaving the seal to the next start");
        if (s->config->control)
            unlink(s->config->control);
        _exit(1);
    }
    s->stopping = true;
    manager_stopping(s->manager);
    log_say(s->log, CONFIG_LOG_INFO, "ending: reading what is there, then sealing");
    if (service_waiting(s))
        service_end_waiting(s);
    else
        barrier_finish(s->barrier);
}
