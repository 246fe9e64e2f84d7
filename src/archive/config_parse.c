/*
 * config_parse.c - from the file to keys and values. inih splits keys from values; lines are fed to
 * it one by one, so that each finding has the number of its line, and a line that inih would cut or
 * skip is told. config_check.c compares the result with the machine.
 */
#include "archive/config_parse.h"

#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"

enum {
    CONFIG_MAX_BYTES = 1 << 20,
    SECTION_MAX = 49, /* inih cuts longer headings */
};

#if INI_HANDLER_LINENO
static int on_key(void *context, const char *section, const char *key, const char *value, int line)
#else
static int on_key(void *context, const char *section, const char *key, const char *value)
#endif
{
    struct config_parse *p = context;
    (void)section; /* next_line() saw the heading, whole */
#if INI_HANDLER_LINENO
    (void)line;
#endif
    p->want_key = false;
    if (p->found.code == LGZ_ERR_MEMORY)
        return 1;
    if (!value)
        findings_add(&p->found, p->line, "'%s' has no '='", key);
    else if (p->no_section)
        findings_add(&p->found, p->line, "'%s' stands before the first [section]", key);
    else if (p->in_input)
        config_set_input(p, key, value);
    else if (p->section)
        config_set(p, key, value);
    return 1;
}

/* `line` starts with '['. */
static void begin_section(struct config_parse *p, const char *line)
{
    p->section = NULL;
    p->in_input = false;
    p->no_section = false;
    const char *end = strchr(line, ']');
    if (!end) {
        findings_add(&p->found, p->line, "the heading has no ']'");
        return;
    }
    if (end[1 + strspn(end + 1, " \t")] != '\0' && !strchr(";#", end[1 + strspn(end + 1, " \t")])) {
        findings_add(&p->found, p->line, "something stands behind the heading");
        return;
    }
    size_t len = (size_t)(end - line) - 1;
    if (len > SECTION_MAX) {
        findings_add(&p->found, p->line, "the heading is longer than %d bytes", SECTION_MAX);
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
        config_begin_input(p, name + 5);
    else
        findings_add(&p->found, p->line,
                     "[%s] isn't a section; there are [archive], [daemon], [input NAME]", name);
}

static void finish_line(struct config_parse *p)
{
    if (p->want_key)
        findings_add(&p->found, p->line, "neither 'KEY = VALUE' nor a [section] nor a comment");
    p->want_key = false;
}

/* inih's line reader: gives it one line without the blanks in front, which would mean "goes on". */
static char *next_line(char *out, int size, void *context)
{
    struct config_parse *p = context;
    finish_line(p);
    if (p->at == p->end || size < 2 || p->found.code == LGZ_ERR_MEMORY)
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
        findings_add(&p->found, p->line,
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

static void check_whole(struct config_parse *p)
{
    config_note_lines(p);
    for (size_t i = 0; i < p->config->input_count; i++)
        config_check_input(p, &p->config->inputs[i]);
}

int config_load(struct config **out, const char *path, config_report_fn *report, void *context,
                struct lgz_error *err)
{
    *out = NULL;
    struct buf text = {0};
    struct config_parse p = {.found = {path, report, context, err, LGZ_OK, 0}, .no_section = true};
    p.config = config_defaults(path);
    if (!p.config)
        return error_memory(err);
    p.found.code = file_load(path, CONFIG_MAX_BYTES, &text, err);
    if (p.found.code != LGZ_OK) {
        if (report && err)
            report(context, err->message);
        goto out;
    }
    p.at = text.data ? (const char *)text.data : "";
    p.end = p.at + text.len;
    int parsed = ini_parse_stream(next_line, &p, on_key, &p);
    if (parsed == -2)
        findings_no_memory(&p.found);
    else if (parsed > 0 && p.found.code == LGZ_OK)
        findings_add(&p.found, (unsigned)parsed,
                     "neither 'KEY = VALUE' nor a [section] nor a comment");
    if (p.found.code != LGZ_ERR_MEMORY)
        check_whole(&p);
out:
    buf_free(&text);
    if (p.found.code != LGZ_OK) {
        config_free(p.config);
        return p.found.code;
    }
    *out = p.config;
    return LGZ_OK;
}
