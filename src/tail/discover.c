/*
 * discover.c - glob(3) over the inputs' patterns.
 */
#include "tail/discover.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "import/input_match.h"

static bool has_wildcard(const char *pattern)
{
    return pattern[strcspn(pattern, "*?[\\")] != '\0';
}

/* Call `fn` for what `pattern` matches. Directories that can't be read match nothing. */
static int expand(const char *pattern, const struct config_input *input, discover_fn *fn,
                  void *context, struct lgz_error *err)
{
    struct stat st;
    if (!has_wildcard(pattern)) {
        if (stat(pattern, &st) == 0 && !(input && input_leaves_out(input, pattern, pattern)))
            fn(context, pattern, input);
        return LGZ_OK;
    }
    glob_t matches = {0};
    int result = glob(pattern, 0, NULL, &matches);
    for (size_t i = 0; result == 0 && i < matches.gl_pathc; i++) {
        if (!input || !input_leaves_out(input, pattern, matches.gl_pathv[i]))
            fn(context, matches.gl_pathv[i], input);
    }
    globfree(&matches);
    return result == GLOB_NOSPACE ? error_memory(err) : LGZ_OK;
}

int discover_files(const struct config_input *inputs, size_t count, discover_fn *file,
                   void *context, struct lgz_error *err)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < inputs[i].path_count; k++) {
            int code = expand(inputs[i].paths[k].pattern, &inputs[i], file, context, err);
            if (code != LGZ_OK)
                return code;
        }
    }
    return LGZ_OK;
}

bool discover_matches(const struct config_input *inputs, size_t count, const char *path)
{
    return input_for(inputs, count, path) != NULL;
}

struct directories {
    discover_fn *fn;
    void *context;
};

static void only_directory(void *context, const char *path, const struct config_input *input)
{
    struct directories *d = context;
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        d->fn(d->context, path, input);
}

/* `path` is a plain name: it, or the nearest of its parents that is there. */
static void nearest(char *path, struct directories *d)
{
    struct stat st;
    while (stat(path, &st) != 0) {
        char *slash = strrchr(path, '/');
        if (!slash || slash == path) {
            strcpy(path, "/");
            break;
        }
        *slash = '\0';
    }
    only_directory(d, path, NULL);
}

static int directories_of(const char *pattern, struct directories *d, struct lgz_error *err)
{
    size_t first = strcspn(pattern, "*?[\\");
    char *prefix = strdup(pattern);
    int code = prefix ? LGZ_OK : error_memory(err);
    for (size_t i = strlen(pattern); code == LGZ_OK && i-- > 0;) {
        if (pattern[i] != '/')
            continue;
        memcpy(prefix, pattern, i);
        strcpy(prefix + i, i ? "" : "/");
        if (i < first) {
            nearest(prefix, d);
            break;
        }
        code = expand(i ? prefix : "/", NULL, only_directory, d, err);
    }
    free(prefix);
    return code;
}

int discover_directories(const struct config_input *inputs, size_t count, discover_fn *directory,
                         void *context, struct lgz_error *err)
{
    struct directories d = {directory, context};
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < inputs[i].path_count; k++) {
            int code = directories_of(inputs[i].paths[k].pattern, &d, err);
            if (code != LGZ_OK)
                return code;
        }
    }
    return LGZ_OK;
}
