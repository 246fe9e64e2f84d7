/*
 * literal.c - walks over the top level of a regular expression and collects runs of plain bytes.
 *
 * Groups and classes are skipped as a whole. Whatever could change the meaning of what follows or
 * makes a part optional ends the run; whatever isn't known ends the search without a result.
 */
#include "query/literal.h"

#include <string.h>

struct walk {
    const char *at;
    struct buf run;   /* the bytes since the last thing that isn't plain */
    struct buf *best; /* the longest run so far */
    bool plain;       /* nothing but plain bytes was seen */
    bool unknown;     /* give up */
};

static void end_run(struct walk *w)
{
    if (w->run.len > w->best->len) {
        buf_clear(w->best);
        buf_append(w->best, w->run.data, w->run.len);
    }
    buf_clear(&w->run);
    w->plain = false;
}

/* Skip a class; `at` is behind its "[". */
static void skip_class(struct walk *w)
{
    if (*w->at == '^')
        w->at++;
    if (*w->at == ']')
        w->at++;
    while (*w->at && *w->at != ']') {
        if (w->at[0] == '\\' && (w->at[1] == 'Q' || w->at[1] == '\0')) {
            w->unknown = true;
            return;
        }
        if (w->at[0] == '\\') {
            w->at += 2;
        } else if (w->at[0] == '[' && w->at[1] && strchr(":.=", w->at[1])) {
            size_t name = strspn(w->at + 2, "^abcdefghijklmnopqrstuvwxyz");
            w->unknown = strncmp(w->at + 2 + name, ":]", 2) != 0;
            if (w->unknown)
                return;
            w->at += 2 + name + 2;
        } else {
            w->at++;
        }
    }
    if (*w->at == '\0')
        w->unknown = true;
    else
        w->at++;
}

/* Does "(?" at `text` start a group whose contents end at its ")", and that changes nothing else?
 */
static bool is_simple_group(const char *text)
{
    if (text[0] != '?')
        return text[0] != '*';
    return (text[1] && strchr(":=!><", text[1])) || (text[1] == 'P' && text[2] == '<');
}

/* Skip a group; `at` is behind its "(". */
static void skip_group(struct walk *w)
{
    size_t depth = 1;
    if (!is_simple_group(w->at))
        w->unknown = true;
    while (depth && !w->unknown) {
        if (*w->at == '\0') {
            w->unknown = true;
            return;
        }
        char c = *w->at++;
        if (c == '\\') {
            if (*w->at == '\0' || *w->at == 'Q')
                w->unknown = true;
            else
                w->at++;
        } else if (c == '[') {
            skip_class(w);
        } else if (c == '(') {
            w->unknown = !is_simple_group(w->at);
            depth++;
        } else if (c == ')') {
            depth--;
        }
    }
}

/* Handle "\" and what follows; `at` is behind the backslash. */
static void take_escape(struct walk *w)
{
    char c = *w->at;
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    bool digit = c >= '0' && c <= '9';
    if (c == '\0') {
        w->unknown = true;
    } else if (!letter && !digit) {
        buf_push(&w->run, (uint8_t)c);
        w->at++;
    } else if (strchr("dDwWsSbBAzZhHvVKG", c)) {
        end_run(w);
        w->at++;
    } else {
        w->unknown = true;
    }
}

/* Skip "{2}", "{2,}" or "{2,3}"; `at` is behind the brace. */
static void skip_count(struct walk *w)
{
    size_t digits = strspn(w->at, "0123456789");
    size_t len = digits;
    if (w->at[len] == ',')
        len += 1 + strspn(w->at + len + 1, "0123456789");
    if (digits == 0 || w->at[len] != '}')
        w->unknown = true;
    else
        w->at += len + 1;
}

/* Handle one item at the top level. */
static void take_item(struct walk *w)
{
    char c = *w->at++;
    switch (c) {
    case '|':
    case ')':
        w->unknown = true;
        break;
    case '(':
        end_run(w);
        skip_group(w);
        break;
    case '[':
        end_run(w);
        skip_class(w);
        break;
    case '\\':
        take_escape(w);
        break;
    case '*':
    case '?':
    case '{':
        /* The byte before may be absent. */
        if (w->run.len)
            w->run.len--;
        end_run(w);
        if (c == '{')
            skip_count(w);
        break;
    case '+':
    case '.':
    case '^':
    case '$':
        end_run(w);
        break;
    default:
        buf_push(&w->run, (uint8_t)c);
        break;
    }
}

bool literal_required(const char *regex, struct buf *out)
{
    struct walk w = {.at = regex, .best = out, .plain = true};
    buf_clear(out);
    while (*w.at && !w.unknown)
        take_item(&w);
    bool plain = w.plain;
    end_run(&w);
    bool failed = w.run.failed || out->failed;
    buf_free(&w.run);
    if (w.unknown || failed) {
        buf_clear(out);
        return false;
    }
    return plain;
}
