/*
 * colors.c - SGR sequences, each followed by "clear to the end of the line", as grep writes them.
 */
#include "query/colors.h"

#include <string.h>

static const char *const defaults[COLOR_COUNT] = {
    [COLOR_MATCH] = "01;31", [COLOR_CONTEXT_MATCH] = "01;31",
    [COLOR_SELECTED] = "",   [COLOR_CONTEXT] = "",
    [COLOR_NAME] = "35",     [COLOR_NUMBER] = "32",
    [COLOR_OFFSET] = "32",   [COLOR_SEPARATOR] = "36"};

static const char *const names[COLOR_COUNT] = {
    [COLOR_MATCH] = "ms",   [COLOR_CONTEXT_MATCH] = "mc", [COLOR_SELECTED] = "sl",
    [COLOR_CONTEXT] = "cx", [COLOR_NAME] = "fn",          [COLOR_NUMBER] = "ln",
    [COLOR_OFFSET] = "bn",  [COLOR_SEPARATOR] = "se"};

/* One "name" or "name=value". @return false if it can't be read */
static bool set_one(struct colors *c, const char *text, size_t len)
{
    if (len == 2 && memcmp(text, "rv", 2) == 0)
        c->reversed = true;
    else if (len == 2 && memcmp(text, "ne", 2) == 0)
        c->bare = true;
    if (len < 3 || text[2] != '=')
        return len == 2;
    const char *value = text + 3;
    size_t value_len = len - 3;
    if (value_len > COLOR_LEN_MAX || strspn(value, "0123456789;") < value_len)
        return false;
    const bool both = memcmp(text, "mt", 2) == 0;
    for (size_t i = 0; i < COLOR_COUNT; i++) {
        if (memcmp(text, names[i], 2) != 0 &&
            !(both && (i == COLOR_MATCH || i == COLOR_CONTEXT_MATCH)))
            continue;
        memcpy(c->codes[i], value, value_len);
        c->codes[i][value_len] = '\0';
    }
    return true;
}

void colors_set(struct colors *c, const char *text)
{
    *c = (struct colors){0};
    for (size_t i = 0; i < COLOR_COUNT; i++)
        memcpy(c->codes[i], defaults[i], strlen(defaults[i]));
    while (text && *text) {
        size_t len = strcspn(text, ":");
        if (!set_one(c, text, len))
            return;
        text += len + (text[len] == ':');
    }
}

void colors_begin(const struct colors *c, enum color color, struct buf *out)
{
    if (*c->codes[color])
        buf_printf(out, "\33[%sm%s", c->codes[color], c->bare ? "" : "\33[K");
}

void colors_end(const struct colors *c, enum color color, struct buf *out)
{
    if (*c->codes[color])
        buf_append_string(out, c->bare ? "\33[m" : "\33[m\33[K");
}
