/*
 * http.h - one text over HTTP/1.1: GET or HEAD of one path, for a scraper on this machine.
 *
 * What a client can cost is bounded (server.h): HTTP_CLIENTS_MAX of them, HTTP_REQUEST_MAX bytes of
 * request within HTTP_TIMEOUT_MS, and as long again to take the answer. Each answer ends the
 * connection. http_request.h says which requests are answered how.
 */
#ifndef LOGZIP_DAEMON_HTTP_H
#define LOGZIP_DAEMON_HTTP_H

#include "archive/address.h"
#include "daemon/server.h"

enum { HTTP_CLIENTS_MAX = 16, HTTP_REQUEST_MAX = 8192, HTTP_TIMEOUT_MS = 10000 };

struct http;

struct http_resource {
    const char *path;
    void *context;
    /** Somebody wants it: http_answer() or http_fail(), now or later, once. */
    void (*get)(void *context, struct server_client *client);
    /** Somebody wanted something else, or what wasn't HTTP. */
    void (*refused)(void *context, const char *reason);
};

/** Listen at `address`, which the messages call `name`. The resource is copied. */
int http_open(struct http **out, uv_loop_t *loop, const struct address *address, const char *name,
              const struct http_resource *resource, struct lgz_error *err);

/** Send the body. @param type  Content-Type */
void http_answer(struct server_client *client, const char *type, const struct buf *body);

/** It can't be had at this moment. */
void http_fail(struct server_client *client);

/** Stop listening and hang up, but for clients that are still to be answered. NULL is allowed. */
void http_close(struct http *http);

#endif
