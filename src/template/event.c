/*
 * event.c - one pass over a template's text that copies what isn't a parameter.
 */
#include "template/event.h"

#include "base/ascii.h"
#include "line/tokens.h"

enum {
    TEXT_MAX = 16 << 10, /* what is behind that doesn't tell events apart any more */
    NEAR = 1024,         /* what closes is looked for so far */
};

/* Where the pass stands. */
struct pass {
    struct span text; /* serialized, without the end mark */
    size_t at;
    size_t start; /* of the event in `out` */
    struct buf *out;
    unsigned parentheses; /* that are open */
    bool keep_brackets;
    bool words; /* was there a letter outside of parameters? */
};

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_list_mark(uint8_t c)
{
    return c == ':' || c == ',' || c == ';' || c == '|';
}

/* The length of the byte or the slot at `at`. */
static size_t step(struct span text, size_t at)
{
    size_t len = text.data[at] != '\n' ? 1 : text.data[at + 1] == 't' ? 4 : 2;
    return len < text.len - at ? len : text.len - at;
}

static uint8_t closing(uint8_t c)
{
    return c == '(' ? ')' : c == '[' ? ']' : c == '{' ? '}' : c == '"' ? '"' : 0;
}

/* Behind what closes what opens at `at`, brackets of its kind in it counted; 0 if nothing does. */
static size_t closed_at(struct span text, size_t at)
{
    uint8_t open = text.data[at];
    uint8_t close = closing(open);
    size_t end = text.len - at > NEAR ? at + NEAR : text.len;
    unsigned depth = 1;
    for (at++; close && at < end; at += step(text, at)) {
        if (text.data[at] == close && --depth == 0)
            return at + 1;
        depth += text.data[at] == open;
    }
    return 0;
}

/* The end of the value that starts at `at`. */
static size_t value_end(const struct pass *p, size_t at)
{
    while (at < p->text.len) {
        uint8_t c = p->text.data[at];
        if (c == ',' || c == ';' || c == ')' || c == ']' || c == '}' ||
            (is_blank(c) && !p->parentheses))
            break;
        size_t closed = closed_at(p->text, at);
        at = closed ? closed : at + step(p->text, at);
    }
    return at;
}

static bool ends_with_value(const struct pass *p, size_t at)
{
    return at >= p->start + 2 && p->out->data[at - 2] == '\n' && p->out->data[at - 1] == 'v';
}

/* A value; where only marks of a list stand between it and the one before, it belongs to that. */
static void put_value(struct pass *p)
{
    size_t at = p->out->len;
    while (at > p->start && is_list_mark(p->out->data[at - 1]))
        at--;
    if (ends_with_value(p, at))
        p->out->len = at;
    else
        template_put_value(p->out);
}

static void put_byte(struct pass *p, uint8_t c)
{
    uint8_t byte = is_blank(c) ? ' ' : c;
    if (byte == ' ' && (p->out->len == p->start || p->out->data[p->out->len - 1] == ' '))
        return;
    p->parentheses += c == '(';
    p->parentheses -= c == ')' && p->parentheses;
    p->words |= ascii_is_letter(c);
    buf_push(p->out, byte);
}

/* The end of the word at `at`. */
static size_t word_end(struct span text, size_t at)
{
    while (at < text.len && text.data[at] != '\n' &&
           !(token_byte_class[text.data[at]] & BYTE_SEPARATOR))
        at++;
    return at;
}

/* Is a word a name with dots in it, or a path? */
static bool is_name(const uint8_t *word, size_t len)
{
    size_t slashes = 0;
    for (size_t i = 0; i < len; i++) {
        slashes += word[i] == '/';
        if (word[i] == '.' && i && ascii_is_letter(word[i - 1]) && i + 1 < len &&
            ascii_is_letter(word[i + 1]))
            return true;
    }
    return slashes > 1;
}

/* A word or a separator. */
static void take_literal(struct pass *p)
{
    size_t end = word_end(p->text, p->at);
    if (end == p->at)
        end++;
    else if (is_name(p->text.data + p->at, end - p->at)) {
        put_value(p);
        p->at = end;
    }
    while (p->at < end)
        put_byte(p, p->text.data[p->at++]);
}

/* What follows '='. */
static void take_assigned(struct pass *p)
{
    p->at = value_end(p, p->at + 1);
    if (!ends_with_value(p, p->out->len))
        buf_push(p->out, '=');
    put_value(p);
}

static void take_bracket(struct pass *p, size_t closed)
{
    buf_push(p->out, '[');
    template_put_value(p->out);
    buf_push(p->out, ']');
    p->at = closed;
}

/* Does a '=' give a value to what stands in front of it? */
static bool assigns(const struct pass *p)
{
    size_t next = p->at + 1;
    uint8_t behind = next < p->text.len ? p->text.data[next] : 0;
    uint8_t before = p->out->len > p->start ? p->out->data[p->out->len - 1] : 0;
    return behind != '=' && behind != '>' && before != '=';
}

static void take(struct pass *p)
{
    const uint8_t *text = p->text.data + p->at;
    size_t closed = *text == '[' && !p->keep_brackets ? closed_at(p->text, p->at) : 0;
    if (*text == '\n') {
        if (text[1] == 'r')
            template_put_rest(p->out);
        else
            put_value(p);
        p->at += step(p->text, p->at);
    } else if (closed) {
        take_bracket(p, closed);
    } else if (*text == '=' && assigns(p)) {
        take_assigned(p);
    } else {
        take_literal(p);
    }
}

static void run(struct pass *p)
{
    p->out->len = p->start;
    p->at = 0;
    p->parentheses = 0;
    while (p->at < p->text.len)
        take(p);
    if (p->out->len > p->start && p->out->data[p->out->len - 1] == ' ')
        p->out->len--;
}

static void put_event(struct span text, struct buf *out)
{
    struct pass p = {.text = text, .start = out->len, .out = out};
    if (text.len > TEXT_MAX)
        for (p.text.len = 0; p.text.len < TEXT_MAX;)
            p.text.len += step(text, p.text.len);
    run(&p);
    if (!p.words) {
        p.keep_brackets = true;
        run(&p);
    }
    template_put_end(out);
}

void event_of_template(const struct template *t, struct buf *out)
{
    put_event((struct span){t->text.data, t->text.len - 2}, out);
}

bool event_of_line(const uint8_t *line, size_t len, struct buf *out)
{
    struct buf text = {0};
    struct token_scanner scanner = {line, len, 0};
    struct token token;
    size_t at = 0;
    while (token_next(&scanner, &token)) {
        if (token.kind == TOKEN_WORD)
            continue;
        buf_append(&text, line + at, token.at - at);
        if (token.kind == TOKEN_TIME)
            template_put_time(&text, &token.stamp);
        else
            template_put_value(&text);
        at = token.at + token.len;
    }
    buf_append(&text, line + at, len - at);
    if (!text.failed)
        put_event(buf_span(&text), out);
    bool ok = !text.failed && !out->failed;
    buf_free(&text);
    return ok;
}
