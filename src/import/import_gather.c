/*
 * import_gather.c - what a path is, which log and which input it belongs to.
 */
#include "import/import_gather.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/file.h"
#include "import/caller.h"
#include "import/input_match.h"
#include "import/unpack.h"

/* Files that were written to so lately may be written to again, or be compressed at this moment. */
#define SETTLED (3600 * NS_PER_SECOND)

struct gathering {
    struct import_plan *plan;
    const struct retention_classes *classes;
    struct imported *seen; /* NULL: files were named by the user */
    const struct upkeep *upkeep;
    const struct import_options *options;
    const struct config_input *input; /* that was asked for, or names the files */
    struct import_result *result;
    struct lgz_error *err;
};

/* The path from the root on. @return NULL when memory is out or the directory isn't there */
static char *absolute(const char *path)
{
    const char *own = file_name(path);
    char *result = NULL;
    if (path[0] == '/')
        return strdup(path);
    char *directory = own == path ? strdup(".") : strndup(path, (size_t)(own - path));
    char *real = directory ? realpath(directory, NULL) : NULL;
    struct buf text = {0};
    if (real) {
        buf_printf(&text, "%s/%s", strcmp(real, "/") == 0 ? "" : real, own);
        buf_push(&text, '\0');
        result = text.failed ? NULL : strdup((const char *)text.data);
    }
    buf_free(&text);
    free(real);
    free(directory);
    return result;
}

static int look_at(const struct gathering *g, const char *path, struct stat *st)
{
    uid_t before = caller_begin();
    int result = g->seen ? lstat(path, st) : stat(path, st);
    caller_end(before);
    return result;
}

static bool is_listed(const struct import_plan *plan, const struct stat *st)
{
    for (size_t i = 0; i < plan->files.len; i++)
        if (plan->files.data[i].st.st_ino == st->st_ino &&
            plan->files.data[i].st.st_dev == st->st_dev)
            return true;
    return false;
}

static void refuse(struct gathering *g, const char *path, const char *reason)
{
    upkeep_tell(g->upkeep, UPKEEP_PROBLEM, "%s: %s", path, reason);
    g->result->failed++;
}

/* Fill in what the file's name says, and the command line. */
static int name_file(const struct gathering *g, struct import_file *file, const char *path)
{
    const struct config *config = g->upkeep->config;
    char *full = absolute(path);
    bool named = full && log_name_parse(&file->log, full);
    free(full);
    file->path = strdup(path);
    if (named && g->options->source) {
        free(file->log.name);
        file->log.name = strdup(g->options->source);
    }
    if (!named || !file->log.name || !file->path) {
        free(file->path);
        free(file->log.name);
        return error_memory(g->err);
    }
    if (!file->input)
        file->input = input_for(config->inputs, config->input_count, file->log.name);
    return LGZ_OK;
}

/* Does the daemon read the file under this name? */
static bool is_read(const struct gathering *g, const char *path)
{
    const struct config *config = g->upkeep->config;
    char *full = unpack_suffix(path) ? NULL : absolute(path);
    bool read = full && input_for(config->inputs, config->input_count, full);
    free(full);
    return read;
}

static int add_to_plan(struct gathering *g, const char *path, const struct stat *st)
{
    struct import_file file = {
        .input = g->input,
        .remove = g->seen ? g->input->import_remove : g->options->remove,
        .linked = !g->seen,
        .same_as = IMPORT_ALONE,
        .st = *st,
        .time = file_modified(st) < g->upkeep->now ? file_modified(st) : g->upkeep->now,
    };
    int code = name_file(g, &file, path);
    if (code != LGZ_OK)
        return code;
    code = import_plan_add(g->plan, &file, g->err);
    if (code != LGZ_OK) {
        free(file.path);
        free(file.log.name);
    }
    return code;
}

/* A file that the user names. */
static int add_file(struct gathering *g, const char *path)
{
    struct stat st;
    if (look_at(g, path, &st) != 0) {
        refuse(g, path, strerror(errno));
    } else if (!S_ISREG(st.st_mode)) {
        refuse(g, path, S_ISDIR(st.st_mode) ? "is a directory" : "is not a regular file");
    } else if (is_read(g, path)) {
        upkeep_tell(g->upkeep, UPKEEP_ACTION, "%s: left to logzipd, which reads it", path);
        g->result->left++;
    } else if (!is_listed(g->plan, &st)) { /* under another name */
        return add_to_plan(g, path, &st);
    }
    return LGZ_OK;
}

/* Would it be removed at once, for its age? */
static bool is_old(const struct gathering *g, int64_t time)
{
    const size_t number = retention_class_of(g->classes, g->input->name);
    const int64_t max_age = retention_class(g->classes, number)->max_age;
    return max_age && time < g->upkeep->now - max_age;
}

/* A file that the configuration names. */
static int add_configured(struct gathering *g, const char *path)
{
    struct stat st;
    if (look_at(g, path, &st) != 0 || !S_ISREG(st.st_mode) || is_read(g, path) ||
        is_listed(g->plan, &st))
        return LGZ_OK;
    if (imported_has(g->seen, &st))
        return imported_note(g->seen, &st, g->err);
    if (file_modified(&st) > g->upkeep->now - SETTLED || is_old(g, file_modified(&st)))
        return LGZ_OK;
    return add_to_plan(g, path, &st);
}

static int add_matches(struct gathering *g, const char *pattern)
{
    glob_t matches = {0};
    uid_t before = caller_begin();
    int result = glob(pattern, 0, NULL, &matches);
    caller_end(before);
    int code = result == GLOB_NOSPACE ? error_memory(g->err) : LGZ_OK;
    for (size_t i = 0; result == 0 && code == LGZ_OK && i < matches.gl_pathc; i++)
        code = add_configured(g, matches.gl_pathv[i]);
    globfree(&matches);
    return code;
}

static int gather_configured(struct gathering *g)
{
    const struct config *config = g->upkeep->config;
    int code = LGZ_OK;
    for (size_t i = 0; i < config->input_count; i++) {
        g->input = &config->inputs[i];
        for (size_t k = 0; code == LGZ_OK && k < g->input->import_count; k++)
            code = add_matches(g, g->input->imports[k].pattern);
    }
    return code;
}

static int find_input(struct gathering *g)
{
    const struct config *config = g->upkeep->config;
    if (!g->options->input)
        return LGZ_OK;
    for (size_t i = 0; i < config->input_count; i++)
        if (strcmp(config->inputs[i].name, g->options->input) == 0)
            g->input = &config->inputs[i];
    return g->input ? LGZ_OK
                    : error_set(g->err, LGZ_ERR_ARGUMENT, "%s: has no [input %s]", config->file,
                                g->options->input);
}

int import_gather(struct import_plan *plan, const struct upkeep *u,
                  const struct import_options *options, const struct retention_classes *classes,
                  struct imported *seen, struct import_result *result, struct lgz_error *err)
{
    struct gathering g = {.plan = plan,
                          .upkeep = u,
                          .options = options,
                          .classes = classes,
                          .seen = seen,
                          .result = result,
                          .err = err};
    if (seen)
        return gather_configured(&g);
    int code = find_input(&g);
    for (size_t i = 0; code == LGZ_OK && i < options->path_count; i++)
        code = add_file(&g, options->paths[i]);
    return code;
}
