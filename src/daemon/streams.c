/*
 * streams.c - the loop's part in sources that aren't files: when sockets and standard input are
 * read, and what it means that standard input has ended.
 *
 * What a file holds waits in the file; what was taken from a socket is nowhere else. So the daemon
 * doesn't end by itself, and not by a second signal, before all of that is durable.
 */
#include "base/clock.h"
#include "daemon/service_inside.h"

enum { TURN_BYTES = 1 << 20 }; /* read before the loop looks at other things */

bool service_streams_safe(const struct service *s)
{
    return listen_count(s->listen) == 0 ||
           (!listen_pending(s->listen) && store_durable(s->store) >= store_serial(s->store));
}

/* Standard input has ended: when all of it is durable, seal it and end. */
static void look_for_end(struct service *s)
{
    if (s->stopping || !listen_ended(s->listen) || service_waiting(s))
        return;
    if (store_durable(s->store) < store_serial(s->store))
        store_flush(s->store);
    else
        service_stop(s);
}

bool service_read_streams(struct service *s)
{
    bool room = listen_read(s->listen, TURN_BYTES, clock_monotonic());
    store_added(s->store);
    if (!room) {
        uv_poll_stop(&s->streams);
        store_flush(s->store);
    }
    look_for_end(s);
    return room;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct service *s = poll->data;
    (void)status;
    (void)events;
    service_read_streams(s);
    if (barrier_active(s->barrier))
        barrier_advance(s->barrier);
}

void service_poll_streams(struct service *s)
{
    if (!s->ended && !service_waiting(s))
        uv_poll_start(&s->streams, UV_READABLE, on_readable);
    look_for_end(s);
}

int service_init_streams(struct service *s, struct lgz_error *err)
{
    int result = uv_poll_init(&s->loop, &s->streams, listen_fd(s->listen));
    if (result != 0)
        return error_set(err, LGZ_ERR_IO, "cannot poll sockets: %s", uv_strerror(result));
    s->streams.data = s;
    return LGZ_OK;
}

int service_open_streams(struct service *s, const struct archive_recovery *r, struct lgz_error *err)
{
    struct tail_sink sink = service_streams_sink(s);
    int code = listen_open(&s->listen, &sink, s->tail, err);
    if (code == LGZ_OK)
        code = listen_resume(s->listen, r->positions, r->position_count, err);
    if (code == LGZ_OK && s->config->standard_input)
        return listen_standard_input(s->listen, s->config->standard_input, err);
    if (code == LGZ_OK)
        code = listen_configure(s->listen, s->config->inputs, s->config->input_count, err);
    return code;
}
