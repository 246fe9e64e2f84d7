/*
 * config.c - parses logzipd.conf. inih splits keys from values; lines are fed to it one by one, so
 * that each finding has the number of its line, and a line that inih would cut or skip is told.
 *
 * The keys are a table (settings[]); [input] keys are lists and have a function of their own.
 * config_check.c compares the result with the machine.
 */
#include "archive/config.h"

#include <ini.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "archive/address.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/regex.h"

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)
#define TIB ((uint64_t)1 << 40)

enum {
    CONFIG_MAX_BYTES = 1 << 20,
    SECTION_MAX = 49, /* inih cuts longer headings */
    INPUTS_MAX = 1000,
    GLOBS_MAX = 10000, /* in one input */
};

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
    {"archive", "threads", SETTING_SIZE, MEMBER(threads), 1, 256, NULL},
    {"archive", "seal_memory", SETTING_SIZE, MEMBER(seal_memory), 0, TIB, NULL},
    {"archive", "max_line", SETTING_SIZE, MEMBER(max_line), 64 * KIB, GIB, NULL},
    {"archive", "seal_size", SETTING_SIZE, MEMBER(seal_size), 64 * KIB, 64 * GIB, NULL},
    {"archive", "seal_age", SETTING_TIME, MEMBER(seal_age), SECONDS(1), DAYS(365), NULL},
    {"archive", "max_age", SETTING_TIME, MEMBER(max_age), 0, DAYS(36500), NULL},
    {"archive", "max_size", SETTING_SIZE, MEMBER(max_size), 0, 1024 * TIB, NULL},
    {"daemon", "control", SETTING_PATH, MEMBER(control), 0, 0, NULL},
    {"daemon", "control_group", SETTING_TEXT, MEMBER(control_group), 0, 0, NULL},
    {"daemon", "sync_interval", SETTING_TIME, MEMBER(sync_interval), 0, SECONDS(3600), NULL},
    {"daemon", "sync_bytes", SETTING_SIZE, MEMBER(sync_bytes), 4 * KIB, GIB, NULL},
    {"daemon", "rescan", SETTING_TIME, MEMBER(rescan), SECONDS(1) / 10, SECONDS(3600), NULL},
    {"daemon", "memory", SETTING_SIZE, MEMBER(memory), MIB, 4 * GIB, NULL},
    {"daemon", "min_free", SETTING_SIZE, MEMBER(min_free), 0, 1024 * TIB, NULL},
    {"daemon", "metrics", SETTING_ADDRESS, MEMBER(metrics), 0, 0, NULL},
    {"daemon", "metrics_sources", SETTING_SIZE, MEMBER(metrics_sources), 0, 100000, NULL},
    {"daemon", "log_level", SETTING_CHOICE, MEMBER(log_level), 0, 0, log_level_names},
};

enum { SETTING_COUNT = sizeof(settings) / sizeof(settings[0]) };

/* A parse in progress. */
struct parser {
    struct config *config;
    config_report_fn *report;
    void *context;
    struct lgz_error *err;
    int code;
    const char *at; /* what is left of the file */
    const char *end;
    unsigned line;               /* number of the line that inih has */
    bool comment;                /* a comment stands behind its value */
    bool want_key;               /* that line must reach the handler */
    bool in_input;               /* section is [input ...], the last of config->inputs or `input` */
    size_t input;                /* index of that input */
    const char *section;         /* "archive", "daemon", or NULL: unknown, already reported */
    bool no_section;             /* before the first heading */
    unsigned set[SETTING_COUNT]; /* line that set it, 0 if none did */
};

__attribute__((format(printf, 3, 4))) static void finding(struct parser *p, unsigned line,
                                                          const char *format, ...)
{
    char reason[400];
    char text[500];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    snprintf(text, sizeof(text), "%s:%u: %s", p->config->file, line, reason);
    if (p->report)
        p->report(p->context, text);
    if (p->code == LGZ_OK)
        p->code = error_set(p->err, LGZ_ERR_CONFIG, "%s", text);
}

static void out_of_memory(struct parser *p)
{
    p->code = error_memory(p->err);
}

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
    } units[] = {{"", 1}, {"K", KIB}, {"M", MIB}, {"G", GIB}, {"T", TIB}};
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

static void store(struct config *config, const struct setting *s, uint64_t value)
{
    char *member = (char *)config + s->offset;
    uint32_t narrow = (uint32_t)value;
    if (s->width == sizeof(narrow))
        memcpy(member, &narrow, sizeof(narrow));
    else
        memcpy(member, &value, sizeof(value));
}

static void set_string(struct parser *p, const struct setting *s, const char *value)
{
    if (s->kind == SETTING_PATH && value[0] != '/') {
        finding(p, p->line, "%s: '%s' isn't an absolute path", s->key, value);
        return;
    }
    char *copy = strdup(value);
    char **member = (char **)(void *)((char *)p->config + s->offset);
    if (!copy) {
        out_of_memory(p);
        return;
    }
    free(*member);
    *member = copy;
}

static void set_address(struct parser *p, const struct setting *s, const char *value)
{
    struct lgz_error err = {0};
    struct address address;
    if (address_parse(&address, value, &err) != LGZ_OK)
        finding(p, p->line, "%s: %s", s->key, err.message);
    else if (!address.loopback)
        finding(p, p->line, "%s: other machines can reach %s; it must be 127.0.0.1 or [::1]",
                s->key, value);
    else
        set_string(p, s, value);
}

static void set_choice(struct parser *p, const struct setting *s, const char *value)
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
    finding(p, p->line, "%s: '%s' isn't one of %s", s->key, value, known);
}

static void set_number(struct parser *p, const struct setting *s, const char *value)
{
    uint64_t number = 0;
    int64_t time = 0;
    bool good = s->kind == SETTING_SIZE ? config_parse_size(value, &number)
                                        : config_parse_duration(value, &time);
    if (s->kind == SETTING_TIME)
        number = (uint64_t)time;
    if (!good && s->kind == SETTING_SIZE)
        finding(p, p->line, "%s: '%s' isn't a number with K, M, G, T or nothing behind it", s->key,
                value);
    else if (!good)
        finding(p, p->line, "%s: '%s' isn't a time such as 500ms, 10s, 5m, 1h, 7d, 2w", s->key,
                value);
    else if (number < s->min || number > s->max)
        finding(p, p->line, "%s: %s is out of range", s->key, value);
    else
        store(p->config, s, number);
}

static void set_value(struct parser *p, const char *key, const char *value)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *s = &settings[i];
        if (strcmp(s->section, p->section) != 0 || strcmp(s->key, key) != 0)
            continue;
        if (p->set[i]) {
            finding(p, p->line, "%s: already set in line %u", key, p->set[i]);
            return;
        }
        p->set[i] = p->line;
        if (value[0] == '\0')
            finding(p, p->line, "%s: no value", key);
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
    finding(p, p->line, "'%s' isn't a key of [%s]", key, p->section);
}

static void add_glob(struct parser *p, const char *key, struct config_glob **globs, size_t *count,
                     const char *pattern, size_t len)
{
    if (pattern[0] != '/') {
        finding(p, p->line, "%s: '%.*s' isn't an absolute path", key, (int)len, pattern);
        return;
    }
    if (pattern[len - 1] == '/') {
        finding(p, p->line, "%s: '%.*s' names a directory; add a pattern for its files", key,
                (int)len, pattern);
        return;
    }
    if (*count >= GLOBS_MAX) {
        finding(p, p->line, "%s: more than %d patterns in one input", key, GLOBS_MAX);
        return;
    }
    struct config_glob *grown = reallocarray(*globs, *count + 1, sizeof(*grown));
    char *copy = grown ? strndup(pattern, len) : NULL;
    if (grown)
        *globs = grown;
    if (!copy) {
        out_of_memory(p);
        return;
    }
    grown[(*count)++] = (struct config_glob){copy, p->line};
}

/* A list of patterns with blanks between them; "\ " is a blank within one, as glob(7) has it. */
static void add_globs(struct parser *p, const char *key, struct config_glob **globs, size_t *count,
                      const char *value)
{
    const char *at = value + strspn(value, " \t");
    if (*at == '\0')
        finding(p, p->line, "%s: no value", key);
    while (*at) {
        size_t len = 0;
        while (at[len] && at[len] != ' ' && at[len] != '\t')
            len += at[len] == '\\' && at[len + 1] ? 2 : 1;
        add_glob(p, key, globs, count, at, len);
        at += len;
        at += strspn(at, " \t");
    }
}

/* Append a part of an expression, which may be given in several lines. */
static void add_expression(struct parser *p, const char *key, char **text, unsigned *line,
                           const char *value)
{
    size_t len = strlen(*text), more = strlen(value);
    if (p->comment) {
        finding(p, p->line,
                "%s: a blank and ';' begin a comment; write '[ ];' to match them, and comments in "
                "lines of their own",
                key);
        return;
    }
    if (more == 0) {
        finding(p, p->line, "%s: no value", key);
        return;
    }
    if (more > RULES_TEXT_MAX - len) {
        finding(p, p->line, "%s: more than %d bytes", key, RULES_TEXT_MAX);
        return;
    }
    char *grown = realloc(*text, len + more + 1);
    if (!grown) {
        out_of_memory(p);
        return;
    }
    memcpy(grown + len, value, more + 1);
    *text = grown;
    if (*line == 0)
        *line = p->line;
}

static void set_olddir(struct parser *p, struct config_input *input, const char *value)
{
    if (input->olddir) {
        finding(p, p->line, "olddir: already set for [input %s]", input->name);
        return;
    }
    if (value[0] == '\0') {
        finding(p, p->line, "olddir: no value");
        return;
    }
    input->olddir = strdup(value);
    if (!input->olddir)
        out_of_memory(p);
}

static void set_input(struct parser *p, const char *key, const char *value)
{
    struct config_input *input = &p->config->inputs[p->input];
    struct lgz_error reason = {0};
    int taken = config_listen_set(&input->listen, key, value, p->line, &reason);
    if (taken == LGZ_ERR_MEMORY)
        out_of_memory(p);
    else if (taken < 0)
        finding(p, p->line, "%s", reason.message);
    else if (taken)
        return;
    else if (strcmp(key, "path") == 0)
        add_globs(p, key, &input->paths, &input->path_count, value);
    else if (strcmp(key, "exclude") == 0)
        add_globs(p, key, &input->excludes, &input->exclude_count, value);
    else if (strcmp(key, "olddir") == 0)
        set_olddir(p, input, value);
    else if (strcmp(key, "multiline_start") == 0)
        add_expression(p, key, &input->rules.multiline_start, &input->multiline_start, value);
    else if (strcmp(key, "format") == 0)
        add_expression(p, key, &input->rules.format, &input->format, value);
    else if (strcmp(key, "from") != 0)
        finding(p, p->line, "'%s' isn't a key of [input %s]", key, input->name);
    else if (strcmp(value, "start") != 0 && strcmp(value, "end") != 0)
        finding(p, p->line, "from: '%s' isn't one of start, end", value);
    else
        input->from_end = value[0] == 'e';
}

#if INI_HANDLER_LINENO
static int on_key(void *context, const char *section, const char *key, const char *value, int line)
#else
static int on_key(void *context, const char *section, const char *key, const char *value)
#endif
{
    struct parser *p = context;
    (void)section; /* next_line() saw the heading, whole */
#if INI_HANDLER_LINENO
    (void)line;
#endif
    p->want_key = false;
    if (p->code == LGZ_ERR_MEMORY)
        return 1;
    if (!value)
        finding(p, p->line, "'%s' has no '='", key);
    else if (p->no_section)
        finding(p, p->line, "'%s' stands before the first [section]", key);
    else if (p->in_input)
        set_input(p, key, value);
    else if (p->section)
        set_value(p, key, value);
    return 1;
}

static void begin_input(struct parser *p, const char *name)
{
    struct config *c = p->config;
    name += strspn(name, " \t");
    if (*name == '\0') {
        finding(p, p->line, "an input needs a name: [input NAME]");
        return;
    }
    for (size_t i = 0; i < c->input_count; i++) {
        if (strcmp(c->inputs[i].name, name) == 0) {
            finding(p, p->line, "[input %s]: already there in line %u", name, c->inputs[i].line);
            return;
        }
    }
    if (c->input_count >= INPUTS_MAX) {
        finding(p, p->line, "more than %d inputs", INPUTS_MAX);
        return;
    }
    struct config_input *grown = reallocarray(c->inputs, c->input_count + 1, sizeof(*grown));
    char *copy = grown ? strdup(name) : NULL;
    if (grown)
        c->inputs = grown;
    if (!copy) {
        out_of_memory(p);
        return;
    }
    p->input = c->input_count;
    p->in_input = true;
    struct rules none = {strdup(""), strdup("")};
    if (!none.multiline_start || !none.format)
        out_of_memory(p);
    c->inputs[c->input_count++] = (struct config_input){
        .name = copy, .line = p->line, .rules = none, .listen = config_listen_defaults()};
}

/* `line` starts with '['. */
static void begin_section(struct parser *p, const char *line)
{
    p->section = NULL;
    p->in_input = false;
    p->no_section = false;
    const char *end = strchr(line, ']');
    if (!end) {
        finding(p, p->line, "the heading has no ']'");
        return;
    }
    if (end[1 + strspn(end + 1, " \t")] != '\0' && !strchr(";#", end[1 + strspn(end + 1, " \t")])) {
        finding(p, p->line, "something stands behind the heading");
        return;
    }
    size_t len = (size_t)(end - line) - 1;
    if (len > SECTION_MAX) {
        finding(p, p->line, "the heading is longer than %d bytes", SECTION_MAX);
        return;
    }
    char name[SECTION_MAX + 1];
    memcpy(name, line + 1, len);
    while (len && (name[len - 1] == ' ' || name[len - 1] == '\t'))
        len--;
    name[len] = '\0';
    if (strcmp(name, "archive") == 0)
        p->section = "archive";
    else if (strcmp(name, "daemon") == 0)
        p->section = "daemon";
    else if (strcmp(name, "input") == 0 || strncmp(name, "input ", 6) == 0)
        begin_input(p, name + 5);
    else
        finding(p, p->line, "[%s] isn't a section; there are [archive], [daemon], [input NAME]",
                name);
}

static void finish_line(struct parser *p)
{
    if (p->want_key)
        finding(p, p->line, "neither 'KEY = VALUE' nor a [section] nor a comment");
    p->want_key = false;
}

/* inih's line reader: gives it one line without the blanks in front, which would mean "goes on". */
static char *next_line(char *out, int size, void *context)
{
    struct parser *p = context;
    finish_line(p);
    if (p->at == p->end || size < 2 || p->code == LGZ_ERR_MEMORY)
        return NULL;
    const char *newline = memchr(p->at, '\n', (size_t)(p->end - p->at));
    const char *line = p->at;
    const char *end = newline ? newline : p->end;
    p->at = newline ? newline + 1 : p->end;
    p->line++;
    if (p->line == 1 && end - line >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
        line += 3;
    while (line < end && (*line == ' ' || *line == '\t'))
        line++;
    while (end > line && (end[-1] == '\r' || end[-1] == ' ' || end[-1] == '\t'))
        end--;
    size_t len = (size_t)(end - line);
    bool comment = len && (line[0] == ';' || line[0] == '#');
    if (!comment && (len > (size_t)size - 2 || memchr(line, '\0', len))) {
        finding(p, p->line,
                len > (size_t)size - 2 ? "the line is longer than %d bytes"
                                       : "the line has a NUL byte (limit %d bytes)",
                size - 2);
        comment = true;
    }
    if (comment)
        len = 0;
    memcpy(out, line, len);
    out[len] = '\0';
    if (out[0] == '[')
        begin_section(p, out);
    p->want_key = len && out[0] != '[';
    p->comment = strstr(out, " ;") || strstr(out, "\t;");
    return out;
}

static void check_expression(struct parser *p, unsigned line, const char *key, const char *text,
                             bool names)
{
    struct lgz_error reason = {0};
    struct regex *regex;
    if (line == 0)
        return;
    int code = regex_compile(&regex, text, strlen(text), REGEX_MULTILINE, &reason);
    if (code == LGZ_ERR_MEMORY)
        out_of_memory(p);
    else if (code != LGZ_OK)
        finding(p, line, "%s: %s", key, reason.message);
    else if (names && regex_name_count(regex) == 0)
        finding(p, line, "%s: has no named group, such as (?<name>[0-9]+)", key);
    regex_free(regex);
}

static void check_input(struct parser *p, const struct config_input *input)
{
    struct lgz_error reason = {0};
    unsigned line = 0;
    bool listens = input->listen.given[0]; /* or was meant to */
    if (input->path_count == 0 && !listens)
        finding(p, input->line, "[input %s] has no path and no listen", input->name);
    if (listens && (input->path_count || input->exclude_count || input->from_end))
        finding(p, input->line,
                "[input %s] listens: path, exclude and from belong into an input of their own",
                input->name);
    if (config_listen_check(&input->listen, &line, &reason) != LGZ_OK)
        finding(p, line, "%s", reason.message);
    check_expression(p, input->multiline_start, "multiline_start", input->rules.multiline_start,
                     false);
    check_expression(p, input->format, "format", input->rules.format, true);
}

static void check_whole(struct parser *p)
{
    struct config *c = p->config;
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (settings[i].offset == offsetof(struct config, directory))
            c->directory_line = p->set[i];
        if (settings[i].offset == offsetof(struct config, control))
            c->control_line = p->set[i];
        if (settings[i].offset == offsetof(struct config, seal_memory))
            c->seal_memory_line = p->set[i];
        if (settings[i].offset == offsetof(struct config, metrics))
            c->metrics_line = p->set[i];
    }
    for (size_t i = 0; i < c->input_count; i++)
        check_input(p, &c->inputs[i]);
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
        .max_line = 16 * MIB,
        .seal_size = 64 * MIB,
        .seal_age = 3600 * NS_PER_SECOND,
        .control = strdup("/run/logzip/control.sock"),
        .sync_interval = NS_PER_SECOND,
        .sync_bytes = 4 * MIB,
        .rescan = 5 * NS_PER_SECOND,
        .memory = 16 * MIB,
        .min_free = 64 * MIB,
        .metrics_sources = 1000,
        .log_level = CONFIG_LOG_INFO,
    };
    if (!c->file || !c->directory || !c->control) {
        config_free(c);
        return NULL;
    }
    return c;
}

int config_load(struct config **out, const char *path, config_report_fn *report, void *context,
                struct lgz_error *err)
{
    *out = NULL;
    struct buf text = {0};
    struct parser p = {.report = report, .context = context, .err = err, .no_section = true};
    p.config = config_defaults(path);
    if (!p.config)
        return error_memory(err);
    p.code = file_load(path, CONFIG_MAX_BYTES, &text, err);
    if (p.code != LGZ_OK) {
        if (report && err)
            report(context, err->message);
        goto out;
    }
    p.at = text.data ? (const char *)text.data : "";
    p.end = p.at + text.len;
    int parsed = ini_parse_stream(next_line, &p, on_key, &p);
    if (parsed == -2)
        out_of_memory(&p);
    else if (parsed > 0 && p.code == LGZ_OK)
        finding(&p, (unsigned)parsed, "neither 'KEY = VALUE' nor a [section] nor a comment");
    if (p.code != LGZ_ERR_MEMORY)
        check_whole(&p);
out:
    buf_free(&text);
    if (p.code != LGZ_OK) {
        config_free(p.config);
        return p.code;
    }
    *out = p.config;
    return LGZ_OK;
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
