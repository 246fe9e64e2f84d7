/*
 * fuzz_where.c - an expression and, behind the first newline, a line: any bytes end in an error
 * that names a place in the expression, or in an answer; and a line that matches holds the strings
 * that are said to be required, and doesn't match what `not` makes of the expression.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "query/where.h"

static int compile(struct where **w, const char *before, const char *text, const char *behind)
{
    struct lgz_error err = {0};
    struct buf whole = {0};
    buf_printf(&whole, "%s%s%s", before, text, behind);
    buf_push(&whole, '\0');
    int code = whole.failed
                   ? LGZ_ERR_MEMORY
                   : where_compile(w, (char *)whole.data, INT64_C(1767225600000000000), &err);
    if (code == LGZ_ERR_ARGUMENT && !strstr(err.message, "character "))
        abort();
    buf_free(&whole);
    return code;
}

static void check_need(const struct where *w, struct span text)
{
    if (!need_met(where_need(w, false), text) || !need_met(where_need(w, true), text))
        abort();
}

/* A line that matches is met by a walk over lines. */
static void check_walk(struct where *w, struct span line)
{
    struct buf lines = {0};
    size_t start, end;
    if (line.len && memchr(line.data, '\n', line.len))
        return;
    buf_append_string(&lines, "before\n");
    buf_append(&lines, line.data, line.len);
    buf_append_string(&lines, "\nbehind");
    where_start(w, buf_span(&lines));
    for (size_t at = 0; where_leads(w) && !lines.failed; at = end + 1) {
        if (!where_next(w, at, &start, &end) || start > 7)
            abort();
        if (start == 7 && end == 7 + line.len)
            break;
    }
    buf_free(&lines);
}

/* Where the expression can be put into parentheses, `not` is its opposite. */
static void check_opposite(const char *expression, const struct query_line *line, int matches)
{
    struct lgz_error err = {0};
    struct where *w;
    if (compile(&w, "not (", expression, ")") != LGZ_OK)
        return; /* one level deeper, or one node more, may be too much */
    int opposite = where_matches(w, line, &err);
    if (opposite >= 0 && opposite == matches)
        abort();
    where_free(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
    size_t len = newline ? (size_t)(newline - data) : size;
    struct lgz_error err = {0};
    struct where *w = NULL;
    char *expression = malloc(len + 1);
    uint8_t *text = malloc(size - len + 1); /* the sanitizer sees a read behind the end */
    if (!expression || !text)
        goto out;
    if (len)
        memcpy(expression, data, len);
    expression[len] = '\0';
    struct query_line line = {.source = "/var/log/x", .input = "x"};
    line.text = (struct span){text, newline ? size - len - 1 : 0};
    if (line.text.len)
        memcpy(text, newline + 1, line.text.len);
    if (compile(&w, "", expression, "") != LGZ_OK)
        goto out;
    int matches = where_matches(w, &line, &err);
    if (matches == 1) {
        check_need(w, line.text);
        check_walk(w, line.text);
    }
    if (matches >= 0)
        check_opposite(expression, &line, matches);
out:
    where_free(w);
    free(expression);
    free(text);
    return 0;
}
