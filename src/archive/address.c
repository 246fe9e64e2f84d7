/*
 * address.c - an IPv6 address stands in brackets, so the last colon is always the port's.
 */
#include "archive/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

/* 1 to 65535, without a sign, blanks or leading zeros. */
static bool parse_port(const char *text, in_port_t *port)
{
    unsigned value = 0;
    size_t len = strspn(text, "0123456789");
    if (len == 0 || len > 5 || text[len] || text[0] == '0')
        return false;
    for (; *text; text++)
        value = value * 10 + (unsigned)(*text - '0');
    *port = htons((uint16_t)value);
    return value <= UINT16_MAX;
}

static bool parse_v4(struct address *out, const char *host, in_port_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = port};
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
        return false;
    memcpy(&out->storage, &address, sizeof(address));
    out->length = sizeof(address);
    out->loopback = ntohl(address.sin_addr.s_addr) >> 24 == 127;
    return true;
}

static bool parse_v6(struct address *out, const char *host, in_port_t port)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = port};
    if (inet_pton(AF_INET6, host, &address.sin6_addr) != 1)
        return false;
    memcpy(&out->storage, &address, sizeof(address));
    out->length = sizeof(address);
    out->loopback = IN6_IS_ADDR_LOOPBACK(&address.sin6_addr);
    return true;
}

int address_parse(struct address *out, const char *text, struct lgz_error *err)
{
    char host[64];
    in_port_t port;
    const char *colon = strrchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : 0;
    *out = (struct address){0};
    bool bracketed = len > 2 && text[0] == '[' && text[len - 1] == ']';
    if (len == 0 || len >= sizeof(host))
        return error_set(err, LGZ_ERR_CONFIG, "'%s' isn't ADDRESS:PORT or [ADDRESS]:PORT", text);
    len -= bracketed ? 2 : 0;
    memcpy(host, bracketed ? text + 1 : text, len);
    host[len] = '\0';
    if (!parse_port(colon + 1, &port))
        return error_set(err, LGZ_ERR_CONFIG, "'%s' isn't a port, 1 to 65535", colon + 1);
    if (!(bracketed ? parse_v6(out, host, port) : parse_v4(out, host, port)))
        return error_set(err, LGZ_ERR_CONFIG,
                         "'%s' isn't an IPv4 address, or an IPv6 address in brackets", host);
    return LGZ_OK;
}
