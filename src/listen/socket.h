/*
 * socket.h - sockets to listen at: made here, or handed over by the service manager, which keeps
 * them, and what arrives at them, when this process is gone (sd_listen_fds(3)).
 */
#ifndef LOGZIP_LISTEN_SOCKET_H
#define LOGZIP_LISTEN_SOCKET_H

#include "archive/config.h"

/** Does a process listen at the Unix socket `path`, as far as can be told? */
bool socket_is_alive(const char *path, int type);

/**
 * Make way for a Unix socket at `path`: make its directory, and remove the socket of a process that
 * died.
 *
 * @param type  SOCK_STREAM or SOCK_DGRAM
 * @return LGZ_ERR_BUSY if another process listens there, LGZ_ERR_CONFIG if there is something else
 */
int socket_make_way(const char *path, int type, struct lgz_error *err);

/**
 * Make a socket, bind it, and listen if it's a stream's. It doesn't block.
 *
 * @param fd  set to the descriptor, which the caller owns
 */
int socket_open(int *fd, const struct config_address *address, const struct config_listen *options,
                struct lgz_error *err);

/** The sockets that the service manager has handed over and nobody has taken yet. */
struct socket_inheritance {
    int *fds;
    size_t count;
};

/**
 * Find what LISTEN_PID and LISTEN_FDS say, close-on-exec and not blocking; and remove these from
 * the environment.
 */
int socket_inherit(struct socket_inheritance *s, struct lgz_error *err);

/** The socket that has this address. @return a descriptor that is the caller's now, or -1 */
int socket_take(struct socket_inheritance *s, const struct config_address *address);

/** Close those that weren't taken. */
void socket_disinherit(struct socket_inheritance *s);

/** What can't be delivered since the socket was made: its queue was full. 0 if it's not known. */
uint32_t socket_drops(int fd);

/** Who is at the other end, for a message. */
void socket_peer(int fd, char *text, size_t size);

#endif
