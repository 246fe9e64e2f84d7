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

/** The same with a name of any bytes. */
void json_member_named(struct buf *out, struct span name, struct span text);

/**
 * Is the text, as a whole, one value of JSON as RFC 8259 has it, in UTF-8? What is nested deeper
 * than JSON_DEPTH_MAX is not.
 */
bool json_is_value(struct span text);

enum { JSON_DEPTH_MAX = 512 };

/** A span over a C string. */
static inline struct span json_span(const char *text)
{
    return (struct span){(const uint8_t *)text, strlen(text)};
}

#endif
