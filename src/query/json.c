/*
 * json.c - JSON strings (RFC 8259), UTF-8 validation (RFC 3629), base64 (RFC 4648).
 */
#include "query/json.h"

/* The length of the UTF-8 sequence at `p`, or 0 if there is none. */
static size_t sequence_len(const uint8_t *p, size_t left)
{
    uint8_t c = p[0];
    size_t len = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
    if (len == 0 || len > left)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (c == 0xe0 && p[1] < 0xa0) || (c == 0xf0 && p[1] < 0x90);
    bool outside = (c == 0xed && p[1] > 0x9f) || (c == 0xf4 && p[1] > 0x8f);
    return overlong || outside ? 0 : len;
}

bool json_is_utf8(struct span text)
{
    for (size_t i = 0; i < text.len;) {
        size_t len = sequence_len(text.data + i, text.len - i);
        if (len == 0)
            return false;
        i += len;
    }
    return true;
}

static void put_ascii(struct buf *out, uint8_t c)
{
    static const char escapes[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (const char *e = escapes; *e; e += 2) {
        if ((char)c == e[0]) {
            buf_push(out, '\\');
            buf_push(out, (uint8_t)e[1]);
            return;
        }
    }
    if (c < 0x20 || c == 0x7f)
        buf_printf(out, "\\u%04x", c);
    else
        buf_push(out, c);
}

void json_string(struct buf *out, struct span text)
{
    buf_push(out, '"');
    for (size_t i = 0; i < text.len;) {
        size_t len = sequence_len(text.data + i, text.len - i);
        if (len == 1)
            put_ascii(out, text.data[i]);
        else if (len == 0)
            buf_append_string(out, "\xef\xbf\xbd");
        else
            buf_append(out, text.data + i, len);
        i += len ? len : 1;
    }
    buf_push(out, '"');
}

static void put_base64(struct buf *out, struct span text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < text.len; i += 3) {
        size_t left = text.len - i < 3 ? text.len - i : 3;
        uint32_t bits = 0;
        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (k < left ? text.data[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            buf_push(out, k <= left ? (uint8_t)digits[bits >> (18 - 6 * k) & 63] : '=');
    }
}

void json_member_named(struct buf *out, struct span name, struct span text)
{
    const bool plain = json_is_utf8(text);
    json_string(out, name);
    if (plain) {
        buf_push(out, ':');
        json_string(out, text);
        return;
    }
    out->len -= !out->failed; /* the quote behind the name */
    buf_append_string(out, "_base64\":\"");
    put_base64(out, text);
    buf_push(out, '"');
}

void json_member(struct buf *out, const char *name, struct span text)
{
    json_member_named(out, json_span(name), text);
}
