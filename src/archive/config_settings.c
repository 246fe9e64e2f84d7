/*
 * config_settings.c - the keys of [archive] and [daemon]: a table of them, and how a value of each
 * kind is checked and stored.
 */
#include "archive/config_parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/address.h"
#include "base/clock.h"
#include "segment/writer.h"

enum setting_kind {
    SETTING_PATH,
    SETTING_TEXT,
    SETTING_ADDRESS, /* that only this machine can reach */
    SETTING_SIZE,
    SETTING_TIME,
    SETTING_CHOICE
};

struct choice {
    const char *name;
    int value;
};

static const struct choice level_names[] = {
    {"fast", LGZ_LEVEL_FAST}, {"default", LGZ_LEVEL_DEFAULT}, {"best", LGZ_LEVEL_BEST}, {0}};

static const struct choice merge_names[] = {
    {"none", CONFIG_MERGE_NONE}, {"day", CONFIG_MERGE_DAY}, {"week", CONFIG_MERGE_WEEK}, {0}};

static const struct choice log_level_names[] = {{"error", CONFIG_LOG_ERROR},
                                                {"warning", CONFIG_LOG_WARNING},
                                                {"info", CONFIG_LOG_INFO},
                                                {"debug", CONFIG_LOG_DEBUG},
                                                {0}};

/* One key. SETTING_SIZE also serves plain numbers; `width` is that of the member. */
struct setting {
    const char *section;
    const char *key;
    enum setting_kind kind;
    size_t offset;
    size_t width;
    uint64_t min;
    uint64_t max;
    const struct choice *choices;
};

#define MEMBER(m)  offsetof(struct config, m), sizeof(((struct config *)NULL)->m)
#define SECONDS(n) ((uint64_t)(n) * (uint64_t)NS_PER_SECOND)
#define DAYS(n)    SECONDS((n)*UINT64_C(86400))

static const struct setting settings[] = {
    {"archive", "directory", SETTING_PATH, MEMBER(directory), 0, 0, NULL},
    {"archive", "level", SETTING_CHOICE, MEMBER(level), 0, 0, level_names},
    {"archive", "threads", SETTING_SIZE, MEMBER(threads), 1, SEGMENT_THREADS_MAX, NULL},
    {"archive", "seal_memory", SETTING_SIZE, MEMBER(seal_memory), 0, CONFIG_TIB, NULL},
    {"archive", "max_line", SETTING_SIZE, MEMBER(max_line), 64 * CONFIG_KIB, CONFIG_GIB, NULL},
    {"archive", "seal_size", SETTING_SIZE, MEMBER(seal_size), 64 * CONFIG_KIB, 64 * CONFIG_GIB,
     NULL},
    {"archive", "seal_age", SETTING_TIME, MEMBER(seal_age), SECONDS(1), DAYS(365), NULL},
    {"archive", "max_age", SETTING_TIME, MEMBER(max_age), 0, CONFIG_AGE_MOST, NULL},
    {"archive", "max_size", SETTING_SIZE, MEMBER(max_size), 0, CONFIG_SIZE_MOST, NULL},
    {"archive", "merge", SETTING_CHOICE, MEMBER(merge), 0, 0, merge_names},
    {"archive", "merge_size", SETTING_SIZE, MEMBER(merge_size), CONFIG_MIB, CONFIG_TIB, NULL},
    {"archive", "scrub_period", SETTING_TIME, MEMBER(scrub_period), DAYS(1), DAYS(3650), NULL},
    {"archive", "keep_free", SETTING_SIZE, MEMBER(keep_free), 0, CONFIG_SIZE_MOST, NULL},
    {"daemon", "control", SETTING_PATH, MEMBER(control), 0, 0, NULL},
    {"daemon", "control_group", SETTING_TEXT, MEMBER(control_group), 0, 0, NULL},
    {"daemon", "sync_interval", SETTING_TIME, MEMBER(sync_interval), 0, SECONDS(3600), NULL},
    {"daemon", "sync_bytes", SETTING_SIZE, MEMBER(sync_bytes), 4 * CONFIG_KIB, CONFIG_GIB, NULL},
    {"daemon", "rescan", SETTING_TIME, MEMBER(rescan), SECONDS(1) / 10, SECONDS(3600), NULL},
    {"daemon", "memory", SETTING_SIZE, MEMBER(memory), CONFIG_MIB, 4 * CONFIG_GIB, NULL},
    {"daemon", "min_free", SETTING_SIZE, MEMBER(min_free), 0, 1024 * CONFIG_TIB, NULL},
    {"daemon", "metrics", SETTING_ADDRESS, MEMBER(metrics), 0, 0, NULL},
    {"daemon", "metrics_sources", SETTING_SIZE, MEMBER(metrics_sources), 0, 100000, NULL},
    {"daemon", "log_level", SETTING_CHOICE, MEMBER(log_level), 0, 0, log_level_names},
};

enum { SETTING_COUNT = sizeof(settings) / sizeof(settings[0]) };

_Static_assert(sizeof(settings) / sizeof(settings[0]) <= CONFIG_SETTINGS_MAX,
               "the parser has a line for each");

static void store(struct config *config, const struct setting *s, uint64_t value)
{
    char *member = (char *)config + s->offset;
    uint32_t narrow = (uint32_t)value;
    if (s->width == sizeof(narrow))
        memcpy(member, &narrow, sizeof(narrow));
    else
        memcpy(member, &value, sizeof(value));
}

static void set_string(struct config_parse *p, const struct setting *s, const char *value)
{
    if (s->kind == SETTING_PATH && value[0] != '/') {
        findings_add(&p->found, p->line, "%s: '%s' isn't an absolute path", s->key, value);
        return;
    }
    char *copy = strdup(value);
    char **member = (char **)(void *)((char *)p->config + s->offset);
    if (!copy) {
        findings_no_memory(&p->found);
        return;
    }
    free(*member);
    *member = copy;
}

static void set_address(struct config_parse *p, const struct setting *s, const char *value)
{
    struct lgz_error err = {0};
    struct address address;
    if (address_parse(&address, value, &err) != LGZ_OK)
        findings_add(&p->found, p->line, "%s: %s", s->key, err.message);
    else if (!address.loopback)
        findings_add(&p->found, p->line,
                     "%s: other machines can reach %s; it must be 127.0.0.1 or [::1]", s->key,
                     value);
    else
        set_string(p, s, value);
}

static void set_choice(struct config_parse *p, const struct setting *s, const char *value)
{
    char known[100] = "";
    for (const struct choice *c = s->choices; c->name; c++) {
        if (strcmp(c->name, value) == 0) {
            store(p->config, s, (uint64_t)c->value);
            return;
        }
        size_t used = strlen(known);
        snprintf(known + used, sizeof(known) - used, "%s%s", used ? ", " : "", c->name);
    }
    findings_add(&p->found, p->line, "%s: '%s' isn't one of %s", s->key, value, known);
}

static bool in_range(struct config_parse *p, const char *key, const char *value, uint64_t number,
                     uint64_t min, uint64_t max)
{
    if (number >= min && number <= max)
        return true;
    findings_add(&p->found, p->line, "%s: %s is out of range", key, value);
    return false;
}

bool config_read_size(struct config_parse *p, const char *key, const char *value, uint64_t min,
                      uint64_t max, uint64_t *size)
{
    if (config_parse_size(value, size))
        return in_range(p, key, value, *size, min, max);
    findings_add(&p->found, p->line, "%s: '%s' isn't a number with K, M, G, T or nothing behind it",
                 key, value);
    return false;
}

bool config_read_time(struct config_parse *p, const char *key, const char *value, uint64_t min,
                      uint64_t max, int64_t *time)
{
    if (config_parse_duration(value, time))
        return in_range(p, key, value, (uint64_t)*time, min, max);
    findings_add(&p->found, p->line, "%s: '%s' isn't a time such as 500ms, 10s, 5m, 1h, 7d, 2w",
                 key, value);
    return false;
}

static void set_number(struct config_parse *p, const struct setting *s, const char *value)
{
    uint64_t number = 0;
    int64_t time = 0;
    if (s->kind == SETTING_SIZE && config_read_size(p, s->key, value, s->min, s->max, &number))
        store(p->config, s, number);
    if (s->kind == SETTING_TIME && config_read_time(p, s->key, value, s->min, s->max, &time))
        store(p->config, s, (uint64_t)time);
}

void config_set(struct config_parse *p, const char *key, const char *value)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *s = &settings[i];
        if (strcmp(s->section, p->section) != 0 || strcmp(s->key, key) != 0)
            continue;
        if (p->set[i]) {
            findings_add(&p->found, p->line, "%s: already set in line %u", key, p->set[i]);
            return;
        }
        p->set[i] = p->line;
        if (value[0] == '\0')
            findings_add(&p->found, p->line, "%s: no value", key);
        else if (s->kind == SETTING_PATH || s->kind == SETTING_TEXT)
            set_string(p, s, value);
        else if (s->kind == SETTING_ADDRESS)
            set_address(p, s, value);
        else if (s->kind == SETTING_CHOICE)
            set_choice(p, s, value);
        else
            set_number(p, s, value);
        return;
    }
    findings_add(&p->found, p->line, "'%s' isn't a key of [%s]", key, p->section);
}

void config_note_lines(struct config_parse *p)
{
    struct config *c = p->config;
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (settings[i].offset == offsetof(struct config, directory))
            c->directory_line = p->set[i];
        if (settings[i].offset == offsetof(struct config, control))
            c->control_line = p->set[i];
        if (settings[i].offset == offsetof(struct config, control_group))
            c->control_group_line = p->set[i];
        if (settings[i].offset == offsetof(struct config, seal_memory))
            c->seal_memory_line = p->set[i];
        if (settings[i].offset == offsetof(struct config, metrics))
            c->metrics_line = p->set[i];
    }
}
