/*
 * control_client.h - asks a running daemon over its control socket.
 *
 * The protocol, on a Unix stream socket: the client sends one line, a request with its arguments
 * separated by single spaces, and reads until the daemon closes. The answer's first line is "ok"
 * or "error REASON"; behind it comes the body, if the request has one.
 *
 *   status          how the daemon is, as text for people
 *   status ROWS     the same, with a table of so many rows at most
 *   status json     the same as one JSON object
 *   metrics         the same for Prometheus, in its text format
 *   sync            answered when everything that was in the watched files at the time of the
 *                   request is in the journal and on the disk
 *   seal            as sync, and then the journals are sealed into a segment; answered when the
 *                   segment is on the disk
 *   reload          read the configuration again; "error" if it's bad, and the old one stays
 */
#ifndef LOGZIP_ARCHIVE_CONTROL_CLIENT_H
#define LOGZIP_ARCHIVE_CONTROL_CLIENT_H

#include "base/buf.h"
#include "base/error.h"

enum {
    CONTROL_REQUEST_MAX = 128,    /**< bytes of a request, newline included */
    CONTROL_REPLY_MAX = 16 << 20, /**< bytes of an answer; a client refuses more */
};

/**
 * Send `request` (one line, with or without its newline) and wait for the whole answer.
 *
 * @param timeout_ms  for all of it; 0 or less: as long as it takes
 * @param stop        does somebody want it to end? NULL: nobody can
 * @param reply       the body is appended to it (may be NULL: thrown away)
 * @return LGZ_OK; LGZ_ERR_NOT_FOUND if no daemon listens there (no socket, or nobody behind it);
 *         LGZ_ERR_ARGUMENT with the daemon's reason if it answered "error"; LGZ_ERR_IO with the
 *         reason for anything else, a timeout included; LGZ_ERR_CANCELLED: `stop` said so
 */
int control_request(const char *socket_path, const char *request, int timeout_ms,
                    bool (*stop)(void), struct buf *reply, struct lgz_error *err);

#endif
