/*
 * source.c - copying and serializing sources; segments and journals share the form.
 */
#include "segment/source.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_LIMIT = 1 << 16 };

/* What is known of a source, and so is there. */
enum { HAS_INPUT = 1, HAS_INODE = 2, HAS_FINGERPRINT = 4, ALL_FLAGS = 7 };

int source_copy(struct source *to, const struct source *from, struct lgz_error *err)
{
    *to = (struct source){0};
    if (strlen(from->name) > NAME_LIMIT || strlen(from->input) > NAME_LIMIT)
        return error_set(err, LGZ_ERR_LIMIT, "a source's name is longer than %d bytes", NAME_LIMIT);
    *to = *from;
    to->name = strdup(from->name);
    to->input = strdup(from->input);
    if (!to->name || !to->input) {
        source_clear(to);
        return error_memory(err);
    }
    return LGZ_OK;
}

void source_clear(struct source *s)
{
    free(s->name);
    free(s->input);
    *s = (struct source){0};
}

void source_write(struct buf *out, const struct source *s)
{
    bool inode = s->device || s->inode;
    varint_put(out, s->id);
    buf_push(out, (uint8_t)((*s->input ? HAS_INPUT : 0) | (inode ? HAS_INODE : 0) |
                            (s->fingerprint_len ? HAS_FINGERPRINT : 0)));
    varint_put_string(out, s->name);
    if (*s->input)
        varint_put_string(out, s->input);
    if (inode) {
        varint_put(out, s->device);
        varint_put(out, s->inode);
    }
    if (s->fingerprint_len) {
        varint_put(out, s->fingerprint_len);
        buf_put_le(out, s->fingerprint, 8);
    }
}

int source_read(struct reader *r, struct source *s, const char *what, struct lgz_error *err)
{
    *s = (struct source){0};
    s->id = reader_varint(r);
    unsigned flags = reader_u8(r);
    s->name = reader_string(r, NAME_LIMIT);
    s->input = flags & HAS_INPUT ? reader_string(r, NAME_LIMIT) : strdup("");
    if (flags & HAS_INODE) {
        s->device = reader_varint(r);
        s->inode = reader_varint(r);
    }
    if (flags & HAS_FINGERPRINT) {
        s->fingerprint_len = (uint32_t)reader_varint_max(r, UINT32_MAX);
        s->fingerprint = reader_le(r, 8);
        r->failed |= s->fingerprint_len == 0;
    }
    r->failed |= flags > ALL_FLAGS;
    if (r->failed) {
        source_clear(s);
        return error_set(err, LGZ_ERR_CORRUPT, "%s: damaged source record", what);
    }
    if (!s->name || !s->input) {
        source_clear(s);
        return error_memory(err);
    }
    return LGZ_OK;
}
