/*
 * fuzz_pattern.c - options, patterns up to a NUL byte, and a text: any patterns end in an error
 * that names a place, or are found in the lines where each line by itself has them, and in no
 * other; and in lines that hold what they need, which are all of these if the need says so.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "query/pattern.h"

enum { FIXED = 1, POSIX = 2, FOLD = 4, WORD = 8, LINE = 16 };

/* Do a line's match and where it is agree? @return as pattern_matches() */
static int check_line(struct pattern *p, struct span line)
{
    struct lgz_error err = {0};
    size_t start = 0, end = 0;
    int matches = pattern_matches(p, line, &err);
    int found = pattern_find(p, line, 0, &start, &end, &err);
    if (matches >= 0 && found >= 0 && (matches != found || start > end || end > line.len))
        abort();
    const struct need *need = pattern_need(p);
    if (matches >= 0 && (matches ? !need_met(need, line) : need->exact && need_met(need, line)))
        abort();
    return matches;
}

static void check_text(struct pattern *p, struct span text)
{
    struct lgz_error err = {0};
    size_t next = 0, behind = 0;
    int more = 1;
    pattern_start(p, text);
    for (size_t at = 0; at < text.len;) {
        const uint8_t *newline = memchr(text.data + at, '\n', text.len - at);
        size_t end = newline ? (size_t)(newline - text.data) : text.len;
        if (more == 1 && next <= at && (at == 0 || next < at || behind < at))
            more = pattern_next(p, at, &next, &behind, &err);
        if (more < 0)
            return;
        int matches = check_line(p, (struct span){text.data + at, end - at});
        bool said = more == 1 && next == at;
        if (matches >= 0 && said != (matches == 1))
            abort();
        if (said && behind != end)
            abort();
        at = end + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lgz_error err = {0};
    struct pattern *p = NULL;
    if (size < 2 || size > 4096)
        return 0;
    const uint8_t *nul = memchr(data + 1, '\0', size - 1);
    if (!nul)
        return 0;
    const struct pattern_options options = {
        .fixed = data[0] & FIXED,
        .posix = data[0] & POSIX,
        .ignore_case = data[0] & FOLD,
        .word = data[0] & WORD,
        .line = data[0] & LINE,
    };
    const char *text = (const char *)data + 1;
    int code = pattern_compile(&p, &text, 1, &options, &err);
    if (code == LGZ_ERR_ARGUMENT && !strstr(err.message, "at character "))
        abort();
    if (code == LGZ_OK)
        check_text(p, (struct span){nul + 1, size - (size_t)(nul + 1 - data)});
    pattern_free(p);
    return 0;
}
