/*
 * check.c - what a start would find, without locks, and with sockets that are closed at once.
 */
#include "daemon/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/address.h"
#include "archive/findings.h"
#include "listen/socket.h"
#include "tail/discover.h"

struct config *check_load(const char *path, config_report_fn *report, void *context)
{
    struct lgz_error err = {0};
    struct config *config;
    if (config_load(&config, path, report, context, &err) != LGZ_OK) {
        if (err.code == LGZ_ERR_MEMORY)
            report(context, err.message);
        return NULL;
    }
    if (config_check(config, report, context, &err) != LGZ_OK) {
        config_free(config);
        return NULL;
    }
    return config;
}

struct warner {
    const struct config *config;
    struct findings found;
};

/* What a pattern matches. */
struct matches {
    size_t files;
    size_t refused;
    char first[4096]; /* of those that can't be read */
    int reason;
};

static void on_match(void *context, const char *path, const struct config_input *input)
{
    struct matches *m = context;
    struct stat st;
    (void)input;
    if (stat(path, &st) != 0 && errno == ENOENT)
        return;
    m->files++;
    bool regular = stat(path, &st) == 0 && S_ISREG(st.st_mode);
    if (regular && faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0)
        return;
    if (m->refused++ == 0) {
        m->reason = regular ? errno : 0;
        snprintf(m->first, sizeof(m->first), "%s", path);
    }
}

static void check_pattern(struct warner *w, const struct config_input *input, size_t index)
{
    struct config_glob *glob = &input->paths[index];
    struct config_input alone = *input;
    struct matches m = {0};
    struct lgz_error err = {0};
    alone.paths = glob;
    alone.path_count = 1;
    if (discover_files(&alone, 1, on_match, &m, &err) != LGZ_OK) {
        findings_warn(&w->found, glob->line, "path: %s: %s", glob->pattern, err.message);
        return;
    }
    if (m.files == 0)
        findings_warn(&w->found, glob->line, "path: %s matches no file now", glob->pattern);
    if (m.refused)
        findings_warn(&w->found, glob->line,
                      "path: %s matches %zu that can't be read, such as %s: %s", glob->pattern,
                      m.refused, m.first, m.reason ? strerror(m.reason) : "not a regular file");
}

/* Could somebody listen there? @return 0 or errno */
static int try_address(const struct address *address)
{
    int on = 1;
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    bool good = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
                bind(fd, (const struct sockaddr *)&address->storage, address->length) == 0 &&
                listen(fd, 1) == 0;
    int reason = good ? 0 : errno;
    close(fd);
    return reason;
}

static void check_metrics(struct warner *w)
{
    struct address address;
    const char *where = w->config->metrics;
    if (!where || address_parse(&address, where, NULL) != LGZ_OK)
        return;
    int reason = try_address(&address);
    if (reason == EADDRINUSE && socket_is_alive(w->config->control, SOCK_STREAM))
        return; /* it's that daemon who has it */
    if (reason)
        findings_warn(&w->found, w->config->metrics_line, "metrics: cannot listen at %s: %s", where,
                      strerror(reason));
}

size_t check_warn(const struct config *config, config_report_fn *report, void *context)
{
    struct warner w = {config, {config->file, report, context, NULL, LGZ_OK, 0}};
    for (size_t i = 0; i < config->input_count; i++) {
        for (size_t k = 0; k < config->inputs[i].path_count; k++)
            check_pattern(&w, &config->inputs[i], k);
    }
    check_metrics(&w);
    return w.found.warnings;
}
