/*
 * config_input.c - the sections [input NAME]: their keys are lists and expressions, and what they
 * say has to fit together.
 */
#include "archive/config_parse.h"

#include <stdlib.h>
#include <string.h>

#include "base/regex.h"

enum {
    INPUTS_MAX = 1000,
    GLOBS_MAX = 10000, /* in one input */
};

static void add_glob(struct config_parse *p, const char *key, struct config_glob **globs,
                     size_t *count, const char *pattern, size_t len)
{
    if (pattern[0] != '/') {
        findings_add(&p->found, p->line, "%s: '%.*s' isn't an absolute path", key, (int)len,
                     pattern);
        return;
    }
    if (pattern[len - 1] == '/') {
        findings_add(&p->found, p->line,
                     "%s: '%.*s' names a directory; add a pattern for its files", key, (int)len,
                     pattern);
        return;
    }
    if (*count >= GLOBS_MAX) {
        findings_add(&p->found, p->line, "%s: more than %d patterns in one input", key, GLOBS_MAX);
        return;
    }
    struct config_glob *grown = reallocarray(*globs, *count + 1, sizeof(*grown));
    char *copy = grown ? strndup(pattern, len) : NULL;
    if (grown)
        *globs = grown;
    if (!copy) {
        findings_no_memory(&p->found);
        return;
    }
    grown[(*count)++] = (struct config_glob){copy, p->line};
}

/* A list of patterns with blanks between them; "\ " is a blank within one, as glob(7) has it. */
static void add_globs(struct config_parse *p, const char *key, struct config_glob **globs,
                      size_t *count, const char *value)
{
    const char *at = value + strspn(value, " \t");
    if (*at == '\0')
        findings_add(&p->found, p->line, "%s: no value", key);
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
static void add_expression(struct config_parse *p, const char *key, char **text, unsigned *line,
                           const char *value)
{
    size_t len = strlen(*text), more = strlen(value);
    if (p->comment) {
        findings_add(
            &p->found, p->line,
            "%s: a blank and ';' begin a comment; write '[ ];' to match them, and comments in "
            "lines of their own",
            key);
        return;
    }
    if (more == 0) {
        findings_add(&p->found, p->line, "%s: no value", key);
        return;
    }
    if (more > RULES_TEXT_MAX - len) {
        findings_add(&p->found, p->line, "%s: more than %d bytes", key, RULES_TEXT_MAX);
        return;
    }
    char *grown = realloc(*text, len + more + 1);
    if (!grown) {
        findings_no_memory(&p->found);
        return;
    }
    memcpy(grown + len, value, more + 1);
    *text = grown;
    if (*line == 0)
        *line = p->line;
}

static void set_olddir(struct config_parse *p, struct config_input *input, const char *value)
{
    if (input->olddir) {
        findings_add(&p->found, p->line, "olddir: already set for [input %s]", input->name);
        return;
    }
    if (value[0] == '\0') {
        findings_add(&p->found, p->line, "olddir: no value");
        return;
    }
    input->olddir = strdup(value);
    if (!input->olddir)
        findings_no_memory(&p->found);
}

/* The input's own limit: given once, and the value is good. */
static void set_limit(struct config_parse *p, struct config_input *input, const char *key,
                      const char *value, unsigned *line)
{
    if (*line)
        findings_add(&p->found, p->line, "%s: already set in line %u", key, *line);
    else if (value[0] == '\0')
        findings_add(&p->found, p->line, "%s: no value", key);
    else if (line == &input->max_age_line)
        config_read_time(p, key, value, 0, CONFIG_AGE_MOST, &input->max_age);
    else
        config_read_size(p, key, value, 0, CONFIG_SIZE_MOST, &input->max_size);
    *line = p->line;
}

/* One of two words; is it the second? */
static bool choose(struct config_parse *p, const char *key, const char *value, const char *first,
                   const char *second)
{
    if (strcmp(value, first) != 0 && strcmp(value, second) != 0)
        findings_add(&p->found, p->line, "%s: '%s' isn't one of %s, %s", key, value, first, second);
    return strcmp(value, second) == 0;
}

void config_set_input(struct config_parse *p, const char *key, const char *value)
{
    struct config_input *input = &p->config->inputs[p->input];
    struct lgz_error reason = {0};
    int taken = config_listen_set(&input->listen, key, value, p->line, &reason);
    if (taken == LGZ_ERR_MEMORY)
        findings_no_memory(&p->found);
    else if (taken < 0)
        findings_add(&p->found, p->line, "%s", reason.message);
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
    else if (strcmp(key, "max_age") == 0)
        set_limit(p, input, key, value, &input->max_age_line);
    else if (strcmp(key, "max_size") == 0)
        set_limit(p, input, key, value, &input->max_size_line);
    else if (strcmp(key, "import") == 0)
        add_globs(p, key, &input->imports, &input->import_count, value);
    else if (strcmp(key, "import_remove") == 0)
        input->import_remove = choose(p, key, value, "no", "yes");
    else if (strcmp(key, "from") == 0)
        input->from_end = choose(p, key, value, "start", "end");
    else
        findings_add(&p->found, p->line, "'%s' isn't a key of [input %s]", key, input->name);
}

void config_begin_input(struct config_parse *p, const char *name)
{
    struct config *c = p->config;
    name += strspn(name, " \t");
    if (*name == '\0') {
        findings_add(&p->found, p->line, "an input needs a name: [input NAME]");
        return;
    }
    for (size_t i = 0; i < c->input_count; i++) {
        if (strcmp(c->inputs[i].name, name) == 0) {
            findings_add(&p->found, p->line, "[input %s]: already there in line %u", name,
                         c->inputs[i].line);
            return;
        }
    }
    if (c->input_count >= INPUTS_MAX) {
        findings_add(&p->found, p->line, "more than %d inputs", INPUTS_MAX);
        return;
    }
    struct config_input *grown = reallocarray(c->inputs, c->input_count + 1, sizeof(*grown));
    char *copy = grown ? strdup(name) : NULL;
    if (grown)
        c->inputs = grown;
    if (!copy) {
        findings_no_memory(&p->found);
        return;
    }
    p->input = c->input_count;
    p->in_input = true;
    struct rules none = {strdup(""), strdup("")};
    if (!none.multiline_start || !none.format)
        findings_no_memory(&p->found);
    c->inputs[c->input_count++] = (struct config_input){
        .name = copy, .line = p->line, .rules = none, .listen = config_listen_defaults()};
}

static void check_expression(struct config_parse *p, unsigned line, const char *key,
                             const char *text, bool names)
{
    struct lgz_error reason = {0};
    struct regex *regex;
    if (line == 0)
        return;
    int code = regex_compile(&regex, text, strlen(text), REGEX_MULTILINE, &reason);
    if (code == LGZ_ERR_MEMORY)
        findings_no_memory(&p->found);
    else if (code != LGZ_OK)
        findings_add(&p->found, line, "%s: %s", key, reason.message);
    else if (names && regex_name_count(regex) == 0)
        findings_add(&p->found, line, "%s: has no named group, such as (?<name>[0-9]+)", key);
    regex_free(regex);
}

void config_check_input(struct config_parse *p, const struct config_input *input)
{
    struct lgz_error reason = {0};
    unsigned line = 0;
    bool listens = input->listen.given[0]; /* or was meant to */
    if (input->path_count == 0 && input->import_count == 0 && !listens)
        findings_add(&p->found, input->line, "[input %s] has no path and no listen", input->name);
    if (listens && (input->path_count || input->exclude_count || input->from_end))
        findings_add(&p->found, input->line,
                     "[input %s] listens: path, exclude and from belong into an input of their own",
                     input->name);
    if (config_listen_check(&input->listen, &line, &reason) != LGZ_OK)
        findings_add(&p->found, line, "%s", reason.message);
    check_expression(p, input->multiline_start, "multiline_start", input->rules.multiline_start,
                     false);
    check_expression(p, input->format, "format", input->rules.format, true);
}
