/*
 * control_client.c - the asking end of the daemon's control socket.
 */
#include "archive/control_client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

enum { STOP_MS = 200 }; /* how long it may take to notice that it's to end */

struct call {
    int fd;
    const char *path;
    int64_t deadline; /* monotonic, 0 for none */
    bool (*stop)(void);
    struct lgz_error *err;
};

/* Wait until the socket is ready for `events`. */
static int wait_for(const struct call *call, short events)
{
    for (;;) {
        int left = call->stop ? STOP_MS : -1;
        if (call->stop && call->stop())
            return error_set(call->err, LGZ_ERR_CANCELLED, "%s: not waited for any longer",
                             call->path);
        if (call->deadline) {
            int64_t ms = (call->deadline - clock_monotonic()) / (NS_PER_SECOND / 1000);
            if (ms <= 0)
                return error_set(call->err, LGZ_ERR_IO, "%s: the daemon doesn't answer",
                                 call->path);
            left = left < 0 || ms < left ? (int)ms : left;
        }
        struct pollfd p = {.fd = call->fd, .events = events};
        int n = poll(&p, 1, left);
        if (n > 0)
            return LGZ_OK;
        if (n < 0 && errno != EINTR)
            return error_io(call->err, "%s: cannot wait", call->path);
    }
}

static int call_connect(struct call *call)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(call->path) >= sizeof(address.sun_path))
        return error_set(call->err, LGZ_ERR_ARGUMENT, "%s: too long for a socket's path",
                         call->path);
    memcpy(address.sun_path, call->path, strlen(call->path) + 1);
    call->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (call->fd < 0)
        return error_io(call->err, "cannot make a socket");
    if (connect(call->fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return LGZ_OK;
    if (errno == ENOENT || errno == ECONNREFUSED)
        return error_set(call->err, LGZ_ERR_NOT_FOUND, "%s: no daemon listens there", call->path);
    return error_io(call->err, "%s: cannot connect", call->path);
}

static int call_send(const struct call *call, const char *data, size_t len)
{
    while (len) {
        int code = wait_for(call, POLLOUT);
        if (code != LGZ_OK)
            return code;
        ssize_t n = send(call->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        /* A daemon that has too many clients answers without listening. */
        if (n < 0 && errno == EPIPE)
            return LGZ_OK;
        if (n < 0)
            return error_io(call->err, "%s: cannot send", call->path);
        data += n;
        len -= (size_t)n;
    }
    return LGZ_OK;
}

static int call_receive(const struct call *call, struct buf *answer)
{
    for (;;) {
        int code = wait_for(call, POLLIN);
        if (code != LGZ_OK)
            return code;
        if (answer->len > CONTROL_REPLY_MAX)
            return error_set(call->err, LGZ_ERR_IO, "%s: the answer is too long", call->path);
        if (!buf_reserve(answer, 1 << 14))
            return error_memory(call->err);
        ssize_t n = recv(call->fd, answer->data + answer->len, 1 << 14, MSG_DONTWAIT);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n < 0 && !(errno == ECONNRESET && answer->len))
            return error_io(call->err, "%s: cannot read the answer", call->path);
        if (n <= 0)
            return LGZ_OK;
        answer->len += (size_t)n;
    }
}

/* Split the answer into its first line and the body. */
static int call_finish(const struct call *call, const struct buf *answer, struct buf *reply)
{
    const char *text = (const char *)answer->data;
    const char *newline = answer->len ? memchr(text, '\n', answer->len) : NULL;
    if (!newline)
        return error_set(call->err, LGZ_ERR_IO, "%s: the daemon hung up without an answer",
                         call->path);
    size_t len = (size_t)(newline - text);
    if (len >= 6 && memcmp(text, "error ", 6) == 0)
        return error_set(call->err, LGZ_ERR_ARGUMENT, "%.*s", (int)(len > 400 ? 400 : len) - 6,
                         text + 6);
    if (len != 2 || memcmp(text, "ok", 2) != 0)
        return error_set(call->err, LGZ_ERR_IO, "%s: not an answer of logzipd", call->path);
    if (reply) {
        buf_append(reply, newline + 1, answer->len - len - 1);
        if (reply->failed)
            return error_memory(call->err);
    }
    return LGZ_OK;
}

int control_request(const char *socket_path, const char *request, int timeout_ms,
                    bool (*stop)(void), struct buf *reply, struct lgz_error *err)
{
    struct call call = {.fd = -1, .path = socket_path, .stop = stop, .err = err};
    struct buf answer = {0};
    char line[CONTROL_REQUEST_MAX];
    size_t len = strcspn(request, "\n");
    if (len + 1 > sizeof(line))
        return error_set(err, LGZ_ERR_ARGUMENT, "the request is too long");
    memcpy(line, request, len);
    line[len] = '\n';
    if (timeout_ms > 0)
        call.deadline = clock_monotonic() + (int64_t)timeout_ms * (NS_PER_SECOND / 1000);
    int code = call_connect(&call);
    if (code == LGZ_OK)
        code = call_send(&call, line, len + 1);
    if (code == LGZ_OK)
        code = call_receive(&call, &answer);
    if (code == LGZ_OK)
        code = call_finish(&call, &answer, reply);
    if (call.fd >= 0)
        close(call.fd);
    buf_free(&answer);
    return code;
}
