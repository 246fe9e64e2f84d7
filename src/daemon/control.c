/*
 * control.c - the socket's place in the file system, and the protocol's few words.
 */
#include "daemon/control.h"

#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/control_client.h"
#include "listen/socket.h"

struct control {
    struct server *server;
    control_fn *fn;
    void *context;
};

static bool is_whole(const char *bytes, size_t len)
{
    return memchr(bytes, '\n', len) != NULL;
}

void control_answer(struct server_client *client, const struct buf *body)
{
    struct buf answer = {0};
    buf_append_string(&answer, "ok\n");
    if (body)
        buf_append(&answer, body->data, body->len);
    server_answer(client, &answer);
    buf_free(&answer);
}

void control_refuse(struct server_client *client, const char *reason)
{
    struct buf answer = {0};
    buf_append_string(&answer, "error ");
    buf_append(&answer, reason, strcspn(reason, "\n"));
    buf_push(&answer, '\n');
    server_answer(client, &answer);
    buf_free(&answer);
}

static void on_request(void *context, struct server_client *client, const char *bytes, size_t len)
{
    struct control *c = context;
    char request[CONTROL_REQUEST_MAX];
    const char *newline = memchr(bytes, '\n', len);
    if (newline && !memchr(bytes, '\0', len)) {
        memcpy(request, bytes, (size_t)(newline - bytes));
        request[newline - bytes] = '\0';
        c->fn(c->context, client, request);
    } else {
        c->fn(c->context, client, NULL);
    }
}

static void on_crowd(void *context, struct server_client *client)
{
    (void)context;
    control_refuse(client, "too many clients");
}

static const struct server_protocol protocol = {.clients_max = CONTROL_CLIENTS_MAX,
                                                .request_max = CONTROL_REQUEST_MAX,
                                                .timeout_ms = CONTROL_TIMEOUT_MS,
                                                .whole = is_whole,
                                                .request = on_request,
                                                .crowded = on_crowd};

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

static int listen_at(struct control *c, const char *path, const char *group, struct lgz_error *err)
{
    mode_t before = umask(0117); /* 0660 from its first moment on */
    int result = server_listen_at_path(c->server, path);
    umask(before);
    if (result != 0)
        return error_set(err, LGZ_ERR_IO, "%s: cannot listen: %s", path, uv_strerror(result));
    return give_to_group(path, group, err);
}

int control_open(struct control **out, uv_loop_t *loop, const char *path, const char *group,
                 control_fn *fn, void *context, struct lgz_error *err)
{
    int code = socket_make_way(path, SOCK_STREAM, err);
    if (code != LGZ_OK)
        return code;
    struct control *c = calloc(1, sizeof(*c));
    if (!c || !(c->server = server_new(loop, &protocol, c))) {
        free(c);
        return error_memory(err);
    }
    c->fn = fn;
    c->context = context;
    code = listen_at(c, path, group, err);
    if (code != LGZ_OK) {
        control_close(c);
        return code;
    }
    *out = c;
    return LGZ_OK;
}

void control_close(struct control *c)
{
    if (!c)
        return;
    server_close(c->server, false);
    free(c);
}
