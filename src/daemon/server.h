/*
 * server.h - a stream socket on the loop that answers: one request and one answer per connection.
 * control.c and http.c are its protocols.
 *
 * What a client can cost is bounded by the protocol: so many of them, so many bytes of request
 * within so long, and as long again to take the answer. As many again are told that there are too
 * many; what comes beyond that is closed without a word. The answer itself may take the daemon as
 * long as it takes. Behind an answer the socket isn't closed at once, because that would throw away
 * what the client hasn't taken yet if it has sent more than was read: first it's told the end, and
 * what it sends is thrown away until it closes, too, or the time is over.
 */
#ifndef LOGZIP_DAEMON_SERVER_H
#define LOGZIP_DAEMON_SERVER_H

#include <uv.h>

#include "base/buf.h"
#include "base/error.h"

struct server;
struct server_client;

struct server_protocol {
    size_t clients_max;
    size_t request_max;
    uint64_t timeout_ms;
    /** Is there a whole request in what has come? */
    bool (*whole)(const char *bytes, size_t len);
    /**
     * A request: whole, or request_max bytes without an end. It must be answered, now or later,
     * once.
     */
    void (*request)(void *context, struct server_client *client, const char *bytes, size_t len);
    /** There are too many clients; to be answered at once. */
    void (*crowded)(void *context, struct server_client *client);
};

/**
 * Make a server that listens nowhere yet.
 *
 * @param protocol  a constant
 * @param context   for the protocol's functions; not used any more after server_close()
 * @return NULL when memory is out
 */
struct server *server_new(uv_loop_t *loop, const struct server_protocol *protocol, void *context);

/** Listen at a Unix socket, which is removed in the end, or at an address. @return 0 or UV_E... */
int server_listen_at_path(struct server *s, const char *path);
int server_listen_at_address(struct server *s, const struct sockaddr *address);

/** Something for the protocol to remember of a client; 0 until it's set. */
void server_remember(struct server_client *client, int what);
int server_remembered(const struct server_client *client);

/** Send the answer, whose bytes are taken over; the client is gone after it. */
void server_answer(struct server_client *client, struct buf *answer);

/**
 * Stop listening, and hang up on those who haven't asked yet. Those who have may still be answered.
 * The memory is freed by the loop when the last one is gone. NULL is allowed.
 *
 * @param at_once  also hang up on those who are taking their answers
 */
void server_close(struct server *s, bool at_once);

#endif
