/*
 * config_parse.h - inside the configuration only: a parse in progress, and what its parts
 * (config_parse.c: lines; config_settings.c: [archive] and [daemon]; config_input.c: [input NAME])
 * call of each other.
 */
#ifndef LOGZIP_ARCHIVE_CONFIG_PARSE_H
#define LOGZIP_ARCHIVE_CONFIG_PARSE_H

#include "archive/findings.h"
#include "base/clock.h"

enum { CONFIG_SETTINGS_MAX = 32 };

struct config_parse {
    struct config *config;
    struct findings found;
    const char *at; /* what is left of the file */
    const char *end;
    unsigned line;                     /* number of the line that inih has */
    bool comment;                      /* a comment stands behind its value */
    bool want_key;                     /* that line must reach the handler */
    bool in_input;                     /* section is [input ...]: */
    size_t input;                      /* its index */
    const char *section;               /* "archive", "daemon", or NULL: unknown, already reported */
    bool no_section;                   /* before the first heading */
    unsigned set[CONFIG_SETTINGS_MAX]; /* for each key, the line that set it; 0 if none did */
};

/** A key of [archive] or [daemon]. */
void config_set(struct config_parse *p, const char *key, const char *value);

/** A size or a number of at least `min`, at most `max`. @return false: a finding says what is wrong
 */
bool config_read_size(struct config_parse *p, const char *key, const char *value, uint64_t min,
                      uint64_t max, uint64_t *size);

/** The same for a time, in nanoseconds. */
bool config_read_time(struct config_parse *p, const char *key, const char *value, uint64_t min,
                      uint64_t max, int64_t *time);

/** What `max_size` and `max_age` are at most, wherever they are given. */
#define CONFIG_SIZE_MOST (1024 * CONFIG_TIB)
#define CONFIG_AGE_MOST  (UINT64_C(36500) * 86400 * NS_PER_SECOND)

/** When all is read: note in which lines those keys stand that config_check() speaks of. */
void config_note_lines(struct config_parse *p);

/** [input NAME]; `name` may have blanks in front. */
void config_begin_input(struct config_parse *p, const char *name);

/** A key of the newest input. */
void config_set_input(struct config_parse *p, const char *key, const char *value);

/** When all is read: does what an input says fit together? */
void config_check_input(struct config_parse *p, const struct config_input *input);

#endif
