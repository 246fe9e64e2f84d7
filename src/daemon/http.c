/*
 * http.c - writes the head of an answer; server.c does the rest.
 */
#include "daemon/http.h"

#include <stdlib.h>
#include <time.h>

#include "daemon/http_request.h"

#define PLAIN "text/plain; charset=utf-8"

/* What server.c remembers of a client: the answer is to have no body. */
enum { ANSWER_WHOLE, ANSWER_HEAD };

struct http {
    struct server *server;
    struct http_resource resource;
};

static const char *reason_of(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Bad Request";
    }
}

/* "Date: Sun, 06 Nov 1994 08:49:37 GMT", whatever the locale. */
static void put_date(struct buf *out)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t now = time(NULL);
    struct tm tm;
    if (gmtime_r(&now, &tm))
        buf_printf(out, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d GMT\r\n", days + 3 * tm.tm_wday,
                   tm.tm_mday, months + 3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                   tm.tm_sec);
}

static void respond(struct server_client *client, int status, const char *type,
                    const struct buf *body)
{
    struct buf answer = {0};
    buf_printf(&answer, "HTTP/1.1 %d %s\r\n", status, reason_of(status));
    put_date(&answer);
    buf_printf(&answer, "Content-Type: %s\r\nContent-Length: %zu\r\n", type, body->len);
    if (status == 405)
        buf_append_string(&answer, "Allow: GET, HEAD\r\n");
    buf_append_string(&answer, "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n");
    if (server_remembered(client) != ANSWER_HEAD)
        buf_append(&answer, body->data, body->len);
    server_answer(client, &answer);
    buf_free(&answer);
}

/* The reason is the body, for people. */
static void respond_plainly(struct server_client *client, int status, const char *hint)
{
    struct buf body = {0};
    buf_printf(&body, "%d %s%s\n", status, reason_of(status), hint);
    respond(client, status, PLAIN, &body);
    buf_free(&body);
}

void http_answer(struct server_client *client, const char *type, const struct buf *body)
{
    respond(client, 200, type, body);
}

void http_fail(struct server_client *client)
{
    respond_plainly(client, 503, "");
}

static void on_request(void *context, struct server_client *client, const char *bytes, size_t len)
{
    const struct http *http = context;
    char hint[100] = "";
    bool head = false;
    int status = http_request_whole(bytes, len)
                     ? http_request_status(bytes, len, http->resource.path, &head)
                     : 400;
    server_remember(client, head ? ANSWER_HEAD : ANSWER_WHOLE);
    if (status == 200) {
        http->resource.get(http->resource.context, client);
        return;
    }
    http->resource.refused(http->resource.context, reason_of(status));
    if (status == 404)
        snprintf(hint, sizeof(hint), ": there is only %s", http->resource.path);
    respond_plainly(client, status, hint);
}

static void on_crowd(void *context, struct server_client *client)
{
    const struct http *http = context;
    http->resource.refused(http->resource.context, "too many clients");
    respond_plainly(client, 503, ": too many clients");
}

static const struct server_protocol protocol = {.clients_max = HTTP_CLIENTS_MAX,
                                                .request_max = HTTP_REQUEST_MAX,
                                                .timeout_ms = HTTP_TIMEOUT_MS,
                                                .whole = http_request_whole,
                                                .request = on_request,
                                                .crowded = on_crowd};

int http_open(struct http **out, uv_loop_t *loop, const struct address *address, const char *name,
              const struct http_resource *resource, struct lgz_error *err)
{
    struct http *http = calloc(1, sizeof(*http));
    if (!http || !(http->server = server_new(loop, &protocol, http))) {
        free(http);
        return error_memory(err);
    }
    http->resource = *resource;
    int result = server_listen_at_address(http->server, (const struct sockaddr *)&address->storage);
    if (result != 0) {
        http_close(http);
        return error_set(err, LGZ_ERR_IO, "%s: cannot listen: %s", name, uv_strerror(result));
    }
    *out = http;
    return LGZ_OK;
}

void http_close(struct http *http)
{
    if (!http)
        return;
    server_close(http->server, true);
    free(http);
}
