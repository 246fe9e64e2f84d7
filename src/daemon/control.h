/*
 * control.h - the daemon's end of the control socket; control_client.h has the protocol.
 *
 * What a client can cost is bounded (server.h): CONTROL_CLIENTS_MAX of them, CONTROL_REQUEST_MAX
 * bytes of request within CONTROL_TIMEOUT_MS, and as long again to take the answer.
 */
#ifndef LOGZIP_DAEMON_CONTROL_H
#define LOGZIP_DAEMON_CONTROL_H

#include "daemon/server.h"

enum { CONTROL_CLIENTS_MAX = 32, CONTROL_TIMEOUT_MS = 10000 };

struct control;

/**
 * A request, without its newline; NULL if it isn't a line of text. It must be answered or refused,
 * now or later, once.
 */
typedef void control_fn(void *context, struct server_client *client, const char *request);

/**
 * Listen on `path`: mode 0660, group `group` (NULL: the process's own). The directory is made if
 * it isn't there. A socket that a dead daemon left behind is replaced.
 *
 * @return LGZ_ERR_BUSY if another daemon listens there
 */
int control_open(struct control **out, uv_loop_t *loop, const char *path, const char *group,
                 control_fn *fn, void *context, struct lgz_error *err);

/** Answer "ok" and the body (NULL: none); the client is gone after it. */
void control_answer(struct server_client *client, const struct buf *body);

/** Answer "error REASON"; the client is gone after it. */
void control_refuse(struct server_client *client, const char *reason);

/** As server_close(), and remove the socket. Answers that are on their way arrive. */
void control_close(struct control *control);

#endif
