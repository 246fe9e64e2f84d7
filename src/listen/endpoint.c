/*
 * endpoint.c - reads one descriptor. Nothing is taken from the kernel before the outlet is ready,
 * and every message goes to it whole before the next one of anybody.
 */
#include "listen/endpoint.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    COST = 64, /* of a message or a connection beside its bytes, in bytes of a budget */
    DATAGRAMS_MAX = 16 << 20 /* bytes that a queue of datagrams is taken to have at most */
};

static bool poll_it(struct listen *l, struct endpoint *e, int operation)
{
    struct epoll_event event = {.events = e->paused ? 0 : EPOLLIN, .data.ptr = e};
    return epoll_ctl(l->epoll, operation, e->ready >= 0 ? e->ready : e->fd, &event) == 0;
}

/* What can't be polled, such as a regular file, always is ready. */
static bool begin_to_poll(struct listen *l, struct endpoint *e)
{
    if (poll_it(l, e, EPOLL_CTL_ADD))
        return true;
    if (errno != EPERM || e->kind != ENDPOINT_INPUT)
        return false;
    e->ready = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    return e->ready >= 0 && poll_it(l, e, EPOLL_CTL_ADD);
}

static void free_endpoint(struct endpoint *e)
{
    if (e->ready >= 0)
        close(e->ready);
    if (e->kind != ENDPOINT_INPUT)
        close(e->fd);
    buf_free(&e->partial);
    free(e->address);
    free(e);
}

struct endpoint *endpoint_add(struct listen *l, struct listener *of, enum endpoint_kind kind,
                              int fd, struct lgz_error *err)
{
    struct endpoint *e = calloc(1, sizeof(*e));
    if (!e) {
        if (kind != ENDPOINT_INPUT)
            close(fd);
        error_memory(err);
        return NULL;
    }
    *e = (struct endpoint){
        .kind = kind, .fd = fd, .ready = -1, .of = of, .index = l->endpoints.len, .active = l->now};
    if (!begin_to_poll(l, e)) {
        error_io(err, "cannot poll a descriptor");
        free_endpoint(e);
        return NULL;
    }
    if (!vec_push(&l->endpoints, e)) {
        error_memory(err);
        epoll_ctl(l->epoll, EPOLL_CTL_DEL, e->ready >= 0 ? e->ready : fd, NULL);
        free_endpoint(e);
        return NULL;
    }
    of->endpoints++;
    of->connections += kind == ENDPOINT_CONNECTION;
    return e;
}

/* Remove the name of a Unix socket, if it still is this one's. */
static void remove_name(struct endpoint *e)
{
    struct stat st;
    const char *path = e->address ? strchr(e->address, ':') + 1 : NULL;
    if (e->place.st_ino && lstat(path, &st) == 0 && st.st_dev == e->place.st_dev &&
        st.st_ino == e->place.st_ino)
        unlink(path);
    e->place.st_ino = 0;
}

void endpoint_remove(struct listen *l, struct endpoint *e)
{
    struct endpoint *last = l->endpoints.data[l->endpoints.len - 1];
    endpoint_unmark(l, e);
    remove_name(e);
    if (l->held == e)
        l->held = NULL;
    l->endpoints.data[e->index] = last;
    last->index = e->index;
    l->endpoints.len--;
    e->of->endpoints--;
    e->of->connections -= e->kind == ENDPOINT_CONNECTION;
    /* The descriptor may live on elsewhere (standard input, inherited sockets). */
    epoll_ctl(l->epoll, EPOLL_CTL_DEL, e->ready >= 0 ? e->ready : e->fd, NULL);
    free_endpoint(e);
}

void endpoint_pause(struct listen *l, struct endpoint *e, bool pause)
{
    if (e->paused == pause)
        return;
    e->paused = pause;
    poll_it(l, e, EPOLL_CTL_MOD);
}

/* Marks. */

static uint64_t waiting(const struct listener *of, const struct endpoint *e, bool finish)
{
    int bytes = 0;
    socklen_t size = sizeof(bytes);
    switch (e->kind) {
    case ENDPOINT_DATAGRAMS:
        if (getsockopt(e->fd, SOL_SOCKET, SO_RCVBUF, &bytes, &size) != 0 || bytes < DATAGRAMS_MAX)
            return DATAGRAMS_MAX;
        return (uint64_t)bytes;
    case ENDPOINT_LISTENING:
        if (finish && e->inherited) /* who waits to be let in is let in by the next daemon */
            return 0;
        return (uint64_t)(of->max_connections + 1) * COST;
    case ENDPOINT_INPUT:
        if (finish && e->ready >= 0) /* a file that can be read again; it may be long */
            return 0;
        break;
    case ENDPOINT_CONNECTION:
        break;
    }
    return ioctl(e->fd, FIONREAD, &bytes) == 0 && bytes > 0 ? (uint64_t)bytes : 0;
}

void endpoint_mark(struct listen *l, struct endpoint *e, bool finish)
{
    if (!e->marked)
        l->marked++;
    e->marked = true;
    e->mark_left = waiting(e->of, e, finish);
    if (!finish || e->finishing)
        return;
    e->finishing = true;
    /* From now on senders get an error; what is queued can still be read. */
    if (e->place.st_ino)
        shutdown(e->fd, SHUT_RD);
    remove_name(e);
}

void endpoint_unmark(struct listen *l, struct endpoint *e)
{
    if (e->marked)
        l->marked--;
    e->marked = false;
}

static void spend(size_t *budget, size_t cost)
{
    *budget -= cost < *budget ? cost : *budget;
}

/* Standard input. */

static bool is_readable(const struct endpoint *e)
{
    struct pollfd p = {.fd = e->fd, .events = POLLIN};
    return e->ready >= 0 || poll(&p, 1, 0) > 0;
}

static enum endpoint_turn read_input(struct listen *l, struct endpoint *e, size_t *budget)
{
    if (!is_readable(e))
        return TURN_EMPTY;
    ssize_t n = read(e->fd, l->scratch, READ_MAX);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return errno == EINTR ? TURN_MORE : TURN_EMPTY;
    /* A terminal that was closed is an end like any other. */
    if (n < 0 && errno != EIO)
        outlet_say(l->outlet, CONFIG_LOG_ERROR, "standard input: %s; that's taken for its end",
                   strerror(errno));
    if (n <= 0) {
        e->over = true;
        return TURN_EMPTY;
    }
    outlet_put(l->outlet, &e->of->stream, l->scratch, (size_t)n);
    spend(budget, (size_t)n);
    return TURN_MORE;
}

/* Messages. */

/* Pass on what is at `message`, in scratch, with a line feed in the place of the byte behind it. */
static void pass_on(struct listen *l, struct endpoint *e, struct span message)
{
    uint8_t *end = l->scratch + (message.data - l->scratch) + message.len;
    uint8_t behind = *end;
    *end = '\n';
    outlet_put(l->outlet, &e->of->stream, message.data, message.len + 1);
    *end = behind;
    e->of->totals.messages++;
}

static enum endpoint_turn read_datagrams(struct listen *l, struct endpoint *e, size_t *budget)
{
    for (size_t left = READ_MAX; left && *budget;) {
        if (!outlet_ready(l->outlet))
            return TURN_NO_ROOM;
        ssize_t n = recv(e->fd, l->scratch, OUTLET_MAX - 1, MSG_DONTWAIT | MSG_TRUNC);
        /* Other errors are a sender's: the next call goes on. */
        if (n < 0 && (errno == EAGAIN || errno == EBADF || errno == ENOTSOCK))
            return TURN_EMPTY;
        if (n == 0 && e->finishing) /* shut down and empty; or an empty datagram at the very end */
            return TURN_EMPTY;
        size_t len = n < 0 ? 0 : (size_t)n;
        if (len > OUTLET_MAX - 1) {
            e->of->totals.cut++;
            len = OUTLET_MAX - 1;
        }
        struct span message = {l->scratch, len};
        if (frame_trim(&message))
            pass_on(l, e, message);
        spend(budget, len + COST);
        spend(&left, len + COST);
    }
    return TURN_MORE;
}

static void refuse(struct listen *l, struct endpoint *e, uint64_t announced)
{
    char peer[100];
    e->of->totals.refused++;
    e->over = true;
    if (e->of->said_refused)
        return;
    e->of->said_refused = true;
    socket_peer(e->fd, peer, sizeof(peer));
    outlet_say(l->outlet, CONFIG_LOG_WARNING,
               "[input %s]: %s announces a message of %llu bytes, more than max_message: "
               "connection closed",
               e->of->stream.source.input, peer, (unsigned long long)announced);
}

/* The connection's last bytes, at `rest`: they are a line, too. */
static void end_connection(struct listen *l, struct endpoint *e, struct span rest)
{
    struct span message = frame_last(&e->frames, rest);
    if (frame_trim(&message))
        pass_on(l, e, message);
    endpoint_remove(l, e);
}

/* Pass on the messages in the first `len` bytes of scratch and keep the rest. */
static enum endpoint_turn take_messages(struct listen *l, struct endpoint *e, size_t len)
{
    struct span left = {l->scratch, len};
    enum frame_result result = FRAME_MESSAGE;
    while (!outlet_full(l->outlet)) {
        struct frame frame;
        result = frame_next(&e->frames, left, e->of->max_message, &frame);
        left = (struct span){left.data + frame.used, left.len - frame.used};
        if (result == FRAME_REFUSED) {
            refuse(l, e, frame.announced);
            left.len = 0;
        }
        if (result != FRAME_MESSAGE)
            break;
        e->of->totals.cut += frame.cut;
        pass_on(l, e, frame.message);
    }
    buf_clear(&e->partial);
    if (result != FRAME_MESSAGE && e->over) {
        end_connection(l, e, left);
        return TURN_EMPTY;
    }
    if (left.len == 0)
        buf_free(&e->partial);
    buf_append(&e->partial, left.data, left.len);
    if (e->partial.failed) {
        outlet_say(l->outlet, CONFIG_LOG_ERROR,
                   "[input %s]: out of memory: %zu bytes are lost, and a connection is closed",
                   e->of->stream.source.input, left.len);
        endpoint_remove(l, e);
        return TURN_EMPTY;
    }
    if (result == FRAME_MESSAGE)
        l->held = e;
    return result == FRAME_MESSAGE ? TURN_NO_ROOM : TURN_MORE;
}

bool endpoint_resume(struct listen *l, struct endpoint *e)
{
    size_t len = e->partial.len;
    l->held = NULL;
    if (len)
        memcpy(l->scratch, e->partial.data, len);
    return take_messages(l, e, len) != TURN_NO_ROOM;
}

static enum endpoint_turn read_connection(struct listen *l, struct endpoint *e, size_t *budget)
{
    size_t kept = e->partial.len;
    ssize_t n = 0;
    if (!e->over)
        n = recv(e->fd, l->scratch + kept, READ_MAX, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return errno == EINTR ? TURN_MORE : TURN_EMPTY;
    if (kept)
        memcpy(l->scratch, e->partial.data, kept);
    if (n <= 0) /* its end, in whatever way */
        e->over = true;
    else
        e->active = l->now;
    size_t len = n > 0 ? (size_t)n : 0;
    spend(budget, len + COST);
    return take_messages(l, e, kept + len);
}

/* Connections. */

static void turn_away(struct listen *l, struct endpoint *e, int fd)
{
    close(fd);
    e->of->totals.turned_away++;
    if (!e->of->said_full)
        outlet_say(l->outlet, CONFIG_LOG_WARNING,
                   "[input %s]: there are %zu connections; more are turned away",
                   e->of->stream.source.input, e->of->connections);
    e->of->said_full = true;
}

static void welcome(struct listen *l, struct endpoint *e, int fd)
{
    int yes = 1;
    struct lgz_error err = {0};
    /* A peer that is gone without a word is noticed one day. */
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes));
    struct endpoint *connection = endpoint_add(l, e->of, ENDPOINT_CONNECTION, fd, &err);
    if (!connection)
        outlet_say(l->outlet, CONFIG_LOG_ERROR, "[input %s]: %s", e->of->stream.source.input,
                   err.message);
    else if (e->marked)
        endpoint_mark(l, connection, e->finishing);
}

static enum endpoint_turn accept_some(struct listen *l, struct endpoint *e, size_t *budget)
{
    for (size_t left = READ_MAX; left && *budget; spend(&left, COST), spend(budget, COST)) {
        int fd = accept4(e->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0 && e->of->connections >= e->of->max_connections) {
            turn_away(l, e, fd);
        } else if (fd >= 0) {
            welcome(l, e, fd);
        } else if (errno == EAGAIN) {
            return TURN_EMPTY;
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            outlet_say(l->outlet, CONFIG_LOG_WARNING, "[input %s]: cannot take a connection: %s",
                       e->of->stream.source.input, strerror(errno));
            endpoint_pause(l, e, true);
            return TURN_EMPTY;
        }
    }
    return TURN_MORE;
}

enum endpoint_turn endpoint_read(struct listen *l, struct endpoint *e, size_t *budget)
{
    if (!outlet_ready(l->outlet))
        return TURN_NO_ROOM;
    switch (e->kind) {
    case ENDPOINT_INPUT:
        return read_input(l, e, budget);
    case ENDPOINT_DATAGRAMS:
        return read_datagrams(l, e, budget);
    case ENDPOINT_LISTENING:
        return accept_some(l, e, budget);
    case ENDPOINT_CONNECTION:
        return read_connection(l, e, budget);
    }
    return TURN_EMPTY;
}
