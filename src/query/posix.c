/*
 * posix.c - one pass over the expression, atom by atom.
 */
#include "query/posix.h"

#include <stdio.h>

#include "base/ascii.h"

enum { INTERVAL_MAX = 32767 };

struct walk {
    struct span text;
    size_t at;
    struct buf *out;
    VEC(size_t) groups; /* where in `out` the open groups begin */
    size_t atom;        /* where in `out` the last atom begins */
    bool repeatable;    /* there is an atom that a repetition can be for */
    bool repeated;      /* it has one */
    struct lgz_error *err;
};

static int refuse(struct walk *w, const char *reason)
{
    return error_set(w->err, LGZ_ERR_ARGUMENT, "at character %zu: %s", w->at, reason);
}

static int peek(const struct walk *w, size_t ahead)
{
    return w->at + ahead < w->text.len ? w->text.data[w->at + ahead] : -1;
}

static void begin_atom(struct walk *w)
{
    w->atom = w->out->len;
    w->repeatable = true;
    w->repeated = false;
}

/* The start of a group or an alternative: a repetition can't be for what is before it. */
static void put_border(struct walk *w, char c)
{
    buf_push(w->out, (uint8_t)c);
    w->repeatable = false;
}

/* Something that has no length. A repetition of it needs a group. */
static void put_anchor(struct walk *w, const char *text)
{
    begin_atom(w);
    w->repeated = true;
    buf_append_string(w->out, text);
}

/* A byte that means itself, everywhere. */
static void put_byte(struct buf *out, uint8_t byte)
{
    if (ascii_is_alnum(byte) || byte == '_' || byte >= 0x80 || byte == ' ')
        buf_push(out, byte);
    else
        buf_printf(out, "\\x%02x", byte);
}

/* Punctuation is escaped in the way that leaves it readable: literals are looked for in it. */
static void put_character(struct walk *w, uint8_t byte)
{
    begin_atom(w);
    if (byte > ' ' && byte < 0x7f && !ascii_is_alnum(byte))
        buf_push(w->out, '\\');
    buf_push(w->out, byte);
}

/* "\" was read; what follows is at the position. */
static int take_escape(struct walk *w)
{
    static const char classes[] = "wWsS";
    int c = peek(w, 0);
    if (c < 0)
        return refuse(w, "trailing backslash");
    w->at++;
    if (c == 'b' || c == 'B') {
        put_anchor(w, c == 'b' ? "\\b" : "\\B");
    } else if (c == '<' || c == '>') {
        put_anchor(w, c == '<' ? "\\b(?=\\w)" : "\\b(?<=\\w)");
    } else if (c == '`' || c == '\'') {
        put_anchor(w, c == '`' ? "\\A" : "\\z");
    } else if (c >= '1' && c <= '9') {
        begin_atom(w);
        buf_printf(w->out, "\\g{%c}", c);
    } else if (c && strchr(classes, c)) {
        begin_atom(w);
        buf_push(w->out, '\\');
        buf_push(w->out, (uint8_t)c);
    } else {
        put_character(w, (uint8_t)c);
    }
    return LGZ_OK;
}

/* "[:name:]" in a class: copied if POSIX has it. The position is behind "[:". */
static int take_named_class(struct walk *w)
{
    static const char names[] =
        " alnum alpha blank cntrl digit graph lower print punct space upper xdigit ";
    char wanted[16] = " ";
    size_t len = 1;
    while (peek(w, 0) >= 'a' && peek(w, 0) <= 'z' && len < sizeof(wanted) - 2)
        wanted[len++] = (char)w->text.data[w->at++];
    wanted[len] = ' ';
    if (peek(w, 0) != ':' || peek(w, 1) != ']' || !strstr(names, wanted))
        return refuse(w, "no such character class");
    w->at += 2;
    wanted[len] = '\0';
    buf_printf(w->out, "[:%s:]", wanted + 1);
    return LGZ_OK;
}

/* One character of a class, maybe as "[.c.]" or "[=c=]". @return it, or a negative code */
static int take_member(struct walk *w)
{
    int c = peek(w, 0);
    int kind = peek(w, 1);
    if (c < 0)
        return refuse(w, "unmatched [");
    if (c == '[' && (kind == '.' || kind == '=')) {
        c = peek(w, 2);
        if (c < 0 || peek(w, 3) != kind || peek(w, 4) != ']')
            return refuse(w, "no such collating element");
        w->at += 5;
        return c;
    }
    w->at++;
    return c;
}

/* A character of a class, or a range of them. */
static int take_range(struct walk *w)
{
    int first = take_member(w);
    if (first < 0)
        return first;
    put_byte(w->out, (uint8_t)first);
    if (peek(w, 0) != '-' || peek(w, 1) == ']' || peek(w, 1) < 0)
        return LGZ_OK;
    w->at++;
    int last = take_member(w);
    if (last < 0)
        return last;
    if (last < first)
        return refuse(w, "invalid range end");
    buf_push(w->out, '-');
    put_byte(w->out, (uint8_t)last);
    return LGZ_OK;
}

/* "[" was read. */
static int take_class(struct walk *w)
{
    int code = LGZ_OK;
    begin_atom(w);
    buf_push(w->out, '[');
    if (peek(w, 0) == '^') {
        buf_push(w->out, '^');
        w->at++;
    }
    for (bool first = true; code == LGZ_OK && (first || peek(w, 0) != ']'); first = false) {
        if (peek(w, 0) == '[' && peek(w, 1) == ':') {
            w->at += 2;
            code = take_named_class(w);
        } else {
            code = take_range(w);
        }
    }
    w->at++;
    buf_push(w->out, ']');
    return code;
}

/* Repeat the last atom; one that is repeated becomes a group first. */
static void put_repetition(struct walk *w, const char *text)
{
    static const char open[] = "(?:";
    const size_t len = sizeof(open) - 1;
    if (!w->repeatable)
        return;
    if (w->repeated) {
        buf_append(w->out, open, len);
        buf_push(w->out, ')');
        if (w->out->failed)
            return;
        memmove(w->out->data + w->atom + len, w->out->data + w->atom,
                w->out->len - w->atom - len - 1);
        memcpy(w->out->data + w->atom, open, len);
    }
    buf_append_string(w->out, text);
    w->repeated = true;
}

/* The number at `*ahead`, which moves behind it; -1 if there is none. */
static int take_number(const struct walk *w, size_t *ahead)
{
    int value = -1;
    for (int c; (c = peek(w, *ahead)) >= '0' && c <= '9'; ++*ahead)
        if (value <= INTERVAL_MAX)
            value = (value < 0 ? 0 : value) * 10 + c - '0';
    return value;
}

/* "{" was read: an interval, or the character. */
static int take_interval(struct walk *w)
{
    size_t ahead = 0;
    char text[40];
    int least = take_number(w, &ahead), most = least;
    if (peek(w, ahead) == ',') {
        ahead++;
        most = take_number(w, &ahead);
        snprintf(text, sizeof(text), most < 0 ? "{%d,}" : "{%d,%d}", least < 0 ? 0 : least, most);
    } else {
        snprintf(text, sizeof(text), "{%d}", least);
    }
    if (ahead == 0 || peek(w, ahead) != '}') {
        put_character(w, '{');
        return LGZ_OK;
    }
    w->at += ahead + 1;
    if (least > INTERVAL_MAX || most > INTERVAL_MAX)
        return refuse(w, "regular expression too big");
    if (most >= 0 && most < least)
        return refuse(w, "invalid content of {}");
    put_repetition(w, text);
    return LGZ_OK;
}

static int open_group(struct walk *w)
{
    if (!vec_push(&w->groups, w->out->len))
        return error_memory(w->err);
    put_border(w, '(');
    return LGZ_OK;
}

/* One that closes nothing is a character. */
static void close_group(struct walk *w)
{
    if (w->groups.len == 0) {
        put_character(w, ')');
        return;
    }
    buf_push(w->out, ')');
    w->atom = w->groups.data[--w->groups.len];
    w->repeatable = true;
    w->repeated = false;
}

static int take_item(struct walk *w)
{
    uint8_t c = w->text.data[w->at++];
    const char itself[] = {(char)c, '\0'};
    switch (c) {
    case '\\':
        return take_escape(w);
    case '[':
        return take_class(w);
    case '{':
        return take_interval(w);
    case '(':
        return open_group(w);
    case ')':
        close_group(w);
        return LGZ_OK;
    case '*':
    case '+':
    case '?':
        put_repetition(w, itself);
        return LGZ_OK;
    case '|':
        put_border(w, '|');
        return LGZ_OK;
    case '^':
    case '$':
        put_anchor(w, itself);
        return LGZ_OK;
    case '.':
        begin_atom(w);
        buf_push(w->out, '.');
        return LGZ_OK;
    default:
        put_character(w, c);
        return LGZ_OK;
    }
}

int posix_translate(struct span text, struct buf *out, struct lgz_error *err)
{
    struct walk w = {.text = text, .out = out, .err = err};
    int code = LGZ_OK;
    while (w.at < text.len && code == LGZ_OK)
        code = take_item(&w);
    if (code == LGZ_OK && w.groups.len)
        code = refuse(&w, "unmatched ( or \\(");
    if (code == LGZ_OK && out->failed)
        code = error_memory(err);
    vec_free(&w.groups);
    return code;
}
