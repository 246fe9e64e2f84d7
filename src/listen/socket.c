/*
 * socket.c - making, finding and asking sockets.
 */
#include "listen/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 128, FIRST_INHERITED = 3, INHERITED_MAX = 1024 };

static int make_parent(const char *path, struct lgz_error *err)
{
    char *copy = strdup(path);
    if (!copy)
        return error_memory(err);
    int code = LGZ_OK;
    char *slash = strrchr(copy, '/');
    if (slash && slash != copy) {
        *slash = '\0';
        if (mkdir(copy, 0755) != 0 && errno != EEXIST)
            code = error_io(err, "%s: cannot make the directory", copy);
    }
    free(copy);
    return code;
}

bool socket_is_alive(const char *path, int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path))
        return false;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return true; /* nobody knows */
    int result = connect(fd, (const struct sockaddr *)&address, sizeof(address));
    bool dead = result != 0 && (errno == ECONNREFUSED || errno == ENOENT);
    close(fd);
    return !dead;
}

int socket_make_way(const char *path, int type, struct lgz_error *err)
{
    struct sockaddr_un address;
    struct stat st;
    if (strlen(path) >= sizeof(address.sun_path))
        return error_set(err, LGZ_ERR_CONFIG, "%s: too long for a socket's path", path);
    if (lstat(path, &st) != 0)
        return make_parent(path, err);
    if (!S_ISSOCK(st.st_mode))
        return error_set(err, LGZ_ERR_CONFIG, "%s: there is something that isn't a socket", path);
    if (socket_is_alive(path, type))
        return error_set(err, LGZ_ERR_BUSY, "%s: another daemon listens there", path);
    if (unlink(path) != 0 && errno != ENOENT)
        return error_io(err, "%s: cannot remove", path);
    return LGZ_OK;
}

static const char *unix_path(const struct config_address *address)
{
    return strchr(address->text, ':') + 1;
}

/* The kernel may give less than is asked for; only the privileged get more than its limit. */
static void ask_for_buffer(int fd, uint64_t size)
{
    int bytes = (int)size;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

static int bind_and_listen(int fd, const struct config_address *a,
                           const struct config_listen *options, struct lgz_error *err)
{
    int yes = 1;
    bool local = a->transport == CONFIG_UNIX;
    if (a->transport == CONFIG_TCP && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)))
        return error_io(err, "%s: cannot set SO_REUSEADDR", a->text);
    if (a->address.storage.ss_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes)) != 0)
        return error_io(err, "%s: cannot set IPV6_V6ONLY", a->text);
    ask_for_buffer(fd, options->receive_buffer);
    /* First the descriptor's mode, which what bind() makes gets at most: never too much. */
    if (local && fchmod(fd, options->mode) != 0)
        return error_io(err, "%s: cannot set the mode", a->text);
    if (bind(fd, (const struct sockaddr *)&a->address.storage, a->address.length) != 0)
        return error_io(err, "%s: cannot listen there", a->text);
    if (local && chmod(unix_path(a), options->mode) != 0)
        return error_io(err, "%s: cannot set the mode", a->text);
    if (a->transport == CONFIG_TCP && listen(fd, BACKLOG) != 0)
        return error_io(err, "%s: cannot listen there", a->text);
    return LGZ_OK;
}

int socket_open(int *fd, const struct config_address *a, const struct config_listen *options,
                struct lgz_error *err)
{
    int type = a->transport == CONFIG_TCP ? SOCK_STREAM : SOCK_DGRAM;
    int code = a->transport == CONFIG_UNIX ? socket_make_way(unix_path(a), type, err) : LGZ_OK;
    if (code != LGZ_OK)
        return code;
    *fd = socket(a->address.storage.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (*fd < 0)
        return error_io(err, "%s: cannot make a socket", a->text);
    code = bind_and_listen(*fd, a, options, err);
    if (code != LGZ_OK) {
        close(*fd);
        *fd = -1;
    }
    return code;
}

/* A number in the environment. @return -1 if there is none */
static long number(const char *name)
{
    const char *text = getenv(name);
    char *end;
    if (!text || !*text)
        return -1;
    long value = strtol(text, &end, 10);
    return *end ? -1 : value;
}

int socket_inherit(struct socket_inheritance *s, struct lgz_error *err)
{
    long count = number("LISTEN_FDS");
    bool ours = number("LISTEN_PID") == (long)getpid();
    *s = (struct socket_inheritance){0};
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    if (!ours || count < 1 || count > INHERITED_MAX)
        return LGZ_OK;
    s->fds = calloc((size_t)count, sizeof(*s->fds));
    if (!s->fds)
        return error_memory(err);
    for (int fd = FIRST_INHERITED; fd < FIRST_INHERITED + (int)count; fd++) {
        int flags = fcntl(fd, F_GETFL);
        if (flags >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
            fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0)
            s->fds[s->count++] = fd;
    }
    return LGZ_OK;
}

static bool has_address(int fd, const struct config_address *a)
{
    struct sockaddr_storage bound = {0};
    socklen_t length = sizeof(bound);
    int type = 0;
    int listening = 0;
    socklen_t size = sizeof(int);
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 ||
        getsockname(fd, (struct sockaddr *)&bound, &length) != 0)
        return false;
    if (type != (a->transport == CONFIG_TCP ? SOCK_STREAM : SOCK_DGRAM) ||
        (listening != 0) != (a->transport == CONFIG_TCP) ||
        bound.ss_family != a->address.storage.ss_family)
        return false;
    return memcmp(&bound, &a->address.storage, a->address.length) == 0;
}

int socket_take(struct socket_inheritance *s, const struct config_address *address)
{
    for (size_t i = 0; i < s->count; i++) {
        int fd = s->fds[i];
        if (has_address(fd, address)) {
            s->fds[i] = s->fds[--s->count];
            return fd;
        }
    }
    return -1;
}

void socket_disinherit(struct socket_inheritance *s)
{
    for (size_t i = 0; i < s->count; i++)
        close(s->fds[i]);
    free(s->fds);
    *s = (struct socket_inheritance){0};
}

uint32_t socket_drops(int fd)
{
    uint32_t info[SK_MEMINFO_VARS] = {0};
    socklen_t size = sizeof(info);
    if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &size) != 0)
        return 0;
    return info[SK_MEMINFO_DROPS];
}

void socket_peer(int fd, char *text, size_t size)
{
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof(address);
    char host[64];
    char port[16];
    if (getpeername(fd, (struct sockaddr *)&address, &length) == 0 &&
        getnameinfo((const struct sockaddr *)&address, length, host, sizeof(host), port,
                    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) == 0)
        snprintf(text, size, "%s port %s", host, port);
    else
        snprintf(text, size, "an unknown address");
}
