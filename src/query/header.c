/*
 * header.c - word by word from the time stamp on, each by what it looks like, until one that can
 * only be the message.
 */
#include "query/header.h"

#include <strings.h>

#include "base/ascii.h"
#include "line/timestamp.h"

enum {
    PREFIX_MAX = 128, /* bytes before the time stamp, without a blank in them */
    WORD_MAX = 256,   /* a longer word is the message */
    WORDS_MAX = 8,
};

/* A word: bytes without blanks, or up to the bracket that closes the one at its start. */
struct word {
    struct span text; /* without its brackets and without the colon */
    size_t end;       /* offset in the line behind all of it */
    bool bracketed;
    bool colon; /* one stands behind it */
};

static struct span part(struct span line, size_t from, size_t to)
{
    return (struct span){line.data + from, to - from};
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static size_t skip_blanks(struct span line, size_t at)
{
    while (at < line.len && is_blank(line.data[at]))
        at++;
    return at;
}

static bool is_number(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_is_digit(s.data[i]))
            return false;
    return s.len > 0;
}

static bool is_level(struct span s)
{
    static const char names[][9] = {"INFO",  "WARN",   "ERROR",    "DEBUG",  "WARNING",
                                    "TRACE", "NOTICE", "CRITICAL", "FATAL",  "ERR",
                                    "CRIT",  "ALERT",  "EMERG",    "SEVERE", "PANIC",
                                    "FINE",  "FINER",  "FINEST",   "CONFIG", "VERBOSE"};
    if (s.len == 1)
        return memchr("VDIWEF", s.data[0], 6) != NULL;
    for (size_t i = 0; s.len >= 3 && s.len <= 8 && i < sizeof(names) / sizeof(names[0]); i++)
        if (strncasecmp((const char *)s.data, names[i], s.len) == 0 && names[i][s.len] == '\0')
            return true;
    return false;
}

/* "<134>" @return bytes, 0 if there is none */
static size_t take_priority(struct span line, struct header *h)
{
    static const char names[8][8] = {"emerg",   "alert",  "crit", "err",
                                     "warning", "notice", "info", "debug"};
    size_t at = 1;
    unsigned value = 0;
    if (line.len < 3 || line.data[0] != '<')
        return 0;
    while (at < line.len && at < 4 && ascii_is_digit(line.data[at]))
        value = value * 10 + (line.data[at++] - '0');
    if (at == 1 || at == line.len || line.data[at] != '>' || value > 191)
        return 0;
    const char *name = names[value % 8];
    h->level = (struct span){(const uint8_t *)name, strlen(name)};
    return at + 1;
}

/* The word at `at`, where a blank isn't. @return false at the end, or if it's too long */
static bool take_word(struct span line, size_t at, struct word *w)
{
    const size_t limit = line.len - at < WORD_MAX ? line.len : at + WORD_MAX;
    size_t end = at;
    *w = (struct word){.bracketed = at < line.len && line.data[at] == '['};
    if (w->bracketed) {
        unsigned depth = 0;
        do
            depth += line.data[end] == '[' ? 1u : line.data[end] == ']' ? -1u : 0u;
        while (++end < limit && depth && line.data[end] != '\n');
        if (depth)
            return false;
        w->text = part(line, at + 1, end - 1);
        w->colon = end < line.len && line.data[end] == ':';
    } else {
        while (end < limit && line.data[end] > ' ')
            end++;
        w->colon = end > at && line.data[end - 1] == ':';
        w->text = part(line, at, end - w->colon);
    }
    w->end = end + (w->bracketed && w->colon);
    return end > at && (end < limit || end == line.len);
}

/* Bytes of the zone behind a time stamp, with the blank before it. */
static size_t zone_len(const uint8_t *p, size_t left)
{
    size_t at = left && *p == ' ';
    if (timestamp_zone(p, left) == TIMESTAMP_NO_ZONE)
        return 0;
    if (p[at++] == 'Z')
        return at;
    while (at < left &&
           (ascii_is_digit(p[at]) || (p[at] == ':' && at + 1 < left && ascii_is_digit(p[at + 1]))))
        at++;
    return at;
}

/* Behind the time stamp with its zone and bracket; 0 if the line doesn't begin with one. */
static size_t take_stamp(struct span line, size_t at)
{
    struct timestamp_found found;
    struct span rest = part(line, at, line.len);
    if (!timestamp_first(rest.data, rest.len, &found) || found.at > PREFIX_MAX)
        return 0;
    size_t before = found.at;
    bool bracket = before && rest.data[before - 1] == '[';
    before -= bracket;
    if (before && !is_blank(rest.data[before - 1]))
        return 0;
    while (before && is_blank(rest.data[before - 1]))
        before--;
    while (before && !is_blank(rest.data[before - 1]))
        before--;
    if (before)
        return 0; /* more than one word stands before it */
    size_t end = found.at + found.stamp.len;
    end += zone_len(rest.data + end, rest.len - end);
    end += bracket && end < rest.len && rest.data[end] == ']';
    end += end < rest.len && rest.data[end] == ':';
    return end == rest.len || is_blank(rest.data[end]) ? at + end : 0;
}

/* "sshd[123]": the program and its number. */
static void set_program(struct header *h, struct span text)
{
    const uint8_t *open = memrchr(text.data, '[', text.len);
    h->program = text;
    if (open && open > text.data && text.data[text.len - 1] == ']') {
        struct span pid = {open + 1, text.len - (size_t)(open - text.data) - 2};
        if (is_number(pid)) {
            h->pid = pid;
            h->program.len = (size_t)(open - text.data);
        }
    }
}

/* What stands in brackets: a level, perhaps with a module before it, a number, or a thread. */
static bool take_bracketed(struct header *h, struct span s)
{
    const uint8_t *colon = s.len ? memchr(s.data, ':', s.len) : NULL;
    struct span last = s;
    if (s.len > 4 && memcmp(s.data, "pid ", 4) == 0) {
        last = part(s, 4, s.len);
        last.len = colon ? (size_t)(colon - last.data) : last.len;
        if (!h->pid.data && is_number(last))
            h->pid = last;
        return true;
    }
    if (colon)
        last = part(s, (size_t)(colon - s.data) + 1, s.len);
    if (!h->level.data && is_level(last)) {
        h->level = last;
        if (colon && colon > s.data && !h->program.data)
            h->program = part(s, 0, (size_t)(colon - s.data));
        return true;
    }
    if (!h->pid.data && is_number(s))
        h->pid = s;
    return s.len > 0;
}

static bool is_dashes(struct span s)
{
    return (s.len == 1 && (s.data[0] == '-' || s.data[0] == '|')) ||
           (s.len == 3 && memcmp(s.data, "---", 3) == 0);
}

/* The word at or behind `at` that isn't a dash. */
static bool next_word(struct span line, size_t at, struct word *w, bool *dashes)
{
    *dashes = false;
    for (unsigned n = 0; n < 2; n++) {
        at = skip_blanks(line, at);
        if (!take_word(line, at, w))
            return false;
        if (w->bracketed || !is_dashes(w->text))
            return true;
        *dashes = true;
        at = w->end;
    }
    return false;
}

/*
 * A plain word without a colon: what it is, the next word says.
 *
 * @return false if it's the message's first
 */
static bool take_plain(struct header *h, struct span line, const struct word *w, bool first)
{
    struct word next;
    bool dashes;
    bool more = next_word(line, w->end, &next, &dashes);
    if (is_number(w->text)) {
        if (h->level.data && !dashes)
            return false;
        if (!h->pid.data)
            h->pid = w->text;
        return true;
    }
    if (!more || h->program.data)
        return false;
    bool lone_colon = !next.bracketed && next.colon && next.text.len == 0;
    if (lone_colon || (!h->level.data && dashes && is_level(next.text)))
        h->program = w->text;
    else if (first && !h->host.data && !next.bracketed && next.colon && !is_level(next.text))
        h->host = w->text;
    else
        return false;
    return true;
}

/* The words behind the time stamp. @return where the message starts */
static size_t take_words(struct header *h, struct span line, size_t at)
{
    struct word w;
    bool dashes;
    for (unsigned n = 0; n < WORDS_MAX && next_word(line, at, &w, &dashes); n++) {
        if (w.bracketed) {
            if (!take_bracketed(h, w.text))
                break;
        } else if (!h->level.data && is_level(w.text)) {
            h->level = w.text;
        } else if (w.colon && w.text.len == 0) {
            return w.end;
        } else if (w.colon) {
            const uint8_t *hash = memchr(w.text.data, '#', w.text.len);
            struct span number = part(w.text, 0, hash ? (size_t)(hash - w.text.data) : 0);
            if (h->program.data || is_number(w.text))
                break;
            if (is_number(number))
                h->pid = number;
            else
                set_program(h, w.text);
            return w.end;
        } else if (!take_plain(h, line, &w, n == 0)) {
            break;
        }
        at = w.end;
        if (w.bracketed && w.colon)
            break;
    }
    if (next_word(line, at, &w, &dashes) && dashes)
        at = (size_t)(w.text.data - line.data) - w.bracketed;
    return at;
}

/* The word at `*at`, moved behind the blank that follows it; "-" stands for none. */
static struct span nil_or_word(struct span line, size_t *at)
{
    const size_t start = *at;
    const uint8_t *blank =
        start < line.len ? memchr(line.data + start, ' ', line.len - start) : NULL;
    size_t end = blank ? (size_t)(blank - line.data) : line.len;
    *at = end + (end < line.len);
    if (end == start || (end - start == 1 && line.data[start] == '-'))
        return (struct span){0};
    return part(line, start, end);
}

/* Behind the structured data of RFC 5424. */
static size_t skip_structured(struct span line, size_t at)
{
    while (at < line.len && line.data[at] == '[') {
        bool quoted = false;
        for (; at < line.len && (quoted || line.data[at] != ']'); at++) {
            quoted ^= line.data[at] == '"';
            at += quoted && line.data[at] == '\\';
        }
        at += at < line.len;
    }
    return at < line.len ? at : line.len;
}

/* "1 TIME HOST PROGRAM PID MSGID DATA MESSAGE" behind the priority. */
static bool take_5424(struct span line, size_t at, struct header *h)
{
    struct timestamp stamp;
    if (line.len - at < 12 || memcmp(line.data + at, "1 ", 2) != 0)
        return false;
    at += 2;
    struct span time = nil_or_word(line, &at);
    if (time.data && !timestamp_parse(time.data, time.len, &stamp))
        return false;
    h->host = nil_or_word(line, &at);
    h->program = nil_or_word(line, &at);
    h->pid = nil_or_word(line, &at);
    nil_or_word(line, &at);
    if (at < line.len && line.data[at] == '[')
        at = skip_structured(line, at);
    else
        nil_or_word(line, &at);
    at = skip_blanks(line, at);
    if (line.len - at >= 3 && memcmp(line.data + at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    h->message = part(line, at, line.len);
    return true;
}

bool header_parse(struct span line, struct header *h)
{
    *h = (struct header){0};
    line.len -= line.len && line.data[line.len - 1] == '\r'; /* it ends the line, too */
    size_t at = take_priority(line, h);
    if (at && take_5424(line, at, h))
        return true;
    size_t behind = take_stamp(line, at);
    if (behind) {
        size_t message = skip_blanks(line, take_words(h, line, behind));
        if (h->level.data || h->host.data || h->program.data) {
            h->message = part(line, message, line.len);
            return true;
        }
    }
    *h = (struct header){0};
    return false;
}
