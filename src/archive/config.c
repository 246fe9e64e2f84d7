/*
 * config.c - a configuration's life, and the two kinds of values that command lines take as well.
 */
#include "archive/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* Digits at `*text`, moved behind them. */
static bool parse_number(const char **text, uint64_t *value)
{
    const char *c = *text;
    *value = 0;
    if (*c < '0' || *c > '9')
        return false;
    for (; *c >= '0' && *c <= '9'; c++) {
        if (__builtin_mul_overflow(*value, UINT64_C(10), value) ||
            __builtin_add_overflow(*value, (uint64_t)(*c - '0'), value))
            return false;
    }
    *text = c;
    return true;
}

bool config_parse_size(const char *text, uint64_t *bytes)
{
    static const struct {
        const char *suffix;
        uint64_t factor;
    } units[] = {
        {"", 1}, {"K", CONFIG_KIB}, {"M", CONFIG_MIB}, {"G", CONFIG_GIB}, {"T", CONFIG_TIB}};
    uint64_t value;
    if (!parse_number(&text, &value))
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(text, units[i].suffix) == 0)
            return !__builtin_mul_overflow(value, units[i].factor, bytes);
    }
    return false;
}

bool config_parse_duration(const char *text, int64_t *nanoseconds)
{
    static const struct {
        const char *suffix;
        int64_t factor;
    } units[] = {{"ms", NS_PER_SECOND / 1000}, {"s", NS_PER_SECOND},
                 {"m", 60 * NS_PER_SECOND},    {"h", 3600 * NS_PER_SECOND},
                 {"d", 86400 * NS_PER_SECOND}, {"w", 7 * 86400 * NS_PER_SECOND}};
    uint64_t value;
    if (!parse_number(&text, &value))
        return false;
    if (value == 0 && *text == '\0') {
        *nanoseconds = 0;
        return true;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(text, units[i].suffix) == 0)
            return !__builtin_mul_overflow(value, units[i].factor, nanoseconds);
    }
    return false;
}

struct config *config_defaults(const char *path)
{
    struct config *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    *c = (struct config){
        .file = strdup(path),
        .directory = strdup("/var/lib/logzip"),
        .level = LGZ_LEVEL_FAST,
        .threads = 1,
        .max_line = 16 * CONFIG_MIB,
        .seal_size = 64 * CONFIG_MIB,
        .seal_age = 3600 * NS_PER_SECOND,
        .merge = CONFIG_MERGE_DAY,
        .merge_size = 4 * CONFIG_GIB,
        .scrub_period = 30 * 86400 * NS_PER_SECOND,
        .control = strdup("/run/logzip/control.sock"),
        .sync_interval = NS_PER_SECOND,
        .sync_bytes = 4 * CONFIG_MIB,
        .rescan = 5 * NS_PER_SECOND,
        .memory = 16 * CONFIG_MIB,
        .min_free = 64 * CONFIG_MIB,
        .metrics_sources = 1000,
        .log_level = CONFIG_LOG_INFO,
    };
    if (!c->file || !c->directory || !c->control) {
        config_free(c);
        return NULL;
    }
    return c;
}

int config_for_standard_input(struct config *config, const char *name, const char *archive,
                              struct lgz_error *err)
{
    config->standard_input = strdup(name);
    if (archive) {
        free(config->directory);
        free(config->control);
        config->control = NULL;
        config->directory = strdup(archive);
    }
    return config->standard_input && config->directory ? LGZ_OK : error_memory(err);
}

static void globs_free(struct config_glob *globs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(globs[i].pattern);
    free(globs);
}

void config_free(struct config *config)
{
    if (!config)
        return;
    for (size_t i = 0; i < config->input_count; i++) {
        struct config_input *input = &config->inputs[i];
        globs_free(input->paths, input->path_count);
        globs_free(input->excludes, input->exclude_count);
        globs_free(input->imports, input->import_count);
        rules_clear(&input->rules);
        config_listen_clear(&input->listen);
        free(input->olddir);
        free(input->name);
    }
    free(config->inputs);
    free(config->metrics);
    free(config->control_group);
    free(config->control);
    free(config->directory);
    free(config->standard_input);
    free(config->file);
    free(config);
}
