/*
 * json.h - strings for JSON output. Names and text in logs are bytes; JSON is UTF-8.
 */
#ifndef LOGZIP_QUERY_JSON_H
#define LOGZIP_QUERY_JSON_H

#include "base/buf.h"

/** Is the text well-formed UTF-8 (no surrogates, nothing overlong)? */
bool json_is_utf8(struct span text);

/** Append the text as a JSON string. Each byte that isn't UTF-8 becomes U+FFFD. */
void json_string(struct buf *out, struct span text);

/**
 * Append a member without loss: `"NAME":"text"`, or, if the text isn't UTF-8,
 * `"NAME_base64":"..."` with its bytes.
 */
void json_member(struct buf *out, const char *name, struct span text);

/** A span over a C string. */
static inline struct span json_span(const char *text)
{
    return (struct span){(const uint8_t *)text, strlen(text)};
}

#endif
