/*
 * varint.c - strings as files have them.
 */
#include "base/varint.h"

#include <stdlib.h>
#include <string.h>

void varint_put_string(struct buf *out, const char *text)
{
    size_t len = strlen(text);
    varint_put(out, len);
    buf_append(out, text, len);
}

char *reader_string(struct reader *r, size_t max)
{
    struct span text = reader_bytes(r, reader_varint_max(r, max));
    if (r->failed || memchr(text.data, '\0', text.len)) {
        r->failed = true;
        return NULL;
    }
    /* Not strndup(): sanitizers that check strings strictly want a NUL behind its argument. */
    char *copy = malloc(text.len + 1);
    if (copy) {
        memcpy(copy, text.data, text.len);
        copy[text.len] = '\0';
    }
    return copy;
}
