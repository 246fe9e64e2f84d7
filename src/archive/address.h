/*
 * address.h - "127.0.0.1:9188" and "[::1]:9188": an address and a port, both as numbers. Nothing is
 * looked up.
 */
#ifndef LOGZIP_ARCHIVE_ADDRESS_H
#define LOGZIP_ARCHIVE_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/error.h"

struct address {
    struct sockaddr_storage storage;
    socklen_t length;
    bool loopback; /**< only this machine can reach it */
};

/** Parse `text`. @return LGZ_ERR_CONFIG and the reason, which quotes what is wrong */
int address_parse(struct address *out, const char *text, struct lgz_error *err);

#endif
