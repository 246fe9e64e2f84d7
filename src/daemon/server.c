/*
 * server.c - each client is a stream and a timer, and goes through four phases.
 */
#include "daemon/server.h"

#include <stdlib.h>

enum { SCRAP = 4096, PAUSE_MS = 1000 };

enum phase {
    PHASE_ASKING,
    PHASE_ASKED,     /* the protocol has it */
    PHASE_ANSWERED,  /* the answer is on its way */
    PHASE_LINGERING, /* it's out; what still comes is thrown away */
};

/* A socket of either kind. */
union stream {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_pipe_t pipe;
    uv_tcp_t tcp;
};

struct server {
    union stream listener;
    uv_timer_t pause; /* until a connection is looked at again for which there was no memory */
    uv_loop_t *loop;
    const struct server_protocol *protocol;
    void *context;
    struct server_client *clients;
    size_t client_count;
    bool tcp;
    int open_handles; /* of the listener and its timer */
    bool closing;
    char scrap[SCRAP]; /* for what is thrown away */
};

struct server_client {
    union stream socket;
    uv_timer_t timer;
    uv_write_t write;
    uv_shutdown_t end;
    struct server *server;
    struct server_client *next;
    struct server_client **link;
    enum phase phase;
    int remembered;
    int open_handles;
    struct buf answer;
    size_t len;
    char request[]; /* of request_max bytes */
};

static void free_if_done(struct server *s)
{
    if (s->closing && !s->open_handles && !s->clients)
        free(s);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct server_client *client = handle->data;
    struct server *s = client->server;
    if (--client->open_handles)
        return;
    *client->link = client->next;
    if (client->next)
        client->next->link = client->link;
    s->client_count--;
    buf_free(&client->answer);
    free(client);
    free_if_done(s);
}

static void hang_up(struct server_client *client)
{
    if (!uv_is_closing(&client->socket.handle))
        uv_close(&client->socket.handle, on_handle_closed);
    if (!uv_is_closing((uv_handle_t *)&client->timer))
        uv_close((uv_handle_t *)&client->timer, on_handle_closed);
}

static void on_timeout(uv_timer_t *timer)
{
    hang_up(timer->data);
}

/* The answer. */

static void on_scrap_wanted(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct server_client *client = handle->data;
    (void)suggested;
    *out = uv_buf_init(client->server->scrap, SCRAP);
}

static void on_scrap(uv_stream_t *stream, ssize_t n, const uv_buf_t *unused)
{
    (void)unused;
    if (n < 0)
        hang_up(stream->data);
}

static void on_told_end(uv_shutdown_t *end, int status)
{
    struct server_client *client = end->data;
    /* When the server ends it waits for nobody who has his answer. */
    if (status != 0 || client->server->closing ||
        uv_read_start(&client->socket.stream, on_scrap_wanted, on_scrap) != 0)
        hang_up(client);
}

static void on_written(uv_write_t *write, int status)
{
    struct server_client *client = write->data;
    client->end.data = client;
    client->phase = PHASE_LINGERING;
    /* A client that didn't wait for its answer has none. */
    if (status != 0 || uv_shutdown(&client->end, &client->socket.stream, on_told_end) != 0)
        hang_up(client);
}

void server_answer(struct server_client *client, struct buf *answer)
{
    buf_swap(&client->answer, answer);
    client->phase = PHASE_ANSWERED;
    uv_buf_t out = uv_buf_init((char *)client->answer.data, (unsigned)client->answer.len);
    client->write.data = client;
    uv_timer_start(&client->timer, on_timeout, client->server->protocol->timeout_ms, 0);
    if (client->answer.failed || client->answer.len > UINT32_MAX ||
        uv_write(&client->write, &client->socket.stream, &out, 1, on_written) != 0)
        hang_up(client);
}

/* The request. */

static void on_room_wanted(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct server_client *client = handle->data;
    size_t room = client->server->protocol->request_max - client->len;
    (void)suggested;
    *out = uv_buf_init(client->request + client->len, (unsigned)room);
}

static void on_bytes(uv_stream_t *stream, ssize_t n, const uv_buf_t *unused)
{
    struct server_client *client = stream->data;
    const struct server_protocol *protocol = client->server->protocol;
    (void)unused;
    if (n == 0)
        return;
    if (n < 0) {
        hang_up(client); /* it left without asking */
        return;
    }
    client->len += (size_t)n;
    if (client->len < protocol->request_max && !protocol->whole(client->request, client->len))
        return;
    uv_read_stop(stream);
    uv_timer_stop(&client->timer);
    client->phase = PHASE_ASKED;
    protocol->request(client->server->context, client, client->request, client->len);
}

static int init_stream(const struct server *s, union stream *stream)
{
    return s->tcp ? uv_tcp_init(s->loop, &stream->tcp) : uv_pipe_init(s->loop, &stream->pipe, 0);
}

static struct server_client *client_new(struct server *s)
{
    struct server_client *client = calloc(1, sizeof(*client) + s->protocol->request_max);
    if (!client)
        return NULL;
    if (init_stream(s, &client->socket) != 0) {
        free(client);
        return NULL;
    }
    uv_timer_init(s->loop, &client->timer);
    client->server = s;
    client->next = s->clients;
    client->link = &s->clients;
    if (s->clients)
        s->clients->link = &client->next;
    s->clients = client;
    s->client_count++;
    client->socket.handle.data = client;
    client->timer.data = client;
    client->open_handles = 2;
    return client;
}

static void on_connection(uv_stream_t *listener, int status);

static void on_pause_over(uv_timer_t *timer)
{
    struct server *s = timer->data;
    on_connection(&s->listener.stream, 0);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct server *s = listener->data;
    if (status < 0)
        return;
    struct server_client *client = client_new(s);
    if (!client) {
        /* The loop waits until the connection is accepted, and tells of no other before. */
        uv_timer_start(&s->pause, on_pause_over, PAUSE_MS, 0);
        return;
    }
    if (uv_accept(listener, &client->socket.stream) != 0) {
        hang_up(client);
    } else if (s->client_count > 2 * s->protocol->clients_max) {
        hang_up(client); /* as many are being told that there are too many, and don't leave */
    } else if (s->client_count > s->protocol->clients_max) {
        client->phase = PHASE_ASKED;
        s->protocol->crowded(s->context, client);
    } else {
        uv_timer_start(&client->timer, on_timeout, s->protocol->timeout_ms, 0);
        if (uv_read_start(&client->socket.stream, on_room_wanted, on_bytes) != 0)
            hang_up(client);
    }
}

/* The server. */

struct server *server_new(uv_loop_t *loop, const struct server_protocol *protocol, void *context)
{
    struct server *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->loop = loop;
    s->protocol = protocol;
    s->context = context;
    return s;
}

static int begin_to_listen(struct server *s, int result)
{
    return result ? result
                  : uv_listen(&s->listener.stream, (int)s->protocol->clients_max, on_connection);
}

static int make_listener(struct server *s, bool tcp)
{
    s->tcp = tcp;
    int result = init_stream(s, &s->listener);
    if (result)
        return result;
    uv_timer_init(s->loop, &s->pause);
    s->listener.handle.data = s;
    s->pause.data = s;
    s->open_handles = 2;
    return 0;
}

int server_listen_at_path(struct server *s, const char *path)
{
    int result = make_listener(s, false);
    return result ? result : begin_to_listen(s, uv_pipe_bind(&s->listener.pipe, path));
}

int server_listen_at_address(struct server *s, const struct sockaddr *address)
{
    unsigned flags = address->sa_family == AF_INET6 ? UV_TCP_IPV6ONLY : 0;
    int result = make_listener(s, true);
    return result ? result : begin_to_listen(s, uv_tcp_bind(&s->listener.tcp, address, flags));
}

void server_remember(struct server_client *client, int what)
{
    client->remembered = what;
}

int server_remembered(const struct server_client *client)
{
    return client->remembered;
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct server *s = handle->data;
    s->open_handles--;
    free_if_done(s);
}

void server_close(struct server *s, bool at_once)
{
    if (!s || s->closing)
        return;
    s->closing = true;
    for (struct server_client *client = s->clients; client; client = client->next) {
        if (client->phase == PHASE_ASKING || client->phase == PHASE_LINGERING ||
            (client->phase == PHASE_ANSWERED && at_once))
            hang_up(client);
    }
    if (s->open_handles) {
        uv_close(&s->listener.handle, on_listener_closed); /* removes a Unix socket, too */
        uv_close((uv_handle_t *)&s->pause, on_listener_closed);
    } else {
        free_if_done(s);
    }
}
