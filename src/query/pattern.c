/*
 * pattern.c - matching with memmem(3) and PCRE2.
 *
 * A string is searched for in all lines at once. A regular expression runs on one line at a time,
 * which is the only way in which no look-around, class or anchor can see a neighbour; where bytes
 * are known that each match holds, only on lines that hold them.
 */
#include "query/pattern.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "query/literal.h"

/* Steps of the matcher: a constant for short lines, and so many more for each byte of a long one.
 */
#define STEPS_BASE     UINT64_C(10000000)
#define STEPS_PER_BYTE 32
#define JIT_STACK_MIN  ((size_t)64 << 10)
#define JIT_STACK_MAX  ((size_t)8 << 20)

/* One alternative, and the next of its lines in the walk. */
struct part {
    struct buf literal; /* in each matching line; empty: nothing is known */
    pcre2_code *folded; /* finds the literal in any case; NULL: memmem does */
    pcre2_code *regex;  /* NULL: the literal is all there is */
    size_t start;
    size_t end;
    bool found; /* start and end are set */
    bool over;  /* no more lines */
};

struct pattern {
    VEC(struct part) parts;
    struct span lines;
    pcre2_compile_context *compile_context;
    pcre2_match_context *match_context;
    pcre2_match_data *match_data;
    pcre2_jit_stack *stack;
};

/* Compile `len` bytes; the flags are added to ours. */
static int compile_code(struct pattern *p, const uint8_t *text, size_t len, uint32_t flags,
                        pcre2_code **out, struct lgz_error *err)
{
    int number;
    PCRE2_SIZE where;
    *out = pcre2_compile(text, len, flags, &number, &where, p->compile_context);
    if (!*out) {
        PCRE2_UCHAR reason[128];
        pcre2_get_error_message(number, reason, sizeof(reason));
        return error_set(err, LGZ_ERR_ARGUMENT, "pattern '%.*s', at character %zu: %s", (int)len,
                         (const char *)text, (size_t)where + 1, (const char *)reason);
    }
    /* Where there is no JIT for this machine the interpreter does the work. */
    pcre2_jit_compile(*out, PCRE2_JIT_COMPLETE);
    return LGZ_OK;
}

/* Fill a zeroed part with what `len` bytes of `text` ask for. */
static int compile_part(struct pattern *p, struct part *part, const char *text, size_t len,
                        const struct pattern_options *options, struct lgz_error *err)
{
    uint32_t fold = options->ignore_case ? PCRE2_CASELESS : 0;
    bool whole = true;
    int code = LGZ_OK;
    if (options->fixed) {
        buf_append(&part->literal, text, len);
    } else {
        struct buf copy = {0};
        buf_append(&copy, text, len);
        buf_push(&copy, '\0');
        if (copy.failed)
            return error_memory(err);
        whole = literal_required((const char *)copy.data, &part->literal);
        buf_free(&copy);
    }
    if (part->literal.failed)
        return error_memory(err);
    if (!whole)
        code =
            compile_code(p, (const uint8_t *)text, len, fold | PCRE2_NEVER_UTF, &part->regex, err);
    if (code == LGZ_OK && fold && part->literal.len)
        code = compile_code(p, part->literal.data, part->literal.len, fold | PCRE2_LITERAL,
                            &part->folded, err);
    return code;
}

static int add_part(struct pattern *p, const char *text, size_t len,
                    const struct pattern_options *options, struct lgz_error *err)
{
    if (!vec_push(&p->parts, (struct part){0}))
        return error_memory(err);
    return compile_part(p, &p->parts.data[p->parts.len - 1], text, len, options, err);
}

/* Each line of `text` is a pattern. */
static int add_text(struct pattern *p, const char *text, const struct pattern_options *options,
                    struct lgz_error *err)
{
    for (;;) {
        size_t len = strcspn(text, "\n");
        int code = add_part(p, text, len, options, err);
        if (code != LGZ_OK || text[len] == '\0')
            return code;
        text += len + 1;
    }
}

int pattern_compile(struct pattern **out, const char *const *texts, size_t count,
                    const struct pattern_options *options, struct lgz_error *err)
{
    int code = LGZ_OK;
    *out = NULL;
    struct pattern *p = calloc(1, sizeof(*p));
    if (!p)
        return error_memory(err);
    p->compile_context = pcre2_compile_context_create(NULL);
    p->match_context = pcre2_match_context_create(NULL);
    p->match_data = pcre2_match_data_create(1, NULL);
    p->stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
    if (!p->compile_context || !p->match_context || !p->match_data || !p->stack) {
        code = error_memory(err);
        goto out;
    }
    pcre2_set_newline(p->compile_context, PCRE2_NEWLINE_LF);
    pcre2_jit_stack_assign(p->match_context, NULL, p->stack);
    for (size_t i = 0; i < count && code == LGZ_OK; i++)
        code = add_text(p, texts[i], options, err);
out:
    if (code == LGZ_OK)
        *out = p;
    else
        pattern_free(p);
    return code;
}

void pattern_free(struct pattern *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->parts.len; i++) {
        buf_free(&p->parts.data[i].literal);
        pcre2_code_free(p->parts.data[i].folded);
        pcre2_code_free(p->parts.data[i].regex);
    }
    vec_free(&p->parts);
    pcre2_match_data_free(p->match_data);
    pcre2_match_context_free(p->match_context);
    pcre2_compile_context_free(p->compile_context);
    pcre2_jit_stack_free(p->stack);
    free(p);
}

/* Run `code` over `text` from `from` on. @return 1 and the offsets, 0, or a negative code */
static int run(struct pattern *p, const pcre2_code *code, struct span text, size_t from,
               size_t *start, size_t *end, struct lgz_error *err)
{
    static const uint8_t nothing[1] = {0};
    uint64_t steps = STEPS_BASE + STEPS_PER_BYTE * (uint64_t)text.len;
    pcre2_set_match_limit(p->match_context, steps > UINT32_MAX ? UINT32_MAX : (uint32_t)steps);
    const uint8_t *data = text.len ? text.data : nothing;
    int rc = pcre2_match(code, data, text.len, from, 0, p->match_data, p->match_context);
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
        rc = pcre2_match(code, data, text.len, from, PCRE2_NO_JIT, p->match_data, p->match_context);
    if (rc == PCRE2_ERROR_NOMATCH)
        return 0;
    if (rc < 0) {
        PCRE2_UCHAR reason[128];
        pcre2_get_error_message(rc, reason, sizeof(reason));
        int kind = rc == PCRE2_ERROR_NOMEMORY ? LGZ_ERR_MEMORY : LGZ_ERR_LIMIT;
        return error_set(err, kind, "the pattern takes too much work on a line of %zu bytes: %s",
                         text.len, (const char *)reason);
    }
    const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(p->match_data);
    /* \K in a look-ahead can put the start behind the end. */
    *start = offsets[0] < offsets[1] ? offsets[0] : offsets[1];
    *end = offsets[1];
    return 1;
}

/* Find the part's literal. Same result as run(). */
static int find_literal(struct pattern *p, const struct part *part, struct span text, size_t from,
                        size_t *start, size_t *end, struct lgz_error *err)
{
    if (part->folded)
        return run(p, part->folded, text, from, start, end, err);
    if (part->literal.len == 0) {
        *start = *end = from;
        return 1;
    }
    const uint8_t *hit =
        memmem(text.data + from, text.len - from, part->literal.data, part->literal.len);
    if (!hit)
        return 0;
    *start = (size_t)(hit - text.data);
    *end = *start + part->literal.len;
    return 1;
}

void pattern_start(struct pattern *p, struct span lines)
{
    p->lines = lines;
    for (size_t i = 0; i < p->parts.len; i++)
        p->parts.data[i].found = p->parts.data[i].over = false;
}

/* Set the part's start and end to its first line at or behind `from`. */
static int advance(struct pattern *p, struct part *part, size_t from, struct lgz_error *err)
{
    const struct span lines = p->lines;
    while (from < lines.len) {
        size_t hit, behind, a, b;
        int rc = find_literal(p, part, lines, from, &hit, &behind, err);
        if (rc < 0)
            return rc;
        if (rc == 0)
            break;
        const uint8_t *before = memrchr(lines.data + from, '\n', hit - from);
        const uint8_t *newline = memchr(lines.data + hit, '\n', lines.len - hit);
        part->start = before ? (size_t)(before + 1 - lines.data) : from;
        part->end = newline ? (size_t)(newline - lines.data) : lines.len;
        struct span line = {lines.data + part->start, part->end - part->start};
        rc = part->regex ? run(p, part->regex, line, 0, &a, &b, err) : 1;
        if (rc < 0)
            return rc;
        part->found = rc == 1;
        if (part->found)
            return LGZ_OK;
        from = part->end + 1;
    }
    part->found = false;
    part->over = true;
    return LGZ_OK;
}

int pattern_next(struct pattern *p, size_t from, size_t *start, size_t *end, struct lgz_error *err)
{
    const struct part *first = NULL;
    for (size_t i = 0; i < p->parts.len; i++) {
        struct part *part = &p->parts.data[i];
        if (!part->over && (!part->found || part->start < from)) {
            int code = advance(p, part, from, err);
            if (code != LGZ_OK)
                return code;
        }
        if (part->found && (!first || part->start < first->start))
            first = part;
    }
    if (!first)
        return 0;
    *start = first->start;
    *end = first->end;
    return 1;
}

int pattern_find(struct pattern *p, struct span line, size_t from, size_t *start, size_t *end,
                 struct lgz_error *err)
{
    int found = 0;
    for (size_t i = 0; i < p->parts.len; i++) {
        const struct part *part = &p->parts.data[i];
        size_t a, b;
        int rc = part->regex ? run(p, part->regex, line, from, &a, &b, err)
                             : find_literal(p, part, line, from, &a, &b, err);
        if (rc < 0)
            return rc;
        if (rc == 0)
            continue;
        if (!found || a < *start || (a == *start && b > *end)) {
            *start = a;
            *end = b;
        }
        found = 1;
    }
    return found;
}
