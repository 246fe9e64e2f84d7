/*
 * http_request.c - a line with method, target and version; fields; an empty line. Lines end with
 * LF, usually with CR before it.
 */
#include "daemon/http_request.h"

#include <string.h>
#include <strings.h>

#include "base/ascii.h"
#include "base/buf.h"

/* What is left of the head. */
struct rest {
    const char *at;
    const char *end;
};

/* The next line, without its end. @return false if there is none, or it has a CR in its midst */
static bool take_line(struct rest *rest, struct span *line)
{
    const char *newline = memchr(rest->at, '\n', (size_t)(rest->end - rest->at));
    if (!newline)
        return false;
    size_t len = (size_t)(newline - rest->at);
    len -= len && rest->at[len - 1] == '\r';
    *line = (struct span){(const uint8_t *)rest->at, len};
    rest->at = newline + 1;
    return !memchr(line->data, '\r', len);
}

/* Empty lines before the request are to be skipped. */
static void skip_empty(struct rest *rest)
{
    while (rest->at < rest->end && (*rest->at == '\r' || *rest->at == '\n'))
        rest->at++;
}

bool http_request_whole(const char *bytes, size_t len)
{
    struct rest rest = {bytes, bytes + len};
    struct span line;
    skip_empty(&rest);
    for (const char *newline; (newline = memchr(rest.at, '\n', (size_t)(rest.end - rest.at)));) {
        line = (struct span){(const uint8_t *)rest.at, (size_t)(newline - rest.at)};
        if (line.len == 0 || (line.len == 1 && line.data[0] == '\r'))
            return true;
        rest.at = newline + 1;
    }
    return false;
}

static bool is_token(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (!ascii_is_alnum(c) && (!c || !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    return text.len != 0;
}

static bool is_word(struct span text, const char *word)
{
    return text.len == strlen(word) && memcmp(text.data, word, text.len) == 0;
}

static bool starts_with(struct span text, const char *word)
{
    size_t len = strlen(word);
    return text.len >= len && strncasecmp((const char *)text.data, word, len) == 0;
}

/* Cut off what stands before the first blank, which is taken away. */
static struct span take_word(struct span *line)
{
    const uint8_t *blank = line->len ? memchr(line->data, ' ', line->len) : NULL;
    size_t len = blank ? (size_t)(blank - line->data) : line->len;
    struct span word = {line->data, len};
    len += blank != NULL;
    *line = (struct span){line->data + len, line->len - len};
    return word;
}

/* A field: no control characters, a name that is a token. @return false if it's no field */
static bool check_field(struct span line, bool *host)
{
    const uint8_t *colon = memchr(line.data, ':', line.len);
    if (!colon)
        return false;
    struct span name = {line.data, (size_t)(colon - line.data)};
    for (size_t i = name.len + 1; i < line.len; i++) {
        if ((line.data[i] < ' ' && line.data[i] != '\t') || line.data[i] == 127)
            return false;
    }
    *host = name.len == 4 && starts_with(name, "host");
    return is_token(name);
}

/* The fields up to the empty line. @return how often Host is among them, or -1 */
static int check_fields(struct rest *rest)
{
    struct span line;
    int hosts = 0;
    for (;;) {
        bool host;
        if (!take_line(rest, &line))
            return -1;
        if (line.len == 0)
            return hosts;
        if (!check_field(line, &host))
            return -1;
        hosts += host;
    }
}

/* Is it `path`, also as "http://host/path", and with a query behind it? */
static bool is_path(struct span target, const char *path)
{
    static const char scheme[] = "http://";
    if (starts_with(target, scheme)) {
        target.data += sizeof(scheme) - 1;
        target.len -= sizeof(scheme) - 1;
        const uint8_t *slash = target.len ? memchr(target.data, '/', target.len) : NULL;
        if (!slash)
            return false;
        target.len -= (size_t)(slash - target.data);
        target.data = slash;
    }
    const uint8_t *query = target.len ? memchr(target.data, '?', target.len) : NULL;
    if (query)
        target.len = (size_t)(query - target.data);
    return is_word(target, path);
}

static bool is_target(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] <= ' ' || text.data[i] >= 127)
            return false;
    }
    return text.len != 0;
}

/* "HTTP/1.1": major and minor version. */
static bool is_version(struct span text, int *major, int *minor)
{
    if (text.len != 8 || memcmp(text.data, "HTTP/", 5) != 0 || !ascii_is_digit(text.data[5]) ||
        text.data[6] != '.' || !ascii_is_digit(text.data[7]))
        return false;
    *major = text.data[5] - '0';
    *minor = text.data[7] - '0';
    return true;
}

int http_request_status(const char *bytes, size_t len, const char *path, bool *head)
{
    struct rest rest = {bytes, bytes + len};
    struct span line;
    int major;
    int minor;
    *head = false;
    skip_empty(&rest);
    if (!take_line(&rest, &line))
        return 400;
    struct span method = take_word(&line);
    struct span target = take_word(&line);
    if (!is_token(method) || !is_target(target) || !is_version(line, &major, &minor))
        return 400;
    if (major != 1)
        return 505;
    int hosts = check_fields(&rest);
    if (hosts < 0 || hosts > 1 || (minor >= 1 && hosts == 0))
        return 400;
    *head = is_word(method, "HEAD");
    if (!*head && !is_word(method, "GET"))
        return 405;
    return is_path(target, path) ? 200 : 404;
}
