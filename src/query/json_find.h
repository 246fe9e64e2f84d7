/*
 * json_find.h - a member of a JSON object by its name, found in the text itself.
 *
 * The text is walked over once, up to the member, and nothing is kept: no tree, no memory. What
 * lies before the member is checked only as far as it takes to step over it; what lies behind isn't
 * looked at, so members in front of a cut are found. Of members with one name the first counts.
 */
#ifndef LOGZIP_QUERY_JSON_FIND_H
#define LOGZIP_QUERY_JSON_FIND_H

#include "base/buf.h"

enum json_kind {
    JSON_STRING,
    JSON_NUMBER,  /**< it starts like a number; no more is certain */
    JSON_LITERAL, /**< true, false, null */
    JSON_OBJECT,
    JSON_ARRAY,
};

struct json_value {
    struct span text; /**< as it is written, but a string without its quotes */
    enum json_kind kind;
    bool escaped; /**< a string with backslashes: json_unescape() gives what it means */
};

enum json_result {
    JSON_FOUND,
    JSON_ABSENT,  /**< the text is an object, as far as that was looked at, without the member */
    JSON_INVALID, /**< it isn't one, and the member isn't before the place where that shows */
};

/**
 * Find a member.
 *
 * @param text  the object; white space before it is allowed
 * @param path  names with dots between them: "a.b" is the member "a.b", or the member "b" of the
 *              object "a"; "a.0" also the first element of the array "a"
 */
enum json_result json_find(struct span text, struct span path, struct json_value *value);

/**
 * The value of the member whose name ends at the quote at `at`, if it is one.
 *
 * @return JSON_ABSENT if no colon follows, JSON_INVALID if no value does
 */
enum json_result json_value_behind(struct span text, size_t at, struct json_value *value);

/** A walk over the members of an object. */
struct json_walk {
    const uint8_t *data;
    size_t at;
    size_t end;
    bool inside; /**< a member was met, or the end */
};

/** Begin. @return false if the text doesn't start an object */
bool json_walk_start(struct json_walk *w, struct span text);

/** The next member, its name as a JSON_STRING. JSON_ABSENT: there is none, JSON_INVALID: nor was
 *  what is there an object's end. */
enum json_result json_walk_next(struct json_walk *w, struct json_value *name,
                                struct json_value *value);

/** Append what the inside of a string with backslashes means. An escape that is none, and half a
 *  surrogate pair, become U+FFFD. */
void json_unescape(struct span text, struct buf *out);

#endif
