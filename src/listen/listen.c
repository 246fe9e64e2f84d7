/*
 * listen.c - which sources and descriptors there are, and whose turn it is.
 */
#include "listen/listen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "listen/endpoint.h"

enum { EVENTS = 64 };

int listen_open(struct listen **out, const struct tail_sink *sink, struct tail *tail,
                struct lgz_error *err)
{
    struct listen *l = calloc(1, sizeof(*l));
    if (!l)
        return error_memory(err);
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    int code = l->epoll < 0 ? error_io(err, "cannot make an epoll descriptor") : LGZ_OK;
    if (code == LGZ_OK)
        code = outlet_open(&l->outlet, sink, tail, err);
    if (code == LGZ_OK)
        code = socket_inherit(&l->inherited, err);
    if (code != LGZ_OK) {
        listen_close(l);
        return code;
    }
    *out = l;
    return LGZ_OK;
}

static void free_listener(struct listener *of)
{
    stream_clear(&of->stream);
    free(of);
}

void listen_close(struct listen *l)
{
    if (!l)
        return;
    while (l->endpoints.len)
        endpoint_remove(l, l->endpoints.data[l->endpoints.len - 1]);
    for (size_t i = 0; i < l->listeners.len; i++)
        free_listener(l->listeners.data[i]);
    vec_free(&l->listeners);
    vec_free(&l->endpoints);
    socket_disinherit(&l->inherited);
    outlet_close(l->outlet);
    if (l->epoll >= 0)
        close(l->epoll);
    free(l);
}

/* The sources. */

static struct listener *add_listener(struct listen *l, const char *name, const char *input,
                                     struct lgz_error *err)
{
    struct listener *of = calloc(1, sizeof(*of));
    if (!of || !vec_reserve(&l->listeners, l->listeners.len + 1)) {
        free(of);
        error_memory(err);
        return NULL;
    }
    if (stream_init(&of->stream, name, input, err) != LGZ_OK) {
        free(of);
        return NULL;
    }
    l->listeners.data[l->listeners.len++] = of;
    return of;
}

static struct listener *find_listener(const struct listen *l, const char *input)
{
    for (size_t i = 0; i < l->listeners.len; i++) {
        struct listener *of = l->listeners.data[i];
        if (of != l->standard && strcmp(of->stream.source.input, input) == 0)
            return of;
    }
    return NULL;
}

int listen_resume(struct listen *l, const struct source_position *positions, size_t count,
                  struct lgz_error *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct source *s = &positions[i].source;
        if (!source_is_stream(s))
            continue;
        if (s->input[0] == '\0') { /* standard input's, of a run that was killed */
            struct stream ended = {.source.id = s->id, .told = true};
            outlet_drop(l->outlet, &ended);
            continue;
        }
        struct listener *of = find_listener(l, s->input);
        if (!of)
            of = add_listener(l, s->name, s->input, err);
        if (!of)
            return err ? err->code : LGZ_ERR_MEMORY;
        /* Positions come by ascending id: the last one is the one to go on with. */
        outlet_drop(l->outlet, &of->stream);
        of->stream.source.id = s->id;
        of->stream.next = positions[i].next;
        of->stream.told = true;
    }
    return LGZ_OK;
}

/* Forget the sources that nobody listens for any more; note the end of standard input. */
static void sweep(struct listen *l)
{
    if (outlet_full(l->outlet)) /* of one of them, maybe */
        return;
    for (size_t i = 0; i < l->listeners.len;) {
        struct listener *of = l->listeners.data[i];
        if (of == l->standard && of->endpoints == 0 && !l->ended) {
            outlet_drop(l->outlet, &of->stream);
            l->ended = !outlet_full(l->outlet);
        }
        if (of == l->standard || of->input || of->endpoints || !l->configured) {
            i++;
            continue;
        }
        outlet_drop(l->outlet, &of->stream);
        free_listener(of);
        l->listeners.data[i] = l->listeners.data[--l->listeners.len];
    }
}

int listen_standard_input(struct listen *l, const char *name, struct lgz_error *err)
{
    l->standard = add_listener(l, name, "", err);
    if (!l->standard || !endpoint_add(l, l->standard, ENDPOINT_INPUT, STDIN_FILENO, err))
        return err ? err->code : LGZ_ERR_MEMORY;
    return LGZ_OK;
}

bool listen_ended(const struct listen *l)
{
    return l->ended;
}

/* The sockets. */

static struct endpoint *find_socket(const struct listen *l, const struct listener *of,
                                    const struct config_address *a)
{
    for (size_t i = 0; i < l->endpoints.len; i++) {
        struct endpoint *e = l->endpoints.data[i];
        if (e->of == of && e->address && !e->finishing && strcmp(e->address, a->text) == 0)
            return e;
    }
    return NULL;
}

static int open_socket(struct listen *l, struct listener *of, const struct config_address *a,
                       struct lgz_error *err)
{
    int fd = socket_take(&l->inherited, a);
    bool inherited = fd >= 0;
    int code = inherited ? LGZ_OK : socket_open(&fd, a, &of->input->listen, err);
    if (code != LGZ_OK)
        return code;
    struct endpoint *e = endpoint_add(
        l, of, a->transport == CONFIG_TCP ? ENDPOINT_LISTENING : ENDPOINT_DATAGRAMS, fd, err);
    if (!e)
        return err ? err->code : LGZ_ERR_MEMORY;
    e->address = strdup(a->text);
    if (!e->address) {
        endpoint_remove(l, e);
        return error_memory(err);
    }
    e->inherited = inherited;
    if (a->transport == CONFIG_UNIX && !inherited && lstat(strchr(a->text, ':') + 1, &e->place))
        e->place.st_ino = 0;
    outlet_say(l->outlet, CONFIG_LOG_INFO, "[input %s]: listening at %s%s", of->input->name,
               a->text, inherited ? ", a socket of the service manager's" : "");
    return LGZ_OK;
}

/* A Unix socket whose name somebody has removed is of no use. */
static void close_nameless(struct listen *l, struct endpoint *e)
{
    struct stat st;
    if (e->place.st_ino && lstat(strchr(e->address, ':') + 1, &st) != 0 && errno == ENOENT)
        endpoint_mark(l, e, true);
}

/* Make the sockets that aren't there; one that can't be made is told of once. */
static void open_missing(struct listen *l, struct listener *of)
{
    const struct config_listen *options = &of->input->listen;
    for (size_t i = 0; i < options->count; i++) {
        struct lgz_error err = {0};
        uint64_t bit = UINT64_C(1) << i;
        struct endpoint *there = find_socket(l, of, &options->addresses[i]);
        if (there)
            close_nameless(l, there);
        if (find_socket(l, of, &options->addresses[i])) {
            of->missing &= ~bit;
        } else if (open_socket(l, of, &options->addresses[i], &err) == LGZ_OK) {
            of->missing &= ~bit;
        } else {
            if (!(of->missing & bit))
                outlet_say(l->outlet, CONFIG_LOG_ERROR,
                           "[input %s]: %s; that's tried again at every rescan", of->input->name,
                           err.message);
            of->missing |= bit;
        }
    }
}

static void configure_listener(struct listener *of, const struct config_input *input)
{
    of->input = input;
    of->max_message = (size_t)input->listen.max_message;
    of->max_connections = input->listen.max_connections;
    of->idle_timeout = input->listen.idle_timeout;
    of->missing = 0;
}

/* Is it a socket, or a connection, that the configuration still wants? */
static bool is_wanted(const struct endpoint *e)
{
    const struct config_input *input = e->of->input;
    bool wanted = e->kind == ENDPOINT_INPUT || (input && !e->address);
    for (size_t i = 0; !wanted && input && i < input->listen.count; i++)
        wanted = strcmp(input->listen.addresses[i].text, e->address) == 0;
    return wanted;
}

int listen_configure(struct listen *l, const struct config_input *inputs, size_t count,
                     struct lgz_error *err)
{
    l->configured = true;
    for (size_t i = 0; i < l->listeners.len; i++)
        l->listeners.data[i]->input = NULL;
    for (size_t i = 0; i < count; i++) {
        if (inputs[i].listen.count == 0)
            continue;
        struct listener *of = find_listener(l, inputs[i].name);
        if (!of)
            of = add_listener(l, inputs[i].name, inputs[i].name, err);
        if (!of)
            return err ? err->code : LGZ_ERR_MEMORY;
        configure_listener(of, &inputs[i]);
    }
    for (size_t i = 0; i < l->endpoints.len; i++) {
        if (!is_wanted(l->endpoints.data[i]))
            endpoint_mark(l, l->endpoints.data[i], true);
    }
    for (size_t i = 0; i < l->listeners.len; i++) {
        if (l->listeners.data[i]->input)
            open_missing(l, l->listeners.data[i]);
    }
    if (l->inherited.count)
        outlet_say(l->outlet, CONFIG_LOG_WARNING,
                   "%zu sockets of the service manager's aren't what an input listens at",
                   l->inherited.count);
    socket_disinherit(&l->inherited);
    sweep(l);
    return LGZ_OK;
}

/* Turns. */

int listen_fd(const struct listen *l)
{
    return l->epoll;
}

bool listen_pending(const struct listen *l)
{
    return l->marked || l->held || outlet_full(l->outlet);
}

/* One turn of a descriptor. @return false if there is no room */
static bool take_turn(struct listen *l, struct endpoint *e, size_t *budget)
{
    size_t before = *budget;
    size_t count = l->endpoints.len;
    size_t index = e->index;
    bool skip = e->finishing && e->mark_left == 0;
    enum endpoint_turn turn = skip ? TURN_EMPTY : endpoint_read(l, e, budget);
    if (turn == TURN_NO_ROOM)
        return false;
    /* A connection that ended is gone; another one may be in its place. */
    if (l->endpoints.len < count || index >= l->endpoints.len || l->endpoints.data[index] != e)
        return true;
    uint64_t spent = before - *budget;
    bool done = turn == TURN_EMPTY || spent >= e->mark_left;
    e->mark_left -= done ? 0 : spent;
    if (e->kind == ENDPOINT_INPUT && e->over) {
        endpoint_remove(l, e);
    } else if (e->marked && done && e->finishing) {
        e->over = true;
        if (e->kind != ENDPOINT_CONNECTION || e->partial.len == 0)
            endpoint_remove(l, e);
        else
            return endpoint_resume(l, e);
    } else if (e->marked && done) {
        endpoint_unmark(l, e);
    }
    return true;
}

static bool read_marked(struct listen *l, size_t *budget)
{
    for (size_t i = l->endpoints.len; i-- > 0 && *budget;) {
        /* New ones come behind; the last one may take the place of one that goes. */
        if (i < l->endpoints.len && l->endpoints.data[i]->marked &&
            !take_turn(l, l->endpoints.data[i], budget))
            return false;
    }
    return true;
}

static bool read_polled(struct listen *l, size_t *budget)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(l->epoll, events, EVENTS, 0);
    for (int i = 0; i < n && *budget; i++) {
        /* A turn removes no other endpoint than its own. */
        if (!take_turn(l, events[i].data.ptr, budget))
            return false;
    }
    return true;
}

bool listen_read(struct listen *l, size_t budget, int64_t now)
{
    l->now = now;
    if (!outlet_ready(l->outlet))
        return false;
    if (l->held && !endpoint_resume(l, l->held))
        return false;
    bool room = l->marked ? read_marked(l, &budget) : read_polled(l, &budget);
    sweep(l);
    return room;
}

/* Now and then. */

static void look_for_drops(struct listen *l, struct listener *of)
{
    uint64_t drops = 0;
    for (size_t i = 0; i < l->endpoints.len; i++) {
        const struct endpoint *e = l->endpoints.data[i];
        if (e->of == of && e->kind == ENDPOINT_DATAGRAMS)
            drops += socket_drops(e->fd);
    }
    if (drops > of->drops)
        outlet_say(l->outlet, CONFIG_LOG_WARNING,
                   "[input %s]: the kernel had no room for %llu datagrams; see receive_buffer",
                   of->stream.source.input, (unsigned long long)(drops - of->drops));
    of->drops = drops;
}

static bool is_idle(const struct listen *l, const struct endpoint *e)
{
    return e->kind == ENDPOINT_CONNECTION && e->of->idle_timeout &&
           l->now - e->active >= e->of->idle_timeout;
}

static void end_idle(struct listen *l)
{
    for (size_t i = l->endpoints.len; i-- > 0;) {
        struct endpoint *e = l->endpoints.data[i];
        size_t budget = READ_MAX;
        if (e->paused)
            endpoint_pause(l, e, false);
        if (!is_idle(l, e) || l->held || !outlet_ready(l->outlet))
            continue;
        e->over = true;
        endpoint_read(l, e, &budget);
    }
}

void listen_scan(struct listen *l, int64_t now)
{
    l->now = now;
    end_idle(l);
    for (size_t i = 0; i < l->listeners.len; i++) {
        struct listener *of = l->listeners.data[i];
        of->said_refused = false;
        of->said_full = of->said_full && of->connections >= of->max_connections;
        if (!of->input || l->finishing)
            continue;
        open_missing(l, of);
        look_for_drops(l, of);
    }
    sweep(l);
}

/* Marks. */

void listen_mark(struct listen *l, bool finish)
{
    l->finishing = l->finishing || finish;
    for (size_t i = 0; i < l->endpoints.len; i++)
        endpoint_mark(l, l->endpoints.data[i], finish);
}

size_t listen_marked(const struct listen *l)
{
    return l->marked;
}

void listen_unmark(struct listen *l)
{
    for (size_t i = 0; i < l->endpoints.len; i++) {
        if (!l->endpoints.data[i]->finishing)
            endpoint_unmark(l, l->endpoints.data[i]);
    }
}

/* For the status. */

size_t listen_count(const struct listen *l)
{
    return l->listeners.len;
}

struct listen_state listen_state(const struct listen *l, size_t index)
{
    const struct listener *of = l->listeners.data[index];
    return (struct listen_state){.source = &of->stream.source,
                                 .next = of->stream.next,
                                 .totals = of->totals,
                                 .dropped = of->drops,
                                 .connections = of->connections,
                                 .missing = (size_t)__builtin_popcountll(of->missing)};
}
