/*
 * literal.c - walks over a regular expression and puts together what is known of its parts
 * (piece.h).
 *
 * Whatever is a single unknown character, a reference or a repetition breaks the texts; whatever
 * could change the meaning of what follows, and isn't known here, ends the walk without a result.
 */
#include "query/literal.h"

#include <string.h>

#include "base/ascii.h"
#include "query/piece.h"

enum { DEPTH_MAX = 100, CLASS_MAX = 8 };

#define DIGITS "0123456789"
#define NAME   DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"

struct walk {
    const char *at;
    bool fold;    /* of what comes next */
    bool quoted;  /* behind \Q */
    bool unknown; /* give up */
    unsigned depth;
};

/* How often is something repeated? */
struct repetition {
    bool any;  /* it is, in some way */
    bool none; /* maybe not at all */
    bool once; /* but not more than once */
    bool sure; /* whatever it could match is tried */
};

static void take_alternatives(struct walk *w, struct piece *out);

static bool accept(struct walk *w, const char *text)
{
    const size_t len = strlen(text);
    if (strncmp(w->at, text, len) != 0)
        return false;
    w->at += len;
    return true;
}

/* Skip so many bytes of `allowed`, at least one, and `end`. */
static void skip_up_to(struct walk *w, const char *allowed, char end)
{
    const size_t len = strspn(w->at, allowed);
    w->unknown |= len == 0 || w->at[len] != end;
    if (!w->unknown)
        w->at += len + 1;
}

/* "\Q" and "\E" by themselves are nothing, not even between something and its repetition. */
static void skip_quotes(struct walk *w)
{
    for (;;) {
        if (accept(w, "\\E"))
            w->quoted = false;
        else if (!w->quoted && accept(w, "\\Q"))
            w->quoted = true;
        else
            return;
    }
}

/* --- what can be repeated --- */

/* Skip a class; `at` is behind its "[". */
static void skip_class(struct walk *w)
{
    if (*w->at == '^')
        w->at++;
    if (*w->at == ']')
        w->at++;
    while (*w->at != ']' && !w->unknown) {
        if (w->at[0] == '\0') {
            w->unknown = true;
        } else if (w->at[0] == '\\') {
            w->unknown |= w->at[1] == 'Q' || w->at[1] == 'E' || w->at[1] == '\0';
            w->at += w->unknown ? 0 : 2;
        } else if (w->at[0] == '[' && w->at[1] && strchr(":.=", w->at[1])) {
            size_t name = strspn(w->at + 2, "^abcdefghijklmnopqrstuvwxyz");
            w->unknown |= strncmp(w->at + 2 + name, ":]", 2) != 0;
            w->at += w->unknown ? 0 : 2 + name + 2;
        } else {
            w->at++;
        }
    }
    w->at += !w->unknown;
}

/* The value of "\xHH", `text` being behind the x; -1 if it's written in another way. */
static int hex_value(const char *text)
{
    if (!ascii_is_hex((uint8_t)text[0]) || !ascii_is_hex((uint8_t)text[1]))
        return -1;
    return (int)(ascii_hex_value((uint8_t)text[0]) << 4 | ascii_hex_value((uint8_t)text[1]));
}

/* A class of some single characters; `at` is behind its "[". @return false, nothing being taken, if
   it's not as simple as that */
static bool take_characters(struct walk *w, struct piece *out)
{
    const char *at = w->at;
    uint8_t members[CLASS_MAX];
    size_t count = 0;
    while (*at && *at != ']' && count < CLASS_MAX) {
        int byte = (uint8_t)*at++;
        if (byte == '\\' && *at == 'x') {
            byte = hex_value(at + 1);
            at += byte < 0 ? 0 : 3;
        } else if (byte == '\\') {
            byte = ascii_is_alnum((uint8_t)*at) || *at == '\0' ? -1 : (uint8_t)*at++;
        } else if (strchr("^-[", byte)) {
            byte = -1;
        }
        if (byte < 0 || byte == '\n')
            return false;
        members[count++] = (uint8_t)byte;
    }
    if (*at != ']' || count == 0)
        return false;
    w->at = at + 1;
    for (size_t i = 0; i < count; i++) {
        if (i)
            piece_add_text(out);
        piece_push_last(out, members[i], w->fold);
    }
    return true;
}

/* "(?" and letters: the options that are set or unset. Behind them is ")" or ":". */
static void take_options(struct walk *w)
{
    bool on = true;
    for (; *w->at != ')' && *w->at != ':'; w->at++) {
        if (*w->at == '^') {
            w->fold = false;
        } else if (*w->at == '-') {
            on = false;
        } else if (*w->at == 'i') {
            w->fold = on;
        } else if (*w->at == '\0' || !strchr("msnJU", *w->at)) {
            w->unknown = true;
            return;
        }
    }
}

/* What a group is for. */
enum group {
    GROUP_PLAIN,
    GROUP_ATOMIC,
    GROUP_AHEAD,   /* what it matches is there, but takes no place */
    GROUP_EMPTY,   /* nothing is known of what it matches, and it takes no place */
    GROUP_OPTIONS, /* no group: options for what follows */
    GROUP_UNKNOWN, /* it may match anything */
};

/* Read what is behind "(?". What ends with ")" there is read as a whole. */
static enum group take_group_kind(struct walk *w)
{
    if (accept(w, "<=") || accept(w, "="))
        return GROUP_AHEAD;
    if (accept(w, "<!") || accept(w, "!"))
        return GROUP_EMPTY;
    if (accept(w, ">"))
        return GROUP_ATOMIC;
    if (accept(w, "|"))
        return GROUP_PLAIN;
    if (accept(w, "P<") || accept(w, "<") || accept(w, "'")) {
        skip_up_to(w, NAME, w->at[-1] == '\'' ? '\'' : '>');
        return GROUP_PLAIN;
    }
    const bool number = w->at[0] == '+' || ascii_is_digit((uint8_t)w->at[0]) ||
                        (w->at[0] == '-' && ascii_is_digit((uint8_t)w->at[1]));
    if (number || strchr("R&", w->at[0]) || accept(w, "P>") || accept(w, "P=")) {
        skip_up_to(w, "+-&" NAME, ')');
        return GROUP_UNKNOWN;
    }
    take_options(w);
    if (w->unknown)
        return GROUP_UNKNOWN;
    return *w->at++ == ':' ? GROUP_PLAIN : GROUP_OPTIONS;
}

/* "(" was read. */
static enum group take_group(struct walk *w, struct piece *out)
{
    const bool fold = w->fold;
    enum group kind = GROUP_PLAIN;
    if (*w->at == '*')
        w->unknown = true; /* a verb */
    else if (accept(w, "?"))
        kind = take_group_kind(w);
    if (w->unknown || kind == GROUP_OPTIONS)
        return kind;
    if (kind == GROUP_UNKNOWN) {
        piece_break(out);
        return kind;
    }
    piece_free(out);
    take_alternatives(w, out);
    w->unknown |= *w->at != ')';
    w->at += !w->unknown;
    w->fold = fold;
    if (kind == GROUP_ATOMIC)
        piece_doubt(out);
    return kind;
}

/* The name or number behind "\g", "\k" or "\p". */
static void skip_name(struct walk *w)
{
    const char c = *w->at;
    if (c == '{' || c == '<' || c == '\'') {
        w->at++;
        skip_up_to(w, "+-^&" NAME, c == '{' ? '}' : c == '<' ? '>' : '\'');
    } else if ((w->at[-1] == 'p' || w->at[-1] == 'P') && ascii_is_letter((uint8_t)c)) {
        w->at++;
    } else {
        w->unknown = true;
    }
}

/* "\" was read. @return false if it's for something that takes no place */
static bool take_escape(struct walk *w, struct piece *out)
{
    static const char names[] = "aefrt", bytes[] = "\a\033\f\r\t";
    const char c = *w->at;
    if (c == '\0') {
        w->unknown = true;
        return true;
    }
    w->at++;
    const char *name = strchr(names, c);
    if (!ascii_is_alnum((uint8_t)c)) {
        piece_push(out, (uint8_t)c, w->fold);
    } else if (name) {
        piece_push(out, (uint8_t)bytes[name - names], false);
    } else if (strchr("bBAzZGK", c)) {
        return false;
    } else if (c == 'x' && hex_value(w->at) > 0 && hex_value(w->at) != '\n') {
        piece_push(out, (uint8_t)hex_value(w->at), w->fold);
        w->at += 2;
    } else if (strchr("dDwWsShHvVRXNCn", c) || (c >= '1' && c <= '9')) {
        const bool longer = c == 'N'
                                ? *w->at == '{'
                                : ascii_is_digit((uint8_t)c) && ascii_is_digit((uint8_t)*w->at);
        w->unknown |= longer;
        piece_break(out);
    } else if (strchr("gkpP", c)) {
        skip_name(w);
        piece_break(out);
    } else {
        w->unknown = true;
    }
    return true;
}

/* --- repetitions --- */

/* "{2}", "{2,}" or "{2,3}"; `at` is behind the brace. */
static void take_count(struct walk *w, struct repetition *r)
{
    const size_t digits = strspn(w->at, DIGITS);
    const bool zero = strspn(w->at, "0") == digits;
    w->at += digits;
    if (accept(w, ","))
        w->at += strspn(w->at, DIGITS);
    w->unknown |= digits == 0 || *w->at != '}';
    w->at += !w->unknown;
    r->none |= zero;
    r->once = false;
}

/* Is what is at `text`, a brace, a character? Whether it begins a count depends on the version of
   PCRE2 where it isn't clear. */
static bool is_plain_brace(const char *text)
{
    return text[0] == '{' && !strchr(DIGITS ", \t", text[1]);
}

/* The repetitions of what stands before. There may be several. */
static struct repetition take_repetition(struct walk *w)
{
    struct repetition r = {.once = true, .sure = true};
    for (;;) {
        skip_quotes(w);
        const char c = *w->at;
        if (w->quoted || c == '\0' || !strchr("*+?{", c) || is_plain_brace(w->at) || w->unknown)
            return r;
        w->at++;
        r.any = true;
        r.none |= c == '*' || c == '?';
        r.once &= c == '?';
        if (c == '{')
            take_count(w, &r);
        if (accept(w, "+"))
            r.sure = false;
        else
            accept(w, "?");
    }
}

/* --- the walk --- */

/* One thing at the position: a character, a class, a group. @return what kind of group it is */
static enum group take_thing(struct walk *w, struct piece *out)
{
    const char c = *w->at++;
    if (w->quoted || !strchr("([\\.^$*+?", c)) {
        if (c == '\n')
            piece_break(out);
        else
            piece_push(out, (uint8_t)c, w->fold);
        w->unknown |= !w->quoted && c == '{' && !is_plain_brace(w->at - 1);
        return GROUP_PLAIN;
    }
    switch (c) {
    case '(':
        return take_group(w, out);
    case '[':
        if (!take_characters(w, out)) {
            skip_class(w);
            piece_break(out);
        }
        return GROUP_PLAIN;
    case '\\':
        return take_escape(w, out) ? GROUP_PLAIN : GROUP_EMPTY;
    case '.':
        piece_break(out);
        return GROUP_PLAIN;
    case '^':
    case '$':
        return GROUP_EMPTY;
    default:
        w->unknown = true; /* there is nothing to repeat */
        return GROUP_PLAIN;
    }
}

/* Put what was taken, repeated as it is, behind the piece. */
static void put(struct piece *p, struct piece *next, enum group kind, const struct repetition *r)
{
    if (kind == GROUP_OPTIONS || kind == GROUP_EMPTY) {
        if (kind == GROUP_EMPTY)
            piece_doubt(p);
        piece_free(next);
    } else if (kind == GROUP_AHEAD) {
        if (r->none)
            piece_optional(next);
        piece_beside(p, next);
    } else if (r->none && !r->once) {
        piece_break(p);
        piece_free(next);
    } else if (r->any && !r->once) {
        piece_append_repeated(p, next);
    } else {
        if (r->none)
            piece_optional(next);
        piece_append(p, next);
    }
    if (!r->sure)
        piece_doubt(p);
}

/* What is behind each other, up to "|", ")" or the end. */
static void take_sequence(struct walk *w, struct piece *out)
{
    piece_begin(out);
    for (;;) {
        skip_quotes(w);
        if (w->unknown || *w->at == '\0' || (!w->quoted && (*w->at == '|' || *w->at == ')')))
            return;
        struct piece next;
        piece_begin(&next);
        enum group kind = take_thing(w, &next);
        struct repetition r = {0};
        if (!w->unknown)
            r = take_repetition(w);
        put(out, &next, kind, &r);
    }
}

static void take_alternatives(struct walk *w, struct piece *out)
{
    w->unknown |= ++w->depth > DEPTH_MAX;
    take_sequence(w, out);
    while (!w->unknown && *w->at == '|') {
        struct piece other;
        w->at++;
        take_sequence(w, &other);
        piece_or(out, &other);
    }
    w->depth--;
}

int literal_need(const char *regex, bool fold, struct need *need, struct lgz_error *err)
{
    struct walk w = {.at = regex, .fold = fold};
    struct piece all;
    *need = (struct need){0};
    take_alternatives(&w, &all);
    const bool understood = !w.unknown && *w.at == '\0';
    if (understood && !all.failed)
        piece_finish(&all, need);
    const bool failed = all.failed;
    piece_free(&all);
    return failed ? error_memory(err) : LGZ_OK;
}

const struct need_string *literal_longest(const struct need *need)
{
    const struct need_string *longest = NULL;
    for (size_t i = 0; i < need->clauses.len; i++) {
        const struct need_clause *clause = &need->clauses.data[i];
        if (clause->strings.len == 1 &&
            (!longest || clause->strings.data[0].bytes.len > longest->bytes.len))
            longest = &clause->strings.data[0];
    }
    return longest;
}
