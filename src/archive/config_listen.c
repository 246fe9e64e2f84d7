/*
 * config_listen.c - one function for each kind of value.
 */
#include "archive/config_listen.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "archive/config.h"
#include "base/clock.h"

enum { ADDRESSES_MAX = 64 };

enum key { LISTEN, REMOTE, MODE, MAX_MESSAGE, MAX_CONNECTIONS, IDLE_TIMEOUT, RECEIVE_BUFFER, KEYS };

static const char *const keys[KEYS] = {
    "listen", "remote", "mode", "max_message", "max_connections", "idle_timeout", "receive_buffer"};

struct config_listen config_listen_defaults(void)
{
    return (struct config_listen){.mode = 0666,
                                  .max_message = 64 << 10,
                                  .max_connections = 256,
                                  .idle_timeout = 3600 * NS_PER_SECOND,
                                  .receive_buffer = 4 << 20};
}

static int parse_unix(struct config_address *a, const char *path, struct lgz_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (path[0] != '/')
        return error_set(err, LGZ_ERR_CONFIG, "listen: '%s' isn't an absolute path", path);
    if (strlen(path) >= sizeof(address.sun_path))
        return error_set(err, LGZ_ERR_CONFIG, "listen: '%s' is longer than %zu bytes", path,
                         sizeof(address.sun_path) - 1);
    memcpy(address.sun_path, path, strlen(path) + 1);
    memcpy(&a->address.storage, &address, sizeof(address));
    a->address.length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
    a->address.loopback = true;
    return LGZ_OK;
}

static int parse_address(struct config_address *a, struct lgz_error *err)
{
    static const char *const schemes[] = {"unix:", "udp:", "tcp:"};
    for (size_t i = 0; i < 3; i++) {
        size_t len = strlen(schemes[i]);
        if (strncmp(a->text, schemes[i], len) != 0)
            continue;
        a->transport = (enum config_transport)i;
        if (i == CONFIG_UNIX)
            return parse_unix(a, a->text + len, err);
        return address_parse(&a->address, a->text + len, err) == LGZ_OK
                   ? LGZ_OK
                   : error_prefix(err, "listen");
    }
    return error_set(err, LGZ_ERR_CONFIG,
                     "listen: '%s' isn't unix:PATH, udp:ADDRESS:PORT or tcp:ADDRESS:PORT", a->text);
}

static int add_address(struct config_listen *l, const char *text, size_t len, unsigned line,
                       struct lgz_error *err)
{
    struct config_address a = {.line = line, .text = strndup(text, len)};
    if (!a.text)
        return error_memory(err);
    int code = parse_address(&a, err);
    for (size_t i = 0; code == LGZ_OK && i < l->count; i++) {
        const struct config_address *other = &l->addresses[i];
        if (other->transport == a.transport && other->address.length == a.address.length &&
            memcmp(&other->address.storage, &a.address.storage, a.address.length) == 0)
            code = error_set(err, LGZ_ERR_CONFIG, "listen: %s: already in line %u", a.text,
                             other->line);
    }
    if (code == LGZ_OK && l->count >= ADDRESSES_MAX)
        code = error_set(err, LGZ_ERR_CONFIG, "listen: more than %d addresses", ADDRESSES_MAX);
    struct config_address *grown =
        code == LGZ_OK ? reallocarray(l->addresses, l->count + 1, sizeof(*grown)) : NULL;
    if (!grown) {
        free(a.text);
        return code == LGZ_OK ? error_memory(err) : code;
    }
    l->addresses = grown;
    l->addresses[l->count++] = a;
    return LGZ_OK;
}

static int add_addresses(struct config_listen *l, const char *value, unsigned line,
                         struct lgz_error *err)
{
    int code = LGZ_OK;
    for (const char *at = value; *at && code == LGZ_OK;) {
        size_t len = strcspn(at, " \t");
        code = add_address(l, at, len, line, err);
        at += len;
        at += strspn(at, " \t");
    }
    return code;
}

static int set_size(uint64_t *out, const char *key, const char *value, uint64_t min, uint64_t max,
                    struct lgz_error *err)
{
    uint64_t number;
    if (!config_parse_size(value, &number))
        return error_set(err, LGZ_ERR_CONFIG,
                         "%s: '%s' isn't a number with K, M, G, T or nothing behind it", key,
                         value);
    if (number < min || number > max)
        return error_set(err, LGZ_ERR_CONFIG, "%s: %s is out of range", key, value);
    *out = number;
    return LGZ_OK;
}

static int set_mode(uint32_t *mode, const char *value, struct lgz_error *err)
{
    size_t len = strlen(value);
    if (len < 3 || len > 4 || strspn(value, "01234567") != len || (len == 4 && value[0] != '0'))
        return error_set(err, LGZ_ERR_CONFIG, "mode: '%s' isn't a mode such as 0660", value);
    *mode = (uint32_t)strtoul(value, NULL, 8);
    return LGZ_OK;
}

static int set_remote(bool *remote, const char *value, struct lgz_error *err)
{
    if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
        return error_set(err, LGZ_ERR_CONFIG, "remote: '%s' isn't one of yes, no", value);
    *remote = value[0] == 'y';
    return LGZ_OK;
}

static int set_idle(int64_t *idle, const char *value, struct lgz_error *err)
{
    int64_t time;
    if (!config_parse_duration(value, &time))
        return error_set(err, LGZ_ERR_CONFIG,
                         "idle_timeout: '%s' isn't a time such as 500ms, 10s, 5m, 1h, 7d, 2w",
                         value);
    if ((time && time < NS_PER_SECOND) || time > 365 * 86400 * NS_PER_SECOND)
        return error_set(err, LGZ_ERR_CONFIG, "idle_timeout: %s is out of range", value);
    *idle = time;
    return LGZ_OK;
}

static int set_key(struct config_listen *l, enum key key, const char *value, unsigned line,
                   struct lgz_error *err)
{
    uint64_t connections = l->max_connections;
    int code = LGZ_OK;
    switch (key) {
    case LISTEN:
        return add_addresses(l, value, line, err);
    case REMOTE:
        return set_remote(&l->remote, value, err);
    case MODE:
        return set_mode(&l->mode, value, err);
    case MAX_MESSAGE:
        return set_size(&l->max_message, keys[key], value, 1 << 10, 1 << 18, err);
    case MAX_CONNECTIONS:
        code = set_size(&connections, keys[key], value, 1, 10000, err);
        l->max_connections = (uint32_t)connections;
        return code;
    case IDLE_TIMEOUT:
        return set_idle(&l->idle_timeout, value, err);
    case RECEIVE_BUFFER:
        return set_size(&l->receive_buffer, keys[key], value, 4 << 10, 1 << 30, err);
    case KEYS:
        break;
    }
    return code;
}

int config_listen_set(struct config_listen *l, const char *key, const char *value, unsigned line,
                      struct lgz_error *err)
{
    for (size_t i = 0; i < KEYS; i++) {
        if (strcmp(keys[i], key) != 0)
            continue;
        if (l->given[i] && i != LISTEN)
            return error_set(err, LGZ_ERR_CONFIG, "%s: already set in line %u", key, l->given[i]);
        l->given[i] = line;
        value += strspn(value, " \t");
        if (*value == '\0')
            return error_set(err, LGZ_ERR_CONFIG, "%s: no value", key);
        int code = set_key(l, (enum key)i, value, line, err);
        return code == LGZ_OK ? 1 : code;
    }
    return 0;
}

int config_listen_check(const struct config_listen *l, unsigned *line, struct lgz_error *err)
{
    for (size_t i = 0; i < KEYS && !l->given[LISTEN]; i++) {
        *line = l->given[i];
        if (l->given[i])
            return error_set(err, LGZ_ERR_CONFIG, "%s: is for an input with 'listen'", keys[i]);
    }
    for (size_t i = 0; i < l->count && !l->remote; i++) {
        *line = l->addresses[i].line;
        if (!l->addresses[i].address.loopback)
            return error_set(err, LGZ_ERR_CONFIG,
                             "listen: other machines can reach %s; if they may: remote = yes",
                             l->addresses[i].text);
    }
    return LGZ_OK;
}

void config_listen_clear(struct config_listen *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->addresses[i].text);
    free(l->addresses);
    *l = (struct config_listen){0};
}
