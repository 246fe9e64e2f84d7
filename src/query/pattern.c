/*
 * pattern.c - matching with a finder and regular expressions.
 *
 * A string is searched for in all lines at once. A regular expression runs on one line (or event)
 * at a time, which is the only way in which no look-around, class or anchor can see a neighbour;
 * where bytes are known that each match holds, only on lines that hold them.
 */
#include "query/pattern.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/find.h"
#include "base/regex.h"
#include "query/literal.h"
#include "query/posix.h"
#include "query/string_set.h"

enum { SET_MIN = 8 }; /* so many strings are searched for at once */

/* One alternative, and the next of its lines in the walk. */
struct part {
    struct buf literal;     /* in each matching line; empty: nothing is known */
    struct finder finder;   /* of it */
    struct regex *folded;   /* finds the literal in any case; NULL: the finder does */
    struct regex *regex;    /* NULL: the literal is all there is */
    struct string_set *set; /* stands for many parts that were literals */
    size_t start;
    size_t end;
    bool found; /* start and end are set */
    bool over;  /* no more lines */
};

struct pattern {
    VEC(struct part) parts;
    struct need need; /* not a twin's */
    struct span lines;
    struct regex_room *room;
    bool longest; /* of the matches at a place the longest is the one */
    bool twin;    /* what the parts point to is another pattern's */
};

static unsigned flags_of(const struct pattern_options *options)
{
    return (options->ignore_case ? REGEX_FOLD : 0) | (options->multiline ? REGEX_MULTILINE : 0);
}

/* The pattern as an expression in Perl's language. A string is one in which each byte that could
   mean more is escaped. */
static int write_expression(struct span text, const struct pattern_options *options,
                            struct buf *out, struct lgz_error *err)
{
    if (options->posix && !options->fixed)
        return posix_translate(text, out, err);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        if (options->fixed && byte < 0x80 && !ascii_is_alnum(byte))
            buf_push(out, '\\');
        buf_push(out, byte);
    }
    return out->failed ? error_memory(err) : LGZ_OK;
}

/* Compile the expression with what -w and -x ask for around it. */
static int compile_framed(struct part *part, const struct buf *expression,
                          const struct pattern_options *options, struct lgz_error *err)
{
    struct buf framed = {0};
    buf_append_string(&framed, options->line ? "^(?:" : "(?<!\\w)(?:");
    buf_append(&framed, expression->data, expression->len);
    buf_append_string(&framed, options->line ? ")$" : ")(?!\\w)");
    int code = framed.failed
                   ? error_memory(err)
                   : regex_compile(&part->regex, framed.data, framed.len, flags_of(options), err);
    buf_free(&framed);
    return code;
}

/* Does a string do instead of an expression that needs this? */
static bool is_string(const struct buf *expression, const struct need *need)
{
    if (need->clauses.len == 0)
        return expression->len == 0;
    return need->exact && need->clauses.data[0].strings.len == 1;
}

/* Find the bytes that each match of the expression holds. */
static int find_need(struct part *part, struct buf *expression,
                     const struct pattern_options *options, struct need *need,
                     struct lgz_error *err)
{
    buf_push(expression, '\0');
    if (expression->failed)
        return error_memory(err);
    expression->len--;
    int code = literal_need((const char *)expression->data, options->ignore_case, need, err);
    const struct need_string *string = code == LGZ_OK ? literal_longest(need) : NULL;
    if (!string)
        return code;
    buf_append(&part->literal, string->bytes.data, string->bytes.len);
    if (part->literal.failed)
        return error_memory(err);
    return string->folded ? regex_compile(&part->folded, part->literal.data, part->literal.len,
                                          REGEX_FOLD | REGEX_LITERAL, err)
                          : LGZ_OK;
}

/* Compile the expression, unless a search for the bytes does. */
static int compile_expression(struct part *part, const struct buf *expression,
                              const struct pattern_options *options, struct need *need,
                              struct lgz_error *err)
{
    const bool framed = options->word || options->line;
    const bool string = !framed && is_string(expression, need);
    need->exact &= !framed;
    if (string && (options->fixed || span_equal(buf_span(expression), buf_span(&part->literal))))
        return LGZ_OK;
    /* Also if it's framed or a string: what is wrong with it is told as of what was given. */
    int code =
        regex_compile(&part->regex, expression->data, expression->len, flags_of(options), err);
    if (code != LGZ_OK || (!framed && !string))
        return code;
    regex_free(part->regex);
    part->regex = NULL;
    return framed ? compile_framed(part, expression, options, err) : LGZ_OK;
}

/* Fill a zeroed part with what `text` asks for, and find what it needs. */
static int compile_part(struct part *part, struct span text, const struct pattern_options *options,
                        struct need *need, struct lgz_error *err)
{
    struct buf expression = {0};
    int code = write_expression(text, options, &expression, err);
    if (code == LGZ_OK)
        code = find_need(part, &expression, options, need, err);
    if (code == LGZ_OK)
        code = compile_expression(part, &expression, options, need, err);
    part->finder = finder_of(buf_span(&part->literal));
    if (code == LGZ_ERR_ARGUMENT) {
        enum { SHOWN_MAX = 80 };
        const bool whole = text.len <= SHOWN_MAX;
        error_prefix(err, "pattern '%.*s%s'", whole ? (int)text.len : SHOWN_MAX,
                     (const char *)text.data, whole ? "" : "...");
    }
    buf_free(&expression);
    return code;
}

static int add_part(struct pattern *p, const char *text, size_t len,
                    const struct pattern_options *options, struct lgz_error *err)
{
    struct need need = {0};
    if (!vec_push(&p->parts, (struct part){0}))
        return error_memory(err);
    struct span span = {(const uint8_t *)text, len};
    int code = compile_part(&p->parts.data[p->parts.len - 1], span, options, &need, err);
    if (code == LGZ_OK)
        code = need_or(&p->need, &need, err);
    need_clear(&need);
    return code;
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

static void clear_part(struct part *part)
{
    buf_free(&part->literal);
    regex_free(part->folded);
    regex_free(part->regex);
    string_set_free(part->set);
}

/* Make one set of all strings; the parts that are left are those without any text. */
static int join_literals(struct pattern *p, const struct pattern_options *options,
                         struct lgz_error *err)
{
    const enum string_frame frame = options->line   ? STRING_LINE
                                    : options->word ? STRING_WORD
                                                    : STRING_ANYWHERE;
    struct part joined = {0};
    VEC(struct span) strings = {0};
    int code = LGZ_OK;
    size_t kept = 0;
    for (size_t i = 0; i < p->parts.len && code == LGZ_OK; i++) {
        const struct buf *literal = &p->parts.data[i].literal;
        if (literal->len && !vec_push(&strings, buf_span(literal)))
            code = error_memory(err);
    }
    if (code == LGZ_OK && strings.len)
        code = string_set_new(&joined.set, strings.data, strings.len, options->ignore_case, frame,
                              err);
    vec_free(&strings);
    if (!joined.set)
        return code;
    for (size_t i = 0; i < p->parts.len; i++) {
        if (p->parts.data[i].literal.len)
            clear_part(&p->parts.data[i]);
        else
            p->parts.data[kept++] = p->parts.data[i];
    }
    p->parts.data[kept] = joined; /* in the place of one of those at least */
    p->parts.len = kept + 1;
    return LGZ_OK;
}

int pattern_compile(struct pattern **out, const char *const *texts, size_t count,
                    const struct pattern_options *options, struct lgz_error *err)
{
    int code = LGZ_OK;
    *out = NULL;
    struct pattern *p = calloc(1, sizeof(*p));
    if (!p)
        return error_memory(err);
    p->longest = options->posix && !options->fixed;
    code = regex_room_new(&p->room, 0, err);
    if (code == LGZ_OK)
        code = need_nothing(&p->need, err);
    for (size_t i = 0; i < count && code == LGZ_OK; i++)
        code = add_text(p, texts[i], options, err);
    if (code == LGZ_OK && options->fixed && p->parts.len >= SET_MIN)
        code = join_literals(p, options, err);
    if (code == LGZ_OK)
        *out = p;
    else
        pattern_free(p);
    return code;
}

int pattern_twin(struct pattern **out, const struct pattern *p, struct lgz_error *err)
{
    *out = NULL;
    struct pattern *twin = calloc(1, sizeof(*twin));
    if (!twin)
        return error_memory(err);
    twin->longest = p->longest;
    twin->twin = true;
    int code = regex_room_new(&twin->room, 0, err);
    for (size_t i = 0; i < p->parts.len && code == LGZ_OK; i++)
        if (!vec_push(&twin->parts, p->parts.data[i]))
            code = error_memory(err);
    if (code == LGZ_OK)
        *out = twin;
    else
        pattern_free(twin);
    return code;
}

bool pattern_is_all(const struct pattern *p)
{
    for (size_t i = 0; i < p->parts.len; i++) {
        const struct part *part = &p->parts.data[i];
        if (!part->regex && !part->set && !part->folded && part->literal.len == 0)
            return true;
    }
    return false;
}

const struct need *pattern_need(const struct pattern *p)
{
    return &p->need;
}

void pattern_free(struct pattern *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->parts.len && !p->twin; i++)
        clear_part(&p->parts.data[i]);
    vec_free(&p->parts);
    need_clear(&p->need);
    regex_room_free(p->room);
    free(p);
}

/* Run `regex` over `text` from `from` on. @return 1 and the offsets, 0, or a negative code */
static int run(struct pattern *p, const struct regex *regex, struct span text, size_t from,
               size_t *start, size_t *end, struct lgz_error *err)
{
    int rc = regex_run(p->room, regex, text, from, err);
    if (rc == 1)
        regex_match(p->room, 0, start, end);
    return rc;
}

/* The same for the match that is to be shown. */
static int run_exactly(struct pattern *p, const struct regex *regex, struct span text, size_t from,
                       size_t *start, size_t *end, struct lgz_error *err)
{
    if (!p->longest)
        return run(p, regex, text, from, start, end, err);
    int rc = regex_run_longest(p->room, regex, text, from, err);
    if (rc == 1)
        regex_match(p->room, 0, start, end);
    return rc;
}

/* Find the part's literal. Same result as run(). */
static int find_literal(struct pattern *p, const struct part *part, struct span text, size_t from,
                        size_t *start, size_t *end, struct lgz_error *err)
{
    if (part->set)
        return string_set_next(part->set, text, from, start, end);
    if (part->folded)
        return run(p, part->folded, text, from, start, end, err);
    if (part->literal.len == 0) {
        *start = *end = from;
        return 1;
    }
    *start = finder_next(&part->finder, text, from);
    if (*start == SIZE_MAX)
        return 0;
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

/* Set the part's start to the first place at or behind `from` that a match has to reach. */
static int advance_candidate(struct pattern *p, struct part *part, size_t from,
                             struct lgz_error *err)
{
    int found = find_literal(p, part, p->lines, from, &part->start, &part->end, err);
    part->found = found == 1;
    part->over = found == 0;
    return found < 0 ? found : LGZ_OK;
}

int pattern_candidate(struct pattern *p, size_t from, size_t *at, struct lgz_error *err)
{
    bool any = false;
    for (size_t i = 0; i < p->parts.len; i++) {
        struct part *part = &p->parts.data[i];
        if (!part->over && (!part->found || part->start < from)) {
            int code = advance_candidate(p, part, from, err);
            if (code != LGZ_OK)
                return code;
        }
        if (part->found && (!any || part->start < *at)) {
            *at = part->start;
            any = true;
        }
    }
    return any;
}

int pattern_matches(struct pattern *p, struct span text, struct lgz_error *err)
{
    int rc = 0;
    for (size_t i = 0; i < p->parts.len && rc == 0; i++) {
        const struct part *part = &p->parts.data[i];
        size_t start, end;
        rc = part->regex ? run(p, part->regex, text, 0, &start, &end, err)
                         : find_literal(p, part, text, 0, &start, &end, err);
    }
    return rc;
}

int pattern_find(struct pattern *p, struct span line, size_t from, size_t *start, size_t *end,
                 struct lgz_error *err)
{
    int found = 0;
    for (size_t i = 0; i < p->parts.len; i++) {
        const struct part *part = &p->parts.data[i];
        size_t a, b;
        int rc = part->regex ? run_exactly(p, part->regex, line, from, &a, &b, err)
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
