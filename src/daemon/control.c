/*
 * control.c - a Unix stream socket on the loop; one request and one answer per connection.
 */
#include "daemon/control.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "archive/control_client.h"

struct control {
    uv_pipe_t listener;
    char *path;
    control_fn *fn;
    void *context;
    struct control_client *clients;
    size_t client_count;
    bool closing;
    bool listener_closed;
};

struct control_client {
    uv_pipe_t pipe;
    uv_timer_t timer;
    uv_write_t write;
    struct control *control;
    struct control_client *next;
    struct control_client **link;
    char request[CONTROL_REQUEST_MAX];
    size_t len;
    bool asked;
    int open_handles;
    struct buf answer;
};

static void free_if_done(struct control *c)
{
    if (!c->listener_closed || c->clients)
        return;
    free(c->path);
    free(c);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct control_client *client = handle->data;
    struct control *c = client->control;
    if (--client->open_handles)
        return;
    *client->link = client->next;
    if (client->next)
        client->next->link = client->link;
    c->client_count--;
    buf_free(&client->answer);
    free(client);
    free_if_done(c);
}

static void hang_up(struct control_client *client)
{
    if (!uv_is_closing((uv_handle_t *)&client->pipe))
        uv_close((uv_handle_t *)&client->pipe, on_handle_closed);
    if (!uv_is_closing((uv_handle_t *)&client->timer))
        uv_close((uv_handle_t *)&client->timer, on_handle_closed);
}

static void on_timeout(uv_timer_t *timer)
{
    hang_up(timer->data);
}

static void on_written(uv_write_t *write, int status)
{
    (void)status; /* a client that didn't wait for its answer has none */
    hang_up(write->data);
}

static void send_answer(struct control_client *client)
{
    uv_buf_t out = uv_buf_init((char *)client->answer.data, (unsigned)client->answer.len);
    client->write.data = client;
    uv_timer_start(&client->timer, on_timeout, CONTROL_TIMEOUT_MS, 0);
    if (client->answer.failed ||
        uv_write(&client->write, (uv_stream_t *)&client->pipe, &out, 1, on_written) != 0)
        hang_up(client);
}

void control_answer(struct control_client *client, const struct buf *body)
{
    buf_append_string(&client->answer, "ok\n");
    if (body)
        buf_append(&client->answer, body->data, body->len);
    send_answer(client);
}

void control_refuse(struct control_client *client, const char *reason)
{
    buf_append_string(&client->answer, "error ");
    buf_append(&client->answer, reason, strcspn(reason, "\n"));
    buf_push(&client->answer, '\n');
    send_answer(client);
}

static void on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct control_client *client = handle->data;
    (void)suggested;
    *out = uv_buf_init(client->request + client->len,
                       (unsigned)(sizeof(client->request) - client->len));
}

static void on_request_bytes(uv_stream_t *stream, ssize_t n, const uv_buf_t *unused)
{
    struct control_client *client = stream->data;
    (void)unused;
    if (n == 0)
        return;
    if (n < 0) {
        hang_up(client); /* it left without asking */
        return;
    }
    client->len += (size_t)n;
    char *newline = memchr(client->request, '\n', client->len);
    if (!newline && client->len < sizeof(client->request))
        return;
    uv_read_stop(stream);
    uv_timer_stop(&client->timer);
    client->asked = true;
    if (!newline || memchr(client->request, '\0', client->len)) {
        control_refuse(client, "not a request");
        return;
    }
    *newline = '\0';
    client->control->fn(client->control->context, client, client->request);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct control *c = listener->data;
    if (status < 0)
        return;
    struct control_client *client = calloc(1, sizeof(*client));
    if (!client)
        return; /* the connection stays in the backlog */
    client->control = c;
    client->next = c->clients;
    client->link = &c->clients;
    if (c->clients)
        c->clients->link = &client->next;
    c->clients = client;
    c->client_count++;
    uv_pipe_init(listener->loop, &client->pipe, 0);
    uv_timer_init(listener->loop, &client->timer);
    client->pipe.data = client;
    client->timer.data = client;
    client->open_handles = 2;
    if (uv_accept(listener, (uv_stream_t *)&client->pipe) != 0) {
        hang_up(client);
    } else if (c->client_count > CONTROL_CLIENTS_MAX) {
        control_refuse(client, "too many clients");
    } else {
        uv_timer_start(&client->timer, on_timeout, CONTROL_TIMEOUT_MS, 0);
        if (uv_read_start((uv_stream_t *)&client->pipe, on_allocate, on_request_bytes) != 0)
            hang_up(client);
    }
}

static int make_parent(const char *path, struct lgz_error *err)
{
    char *copy = strdup(path);
    if (!copy)
        return error_memory(err);
    int code = LGZ_OK;
    char *slash = strrchr(copy, '/');
    if (slash && slash != copy) {
        *slash = '\0';
        if (mkdir(copy, 0755) != 0 && errno != EEXIST)
            code = error_io(err, "%s: cannot make the directory", copy);
    }
    free(copy);
    return code;
}

/* Remove the socket of a daemon that died; refuse to take the place of one that lives. */
static int clear_place(const char *path, struct lgz_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat st;
    if (strlen(path) >= sizeof(address.sun_path))
        return error_set(err, LGZ_ERR_CONFIG, "%s: too long for a socket's path", path);
    if (lstat(path, &st) != 0)
        return LGZ_OK;
    if (!S_ISSOCK(st.st_mode))
        return error_set(err, LGZ_ERR_CONFIG, "%s: there is something that isn't a socket", path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return error_io(err, "cannot make a socket");
    int result = connect(fd, (const struct sockaddr *)&address, sizeof(address));
    bool dead = result != 0 && errno == ECONNREFUSED;
    close(fd);
    if (!dead)
        return error_set(err, LGZ_ERR_BUSY, "%s: another daemon listens there", path);
    if (unlink(path) != 0 && errno != ENOENT)
        return error_io(err, "%s: cannot remove", path);
    return LGZ_OK;
}

static int give_to_group(const char *path, const char *group, struct lgz_error *err)
{
    if (!group)
        return LGZ_OK;
    const struct group *entry = getgrnam(group);
    if (!entry)
        return error_set(err, LGZ_ERR_CONFIG, "control_group: there is no group '%s'", group);
    if (chown(path, (uid_t)-1, entry->gr_gid) != 0)
        return error_io(err, "%s: cannot give it to group %s", path, group);
    return LGZ_OK;
}

static int listen_at(struct control *c, const char *group, struct lgz_error *err)
{
    mode_t before = umask(0117); /* 0660 from its first moment on */
    int result = uv_pipe_bind(&c->listener, c->path);
    umask(before);
    if (result == 0)
        result = uv_listen((uv_stream_t *)&c->listener, CONTROL_CLIENTS_MAX, on_connection);
    if (result != 0)
        return error_set(err, LGZ_ERR_IO, "%s: cannot listen: %s", c->path, uv_strerror(result));
    return give_to_group(c->path, group, err);
}

int control_open(struct control **out, uv_loop_t *loop, const char *path, const char *group,
                 control_fn *fn, void *context, struct lgz_error *err)
{
    int code = make_parent(path, err);
    if (code == LGZ_OK)
        code = clear_place(path, err);
    if (code != LGZ_OK)
        return code;
    struct control *c = calloc(1, sizeof(*c));
    if (!c || !(c->path = strdup(path))) {
        free(c);
        return error_memory(err);
    }
    c->fn = fn;
    c->context = context;
    uv_pipe_init(loop, &c->listener, 0);
    c->listener.data = c;
    code = listen_at(c, group, err);
    if (code != LGZ_OK) {
        control_close(c);
        return code;
    }
    *out = c;
    return LGZ_OK;
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct control *c = handle->data;
    c->listener_closed = true;
    free_if_done(c);
}

void control_close(struct control *c)
{
    if (!c || c->closing)
        return;
    c->closing = true;
    for (struct control_client *client = c->clients; client; client = client->next) {
        if (!client->asked)
            hang_up(client);
    }
    uv_close((uv_handle_t *)&c->listener, on_listener_closed); /* removes the socket, too */
}
