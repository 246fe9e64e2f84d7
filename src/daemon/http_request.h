/*
 * http_request.h - reads the head of an HTTP request (RFC 9112), as strictly as somebody can who
 * wants nothing of it but a method and a path.
 */
#ifndef LOGZIP_DAEMON_HTTP_REQUEST_H
#define LOGZIP_DAEMON_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

/** Is the head there, up to its empty line? */
bool http_request_whole(const char *bytes, size_t len);

/**
 * What to answer to a request.
 *
 * @param path  the one that there is
 * @param head  set to whether the method is HEAD: the answer has no body
 * @return 200, for GET and HEAD of `path` with or without a query; 404 for another path, 405 for
 *         another method, 505 for another major version than 1, 400 for what isn't such a head
 */
int http_request_status(const char *bytes, size_t len, const char *path, bool *head);

#endif
