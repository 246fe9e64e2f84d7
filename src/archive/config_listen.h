/*
 * config_listen.h - the keys of an [input NAME] that says where to listen instead of which files to
 * read; part of config.h.
 */
#ifndef LOGZIP_ARCHIVE_CONFIG_LISTEN_H
#define LOGZIP_ARCHIVE_CONFIG_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "archive/address.h"

enum config_transport { CONFIG_UNIX, CONFIG_UDP, CONFIG_TCP };

/** One place to listen at. */
struct config_address {
    char *text; /**< as it is in the file: "unix:PATH", "udp:ADDRESS:PORT", "tcp:[ADDRESS]:PORT" */
    unsigned line;
    enum config_transport transport;
    struct address address;
};

struct config_listen {
    struct config_address *addresses;
    size_t count;             /**< 0: the input has files */
    bool remote;              /**< addresses that other machines can reach are wanted */
    uint32_t mode;            /**< of Unix sockets */
    uint64_t max_message;     /**< bytes of one message in a stream, at most 1 << 18 */
    uint32_t max_connections; /**< at a time */
    int64_t idle_timeout;     /**< a connection without a byte for that long is closed; 0: never */
    uint64_t receive_buffer;  /**< asked of the kernel for each socket */
    unsigned given[7];        /**< the lines that the keys stand in; 0: nowhere */
};

/** Nothing to listen at, and each key's default. */
struct config_listen config_listen_defaults(void);

/**
 * Take a key and its value.
 *
 * @return 1, 0 if it's none of these keys, or a negative code and the reason
 */
int config_listen_set(struct config_listen *l, const char *key, const char *value, unsigned line,
                      struct lgz_error *err);

/** Do the keys fit together? @param line  set to where the error is */
int config_listen_check(const struct config_listen *l, unsigned *line, struct lgz_error *err);

void config_listen_clear(struct config_listen *l);

#endif
