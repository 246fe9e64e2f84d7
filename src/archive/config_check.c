/*
 * config_check.c - compares a configuration with the machine that it's meant for, changing nothing.
 * What isn't there yet is fine, since it may come later; what is there and can't be used is not.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/findings.h"
#include "archive/names.h"
#include "base/buf.h"
#include "segment/budget.h"

struct checker {
    const struct config *config;
    struct findings found;
};

/* Cut the last name off `path`; "/" stays. */
static void to_parent(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash == path)
        path[1] = '\0';
    else if (slash)
        *slash = '\0';
}

/* Can `path` be used as a directory to write in, or be made (by the nearest that is there)? */
static void check_writable(struct checker *c, unsigned line, const char *what, const char *path)
{
    char *at = strdup(path);
    struct stat st;
    if (!at) {
        findings_no_memory(&c->found);
        return;
    }
    while (stat(at, &st) != 0 && errno == ENOENT && strcmp(at, "/") != 0)
        to_parent(at);
    if (stat(at, &st) != 0)
        findings_add(&c->found, line, "%s: %s: %s", what, at, strerror(errno));
    else if (!S_ISDIR(st.st_mode))
        findings_add(&c->found, line, "%s: %s: Not a directory", what, at);
    else if (faccessat(AT_FDCWD, at, W_OK | X_OK, AT_EACCESS) != 0)
        findings_add(&c->found, line, "%s: %s: cannot write there: %s", what, at, strerror(errno));
    free(at);
}

static void check_control(struct checker *c)
{
    const struct config *config = c->config;
    struct sockaddr_un address;
    if (strlen(config->control) >= sizeof(address.sun_path)) {
        findings_add(&c->found, config->control_line, "control: the path is longer than %zu bytes",
                     sizeof(address.sun_path) - 1);
        return;
    }
    if (config->control_group && !getgrnam(config->control_group))
        findings_add(&c->found, config->control_group_line, "control_group: there is no group '%s'",
                     config->control_group);
    if (config->control_line == 0)
        return; /* the default's directory is made by the service manager */
    char *directory = strdup(config->control);
    if (!directory) {
        findings_no_memory(&c->found);
        return;
    }
    to_parent(directory);
    check_writable(c, config->control_line, "control", directory);
    free(directory);
}

/* The directory that a pattern starts in: all whole names before the first wildcard. */
static void check_glob(struct checker *c, const struct config_glob *glob)
{
    size_t len = strcspn(glob->pattern, "*?[\\");
    bool literal = glob->pattern[len] == '\0';
    char *path = strndup(glob->pattern, len);
    struct stat st;
    if (!path) {
        findings_no_memory(&c->found);
        return;
    }
    if (!literal)
        to_parent(path);
    if (stat(path, &st) != 0) {
        if (errno != ENOENT)
            findings_add(&c->found, glob->line, "path: %s: %s", path, strerror(errno));
    } else if (literal && S_ISDIR(st.st_mode)) {
        findings_add(&c->found, glob->line, "path: %s is a directory; add a pattern for its files",
                     path);
    } else if (literal && !S_ISREG(st.st_mode)) {
        findings_add(&c->found, glob->line, "path: %s isn't a regular file", path);
    } else if (!literal && !S_ISDIR(st.st_mode)) {
        findings_add(&c->found, glob->line, "path: %s isn't a directory", path);
    } else if (faccessat(AT_FDCWD, path, literal ? R_OK : R_OK | X_OK, AT_EACCESS) != 0) {
        findings_add(&c->found, glob->line, "path: %s: cannot read: %s", path, strerror(errno));
    }
    free(path);
}

/* A daemon that reads its own journal writes what it reads, for ever. */
static void check_not_archive(struct checker *c, const struct config_input *input,
                              const struct config_glob *glob)
{
    char *journal = names_journal(c->config->directory, 1);
    if (!journal) {
        findings_no_memory(&c->found);
        return;
    }
    bool taken = fnmatch(glob->pattern, journal, FNM_PATHNAME | FNM_PERIOD) == 0;
    for (size_t i = 0; i < input->exclude_count; i++)
        taken = taken && fnmatch(input->excludes[i].pattern, journal, FNM_PATHNAME) != 0;
    if (taken)
        findings_add(&c->found, glob->line,
                     "path: %s matches the archive's own journals; exclude %s/*", glob->pattern,
                     c->config->directory);
    free(journal);
}

/* Can a segment be made within the memory that it is given? */
static void check_memory(struct checker *c)
{
    struct segment_options options = archive_seal_options(c->config);
    struct budget budget;
    struct lgz_error reason;
    if (budget_plan(&budget, &options, &reason) != LGZ_OK)
        findings_add(&c->found, c->config->seal_memory_line, "seal_memory: %s", reason.message);
}

/* The directory of a socket. */
static void check_socket(struct checker *c, const struct config_address *address)
{
    if (address->transport != CONFIG_UNIX)
        return;
    char *directory = strdup(strchr(address->text, ':') + 1);
    if (!directory) {
        findings_no_memory(&c->found);
        return;
    }
    struct stat st;
    bool there = stat(directory, &st) == 0 && S_ISSOCK(st.st_mode); /* the service manager's */
    to_parent(directory);
    if (!there)
        check_writable(c, address->line, "listen", directory);
    free(directory);
}

int config_check(const struct config *config, config_report_fn *report, void *context,
                 struct lgz_error *err)
{
    struct checker c = {config, {config->file, report, context, err, LGZ_OK, 0}};
    check_writable(&c, config->directory_line, "directory", config->directory);
    check_control(&c);
    check_memory(&c);
    if (config->input_count == 0)
        findings_add(&c.found, 0, "there is no [input NAME]: nothing to read");
    for (size_t i = 0; i < config->input_count; i++) {
        for (size_t k = 0; k < config->inputs[i].path_count; k++) {
            check_glob(&c, &config->inputs[i].paths[k]);
            check_not_archive(&c, &config->inputs[i], &config->inputs[i].paths[k]);
        }
        for (size_t k = 0; k < config->inputs[i].listen.count; k++)
            check_socket(&c, &config->inputs[i].listen.addresses[k]);
    }
    return c.found.code;
}
